//! Times and sizes as people write them.

use std::time::Duration;

/// A whole number and one of `s`, `m`, `h`, `d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// A whole number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let scale: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(scale).filter(|bytes| *bytes > 0)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("2 h"), Some(Duration::from_secs(7200)));
        assert_eq!(duration("1d"), Some(Duration::from_secs(86400)));
        for wrong in [
            "",
            "5",
            "h",
            "-1h",
            "1.5h",
            "1w",
            "99999999999999999999h",
            "300000000000000000d",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_have_a_unit_and_are_not_nothing() {
        assert_eq!(bytes("1KiB"), Some(1024));
        assert_eq!(bytes("3 GiB"), Some(3 << 30));
        for wrong in ["0B", "1GB", "1", "16777216TiB", "GiB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
