//! The drop-box over HTTP: uploads, gate, store and collection, over any byte stream.
