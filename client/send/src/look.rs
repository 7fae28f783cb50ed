//! What the files would say about the source, told before they are sealed; and copies without it.

use std::fmt::Write as _;

use clap::Args;
use knothole_inspect::{
    Cleaning, Finding, Hashing, InspectError, Inspector, Kind, Limit, Report, Walls, What,
};
use serde_json::json;

use crate::ask::{self, Wish};
use crate::error::SendError;
use crate::files::SourceFile;
use crate::resume::{Shape, Stamp};
use crate::voice::Voice;

/// So many of a file's words about one thing are told.
const MOST_TOLD: usize = 4;
const QUESTION: &str = "Seal these files as they are (keep), without what they say where that is \
                        possible (clean), or stop? [keep/clean/stop]: ";
const NO_LANDLOCK: &str = "This system's kernel has no Landlock: the files were looked at behind \
                           seccomp alone.";

/// How the command line wants files handled.
#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    /// Seal copies without what files say about you (place, device, names, times), where that is
    /// possible: JPEG, PNG, MP4, QuickTime. Picture and sound stay the same. Your files stay as
    /// they are, and nothing is written to a disk.
    #[arg(long)]
    clean: bool,
}

impl LookArgs {
    pub(crate) fn handling(&self) -> Handling {
        if self.clean {
            Handling::Clean
        } else {
            Handling::Ask
        }
    }
}

/// What is done with files that say something about the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handling {
    /// Tell it, and ask where somebody can be asked.
    Ask,
    /// Tell it, and seal copies without it.
    Clean,
    /// It was told and asked before: seal the files as they are.
    Settled,
}

/// Looks at every file, tells what it says, and makes of it what the source wants.
///
/// # Errors
/// [`SendError::Stopped`] when the source wants that, [`SendError::Ask`].
pub(crate) fn through(
    files: &mut [SourceFile],
    handling: Handling,
    voice: &Voice,
) -> Result<(), SendError> {
    if files.is_empty() || handling == Handling::Settled {
        return Ok(());
    }
    let inspector = Inspector::itself();
    let mut looks = Vec::with_capacity(files.len());
    for file in &*files {
        let look = inspector.inspect(file.file(), Hashing::NotHashed);
        tell(file, &look, voice);
        looks.push(look);
    }
    if looks.iter().flatten().any(|look| look.walls != Walls::Both) {
        voice.say(NO_LANDLOCK);
    }
    let wish = match handling {
        Handling::Clean => Wish::Clean,
        _ if voice.speaks_to_people() && looks.iter().any(says_something) => {
            ask::wish(QUESTION)?.unwrap_or(Wish::AsTheyAre)
        }
        _ => Wish::AsTheyAre,
    };
    match wish {
        Wish::Stop => Err(SendError::Stopped),
        Wish::AsTheyAre => Ok(()),
        Wish::Clean => {
            for (file, look) in files.iter_mut().zip(looks) {
                clean(file, look, voice);
            }
            voice.say(
                "The names of the files stay, and so does what can be seen and heard: faces, \
                 voices, screens, and what an encoder wrote into the picture itself.",
            );
            Ok(())
        }
    }
}

/// Makes the copies again that another run sealed; a file that cannot be is left as it is, and then
/// differs from what was kept.
pub(crate) fn clean_again(files: &mut [SourceFile], stamps: &[Stamp]) {
    let inspector = Inspector::itself();
    for (file, stamp) in files.iter_mut().zip(stamps) {
        if stamp.shape == Shape::Cleaned
            && let Ok(look) = inspector.inspect(file.file(), Hashing::NotHashed)
            && let Cleaning::By(plan) = look.cleaning
        {
            file.clean(plan);
        }
    }
}

fn clean(file: &mut SourceFile, look: Result<Report, InspectError>, voice: &Voice) {
    match look {
        Ok(Report {
            cleaning: Cleaning::By(plan),
            ..
        }) => {
            file.clean(plan);
            voice.say(&format!(
                "{} is sealed as a copy without that. Picture and sound are the same.",
                file.named()
            ));
        }
        Ok(look) if matches!(look.kind, Kind::Empty | Kind::Text) => {}
        _ => voice.say(&format!(
            "{} cannot be cleaned by this program: it is sealed as it is.",
            file.named()
        )),
    }
}

/// Whether a source should be asked about it. What is written in a text is the source's to know.
fn says_something(look: &Result<Report, InspectError>) -> bool {
    match look {
        Ok(look) => !look.findings.is_empty() || look.limits.iter().any(|it| *it != Limit::Text),
        Err(_) => true,
    }
}

fn tell(file: &SourceFile, look: &Result<Report, InspectError>, voice: &Voice) {
    let named = file.named();
    match look {
        Ok(look) => {
            let says: Vec<_> = look
                .findings
                .iter()
                .map(|finding| json!({ "what": finding.what.as_str(), "words": finding.words.as_str() }))
                .collect();
            let event = json!({
                "event": "file",
                "name": named.as_str(),
                "kind": look.kind.as_str(),
                "says": says,
                "limits": look.limits.iter().map(|limit| limit.as_str()).collect::<Vec<_>>(),
                "can_be_cleaned": matches!(look.cleaning, Cleaning::By(_)),
            });
            voice.seen(&format!("{named}: {}", in_words(look)), &event);
        }
        Err(error) => {
            let text = format!("{error}: {}", Limit::Unknown);
            let event = json!({ "event": "file", "name": named.as_str(), "limits": [text] });
            voice.seen(&format!("{named}: {text}."), &event);
        }
    }
}

/// A report as a source reads it.
fn in_words(look: &Report) -> String {
    let mut text = format!("{}.", look.kind);
    if look.findings.is_empty() {
        let known = !look
            .limits
            .iter()
            .any(|limit| matches!(limit, Limit::Unknown | Limit::Inside | Limit::Encrypted));
        if known && !matches!(look.kind, Kind::Empty | Kind::Text) {
            text.push_str(
                " Nothing was found in it about where, when, by whom or with what it was made.",
            );
        }
    } else {
        text.push_str(" It says:");
    }
    for what in What::ALL {
        let found: Vec<&Finding> = look
            .findings
            .iter()
            .filter(|finding| finding.what == *what)
            .collect();
        if found.is_empty() {
            continue;
        }
        // Writing to a text cannot fail.
        let _ = write!(text, "\n  - {what}");
        let words: Vec<&str> = found
            .iter()
            .map(|finding| finding.words.as_str())
            .filter(|words| !words.is_empty())
            .collect();
        if !words.is_empty() {
            let told: Vec<&str> = words.iter().copied().take(MOST_TOLD).collect();
            let _ = write!(text, ": {}", told.join("; "));
        }
        let more = words.len().saturating_sub(MOST_TOLD);
        if more > 0 {
            let _ = write!(text, "; and {more} more");
        }
    }
    for limit in &look.limits {
        let _ = write!(text, "\n  {}.", sentence(limit.as_str()));
    }
    text
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kind: Kind, findings: Vec<Finding>, limits: Vec<Limit>) -> Report {
        Report {
            kind,
            findings,
            limits,
            cleaning: Cleaning::Cannot,
            hash: None,
            walls: Walls::Both,
        }
    }

    #[test]
    fn what_a_photograph_says_is_told_in_plain_words() {
        let findings = vec![
            Finding::new(What::Place, "48.85840 N, 2.29450 E"),
            Finding::new(What::Device, "Apple iPhone 12"),
            Finding::new(What::Preview, ""),
        ];
        assert_eq!(
            in_words(&report(Kind::Jpeg, findings, vec![])),
            "a photograph or picture (JPEG). It says:\n  \
             - where it was made: 48.85840 N, 2.29450 E\n  \
             - with which device: Apple iPhone 12\n  \
             - a smaller picture of it, which can show what was cut away later"
        );
    }

    #[test]
    fn what_is_unknown_is_never_called_harmless() {
        let unknown = report(Kind::Unknown, vec![], vec![Limit::Unknown]);
        assert_eq!(
            in_words(&unknown),
            "a file of a kind that this program does not know.\n  \
             This program cannot tell what this file carries."
        );
        assert!(says_something(&Ok(unknown)));
        assert!(says_something(&Err(InspectError::Died)));
        let text = report(Kind::Text, vec![], vec![Limit::Text]);
        assert!(!says_something(&Ok(text)));
        let nothing = report(Kind::Png, vec![], vec![]);
        assert!(in_words(&nothing).contains("Nothing was found in it about"));
    }

    #[test]
    fn many_words_are_told_as_a_few() {
        let times = (0..9).map(|year| Finding::new(What::Time, &year.to_string()));
        let text = in_words(&report(Kind::Mov, times.collect(), vec![]));
        assert!(text.ends_with("- when: 0; 1; 2; 3; and 5 more"), "{text}");
    }
}
