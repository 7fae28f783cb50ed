//! Says of each file of a folder what its clean copy is: its SHA-256, or that there is none. What
//! the page makes of the same files is compared with this.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use knothole_inspect::{Cleaning, look};
use miniz_oxide::inflate::decompress_to_vec_zlib;
use sha2::{Digest as _, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("which folder?")?);
    let mut names: Vec<OsString> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<_>>()?;
    names.sort_unstable();
    let mut out = BufWriter::new(io::stdout().lock());
    for name in names {
        let bytes = fs::read(folder.join(&name))?;
        let file = bytes.as_slice();
        write!(out, "{} ", name.to_string_lossy())?;
        match look(&file).cleaning {
            Cleaning::Cannot => writeln!(out, "-")?,
            Cleaning::By(plan) => {
                for byte in Sha256::digest(compared(&plan.copy(&file)?)) {
                    write!(out, "{byte:02x}")?;
                }
                writeln!(out)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// A copy as it is compared: two programs pack a PNG's colour profile differently, so it stands
/// there unpacked, with neither a length nor a checksum.
fn compared(copy: &[u8]) -> Vec<u8> {
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
