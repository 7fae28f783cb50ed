//! What of a copy is compared with the page's.

use miniz_oxide::inflate::decompress_to_vec_zlib;

/// A copy as it is compared: two programs pack a PNG's colour profile differently, so it stands
/// there unpacked, with neither a length nor a checksum.
pub(crate) fn compared(copy: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = copy;
    if let Some((head, behind)) = rest.split_at_checked(8)
        && head.starts_with(b"\x89PNG")
    {
        out.extend_from_slice(head);
        rest = behind;
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let Some((chunk, later)) = behind.split_at_checked(length.saturating_add(8)) else {
                break;
            };
            rest = later;
            match chunk.strip_prefix(b"iCCPicc\0\0") {
                Some(packed) => out.extend(decompress_to_vec_zlib(packed).unwrap_or_default()),
                None => out.extend_from_slice(chunk),
            }
        }
    }
    out.extend_from_slice(rest);
    out
}
