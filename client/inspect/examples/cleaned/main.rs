//! Says of each file of a folder what its clean copy is: its SHA-256, or that there is none. What
//! the page makes of the same files is compared with this.

mod compared;

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use knothole_inspect::{Cleaning, look};
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
                for byte in Sha256::digest(compared::compared(&plan.copy(&file)?)) {
                    write!(out, "{byte:02x}")?;
                }
                writeln!(out)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}
