//! What goes back to the server: charters, sheets and receipts, on a stick.
//!
//! ```text
//! STICK/
//!   knothole-outbox/
//!     charter          the charter chain, canonical CBOR (`CharterChain::encode`)
//!     sheets/
//!       1              one signed epoch sheet (`Signed<Sheet>::encode`); the name is the number of
//!       2              the epoch in decimal digits, without leading zeros
//!     receipts         a CBOR array of signed receipts (`Signed<Receipt>::encode_list`), which may
//!                      be empty; at most 65,536
//! ```
//!
//! - Every file is complete or absent: it is written under a name that ends in `.new`, synced and
//!   renamed. Readers skip names that end in `.new`, and any other name they do not know.
//! - An outbox replaces the one before it: what is no longer in it was taken back or is done with.
//! - Nothing in it is secret from the server. The sheets are secret from it until they are released:
//!   a courier keeps them, and gives the server each at most 7 days before its first day.
