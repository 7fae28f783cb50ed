//! What the files would say about the source, told before they are sealed; and copies without it.

use clap::Args;
use knothole_inspect::{Cleaning, Hashing, InspectError, Inspector, Kind, Limit, Report, Walls};
use serde_json::json;

use crate::ask::{self, Wish};
use crate::error::SendError;
use crate::files::{Named, SourceFile, listed};
use crate::resume::{Shape, Stamp};
use crate::tty;
use crate::voice::{COLUMNS, Voice, wrapped};

const QUESTION: &str = "Seal these files as they are (keep), without what they say where that is \
                        possible (clean), or stop? [keep/clean/stop]: ";
const CAN: &str = "It can be cleaned.";
const CANNOT: &str = "This program cannot clean it.";
const NO_LANDLOCK: &str = "This system's kernel has no Landlock: the files were looked at behind \
                           seccomp alone.";

/// How the command line wants files handled.
#[derive(Debug, Args)]
pub(crate) struct LookArgs {
    /// Seal copies without what files say about you (place, device, names, times), where that is
    /// possible: JPEG, PNG, MP4, QuickTime. Picture and sound stay the same. Your files stay as
    /// they are, and nothing is written to a disk. Where a file cannot be cleaned you are asked
    /// again; where nobody can be asked, nothing is sealed.
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
}

/// Looks at every file, tells what it says, and makes of it what the source wants.
///
/// # Errors
/// [`SendError::Stopped`] when the source wants that, [`SendError::NotCleaned`] when copies without
/// are wanted, cannot be made of all, and nobody can be asked; [`SendError::Ask`].
pub(crate) async fn through(
    files: &mut [SourceFile],
    handling: Handling,
    voice: &Voice,
) -> Result<(), SendError> {
    if files.is_empty() {
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
            let offered = [Wish::AsTheyAre, Wish::Clean, Wish::Stop];
            wish(QUESTION.to_owned(), offered.to_vec())
                .await?
                .unwrap_or(Wish::AsTheyAre)
        }
        _ => Wish::AsTheyAre,
    };
    match wish {
        Wish::Stop => Err(SendError::Stopped),
        Wish::AsTheyAre => Ok(()),
        Wish::Clean => {
            accept_what_stays(files, &looks, voice).await?;
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

/// Has the source agree that files go as they are, of which it wanted copies without. Nobody agrees
/// by being away.
async fn accept_what_stays(
    files: &[SourceFile],
    looks: &[Result<Report, InspectError>],
    voice: &Voice,
) -> Result<(), SendError> {
    let stay: Vec<Named> = files
        .iter()
        .zip(looks)
        .filter(|(_, look)| stays(look))
        .map(|(file, _)| file.named().clone())
        .collect();
    if stay.is_empty() {
        return Ok(());
    }
    let answer = if voice.speaks_to_people() {
        let question = format!(
            "This program cannot clean {}. Seal what it cannot clean as it is (keep), or stop? \
             [keep/stop]: ",
            listed(&stay)
        );
        wish(question, vec![Wish::AsTheyAre, Wish::Stop]).await?
    } else {
        None
    };
    match answer {
        Some(Wish::AsTheyAre) => Ok(()),
        Some(_) => Err(SendError::Stopped),
        None => Err(SendError::NotCleaned(stay)),
    }
}

/// Asks what is to be done, so that whoever is asked can still end the program.
async fn wish(question: String, offered: Vec<Wish>) -> Result<Option<Wish>, SendError> {
    let question = wrapped(&question, COLUMNS);
    Ok(tty::on_a_thread(move || ask::wish(&question, &offered)).await??)
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
    let stays = stays(&look);
    match look {
        Ok(Report {
            cleaning: Cleaning::By(plan),
            kind,
            ..
        }) => {
            file.clean(plan);
            voice.say(&format!(
                "{} is sealed as a copy without that. {} the same.",
                file.named(),
                match kind {
                    Kind::Jpeg | Kind::Png => "The picture is",
                    _ => "Picture and sound are",
                }
            ));
        }
        _ if stays => voice.say(&format!(
            "{} cannot be cleaned by this program: it is sealed as it is.",
            file.named()
        )),
        _ => {}
    }
}

/// Whether it would go as it is although a copy without was wanted. A text, and a file without a
/// byte, have nothing around what the source has written.
fn stays(look: &Result<Report, InspectError>) -> bool {
    match look {
        Ok(look) => {
            look.cleaning == Cleaning::Cannot && !matches!(look.kind, Kind::Empty | Kind::Text)
        }
        Err(_) => true,
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
    let can = match look {
        Ok(look) if look.cleaning != Cleaning::Cannot => format!("\n  {CAN}"),
        look if stays(look) => format!("\n  {CANNOT}"),
        _ => String::new(),
    };
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
            voice.seen(&format!("{named}: {}{can}", look.in_words()), &event);
        }
        Err(error) => {
            let text = format!("{error}: {}", Limit::Unknown);
            let event = json!({
                "event": "file",
                "name": named.as_str(),
                "limits": [text],
                "can_be_cleaned": false,
            });
            voice.seen(&format!("{named}: {text}.{can}"), &event);
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

    #[test]
    fn a_look_that_died_is_no_clean_copy_and_a_text_needs_none() {
        assert!(stays(&Err(InspectError::Died)));
        assert!(stays(&Ok(report(Kind::Heif, Limit::Unknown))));
        assert!(stays(&Ok(report(Kind::Xml, Limit::Partly))));
        assert!(stays(&Ok(report(Kind::Mail, Limit::Partly))));
        assert!(!stays(&Ok(report(Kind::Text, Limit::Text))));
        assert!(!stays(&Ok(report(Kind::Empty, Limit::Text))));
    }
}
