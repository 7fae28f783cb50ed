//! `knothole inspect`: looks at opened files, by a child that has nothing but the file.
//!
//! It takes the files where `open` and `export` laid them, and no vault: the process that starts
//! children has never held a key.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use knothole_inspect::{Cleaning, Hashing, InspectError, Inspector, Limit, Report, Walls};

use super::tally::Tally;
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::folder::{FileError, Folder};
use crate::screen::Field;

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Opened files, or the folders of opened drops.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

pub(crate) fn run(args: &InspectArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let inspector = Inspector::itself();
    let mut tally = Tally::default();
    let mut walls = Walls::Both;
    for path in &args.paths {
        for (file, named) in files(path)? {
            match inspector.inspect(&file, Hashing::Hashed) {
                Ok(report) => {
                    walls = walls.max(report.walls);
                    tell(&named, &report, desk);
                    tally.done();
                }
                Err(error) => {
                    tell_unknown(&named, &error, desk);
                    tally.failed(Exit::Refused);
                }
            }
        }
    }
    if walls == Walls::FilterOnly {
        desk.screen.warn(
            "this system's kernel has no Landlock: the files were looked at behind seccomp alone",
        );
    }
    Ok(tally.exit())
}

/// A file, or the files of a folder, in the order of their numbers.
fn files(path: &Path) -> Result<Vec<(File, String)>, FileError> {
    if path.is_dir() {
        let folder = Folder::open(path)?;
        let mut names = folder.names()?;
        names.sort_by_cached_key(|name| (number(name), name.clone()));
        names
            .iter()
            .map(|name| {
                let (file, _) = folder.file(name)?;
                Ok((file, escape::path(&path.join(name))))
            })
            .collect()
    } else {
        let (folder, name) = Folder::of_file(path)?;
        let (file, _) = folder.file(&name)?;
        Ok(vec![(file, escape::path(path))])
    }
}

fn number(name: &str) -> Option<u32> {
    let (digits, _) = name.split_once('.').unwrap_or((name, ""));
    digits.parse().ok()
}

fn tell(named: &str, report: &Report, desk: &Desk) {
    let hash = report.hash.map(|hash| HEXLOWER.encode(&hash));
    let hash = hash.unwrap_or_default();
    let says: Vec<String> = report
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.what, finding.words))
        .collect();
    let limits: Vec<String> = report.limits.iter().map(ToString::to_string).collect();
    let can = u64::from(matches!(report.cleaning, Cleaning::By(_)));
    desk.screen.result(
        &format!("{named}: {}\n  SHA-256 {hash}", report.in_words()),
        "file",
        &[
            ("path", Field::Text(named)),
            ("kind", Field::Text(report.kind.as_str())),
            ("says", Field::List(&says)),
            ("limits", Field::List(&limits)),
            ("can_be_cleaned", Field::Number(can)),
            ("sha256", Field::Text(&hash)),
        ],
    );
}

fn tell_unknown(named: &str, error: &InspectError, desk: &Desk) {
    let text = format!("{error}: {}", Limit::Unknown);
    desk.screen.result(
        &format!("{named}: {text}."),
        "file",
        &[
            ("path", Field::Text(named)),
            ("limits", Field::List(&[text])),
        ],
    );
}
