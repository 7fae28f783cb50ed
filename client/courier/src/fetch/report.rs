//! What is told while drops are fetched, and at the end.

use std::fmt;
use std::path::PathBuf;

use knothole_envelope::ListedDrop;
use serde::Serialize;

use crate::exit::Exit;
use crate::stick::Bytes;

/// What is told while drops are fetched. No name of a drop is among it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub(crate) enum News {
    /// What is to come, and what of it fits.
    Planned(Planned),
    /// A bundle that was broken off goes on.
    GoesOn,
    /// The bundle that was broken off lies on another stick.
    Elsewhere,
    /// Bytes of a drop have been written.
    Came {
        /// All that has come of the drop.
        at: u64,
        /// The length of the drop.
        of: u64,
    },
}

/// What is to come, and what of it fits on the sticks.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Planned {
    /// Drops that are new.
    pub(crate) drops: usize,
    /// Drops that are new and so large that only their beginning is fetched.
    pub(crate) heads: usize,
    /// The bytes that are to come.
    pub(crate) bytes: u64,
    /// The bytes that are free on the sticks.
    pub(crate) free: u64,
    /// The bytes for which there is no room.
    pub(crate) later: u64,
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(planned) => planned.fmt(f),
            Self::GoesOn => {
                f.write_str("a bundle on this stick was broken off: it is checked, and goes on")
            }
            Self::Elsewhere => f.write_str(
                "another stick has a bundle that was broken off: it is begun anew on this one. \
                 The folder without a file `index` on the other stick can be deleted",
            ),
            Self::Came { at, of } => write!(f, "{} of {}", Bytes(*at), Bytes(*of)),
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.drops == 0 && self.heads == 0 {
            return f.write_str("nothing new");
        }
        write!(
            f,
            "{} new, {} in all; free on the stick: {}",
            drops(self.drops.saturating_add(self.heads)),
            Bytes(self.bytes),
            Bytes(self.free)
        )?;
        if self.heads > 0 {
            write!(
                f,
                "\n{} very large: only the beginning is fetched, so that the offline machine can \
                 say what it is. `fetch --largest SIZE` fetches all of it",
                drops(self.heads)
            )?;
        }
        if self.later > 0 {
            write!(
                f,
                "\nnot all of it fits: have further sticks with {} free in all",
                Bytes(self.later)
            )?;
        }
        Ok(())
    }
}

fn drops(count: usize) -> String {
    match count {
        1 => "1 drop".to_owned(),
        count => format!("{count} drops"),
    }
}

/// What a fetch has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Fetched {
    /// The folders of the bundles that were made.
    pub(crate) bundles: Vec<PathBuf>,
    /// Drops that lie as a whole on the sticks now.
    pub(crate) drops: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Drops of which a part lies on this stick, and the rest goes onto the next.
    pub(crate) cut: usize,
    /// Large drops of which only the beginning was fetched.
    pub(crate) heads: usize,
    /// Drops for which there was no room.
    pub(crate) left: usize,
    /// The bytes of them that are still to come.
    pub(crate) left_bytes: u64,
    /// Drops that are not what the server lists; nothing of them was kept.
    pub(crate) mistrusted: usize,
    /// Drops that the server had no more when they were asked for.
    pub(crate) gone: usize,
    /// Drops that the server could not give.
    pub(crate) failed: usize,
    /// Why not all was fetched, when the server went away.
    pub(crate) interrupted: Option<String>,
}

impl Fetched {
    pub(crate) fn count(&mut self, drop: &ListedDrop) {
        self.drops = self.drops.saturating_add(1);
        self.bytes = self.bytes.saturating_add(drop.length());
    }

    pub(crate) fn leave(&mut self, bytes: u64) {
        self.left = self.left.saturating_add(1);
        self.left_bytes = self.left_bytes.saturating_add(bytes);
    }

    /// How the program ends after it.
    #[must_use]
    pub(crate) const fn exit(&self) -> Exit {
        let all = self.left == 0 && self.mistrusted == 0 && self.failed == 0;
        if all && self.interrupted.is_none() {
            Exit::Done
        } else {
            Exit::Partly
        }
    }
}

impl fmt::Display for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for bundle in &self.bundles {
            lines.push(format!(
                "bundle, written, read again and the same: {}",
                bundle.display()
            ));
        }
        let came = self.drops > 0 || self.cut > 0 || self.heads > 0;
        lines.push(if came || self.bundles.is_empty() {
            format!("{} whole on it, {}", drops(self.drops), Bytes(self.bytes))
        } else {
            "no drop is new: it holds the server's list alone. Carry it to the offline machine all \
             the same, which knows by it when keys can be burned"
                .to_owned()
        });
        if self.heads > 0 {
            lines.push(format!("only the beginning: {}", drops(self.heads)));
        }
        if self.left > 0 {
            lines.push(format!(
                "the stick is full. Put in the next one and run the same again: {} are still to \
                 come",
                Bytes(self.left_bytes)
            ));
        }
        if self.failed > 0 {
            lines.push(format!(
                "{} could not be fetched: run the same again",
                drops(self.failed)
            ));
        }
        if let Some(why) = &self.interrupted {
            lines.push(format!(
                "not all was fetched: {why}. What has come can be opened; run the same again for \
                 the rest"
            ));
        }
        if self.mistrusted > 0 {
            lines.push(format!(
                "{} not what the server lists: it is damaged or in other hands. Nothing of it was \
                 kept; `--again` asks once more",
                drops(self.mistrusted)
            ));
        }
        if self.gone > 0 {
            lines.push(format!(
                "{} gone from the server meanwhile",
                drops(self.gone)
            ));
        }
        if self.bundles.is_empty() && lines.len() == 1 {
            lines = vec!["nothing was written".to_owned()];
        }
        f.write_str(&lines.join("\n"))
    }
}
