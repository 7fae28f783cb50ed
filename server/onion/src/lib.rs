//! The drop-box's server: onion services, configuration, supervision.
