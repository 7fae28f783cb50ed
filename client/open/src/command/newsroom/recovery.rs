//! Recovery papers: `knothole newsroom found --recovery` and `knothole newsroom recover`

use std::path::PathBuf;

use clap::Args;
use knothole_envelope::{DropAddress, Fingerprint, RecoveryHash, SigningSecret};
use zeroize::Zeroizing;

use super::{MOST_CARD_BYTES, editors, quorum_of};
use crate::archive::Archive;
use crate::command::archive::{ArchiveArgs, Opened, settle};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::folder::{Existing, Folder, read_named};
use crate::newsroom::{
    Papers, RecoverError, Successors, chain_of, first_number, key_of, recover, refuse_taken,
    words_of,
};
use crate::outbox;
use crate::passphrase::PassphraseError;
use crate::screen::counted;
use crate::volume::Volume;

/// 256 charters of 8 editors are well below this.
const MOST_CHAIN_BYTES: u64 = 1 << 20;
/// A charter names at most so many papers.
const MOST_PAPERS: u8 = 8;
/// How often the words of a paper may be typed wrongly.
const TRIES: u32 = 5;

/// What `newsroom found` takes for papers.
#[derive(Debug, Args)]
pub(super) struct PaperArgs {
    /// Make so many recovery papers: all of them together can appoint new editors when too many
    /// vaults are lost. They open no drop.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=i64::from(MOST_PAPERS)))]
    recovery: Option<u8>,
    /// Write the papers to files beneath this folder, in memory or on an encrypted disk, to be
    /// printed. Without it they are shown at the terminal, once.
    #[arg(long, value_name = "DIR", requires = "recovery")]
    papers: Option<PathBuf>,
}

/// The papers of a founding that begins.
#[derive(Debug, Default)]
pub(super) struct NewPapers(Vec<SigningSecret>);

impl PaperArgs {
    /// New papers, as many as were asked for.
    pub(super) fn make(&self, desk: &mut Desk) -> Result<NewPapers, Failure> {
        let count = self.recovery.unwrap_or(0);
        if count > 0 && self.papers.is_none() && !desk.asker.is_terminal() {
            return Err(Failure::NoPlaceForPapers);
        }
        let papers = (0..count).map(|_| SigningSecret::generate(&mut desk.rng));
        Ok(NewPapers(papers.collect()))
    }

    /// Hands the papers out.
    pub(super) fn hand_out(
        &self,
        papers: &NewPapers,
        newsroom: &Fingerprint,
        desk: &mut Desk,
    ) -> Result<(), Failure> {
        let folder = match &self.papers {
            Some(path) => {
                let folder = Folder::open_or_make(path)?;
                Volume::fit(&folder)?;
                Some(folder)
            }
            None => None,
        };
        for (number, paper) in (1_usize..).zip(&papers.0) {
            let page = page(number, papers.0.len(), newsroom, paper);
            match &folder {
                Some(folder) => {
                    let name = format!("recovery-paper-{number}.txt");
                    folder.put(&name, page.as_bytes(), Existing::Keep)?;
                }
                None => show(&page, desk)?,
            }
        }
        if let (Some(path), [_, ..]) = (&self.papers, papers.0.as_slice()) {
            desk.screen.warn(&format!(
                "the recovery papers lie in {}: print or copy them by hand, keep each in another \
                 place, and delete the files",
                crate::escape::path(path)
            ));
        }
        Ok(())
    }
}

impl NewPapers {
    /// What the charter says of them.
    pub(super) fn hash(&self) -> Result<Option<RecoveryHash>, Failure> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let mut papers = Papers::default();
        for paper in &self.0 {
            papers.add(SigningSecret::from_bytes(*paper.expose()));
        }
        Ok(Some(papers.keys()?.hash()))
    }
}

/// What stands on a paper: eight rows of three numbered words.
fn page(
    number: usize,
    papers: usize,
    newsroom: &Fingerprint,
    paper: &SigningSecret,
) -> Zeroizing<String> {
    // Reserved at once, so that growing leaves no copies.
    let mut page = Zeroizing::new(String::with_capacity(2048));
    page.push_str(&format!(
        "Recovery paper {number} of {papers} of the newsroom\n{}\n\nAll {papers} together, and \
         nothing less, can appoint new editors\n(knothole newsroom recover). \
         They open no drop.\n\n",
        newsroom.grouped()
    ));
    let words = words_of(paper);
    for (place, word) in (1_usize..).zip(words.split(' ')) {
        page.push_str(if place < 10 { "   " } else { "  " });
        page.push_str(&place.to_string());
        page.push(' ');
        page.push_str(word);
        for _ in word.len()..9 {
            page.push(' ');
        }
        if place.is_multiple_of(3) {
            page.push('\n');
        }
    }
    page
}

fn show(page: &str, desk: &mut Desk) -> Result<(), Failure> {
    let advice = "\nWrite it on paper now, read it once more, and keep it away from all vaults.\nIt is \
                  shown only once.\n\n";
    desk.screen.show(&[page, advice])?;
    // Whatever is typed here is not kept.
    match desk.asker.ask("Press Enter when it is written: ") {
        Ok(_) | Err(PassphraseError::Empty | PassphraseError::TooLong) => {}
        Err(error) => return Err(error.into()),
    }
    desk.screen.wipe();
    Ok(())
}

#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The cards of all who are to be editors now.
    #[arg(value_name = "CARD", required = true)]
    cards: Vec<PathBuf>,
    /// How many of them it takes to open a drop.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=8))]
    quorum: u8,
    /// The newest chain of charters: the file `charter` of the last outbox, or what the drop-box
    /// shows under /charter.
    #[arg(long, value_name = "FILE")]
    charter: PathBuf,
    /// The newsroom's drop address, from a poster that you trust.
    #[arg(long, value_name = "ADDRESS")]
    address: DropAddress,
    /// Lay the first outbox at once: the stick for it.
    #[arg(long, value_name = "STICK")]
    out: Option<PathBuf>,
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(super) fn run(args: &RecoverArgs, desk: &mut Desk) -> Result<(), Failure> {
    let cards: Result<Vec<_>, _> = args
        .cards
        .iter()
        .map(|path| read_named(path, MOST_CARD_BYTES))
        .collect();
    let cards = cards?;
    let chain = chain_of(
        &read_named(&args.charter, MOST_CHAIN_BYTES)?,
        args.address.fingerprint(),
    )?;
    drop(Archive::free_folder(&args.at.archive)?);
    let known = outbox::sheets_beside(&args.charter, &chain);
    let first = first_number(&cards, &known, desk.today)?;
    let mut vaults = desk.vaults(&args.at.vaults)?;
    refuse_taken(&vaults, chain.fingerprint())?;
    let mut papers = Papers::default();
    while !papers.are_all_of(&chain) {
        if papers.count() >= usize::from(MOST_PAPERS) {
            return Err(RecoverError::Papers.into());
        }
        read_paper(&mut papers, desk)?;
    }
    let successors = Successors {
        cards: &cards,
        quorum: quorum_of(args.quorum),
        onion: *args.address.onion(),
        today: desk.today,
    };
    let state = recover(&chain, &papers, &successors, &vaults)?;
    let archive = Archive::create(&args.at.archive, state, &vaults, &mut desk.rng)?;
    settle(&mut vaults, archive.state.chain().fingerprint(), desk);
    let opened = Opened { archive, vaults };
    tell(&opened, desk);
    if let Some(first) = first.filter(|_| known.is_empty()) {
        desk.screen.warn(&format!(
            "the new keys begin with epoch {first}. The server refuses them unless that is above \
             each epoch that `knothole-courier status` shows, or that the newsroom ever had. If it \
             is not, make the vaults anew with a higher --first-epoch, and recover again from the \
             same charter"
        ));
    }
    editors::finish(&opened, args.out.as_deref(), desk)
}

/// Asks for the words of one more paper.
fn read_paper(papers: &mut Papers, desk: &mut Desk) -> Result<(), Failure> {
    let number = papers.count().saturating_add(1);
    for _ in 0..TRIES {
        let typed = match desk
            .asker
            .ask(&format!("The 24 words of recovery paper {number}: "))
        {
            Ok(typed) => typed,
            // There are no more of them.
            Err(PassphraseError::Empty | PassphraseError::TooFewDescriptors) if number > 1 => {
                return Err(RecoverError::Papers.into());
            }
            Err(error) => return Err(error.into()),
        };
        match key_of(typed.expose()) {
            Ok(paper) => {
                papers.add(paper);
                if papers.count() < number {
                    desk.screen.say("That paper was read already.");
                    continue;
                }
                return Ok(());
            }
            Err(error) if desk.asker.is_terminal() => desk.screen.say(&error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(RecoverError::Papers.into())
}

fn tell(opened: &Opened, desk: &Desk) {
    let charter = opened.archive.state.chain().current();
    let count = u64::try_from(charter.editors().len()).unwrap_or(u64::MAX);
    let text = format!(
        "The newsroom goes on with {} under its fingerprint and its address. Sources and staff are \
         told from now on that recovery papers made this charter.",
        counted(count, "editor", "editors")
    );
    editors::tell(opened, &text, "recovered", desk);
    desk.screen.warn(
        "what was sealed to the lost vaults is lost, and so is the old archive: what it remembered \
         of drops, bundles and couriers begins anew. Name the courier again (`knothole newsroom \
         courier`), and take its next bundle with `open --lost`",
    );
    desk.screen.warn(
        "if this chain of charters was not the newest, the server will refuse the outbox: recover \
         again from the newest one",
    );
}
