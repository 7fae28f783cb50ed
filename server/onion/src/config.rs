//! The configuration file, and the checked form of it.

mod amount;
mod defaults;

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use knothole_envelope::OnionAddress;
use knothole_intake::{Batch, LeaveTo, Masthead, NewsroomName, NewsroomWords};
use serde::Deserialize;

use amount::{bytes, duration};

use crate::look::Subject;

/// The file as it is written. Everything has a default but `data`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: PathBuf,
    #[serde(default = "defaults::listen")]
    listen: String,
    #[serde(default)]
    tor: Paths,
    #[serde(default)]
    newsroom_name: String,
    #[serde(default)]
    newsroom_words: String,
    leave_to: Option<String>,
    #[serde(default = "defaults::batch")]
    batch: String,
    danger_batch: Option<String>,
    space: Option<String>,
    ingest_per_hour: Option<String>,
    #[serde(default = "defaults::messages")]
    messages: String,
    #[serde(default = "defaults::replies")]
    replies: String,
    #[serde(default = "defaults::grace")]
    grace: String,
    #[serde(default = "defaults::uploads")]
    uploads: NonZeroUsize,
    #[serde(default = "defaults::connections")]
    connections: NonZeroUsize,
    #[serde(default = "defaults::circuits")]
    circuits: NonZeroUsize,
    #[serde(default = "defaults::streams_per_circuit")]
    streams_per_circuit: NonZeroU32,
    introductions_per_second: Option<NonZeroU32>,
    introductions_at_once: Option<NonZeroU32>,
    #[serde(default = "defaults::proof_of_work")]
    proof_of_work: bool,
    #[serde(default = "defaults::probe_every")]
    probe_every: String,
    public_onion: Option<String>,
    collection_onion: Option<String>,
    #[serde(default)]
    circuit_ids: bool,
    #[serde(default)]
    accepted: Vec<String>,
    danger_probe_patience: Option<String>,
    danger_tor_log: Option<String>,
    #[serde(default)]
    danger_readable: Vec<PathBuf>,
}

/// One path or several.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Paths {
    #[default]
    None,
    One(PathBuf),
    Several(Vec<PathBuf>),
}

/// Where the two services answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    /// At onion services of arti in this process.
    Tor,
    /// At the sockets `public` and `collection` in this folder, behind another tor.
    Unix {
        folder: PathBuf,
        public: Option<OnionAddress>,
        collection: Option<OnionAddress>,
    },
}

/// Who is met first where many clients want to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queue {
    /// Whoever computed most.
    ByWork,
    /// Whoever's request came through.
    ByChance,
}

/// How many introductions each introduction point lets through. The point counts them before anybody
/// has looked at the work in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Introductions {
    pub(crate) per_second: NonZeroU32,
    pub(crate) at_once: NonZeroU32,
}

/// The configuration, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The folder that holds everything the server keeps.
    pub(crate) data: PathBuf,
    pub(crate) listen: Listen,
    /// arti's own settings files.
    pub(crate) tor: Vec<PathBuf>,
    /// What is said of the newsroom, for the page to show.
    pub(crate) masthead: Masthead,
    /// The time between two batch boundaries.
    pub(crate) batch: Batch,
    /// The most bytes that the store may hold, if less than the disk has.
    pub(crate) space: Option<u64>,
    /// The bytes that all sources together may store within an hour, if there is a bound.
    pub(crate) ingest_per_hour: Option<u64>,
    /// The bytes that are kept for messages.
    pub(crate) messages: u64,
    /// The bytes that are kept for replies, and the most that they may have.
    pub(crate) replies: u64,
    /// How long a drop stays after the newsroom has signed it off.
    pub(crate) grace: Duration,
    /// The most unfinished uploads of which bytes have come.
    pub(crate) uploads: NonZeroUsize,
    /// The most connections of sources at once.
    pub(crate) connections: NonZeroUsize,
    /// The most circuits that one onion service serves at once.
    pub(crate) circuits: NonZeroUsize,
    pub(crate) streams_per_circuit: NonZeroU32,
    introductions_per_second: Option<NonZeroU32>,
    introductions_at_once: Option<NonZeroU32>,
    pub(crate) proof_of_work: bool,
    /// Whether the tor in front says by which circuit a connection came.
    pub(crate) circuit_ids: bool,
    /// The time between two probes.
    pub(crate) probe_every: Duration,
    /// How long probes may go unanswered, once one was answered, before the server starts anew, if
    /// not the usual time.
    pub(crate) danger_probe_patience: Option<Duration>,
    /// What `check` still says and no longer counts.
    pub(crate) accepted: Vec<Subject>,
    pub(crate) danger_tor_log: Option<String>,
    /// What the running server may read beside its own folders.
    pub(crate) danger_readable: Vec<PathBuf>,
}

/// The longest batch. Editors burn an epoch two days after its last drop can have come, and every drop must
/// have become visible by then.
const LONGEST_BATCH: Duration = Duration::from_secs(24 * 3600);
/// The longest grace: a drop that was signed off longer ago than this was meant to go.
const LONGEST_GRACE: Duration = Duration::from_secs(90 * 24 * 3600);
/// The shortest time between two probes: each makes circuits.
const SHORTEST_PROBE: Duration = Duration::from_secs(10);

impl Config {
    /// How many introductions the points of a service with such a queue let through.
    pub(crate) fn introductions(&self, queue: Queue) -> Introductions {
        let (per_second, at_once) = (self.introductions_per_second, self.introductions_at_once);
        Introductions {
            per_second: per_second.unwrap_or_else(|| defaults::introductions_per_second(queue)),
            at_once: at_once.unwrap_or_else(|| defaults::introductions_at_once(queue)),
        }
    }

    /// Reads the file at `path`. Relative paths in it start at its folder.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, &folder)
    }

    /// Checks the text of a file that lies in `folder`.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text)
            .map_err(|error| ConfigError::NotToml(error.to_string().trim_end().to_owned()))?;
        let tor = match file.tor {
            Paths::None => Vec::new(),
            Paths::One(path) => vec![path],
            Paths::Several(paths) => paths,
        };
        Ok(Self {
            listen: listen(
                &file.listen,
                folder,
                file.public_onion.as_deref(),
                file.collection_onion.as_deref(),
            )?,
            data: folder.join(file.data),
            tor: tor.into_iter().map(|path| folder.join(path)).collect(),
            masthead: masthead(
                &file.newsroom_name,
                &file.newsroom_words,
                file.leave_to.as_deref(),
            )?,
            batch: batch(&file.batch, file.danger_batch.as_deref())?,
            space: size("space", file.space.as_deref())?,
            ingest_per_hour: size("ingest_per_hour", file.ingest_per_hour.as_deref())?,
            messages: bytes(&file.messages)
                .ok_or(ConfigError::Value("messages", "a size, as 256MiB"))?,
            replies: bytes(&file.replies)
                .ok_or(ConfigError::Value("replies", "a size, as 256MiB"))?,
            grace: duration(&file.grace)
                .filter(|grace| *grace <= LONGEST_GRACE)
                .ok_or(ConfigError::Value("grace", "a time from 0d to 90d"))?,
            uploads: file.uploads,
            connections: file.connections,
            circuits: file.circuits,
            streams_per_circuit: file.streams_per_circuit,
            introductions_per_second: file.introductions_per_second,
            introductions_at_once: file.introductions_at_once,
            proof_of_work: file.proof_of_work,
            circuit_ids: circuit_ids(file.circuit_ids, &file.listen)?,
            probe_every: duration(&file.probe_every)
                .filter(|every| *every >= SHORTEST_PROBE)
                .ok_or(ConfigError::Value("probe_every", "a time of at least 10s"))?,
            danger_probe_patience: file
                .danger_probe_patience
                .map(|text| {
                    duration(&text).ok_or(ConfigError::Value("danger_probe_patience", "a time"))
                })
                .transpose()?,
            accepted: accepted(&file.accepted)?,
            danger_tor_log: file.danger_tor_log,
            danger_readable: file
                .danger_readable
                .into_iter()
                .map(|path| folder.join(path))
                .collect(),
        })
    }
}

fn circuit_ids(told: bool, listen: &str) -> Result<bool, ConfigError> {
    if told && listen == "tor" {
        return Err(ConfigError::Value(
            "circuit_ids",
            "absent when the server has onions of its own: it knows its circuits",
        ));
    }
    Ok(told)
}

fn size(key: &'static str, text: Option<&str>) -> Result<Option<u64>, ConfigError> {
    let refused = ConfigError::Value(key, "a size, as 100GiB");
    text.map(|text| bytes(text).ok_or(refused)).transpose()
}

fn masthead(name: &str, words: &str, leave_to: Option<&str>) -> Result<Masthead, ConfigError> {
    let leave_to = match leave_to {
        None => LeaveTo::default(),
        Some(address) => LeaveTo::new(address).ok_or(ConfigError::Value(
            "leave_to",
            "an address that begins with https:// or http://, in ASCII",
        ))?,
    };
    Ok(Masthead {
        name: NewsroomName::new(name).ok_or(ConfigError::Value(
            "newsroom_name",
            "one line of at most 200 bytes, without control characters and marks of direction",
        ))?,
        words: NewsroomWords::new(words).ok_or(ConfigError::Value(
            "newsroom_words",
            "a text of at most 8,000 bytes, without control characters and marks of direction",
        ))?,
        leave_to,
    })
}

fn accepted(names: &[String]) -> Result<Vec<Subject>, ConfigError> {
    let subjects = names.iter().map(|name| Subject::acceptable(name));
    subjects.collect::<Option<_>>().ok_or(ConfigError::Value(
        "accepted",
        "a list of \"swap\", \"hibernation\", \"disk-encryption\", \"snapshots\"",
    ))
}

fn batch(batch: &str, danger: Option<&str>) -> Result<Batch, ConfigError> {
    let length = |text| duration(text).filter(|length| *length <= LONGEST_BATCH);
    match danger {
        Some(danger) => length(danger)
            .and_then(Batch::danger)
            .ok_or(ConfigError::Value("danger_batch", "a time from 1s to 24h")),
        None => length(batch)
            .and_then(Batch::at_least_an_hour)
            .ok_or(ConfigError::Value(
                "batch",
                "a time from 1h to 24h: a shorter one tells when drops arrive",
            )),
    }
}

fn listen(
    text: &str,
    folder: &Path,
    public: Option<&str>,
    collection: Option<&str>,
) -> Result<Listen, ConfigError> {
    if text == "tor" {
        if public.is_some() || collection.is_some() {
            return Err(ConfigError::Value(
                "public_onion or collection_onion",
                "absent when the server has onions of its own (listen = \"tor\")",
            ));
        }
        return Ok(Listen::Tor);
    }
    let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) else {
        return Err(ConfigError::Value("listen", "\"tor\" or \"unix:FOLDER\""));
    };
    let onion = |key, text: Option<&str>| match text {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| ConfigError::Value(key, "a version 3 onion address")),
    };
    Ok(Listen::Unix {
        folder: folder.join(path),
        public: onion("public_onion", public)?,
        collection: onion("collection_onion", collection)?,
    })
}

/// Why a configuration is refused.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    /// It is not TOML, or has a key that nobody knows, or a value of another type.
    NotToml(String),
    /// The key's value must be what the second text says.
    Value(&'static str, &'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "{} cannot be read: {error}", path.display())
            }
            Self::NotToml(text) => write!(f, "the configuration is not right: {text}"),
            Self::Value(key, wanted) => write!(f, "in the configuration, {key} must be {wanted}"),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
