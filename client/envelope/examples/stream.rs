//! Seals so many MiB of zeros, or opens such a drop again, in little memory.
//!
//! `stream seal MIB > drop` and `stream open < drop`; the key is fixed, so never use it in earnest.

use std::env;
use std::error::Error;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use knothole_envelope::{
    EpochNumber, EpochSecret, FileEntry, FileName, HEADER_LEN, Manifest, Message, Opener, Quorum,
    Recipients, SheetHash, Suite, seal_drop, unlock,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["seal", mebibytes] => seal(mebibytes),
        ["open"] => open(),
        _ => Err("usage: stream seal MIB > drop, or stream open < drop".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let shown = writeln!(io::stderr(), "{error}");
            if shown.is_ok() {
                ExitCode::FAILURE
            } else {
                ExitCode::from(2)
            }
        }
    }
}

fn secret() -> EpochSecret {
    EpochSecret::from_bytes([1; 32])
}

fn seal(mebibytes: &str) -> Result<(), Box<dyn Error>> {
    let size = mebibytes
        .parse::<u64>()?
        .checked_mul(1 << 20)
        .ok_or("too many MiB")?;
    let recipients = Recipients::new(vec![secret().recipient_key()], Quorum::ONE)?;
    let files = vec![FileEntry {
        name: FileName::new("zeros")?,
        size,
    }];
    let sheet = SheetHash::from_bytes([0; 32]);
    let manifest = Manifest::new(sheet, Quorum::ONE, None, files, Message::new("")?)?;
    let tree = seal_drop(
        &mut ChaCha20Rng::from_seed([1; 32]),
        Suite::ChaCha20Poly1305,
        EpochNumber::new(1).ok_or("no epoch")?,
        &recipients,
        &manifest,
        |_| Ok(io::repeat(0).take(size)),
        io::stdout().lock(),
    )?;
    writeln!(io::stderr(), "{tree}")?;
    Ok(())
}

fn open() -> Result<(), Box<dyn Error>> {
    let mut input = io::stdin().lock();
    let mut header = [0; HEADER_LEN];
    input.read_exact(&mut header)?;
    let secret = secret();
    let mut drop = unlock(&header, 1, &[Opener::new(&secret, 0)])?.into_drop(input)?;
    let mut out = BufWriter::new(io::sink());
    while let Some(mut body) = drop.next_file()? {
        body.copy_to(&mut out)?;
    }
    writeln!(io::stderr(), "{}", drop.finish()?)?;
    Ok(())
}
