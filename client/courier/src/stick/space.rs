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

/// Reads a number of bytes, with K, M, G or T for powers of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let upper = upper.trim_end_matches("IB").trim_end_matches('B');
    let (digits, shift) = match upper.char_indices().next_back() {
        Some((place, 'K')) => (upper.get(..place), 10),
        Some((place, 'M')) => (upper.get(..place), 20),
        Some((place, 'G')) => (upper.get(..place), 30),
        Some((place, 'T')) => (upper.get(..place), 40),
        _ => (Some(upper), 0),
    };
    digits
        .map(str::trim)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(1_u64.checked_shl(shift)?))
        .ok_or_else(|| "expected a size such as 500M or 20G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_in_powers_of_1024() {
        assert_eq!(size("77824"), Ok(77_824));
        assert_eq!(size("500m"), Ok(500 << 20));
        assert_eq!(size("20 GiB"), Ok(20 << 30));
        for wrong in ["", "G", "-1", "1.5G", "99999999999T", "+5"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

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
