//! How much room there is on a stick.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

/// Kept free on a stick: the index, folders, and what the file system rounds up.
const RESERVE: u64 = 16 << 20;

/// The room on a stick, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// What drops may still take.
    pub(crate) free: u64,
}

impl Space {
    pub(crate) fn of(folder: impl AsFd) -> io::Result<Self> {
        let stat = rustix::fs::fstatvfs(folder)?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        Ok(Self {
            free: free.saturating_sub(RESERVE),
        })
    }
}

/// A number of bytes as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [
            (1 << 40, "TiB"),
            (1 << 30, "GiB"),
            (1 << 20, "MiB"),
            (1 << 10, "KiB"),
        ];
        for (unit, name) in UNITS {
            if self.0 >= unit {
                // Tenths, rounded up: who is told what is needed must not fall short of it.
                let tenths = self.0.saturating_mul(10).div_ceil(unit);
                let whole = tenths.div_euclid(10);
                let tenth = tenths.rem_euclid(10);
                return write!(f, "{whole}.{tenth} {name}");
            }
        }
        write!(f, "{} bytes", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_told_in_tenths_and_never_too_small() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_024, "1.0 KiB"),
            (1_025, "1.1 KiB"),
            (1 << 30, "1.0 GiB"),
            ((1 << 30) + 1, "1.1 GiB"),
            (1 << 40, "1.0 TiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        assert!(Bytes(u64::MAX).to_string().ends_with("TiB"));
    }
}
