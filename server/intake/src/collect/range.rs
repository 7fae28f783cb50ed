//! Which bytes of a drop a request asks for (RFC 9110 §14).

use core::fmt;

use http::HeaderMap;
use http::header::RANGE;

/// Bytes from one offset to another, of a drop that has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    first: u64,
    /// One past the last.
    end: u64,
}

/// What the request says about ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing, or nothing in bytes.
    Whole,
    /// These bytes.
    Part(Range),
    /// Bytes that are not there, several ranges, or no range at all.
    Unsatisfiable,
}

impl Range {
    /// Everything.
    pub(crate) const fn whole(length: u64) -> Self {
        Self {
            first: 0,
            end: length,
        }
    }

    /// Reads the request's header for a drop of this length.
    ///
    /// Several ranges are refused, which the RFC allows: no courier asks for them, and the whole
    /// drop in their place could be a hundred gigabytes that nobody wanted.
    pub(crate) fn asked(headers: &HeaderMap, length: u64) -> Asked {
        let mut values = headers.get_all(RANGE).iter();
        let Some(value) = values.next() else {
            return Asked::Whole;
        };
        let Some((unit, set)) = value.to_str().ok().and_then(|text| text.split_once('=')) else {
            return Asked::Unsatisfiable;
        };
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return Asked::Whole;
        }
        match Self::parse(set.trim(), length) {
            Some(range) if values.next().is_none() => Asked::Part(range),
            _ => Asked::Unsatisfiable,
        }
    }

    fn parse(text: &str, length: u64) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let range = match (first, last) {
            ("", suffix) => Self {
                first: length.saturating_sub(number(suffix)?),
                end: length,
            },
            (first, "") => Self {
                first: number(first)?,
                end: length,
            },
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if last < first {
                    return None;
                }
                Self {
                    first,
                    end: last.saturating_add(1).min(length),
                }
            }
        };
        (range.first < range.end).then_some(range)
    }

    /// The offset of the first byte.
    pub(crate) const fn first(self) -> u64 {
        self.first
    }

    /// The offset after the last byte.
    pub(crate) const fn end(self) -> u64 {
        self.end
    }
}

/// As `Content-Range` writes it.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.end.saturating_sub(1))
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn asked(text: &str) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(text).unwrap());
        Range::asked(&headers, 1_000)
    }

    const fn part(first: u64, end: u64) -> Asked {
        Asked::Part(Range { first, end })
    }

    #[test]
    fn one_range_is_read_in_each_of_its_three_forms() {
        assert_eq!(asked("bytes=0-0"), part(0, 1));
        assert_eq!(asked("bytes=10-19"), part(10, 20));
        assert_eq!(asked("bytes=999-999"), part(999, 1_000));
        assert_eq!(asked("bytes=10-"), part(10, 1_000));
        assert_eq!(asked("bytes=-10"), part(990, 1_000));
        assert_eq!(asked("bytes=-5000"), part(0, 1_000));
        assert_eq!(asked("Bytes=1-2"), part(1, 3));
    }

    #[test]
    fn a_range_that_ends_too_late_ends_with_the_drop() {
        assert_eq!(asked("bytes=10-1000"), part(10, 1_000));
        assert_eq!(asked("bytes=0-18446744073709551615"), part(0, 1_000));
    }

    #[test]
    fn a_range_of_bytes_that_are_not_there_is_refused() {
        for text in [
            "bytes=1000-",
            "bytes=1000-1001",
            "bytes=-0",
            "bytes=5-4",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=0x1-2",
            "bytes=1",
            "bytes=18446744073709551616-",
            "bytes=0-1,5-6",
            "bytes",
        ] {
            assert_eq!(asked(text), Asked::Unsatisfiable, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        headers.append(RANGE, HeaderValue::from_static("bytes=2-3"));
        assert_eq!(Range::asked(&headers, 1_000), Asked::Unsatisfiable);
    }

    #[test]
    fn without_a_range_in_bytes_the_whole_drop_is_meant() {
        assert_eq!(asked("lines=1-2"), Asked::Whole);
        assert_eq!(Range::asked(&HeaderMap::new(), 1_000), Asked::Whole);
    }

    #[test]
    fn a_range_is_written_with_its_last_byte() {
        let Asked::Part(range) = asked("bytes=10-19") else {
            panic!("no part");
        };
        assert_eq!(range.to_string(), "10-19");
    }

    proptest! {
        #[test]
        fn a_range_that_is_taken_lies_within_the_drop(
            text in "(bytes|Bytes|lines)?=?[0-9]{0,21}-?[0-9]{0,21}[-, ]?",
            length in any::<u64>(),
        ) {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_str(&text).unwrap());
            if let Asked::Part(range) = Range::asked(&headers, length) {
                prop_assert!(range.first() < range.end() && range.end() <= length);
            }
        }
    }
}
