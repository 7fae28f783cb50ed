//! What a source wants, and the whole way of it.

use std::num::NonZeroU8;
use std::path::Path;
use std::time::Duration;

use getrandom::SysRng;
use knothole_envelope::{DropAddress, Message, VerifiedSheet};
use knothole_onion::DropBox;
use rand_core::UnwrapErr;

use crate::ask;
use crate::back::Back;
use crate::contact::{self, Contact};
use crate::error::SendError;
use crate::files::{FileError, FileSet, SourceFile};
use crate::look::{self, Handling};
use crate::newsroom::NewsroomError;
use crate::page;
use crate::parcel::{Fresh, Parcel, ParcelError, Ready};
use crate::resume::{Journal, Kept, Place};
use crate::sealed::{Sealed, seal_into};
use crate::spare::Spare;
use crate::upload::{AllSent, Standing, Start, Upload};
use crate::voice::{Voice, size, span, time_for};

/// Bytes that are on their way at once on a Tor circuit, roughly.
const ON_THE_WAY: u64 = 250_000;
/// For so many days after its last day a drop-box still takes what was sealed under a sheet.
const DAYS_AFTER: u32 = 7;

/// What a source wants sealed.
#[derive(Debug)]
pub(crate) struct Order {
    /// For whom.
    pub(crate) address: DropAddress,
    /// The files.
    pub(crate) files: FileSet,
    /// The words; asked for when there are none and somebody can be asked.
    pub(crate) message: Option<Message>,
    /// What is done with files that say something about the source.
    pub(crate) handling: Handling,
    /// Whether and how the newsroom can answer.
    pub(crate) back: Back,
}

/// Looks whether an address leads to a drop-box that can be trusted. Opens no file.
///
/// # Errors
/// [`SendError`] says what happened and what to do.
pub(crate) async fn check(
    drop_box: &DropBox,
    address: &DropAddress,
    voice: &Voice,
) -> Result<(), SendError> {
    let contact = meet(drop_box, address, voice).await?;
    voice.say(&format!(
        "Its fingerprint, to compare with what the newsroom printed:\n  {}",
        address.fingerprint().grouped()
    ));
    voice.say(&format!(
        "Its keys are good until {}.",
        contact.sheet?.last()
    ));
    voice.say("Looking at the page that it shows to browsers, file by file.");
    let altered = page::altered(drop_box, voice).await?;
    voice.done(
        "trusted",
        "You can send to this address with this program. Nothing was sent, and no file was opened.",
    );
    if !altered.is_empty() {
        return Err(SendError::OtherPage(altered));
    }
    voice.done(
        "page",
        "The page there is the one that this program was built beside.",
    );
    Ok(())
}

/// Verifies the newsroom, seals, and writes what was sealed into a file.
///
/// # Errors
/// [`SendError`] says what happened and what to do.
pub(crate) async fn seal(
    drop_box: &DropBox,
    order: Order,
    out: &Path,
    voice: &Voice,
) -> Result<(), SendError> {
    let sheet = meet(drop_box, &order.address, voice).await?.sheet?;
    let fresh = freshly_sealed(&sheet, &order, voice).await?;
    let length = fresh.length();
    let sealed = Sealed::begin(out, length)?;
    seal_into(sealed, fresh, voice.progress("Sealed", length)).await?;
    let until = sheet.last().checked_add(DAYS_AFTER).unwrap_or(sheet.last());
    voice.say(&format!(
        "The sealed file has {}, with the padding that hides the size. Only the newsroom can open \
         it; you cannot. Send it by {until}: after that day the drop-box does not take it any more.",
        size(length)
    ));
    voice.done("sealed", "Sealed.");
    Ok(())
}

/// Verifies the newsroom, seals, sends, and compares what arrived.
///
/// # Errors
/// [`SendError`] says what happened and what to do.
pub(crate) async fn deliver(
    drop_box: &DropBox,
    order: Order,
    circuits: NonZeroU8,
    keeping: Option<Keeping>,
    all_sent: &AllSent,
    voice: &Voice,
) -> Result<(), SendError> {
    // Where a program listens and nobody is asked about the files, all circuits are made while the newsroom
    // is met. Who is asked may take long, and lines would wait in vain.
    let worth = Upload::worth(order.files.bytes(), circuits);
    let early = (!voice.speaks_to_people()).then(|| begin_lines(drop_box, worth));
    let contact = meet(drop_box, &order.address, voice).await?;
    let answer = contact.newsroom.answer_time();
    let mut met = Some(Spare::of(contact.line));
    let (parcel, place) = match keeping {
        Some(Keeping::Old(kept, journal, place)) => {
            let was_all_sent = kept.is_all_sent();
            match go_on(drop_box, met.take(), *kept, &order.files, voice).await? {
                Ok((parcel, start, met)) => {
                    parcel.keep_in(journal);
                    let gone = start.gone();
                    let upload = Upload::new(drop_box, parcel, circuits, answer, all_sent, voice);
                    let upload = upload.from(start);
                    voice.say(&estimate(&upload, gone, answer));
                    let more = early.unwrap_or_else(|| begin_lines(drop_box, upload.at_once()));
                    return upload.over(met, more).run().await;
                }
                Err(Hindrance { why, arrived }) if was_all_sent || arrived => {
                    all_sent.note();
                    voice.say(&format!(
                        "{why}. {}",
                        match was_all_sent {
                            true => {
                                "Everything was sent before that: the newsroom may have it as it was."
                            }
                            false => {
                                "It says that it has all. Either this resume file is an older one, and \
                                 the newsroom may have it as it was, or the drop-box lies."
                            }
                        }
                    ));
                    let question =
                        "Send what is there now as well? The newsroom may then have both";
                    if !tokio::task::spawn_blocking(move || ask::yes(question))
                        .await
                        .unwrap_or(false)
                    {
                        return Err(SendError::MayHaveArrived);
                    }
                    let place = place.instead_of(journal);
                    (new_parcel(contact.sheet, &order, voice).await?, Some(place))
                }
                Err(Hindrance { why, .. }) => {
                    voice.say(&format!(
                        "{why}. What was sent before is of no use to anybody. Beginning anew, with \
                         new keys."
                    ));
                    let place = place.instead_of(journal);
                    (new_parcel(contact.sheet, &order, voice).await?, Some(place))
                }
            }
        }
        Some(Keeping::New(place)) => (new_parcel(contact.sheet, &order, voice).await?, Some(place)),
        None => (new_parcel(contact.sheet, &order, voice).await?, None),
    };
    if let Some(place) = place {
        parcel.keep_in(place.begin(&parcel.beginning(&order.address))?);
        voice.say("Should this stop, run the same command again: it goes on where it was.");
    }
    let upload = Upload::new(drop_box, parcel, circuits, answer, all_sent, voice);
    voice.say(&estimate(&upload, 0, answer));
    let more = early.unwrap_or_else(|| begin_lines(drop_box, upload.at_once()));
    upload.keep_lanes().await?.over(met, more).run().await
}

/// Begins to make lines for so many circuits, of which the first has one.
fn begin_lines(drop_box: &DropBox, circuits: u64) -> Vec<Spare> {
    (1..circuits).map(|_| Spare::begin(drop_box)).collect()
}

/// What a source has had kept for the case that its program ends.
#[derive(Debug)]
pub(crate) enum Keeping {
    /// It is to be kept here.
    New(Place),
    /// It was kept here.
    Old(Box<Kept>, Journal, Place),
}

/// Why an upload must not go on.
struct Hindrance {
    /// In words.
    why: String,
    /// Whether all of it may have arrived, as far as the drop-box says.
    arrived: bool,
}

impl Hindrance {
    fn new(why: impl Into<String>) -> Self {
        let why = why.into();
        let arrived = false;
        Self { why, arrived }
    }
}

/// Takes up again what another run began; or says why that must not be.
async fn go_on(
    drop_box: &DropBox,
    line: Option<Spare>,
    kept: Kept,
    files: &FileSet,
    voice: &Voice,
) -> Result<Result<(Parcel, Start, Option<Spare>), Hindrance>, SendError> {
    let sent: Vec<u64> = kept
        .lanes
        .iter()
        .map(|lane| lane.sent(&kept.units))
        .collect();
    let Kept {
        beginning,
        lanes,
        units,
        joining,
        ..
    } = kept;
    voice.say("Going on with what another run began. Checking that the files are what they were.");
    let mut opened = files.open()?;
    look::clean_again(&mut opened, &beginning.files);
    if let Some(file) = opened
        .iter()
        .zip(&beginning.files)
        .find_map(|(file, stamp)| (file.stamp() != *stamp).then_some(file))
    {
        let why = format!("{} has changed since", file.named());
        return Ok(Err(Hindrance::new(why)));
    }
    let parcel = match beginning.sealing {
        Some((secret, manifest)) => {
            let fresh = Fresh::resumed(beginning.header, &secret, manifest, opened);
            fresh.map(Parcel::fresh).ok()
        }
        None => match files.only().map(Ready::open).transpose()?.flatten() {
            Some(ready) if ready.header() == beginning.header.as_bytes() => {
                Some(Parcel::ready(ready))
            }
            _ => None,
        },
    };
    let Some(parcel) = parcel else {
        return Ok(Err(Hindrance::new(
            "The resume file does not fit the files",
        )));
    };
    let start = Start {
        lanes,
        sent,
        joining,
    };
    let (standing, line) = start.compared_with(drop_box, line).await;
    match standing {
        Standing::AsKept => {}
        standing => {
            let why = "The drop-box has more than the resume file tells of".to_owned();
            let arrived = standing == Standing::MayHaveArrived;
            return Ok(Err(Hindrance { why, arrived }));
        }
    }
    let checking = tokio::task::spawn_blocking(move || {
        let result = parcel.recall(&units);
        (parcel, result)
    });
    let (parcel, result) = checking
        .await
        .map_err(|_| SendError::Fault("checking stopped"))?;
    match result {
        Ok(()) => Ok(Ok((parcel, start, line))),
        Err(ParcelError::Other(name) | ParcelError::File(FileError::Changed(name))) => {
            Ok(Err(Hindrance::new(format!("{name} has changed since"))))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is there to be sent: sealed already, or to be sealed as it goes.
async fn new_parcel(
    sheet: Result<VerifiedSheet, NewsroomError>,
    order: &Order,
    voice: &Voice,
) -> Result<Parcel, SendError> {
    let ready = match order.files.only() {
        Some(path) => Ready::open(path)?,
        None => None,
    };
    match ready {
        Some(_) if order.message.is_some() => Err(SendError::SealedMessage),
        Some(_) if matches!(order.back, Back::Words(_)) => Err(SendError::SealedWords),
        Some(ready) => {
            voice.say("This file is sealed already. It is sent as it is.");
            Ok(Parcel::ready(ready))
        }
        None => Ok(Parcel::fresh(freshly_sealed(&sheet?, order, voice).await?)),
    }
}

async fn meet(
    drop_box: &DropBox,
    address: &DropAddress,
    voice: &Voice,
) -> Result<Contact, SendError> {
    voice.say("Looking for the drop-box. This can take a minute.");
    let contact = contact::make(drop_box, address, voice).await?;
    voice.say(&format!(
        "Found it. Its keys are those of the newsroom in your address. {}",
        contact.newsroom.describe()
    ));
    Ok(contact)
}

/// Seals what there is, byte by byte as it is asked for.
async fn freshly_sealed(
    sheet: &VerifiedSheet,
    order: &Order,
    voice: &Voice,
) -> Result<Fresh, SendError> {
    order.back.askable()?;
    let message = match &order.message {
        Some(message) => message.clone(),
        None => ask::ask_message().await?,
    };
    if order.files.count() == 0 && message.as_str().is_empty() {
        return Err(SendError::Nothing);
    }
    let mut files = order.files.open()?;
    look::through(&mut files, order.handling, voice).await?;
    let back = order.back.settle(order.address.fingerprint()).await?;
    voice.say(match back {
        Some(_) => {
            "The newsroom can answer. Look for it with \"replies\" and your words, another day."
        }
        None => "There is no way back: the newsroom cannot answer this.",
    });
    for file in &files {
        if file.was_shortened() {
            voice.say(&format!(
                "{} has a long name; it is sent shortened.",
                file.named()
            ));
        }
        if file.entry().size == 0 {
            voice.say(&format!(
                "{} is empty; it is sent as an empty file.",
                file.named()
            ));
        }
    }
    voice.say(&format!(
        "{} sealed here, on this machine, so that only the newsroom can open {}.",
        contents(&files, &message),
        match (files.len(), message.as_str().is_empty()) {
            (0, _) | (1, true) => "it",
            _ => "them",
        },
    ));
    Fresh::seal(&mut UnwrapErr(SysRng), sheet, back, files, message)
}

/// What is sealed, in words.
fn contents(files: &[SourceFile], message: &Message) -> String {
    let total = files
        .iter()
        .fold(0_u64, |sum, file| sum.saturating_add(file.entry().size));
    let files = match files.len() {
        0 => None,
        1 => Some(format!("1 file of {}", size(total))),
        count => Some(format!("{count} files of {} together", size(total))),
    };
    match (files, message.as_str().is_empty()) {
        (Some(files), true) => format!("{files} will be"),
        (Some(files), false) => format!("{files} and your message will be"),
        (None, _) => "Your message will be".to_owned(),
    }
}

/// About how long it takes, from how long one small answer took.
fn estimate(upload: &Upload<'_>, gone: u64, answer: Duration) -> String {
    let millis = u64::try_from(answer.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = ON_THE_WAY
        .saturating_mul(upload.at_once())
        .saturating_mul(1_000)
        .checked_div(millis)
        .unwrap_or(1)
        .max(1);
    let left = upload.length().saturating_sub(gone);
    let time = time_for(left, rate).unwrap_or_default();
    format!(
        "{} will go; padding hides the true size. By a first guess this takes about {}, perhaps twice \
         that. Leave it alone if you like: when the line breaks, it goes on by itself.",
        size(left),
        span(time)
    )
}
