//! Looks for what must not be found: in files, and in the memory of running processes.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use memchr::memmem;

/// Bytes of a piece of content that must not be found anywhere.
const PIECE: usize = 64;
/// How much is read at once.
const READ: usize = 1 << 20;

/// Words and contents that a source planted.
#[derive(Debug, Default)]
pub struct Traces {
    /// Whole, wherever they stand.
    words: Vec<Vec<u8>>,
    /// Pieces of contents, cut at multiples of their length.
    pieces: HashSet<[u8; PIECE]>,
    /// Whether a piece may begin so, to which a look is cheap.
    beginnings: Beginnings,
}

/// A set of pieces' first eight bytes that answers fast and is seldom wrong, and then with "may be".
#[derive(Debug)]
struct Beginnings(Vec<u64>);

/// The words that hold the beginnings' bits: 16 MiB.
const FILTER_WORDS: usize = 1 << 21;
/// How many bits of a hash are left over once it names one bit of them.
const LEFT_OVER: u32 = 37;

impl Default for Beginnings {
    fn default() -> Self {
        Self(vec![0; FILTER_WORDS])
    }
}

impl Beginnings {
    fn insert(&mut self, piece: &[u8; PIECE]) {
        if let Some((index, bit)) = Self::place(piece)
            && let Some(bits) = self.0.get_mut(index)
        {
            *bits |= bit;
        }
    }

    fn may_have(&self, window: &[u8]) -> bool {
        Self::place(window)
            .and_then(|(index, bit)| self.0.get(index).map(|bits| bits & bit != 0))
            .unwrap_or(false)
    }

    /// Where the bit of these bytes stands. The factor is 2⁶⁴ divided by the golden ratio, which
    /// spreads what is alike (Knuth, The Art of Computer Programming 3, 6.4).
    fn place(bytes: &[u8]) -> Option<(usize, u64)> {
        let beginning = u64::from_le_bytes(*bytes.first_chunk()?);
        let hash = beginning.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> LEFT_OVER;
        let index = usize::try_from(hash >> 6).ok()?;
        let bit = u32::try_from(hash & 63).ok()?;
        Some((index, 1_u64.wrapping_shl(bit)))
    }
}

impl Traces {
    /// Looks for this text too, as UTF-8 and as UTF-16.
    pub fn word(&mut self, text: &str) {
        let wide = text.encode_utf16();
        self.words.push(text.as_bytes().to_vec());
        self.words
            .push(wide.clone().flat_map(u16::to_le_bytes).collect());
        self.words.push(wide.flat_map(u16::to_be_bytes).collect());
    }

    /// Looks for every piece of this content too. Put in nothing that repeats, such as zeros.
    pub fn content(&mut self, bytes: &[u8]) {
        for piece in bytes.as_chunks::<PIECE>().0 {
            self.pieces.insert(*piece);
            self.beginnings.insert(piece);
        }
    }

    /// Whether one of them stands in these bytes.
    #[must_use]
    pub fn stand_in(&self, bytes: &[u8]) -> bool {
        let word = |word: &Vec<u8>| memmem::find(bytes, word).is_some();
        let piece = |window: &[u8]| {
            self.beginnings.may_have(window)
                && window
                    .first_chunk()
                    .is_some_and(|piece| self.pieces.contains(piece))
        };
        self.words.iter().any(word) || bytes.windows(PIECE).any(piece)
    }

    /// The first file beneath `folder` whose name or content has one of them.
    ///
    /// # Errors
    /// When a file or a folder cannot be read.
    pub fn beneath(&self, folder: &Path) -> io::Result<Option<std::path::PathBuf>> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            let found = if kind.is_dir() {
                self.beneath(&path)?.is_some()
            } else {
                kind.is_file() && self.stand_in(&std::fs::read(&path)?)
            };
            if found || self.stand_in(entry.file_name().as_encoded_bytes()) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Whether one of them stands in the memory of a process, which only root may ask of a
    /// process that keeps others out.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] when the system keeps us out, which is as good.
    pub fn in_memory(&self, process: u32) -> io::Result<bool> {
        let folder = Path::new("/proc").join(process.to_string());
        let memory = File::open(folder.join("mem"))?;
        for line in std::fs::read_to_string(folder.join("maps"))?.lines() {
            let Some((from, to)) = readable(line) else {
                continue;
            };
            let mut at = from;
            while at < to {
                let rest = usize::try_from(to.saturating_sub(at)).unwrap_or(READ);
                let mut bytes = vec![0; rest.min(READ)];
                // What was given back in the meantime, or is not memory, cannot be read.
                let Ok(length) = memory.read_at(&mut bytes, at) else {
                    break;
                };
                bytes.truncate(length);
                if self.stand_in(&bytes) {
                    return Ok(true);
                }
                // A trace may stand across two reads.
                let step = if length == READ {
                    length.saturating_sub(PIECE.saturating_mul(4))
                } else {
                    length
                };
                if step == 0 {
                    break;
                }
                at = at.saturating_add(u64::try_from(step).unwrap_or(u64::MAX));
            }
        }
        Ok(false)
    }
}

/// From where to where a line of /proc/PID/maps says that memory can be read.
fn readable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    words.next()?.starts_with('r').then_some(())?;
    Some((
        u64::from_str_radix(from, 16).ok()?,
        u64::from_str_radix(to, 16).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_word_is_found_in_every_encoding() {
        let mut traces = Traces::default();
        traces.word("局里");
        let wide: Vec<u8> = "我在局里"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert!(traces.stand_in("我在局里拍的".as_bytes()));
        assert!(traces.stand_in(&wide));
        assert!(!traces.stand_in("我在家里拍的".as_bytes()));
    }

    #[test]
    fn a_piece_of_content_is_found_at_any_offset() {
        let content: Vec<u8> = (0..=255).collect();
        let mut traces = Traces::default();
        traces.content(&content);
        assert!(traces.stand_in(&[&[1, 2, 3], &content[64..128]].concat()));
        assert!(!traces.stand_in(&content[65..128]));
    }

    #[test]
    fn what_this_process_remembers_is_found_in_its_memory() {
        let mut traces = Traces::default();
        let content: Vec<u8> = (0..128).map(|byte| byte ^ 0x5a).collect();
        traces.content(&content);
        let remembered = content.repeat(3);
        assert!(traces.in_memory(std::process::id()).unwrap());
        assert!(remembered.len() > content.len());
    }
}
