//! The source's tool: seals files on this machine and sends them to a drop-box.
