//! Which programs arti's settings have it start.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// As much of arti's settings as says it; everything else is arti's to judge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    bridges: Bridges,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bridges {
    transports: Vec<Transport>,
}

#[derive(Debug, Deserialize)]
struct Transport {
    /// Absent where somebody else starts the program.
    path: Option<PathBuf>,
}

/// The programs that these files of settings have arti start.
///
/// # Errors
/// [`TransportsError`].
pub(crate) fn transports(files: &[PathBuf]) -> Result<Vec<PathBuf>, TransportsError> {
    let mut programs = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| TransportsError::Unreadable(file.clone(), error))?;
        let settings: Settings = toml::from_str(&text)
            .map_err(|error| TransportsError::NotToml(file.clone(), Box::new(error)))?;
        programs.extend(
            settings
                .bridges
                .transports
                .into_iter()
                .filter_map(|transport| transport.path),
        );
    }
    match programs.iter().find(|program| !program.is_absolute()) {
        None => Ok(programs),
        Some(program) => Err(TransportsError::Relative(program.clone())),
    }
}

/// Nobody can say which programs are to be let through the walls.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum TransportsError {
    /// A file of settings cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It is not TOML, or its transports are not what arti understands.
    NotToml(PathBuf, Box<toml::de::Error>),
    /// A program is not named by its whole path.
    Relative(PathBuf),
}

impl fmt::Display for TransportsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |f: &mut fmt::Formatter<'_>, file: &Path, what| {
            write!(f, "the Tor settings {} {what}", file.display())
        };
        match self {
            Self::Unreadable(file, _) => of(f, file, "cannot be read"),
            Self::NotToml(file, _) => of(f, file, "cannot be understood"),
            Self::Relative(program) => write!(
                f,
                "in the Tor settings, give the whole path of the transport {}",
                program.display()
            ),
        }
    }
}

impl std::error::Error for TransportsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) => Some(error),
            Self::NotToml(_, error) => Some(error),
            Self::Relative(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn found(text: &str) -> Result<Vec<PathBuf>, TransportsError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        transports(&[file.path().to_owned()])
    }

    #[test]
    fn a_program_that_arti_is_to_start_is_found_in_its_settings() {
        assert_eq!(
            found(
                "[bridges]\nenabled = true\nbridges = [\"Bridge obfs4 …\"]\n\
                 [[bridges.transports]]\nprotocols = [\"obfs4\"]\npath = \"/usr/bin/obfs4proxy\"\n\
                 [[bridges.transports]]\nprotocols = [\"other\"]\nproxy_addr = \"127.0.0.1:9\"\n"
            )
            .unwrap(),
            [Path::new("/usr/bin/obfs4proxy")]
        );
    }

    #[test]
    fn settings_without_transports_start_nothing() {
        assert!(
            found("[path_rules]\nreachable_addrs = [\"*:80\"]\n")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn a_program_that_is_not_named_by_its_whole_path_is_refused() {
        let text = "[[bridges.transports]]\nprotocols = [\"obfs4\"]\npath = \"~/obfs4proxy\"\n";
        assert!(matches!(found(text), Err(TransportsError::Relative(_))));
    }
}
