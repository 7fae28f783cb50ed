//! Bundles that a courier brought: found on sticks, checked, and taken into the archive.
//!
//! How they lie on a stick: `bundle-<16 digits>-<8 digits>/` with an `index` and parts of 32
//! digits, all hexadecimal, in either case. A folder without `index` was never finished; a part
//! may lie in any of the folders that were given.

mod check;
mod error;
mod problem;
mod stick;
mod take;

pub use check::{Checked, Lost, News};
pub use error::BundleFault;
pub use problem::Problem;
pub use stick::Sticks;
pub use take::Taken;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
pub(crate) mod rig;
#[cfg(test)]
mod tests;
