//! What the files would say about the source, told before they are sealed; and copies without it.

use clap::Args;
use knothole_inspect::{Cleaning, Hashing, InspectError, Inspector, Kind, Limit, Report, Walls};
use serde_json::json;
use tokio::sync::oneshot;

use crate::ask::{self, Wish};
use crate::error::SendError;
use crate::files::SourceFile;
use crate::resume::{Shape, Stamp};
use crate::voice::Voice;

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
    /// Seal the files as they are, without asking. What they say about you is told all the same.
    #[arg(long, conflicts_with = "clean")]
    keep: bool,
}

impl LookArgs {
    pub(crate) fn handling(&self) -> Handling {
        match (self.clean, self.keep) {
            (true, _) => Handling::Clean,
            (false, true) => Handling::Keep,
            (false, false) => Handling::Ask,
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
    /// Tell it, and seal the files as they are.
    Keep,
    /// It was told and asked before: seal the files as they are.
    Settled,
}

/// Looks at every file, tells what it says, and makes of it what the source wants.
///
/// # Errors
/// [`SendError::Stopped`] when the source wants that, [`SendError::Ask`].
pub(crate) async fn through(
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
        Handling::Ask if voice.speaks_to_people() && looks.iter().any(says_something) => {
            wish().await?.unwrap_or(Wish::AsTheyAre)
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

/// Asks what is to be done, so that whoever is asked can still end the program.
async fn wish() -> Result<Option<Wish>, SendError> {
    let (tell, told) = oneshot::channel();
    // A thread of its own: a runtime that ends would wait for one of its own.
    std::thread::spawn(move || drop(tell.send(ask::wish(QUESTION))));
    match told.await {
        Ok(wish) => Ok(wish?),
        Err(_) => Err(SendError::Fault("nothing reads the terminal")),
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
            voice.seen(&format!("{named}: {}", look.in_words()), &event);
        }
        Err(error) => {
            let text = format!("{error}: {}", Limit::Unknown);
            let event = json!({ "event": "file", "name": named.as_str(), "limits": [text] });
            voice.seen(&format!("{named}: {text}."), &event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(kind: Kind, limit: Limit) -> Report {
        Report {
            kind,
            findings: Vec::new(),
            limits: vec![limit],
            cleaning: Cleaning::Cannot,
            hash: None,
            walls: Walls::Both,
        }
    }

    #[test]
    fn a_source_is_asked_about_what_nobody_can_judge_but_not_about_a_text() {
        assert!(says_something(&Ok(report(Kind::Unknown, Limit::Unknown))));
        assert!(says_something(&Err(InspectError::Died)));
        assert!(!says_something(&Ok(report(Kind::Text, Limit::Text))));
    }
}
