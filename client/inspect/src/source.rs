//! The file that is looked at, read where it is asked for and never by more than was said.

use std::fmt;
use std::io::Stdin;
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use nix::sys::stat::fstat;
use nix::sys::uio::pread;

/// No structure of a file is read in one piece beyond this.
pub(crate) const MOST_AT_ONCE: u64 = 16 << 20;

/// Bytes that can be read at any place.
pub trait ReadAt {
    /// How many there are.
    fn length(&self) -> u64;

    /// Fills the buffer from this place on.
    ///
    /// # Errors
    /// [`Gone`] when so many bytes are not there.
    fn fill(&self, offset: u64, into: &mut [u8]) -> Result<(), Gone>;
}

/// The bytes that were asked for are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file ends earlier than it says, or cannot be read")
    }
}

impl std::error::Error for Gone {}

impl ReadAt for &[u8] {
    fn length(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    fn fill(&self, offset: u64, into: &mut [u8]) -> Result<(), Gone> {
        let start = usize::try_from(offset).map_err(|_| Gone)?;
        let end = start.checked_add(into.len()).ok_or(Gone)?;
        into.copy_from_slice(self.get(start..end).ok_or(Gone)?);
        Ok(())
    }
}

/// The file on standard input, as long as it was when it was handed over. It is read where it is:
/// a copy of the descriptor could not be made behind the walls.
#[derive(Debug)]
pub(crate) struct Input {
    input: Stdin,
    length: u64,
}

impl Input {
    pub(crate) fn new() -> Option<Self> {
        let input = std::io::stdin();
        let length = fstat(input.as_fd()).ok()?.st_size.try_into().ok()?;
        Some(Self { input, length })
    }
}

impl ReadAt for Input {
    fn length(&self) -> u64 {
        self.length
    }

    fn fill(&self, offset: u64, into: &mut [u8]) -> Result<(), Gone> {
        let mut at = offset;
        let mut rest = into;
        while !rest.is_empty() {
            let place = at.try_into().map_err(|_| Gone)?;
            let count = match pread(self.input.as_fd(), rest, place) {
                Ok(0) => return Err(Gone),
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                Err(_) => return Err(Gone),
            };
            rest = rest.get_mut(count..).ok_or(Gone)?;
            at = at.saturating_add(u64::try_from(count).map_err(|_| Gone)?);
        }
        Ok(())
    }
}

/// The first bytes, at most so many.
pub(crate) fn head(file: &impl ReadAt, most: usize) -> Result<Vec<u8>, Gone> {
    let length = usize::try_from(file.length())
        .unwrap_or(usize::MAX)
        .min(most);
    let mut bytes = vec![0; length];
    file.fill(0, &mut bytes)?;
    Ok(bytes)
}

/// So many bytes at this place.
///
/// # Errors
/// [`Gone`] when they are not there, or are more than is read at once.
pub(crate) fn take(file: &impl ReadAt, offset: u64, length: u64) -> Result<Vec<u8>, Gone> {
    let end = offset.checked_add(length).ok_or(Gone)?;
    if end > file.length() || length > MOST_AT_ONCE {
        return Err(Gone);
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| Gone)?];
    file.fill(offset, &mut bytes)?;
    Ok(bytes)
}

/// The `N` bytes at this place.
pub(crate) fn array<const N: usize>(file: &impl ReadAt, offset: u64) -> Result<[u8; N], Gone> {
    let mut bytes = [0; N];
    file.fill(offset, &mut bytes)?;
    Ok(bytes)
}

/// Reads forward through blocks.
#[derive(Debug)]
pub(crate) struct Forward<'f, F> {
    file: &'f F,
    block: Vec<u8>,
    begin: u64,
}

impl<'f, F: ReadAt> Forward<'f, F> {
    const BLOCK: u64 = 1 << 18;

    pub(crate) fn new(file: &'f F) -> Self {
        Self {
            file,
            block: Vec::new(),
            begin: 0,
        }
    }

    /// The bytes from this place on, as many as are at hand; none at the end of the file.
    pub(crate) fn at(&mut self, offset: u64) -> Result<&[u8], Gone> {
        let length = u64::try_from(self.block.len()).map_err(|_| Gone)?;
        let held = offset
            .checked_sub(self.begin)
            .is_some_and(|within| within < length);
        if !held {
            let left = self.file.length().saturating_sub(offset);
            self.block = take(
                self.file,
                offset.min(self.file.length()),
                left.min(Self::BLOCK),
            )?;
            self.begin = offset;
        }
        let within = usize::try_from(offset.saturating_sub(self.begin)).map_err(|_| Gone)?;
        Ok(self.block.get(within..).unwrap_or(&[]))
    }
}
