//! The offline client of Knothole: vaults, opening, receipts.
