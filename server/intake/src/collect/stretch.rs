//! Bytes of a sealed drop on their way from the disk.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::range::Range;
use crate::commit;
use crate::disk::{Disk, Place};
use crate::record::{Lanes, Manifest};
use crate::segments;
use crate::settings::READ_UNIT;

/// A body that reads one unit at a time, when the connection asks for it: whatever the drop's
/// size, a connection holds one unit of it and the one that is being sent.
pub(super) struct Stretch {
    source: Arc<Source>,
    at: u64,
    end: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

struct Source {
    disk: Arc<dyn Disk>,
    folder: Place,
    manifest: Arc<Manifest>,
}

impl fmt::Debug for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stretch").finish_non_exhaustive()
    }
}

impl Stretch {
    /// These bytes of the drop in this folder.
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        folder: Place,
        manifest: Arc<Manifest>,
        range: Range,
    ) -> Self {
        let source = Source {
            disk,
            folder,
            manifest,
        };
        Self {
            source: Arc::new(source),
            at: range.first(),
            end: range.end(),
            reading: None,
        }
    }

    fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }
}

impl Body for Stretch {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left() == 0 {
            return Poll::Ready(None);
        }
        let (at, left) = (this.at, this.left());
        let reading = this.reading.get_or_insert_with(|| {
            let source = Arc::clone(&this.source);
            tokio::task::spawn_blocking(move || source.read(at, left))
        });
        let read = core::task::ready!(Pin::new(reading).poll(context));
        this.reading = None;
        let read = read.unwrap_or_else(|_| Err(io::Error::other("a blocking task ended early")));
        Poll::Ready(Some(match read {
            Ok(bytes) => {
                let step = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                this.at = this.at.saturating_add(step);
                Ok(Frame::data(bytes))
            }
            Err(error) => {
                // An answer that is cut off is the only way left to say so.
                this.at = this.end;
                Err(error)
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

impl Source {
    /// Reads as much as one unit, one segment and `most` allow, and never nothing.
    fn read(&self, at: u64, most: u64) -> io::Result<Bytes> {
        let (lane, length, within) =
            lane_at(&self.manifest.lanes, at).ok_or(io::ErrorKind::UnexpectedEof)?;
        let folder = commit::lane_place(&self.folder, &self.manifest.lanes, lane);
        let unit = usize::try_from(most).unwrap_or(READ_UNIT).min(READ_UNIT);
        let mut buffer = vec![0; unit];
        let read = segments::read_some(self.disk.as_ref(), &folder, length, within, &mut buffer)?;
        buffer.truncate(read);
        if buffer.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        Ok(Bytes::from(buffer))
    }
}

/// The lane in which an offset of the drop lies, that lane's length, and the offset inside it.
fn lane_at(lanes: &Lanes, at: u64) -> Option<(usize, u64, u64)> {
    let lengths = match lanes {
        Lanes::One(length) => core::slice::from_ref(length),
        Lanes::Many(lengths) => lengths,
    };
    let mut before = 0_u64;
    for (lane, length) in lengths.iter().enumerate() {
        let end = before.saturating_add(*length);
        if at < end {
            return Some((lane, *length, at.saturating_sub(before)));
        }
        before = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_found_in_its_lane() {
        let lanes = Lanes::Many(vec![10, 1, 5]);
        let found = [0, 9, 10, 11, 15, 16].map(|at| lane_at(&lanes, at));
        let expected = [
            Some((0, 10, 0)),
            Some((0, 10, 9)),
            Some((1, 1, 0)),
            Some((2, 5, 0)),
            Some((2, 5, 4)),
            None,
        ];
        assert_eq!(found, expected);
        assert_eq!(lane_at(&Lanes::One(7), 6), Some((0, 7, 6)));
        assert_eq!(lane_at(&Lanes::One(7), 7), None);
    }
}
