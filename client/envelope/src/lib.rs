//! The sealed format of Knothole: seal, open, keys, charter, sheets and signatures.
