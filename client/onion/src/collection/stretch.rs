//! Bytes of a sealed drop on their way.

use bytes::Bytes;
use http::StatusCode;

use super::error::{CollectionError, Oddity};
use crate::http::Reply;

/// A stretch of a sealed drop on its way: exactly the bytes that were asked for, or an error.
#[derive(Debug)]
pub struct Stretch {
    reply: Reply,
    left: u64,
}

impl Stretch {
    /// Takes an answer for the bytes from `offset` to `last`, both included.
    pub(super) fn new(reply: Reply, offset: u64, last: u64) -> Result<Self, CollectionError> {
        match reply.status() {
            StatusCode::PARTIAL_CONTENT => {
                let range = reply.header("content-range").and_then(ContentRange::parse);
                if range
                    != Some(ContentRange {
                        first: offset,
                        last,
                    })
                {
                    return Err(Oddity::Range.into());
                }
            }
            // The whole drop, where the whole drop was asked for: the length shows whether.
            StatusCode::OK if offset == 0 => {}
            StatusCode::OK => return Err(Oddity::Range.into()),
            status => return Err(CollectionError::from_status(status)),
        }
        let left = last
            .checked_sub(offset)
            .and_then(|bytes| bytes.checked_add(1))
            .ok_or(Oddity::Request)?;
        Ok(Self { reply, left })
    }

    /// The next bytes; `None` once all that was asked for has come.
    ///
    /// # Errors
    /// [`CollectionError::Short`] when the body ends early, [`Oddity::Long`] when it does not
    /// end, and those of the connection.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, CollectionError> {
        let piece = self.reply.piece().await?;
        let Some(piece) = piece else {
            return if self.left == 0 {
                Ok(None)
            } else {
                Err(CollectionError::Short)
            };
        };
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(Oddity::Long)?;
        Ok(Some(piece))
    }
}

/// `bytes FIRST-LAST/LENGTH` (RFC 9110 §14.4), of which the length is nobody's business here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ContentRange {
    first: u64,
    last: u64,
}

impl ContentRange {
    fn parse(text: &str) -> Option<Self> {
        let (range, _length) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        Some(Self {
            first: number(first)?,
            last: number(last)?,
        })
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_it_is_written() {
        let range = ContentRange {
            first: 5,
            last: 77_823,
        };
        assert_eq!(ContentRange::parse("bytes 5-77823/1060864"), Some(range));
        assert_eq!(ContentRange::parse("bytes 5-77823/*"), Some(range));
    }

    #[test]
    fn what_is_no_range_is_none() {
        for wrong in [
            "",
            "bytes",
            "bytes */10",
            "bytes 5-7",
            "bytes +5-7/10",
            "bytes 5--7/10",
            "bytes 5-99999999999999999999/10",
            "bits 5-7/10",
        ] {
            assert_eq!(ContentRange::parse(wrong), None, "{wrong}");
        }
    }
}
