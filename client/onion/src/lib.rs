//! Reaches an onion service, through embedded arti or a SOCKS port, and speaks to the drop-box.
