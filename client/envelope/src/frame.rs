//! Bodies on the wire: length, content, and zeros so that the length says little.

use core::fmt;

/// A framed body is a multiple of so many bytes long.
pub const FRAME_UNIT: usize = 16_384;
/// The content of a framed body has at most so many bytes.
pub const MOST_FRAME_BYTES: usize = 16_777_216;

/// A framed body was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The content is too long.
    TooLong,
    /// The body is not of the length that its content needs.
    Length,
    /// Something other than zeros follows the content.
    Padding,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the answer is too long",
            Self::Length => "the answer is cut off or longer than it says",
            Self::Padding => "the answer's padding is not zero",
        })
    }
}

impl core::error::Error for FrameError {}

/// Frames a body: u32 length, content, zeros to a multiple of [`FRAME_UNIT`].
///
/// # Errors
/// [`FrameError::TooLong`].
pub fn frame(content: &[u8]) -> Result<Vec<u8>, FrameError> {
    if content.len() > MOST_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    let length = u32::try_from(content.len()).map_err(|_| FrameError::TooLong)?;
    let total = framed_len(content.len()).ok_or(FrameError::TooLong)?;
    let mut body = Vec::with_capacity(total);
    body.extend_from_slice(&length.to_be_bytes());
    body.extend_from_slice(content);
    body.resize(total, 0);
    Ok(body)
}

/// The content of a framed body.
///
/// # Errors
/// [`FrameError`] unless it is framed exactly as [`frame`] does it.
pub fn unframe(body: &[u8]) -> Result<&[u8], FrameError> {
    let (length, rest) = body.split_first_chunk::<4>().ok_or(FrameError::Length)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| FrameError::TooLong)?;
    if length > MOST_FRAME_BYTES {
        return Err(FrameError::TooLong);
    }
    if framed_len(length) != Some(body.len()) {
        return Err(FrameError::Length);
    }
    let (content, padding) = rest.split_at_checked(length).ok_or(FrameError::Length)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(FrameError::Padding);
    }
    Ok(content)
}

fn framed_len(content: usize) -> Option<usize> {
    content.checked_add(4)?.checked_next_multiple_of(FRAME_UNIT)
}

#[cfg(test)]
mod tests;
