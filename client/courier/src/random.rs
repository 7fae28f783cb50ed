//! The system's randomness.

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The system's randomness. Where there is none it panics rather than hand out zeros.
#[must_use]
pub(crate) fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
