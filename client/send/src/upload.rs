//! An upload, from its creation to the hash that says it arrived.

use std::cell::Cell;
use std::ops::Range;
use std::time::Duration;

use knothole_envelope::TreeHash;
use knothole_onion::http::{Body, BodyWriter, StatusCode};
use knothole_onion::{DropBox, DropBoxError, Line, UploadState, UploadUrl};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::ask;
use crate::error::SendError;
use crate::order::Keeping;
use crate::pace::{Pace, Patience};
use crate::parcel::{Parcel, ParcelError};
use crate::voice::{Progress, Voice};

/// How often a drop-box may forget an upload before it is given up.
const MOST_BEGINNINGS: u32 = 4;
/// A drop-box that has everything and no drop is asked so often, and then told again that this is all.
const PATIENT_QUESTIONS: u32 = 3;
/// After so many questions on one line, about half a minute, another line is tried: on this one it might
/// say the same for ever.
const MOST_QUESTIONS: u32 = 6;
/// How long a drop-box may stay away, or make no progress, before it is given up.
const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 3_600);
/// An attempt that brings fewer bytes is no progress: a drop-box that takes one at a time, or gives
/// back what it had, would keep a source sending for ever.
const LEAST_PROGRESS: u64 = 65_536;

/// Whether every byte may have reached the drop-box. It makes a drop of them then, whoever waits, and
/// whoever ends the program must not be told that nobody can read them.
#[derive(Debug, Default)]
pub(crate) struct AllSent(Cell<bool>);

impl AllSent {
    /// As far as another run has come.
    pub(crate) fn of(keeping: Option<&Keeping>) -> Self {
        let all = matches!(keeping, Some(Keeping::Old(kept, ..)) if kept.is_all_sent());
        Self(Cell::new(all))
    }

    pub(crate) fn get(&self) -> bool {
        self.0.get()
    }
}

/// An upload under way.
pub(crate) struct Upload<'a> {
    drop_box: &'a DropBox,
    voice: &'a Voice,
    all_sent: &'a AllSent,
    progress: Progress<'a>,
    /// Lent to the thread that seals while a piece is on its way.
    parcel: Option<Parcel>,
    length: u64,
    url: Option<UploadUrl>,
    beginnings: u32,
    /// The end of what was ever handed to the network.
    sent: u64,
    acknowledged: u64,
    /// The most of this upload that was ever acknowledged, as far as it counts as progress.
    furthest: u64,
    pace: Pace,
}

/// Where an upload goes on that another run began.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) url: Option<UploadUrl>,
    /// The end of what may have been handed to the network.
    pub(crate) sent: u64,
}

/// How one attempt ended.
enum Ended {
    /// For good.
    Now(SendError),
    /// Another attempt may go better.
    Later(DropBoxError),
    /// The drop-box has every byte, and has made no drop of them.
    NoDropYet,
    /// The drop-box does not know the upload.
    Unknown,
}

impl From<DropBoxError> for Ended {
    fn from(error: DropBoxError) -> Self {
        match error {
            DropBoxError::NotThere => Self::Unknown,
            error if error.may_pass() => Self::Later(error),
            error => Self::Now(error.into()),
        }
    }
}

impl From<ParcelError> for Ended {
    fn from(error: ParcelError) -> Self {
        Self::Now(error.into())
    }
}

impl<'a> Upload<'a> {
    pub(crate) fn new(
        drop_box: &'a DropBox,
        parcel: Parcel,
        all_sent: &'a AllSent,
        voice: &'a Voice,
    ) -> Self {
        let length = parcel.length();
        Self {
            drop_box,
            voice,
            all_sent,
            progress: voice.progress("Sent", length),
            parcel: Some(parcel),
            length,
            url: None,
            beginnings: 0,
            sent: 0,
            acknowledged: 0,
            furthest: 0,
            pace: Pace::new(),
        }
    }

    /// Goes on where another run ended.
    pub(crate) fn from(mut self, start: Start) -> Self {
        self.url = start.url;
        self.note_sent(start.sent);
        self
    }

    /// Sends everything, whatever happens on the way, and compares what arrived.
    ///
    /// # Errors
    /// [`SendError`] only where going on makes no sense.
    pub(crate) async fn run(mut self) -> Result<(), SendError> {
        let mut patience = Patience::new();
        let mut last_good = Instant::now();
        loop {
            let ended = match self.attempt().await {
                Ok(tree) => return self.compare(tree).await,
                Err(ended) => ended,
            };
            if self.acknowledged >= self.furthest.saturating_add(LEAST_PROGRESS) {
                self.furthest = self.acknowledged;
                last_good = Instant::now();
                patience.renew();
            }
            match ended {
                // Others may be done soon, and so much was sent already.
                Ended::Now(SendError::DropBox(error @ DropBoxError::Full))
                    if self.acknowledged > 0 && last_good.elapsed() <= LONGEST_SILENCE =>
                {
                    self.wait(&mut patience, &error).await;
                }
                Ended::Now(error) => {
                    if is_final(&error) {
                        self.forget().await?;
                    }
                    return Err(error);
                }
                Ended::Unknown => self.begin_again().await?,
                Ended::Later(error) if last_good.elapsed() > LONGEST_SILENCE => {
                    return Err(match self.all_sent.get() {
                        true => SendError::MayHaveArrived,
                        false => SendError::GaveUp(error),
                    });
                }
                Ended::Later(error) => self.wait(&mut patience, &error).await,
                Ended::NoDropYet if last_good.elapsed() > LONGEST_SILENCE => {
                    return Err(SendError::MayHaveArrived);
                }
                Ended::NoDropYet => {
                    const WHY: &str = "The drop-box has everything, and says no more yet.";
                    self.wait_because(&mut patience, WHY).await;
                }
            }
        }
    }

    async fn wait(&self, patience: &mut Patience, error: &DropBoxError) {
        self.wait_because(patience, why_waiting(error)).await;
    }

    async fn wait_because(&self, patience: &mut Patience, why: &str) {
        let pause = patience.pause();
        self.progress
            .say(&format!("{why} Trying again in {} s.", pause.as_secs()));
        sleep(pause).await;
    }

    /// One line, from where the drop-box stands to the end, or to where the line breaks.
    async fn attempt(&mut self) -> Result<TreeHash, Ended> {
        let mut line = self.drop_box.connect().await?;
        let mut state = match &self.url {
            Some(url) => line.state(url).await?,
            None => {
                let url = line.create(self.length).await?;
                // Kept before anything is sent there.
                self.url = Some(self.keep(url).await.map_err(Ended::Now)?);
                UploadState {
                    offset: 0,
                    length: None,
                    tree: None,
                }
            }
        };
        let mut patience = Patience::new();
        let mut questions = 0_u32;
        let mut had = 0;
        loop {
            self.believe(&state).map_err(Ended::Now)?;
            if state.offset < had {
                // It may have lost it; on this line it could lose it for ever.
                return Err(Ended::Later(DropBoxError::Offset));
            }
            had = state.offset;
            self.acknowledge(state.offset);
            let Some(url) = &self.url else {
                return Err(Ended::Unknown);
            };
            if let Some(tree) = state.tree {
                return Ok(tree);
            }
            if state.offset == self.length {
                // It is being put in its place; that is quick. A drop-box that was started again does
                // it by itself; one whose disk failed, when it is given the rest: nothing.
                if questions == MOST_QUESTIONS {
                    return Err(Ended::NoDropYet);
                }
                sleep(patience.pause()).await;
                questions = questions.saturating_add(1);
                state = match questions.is_multiple_of(PATIENT_QUESTIONS) {
                    true => line.append(url, self.length, Body::empty()).await?,
                    false => line.state(url).await?,
                };
            } else {
                state = self.send_piece(&mut line, state.offset).await?;
            }
        }
    }

    async fn keep(&mut self, url: UploadUrl) -> Result<UploadUrl, SendError> {
        let (url, kept) = self
            .with_parcel(move |parcel| {
                let kept = parcel.keep_url(&url);
                (url, kept)
            })
            .await?;
        kept?;
        Ok(url)
    }

    /// Removes what was kept for another run.
    async fn forget(&mut self) -> Result<(), SendError> {
        if self.with_parcel(Parcel::forget).await?? {
            self.progress.say("The resume file is removed.");
        }
        Ok(())
    }

    /// Lends the parcel to a thread that may block.
    async fn with_parcel<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Parcel) -> T + Send + 'static,
    ) -> Result<T, SendError> {
        const LOST: SendError = SendError::Fault("the parcel is lost");
        let mut parcel = self.parcel.take().ok_or(LOST)?;
        let working = tokio::task::spawn_blocking(move || {
            let result = work(&mut parcel);
            (parcel, result)
        });
        let (parcel, result) = working.await.map_err(|_| LOST)?;
        self.parcel = Some(parcel);
        Ok(result)
    }

    fn note_sent(&mut self, sent: u64) {
        self.sent = sent;
        self.all_sent.0.set(sent == self.length);
    }

    async fn send_piece(&mut self, line: &mut Line, offset: u64) -> Result<UploadState, Ended> {
        let begun = Instant::now();
        let count = self.pace.piece(self.length.saturating_sub(offset));
        let end = offset.saturating_add(count);
        let Some(mut parcel) = self.parcel.take() else {
            return Err(Ended::Now(SendError::Fault("the parcel is lost")));
        };
        let (writer, body) = Body::pieces(count);
        let (stop, stopped) = oneshot::channel();
        let sealing = tokio::task::spawn_blocking(move || {
            let result = hand_over(&mut parcel, offset..end, &writer, stopped);
            (parcel, result)
        });
        self.note_sent(self.sent.max(end));
        let Some(url) = &self.url else {
            return Err(Ended::Unknown);
        };
        let answer = line.append(url, offset, body).await;
        // A drop-box may answer before it took everything; nobody waits for the rest then.
        drop(stop);
        let (parcel, sealed) = sealing
            .await
            .map_err(|_| Ended::Now(SendError::Fault("sealing stopped")))?;
        self.parcel = Some(parcel);
        sealed?;
        let state = answer?;
        if state.offset < offset || state.offset > end {
            return Err(Ended::Now(SendError::Lies(
                "says that it has what was never sent",
            )));
        }
        if state.offset < end {
            // What took less than it was given would be given the same again and again, without a
            // pause: that is a line that is of no use.
            return Err(Ended::Later(DropBoxError::Offset));
        }
        self.pace.piece_took(begun.elapsed());
        Ok(state)
    }

    /// Refuses what cannot be, whatever the drop-box says.
    fn believe(&self, state: &UploadState) -> Result<(), SendError> {
        if state.length.is_some_and(|length| length != self.length) {
            return Err(SendError::Lies(
                "has another upload in the place of this one",
            ));
        }
        if state.offset > self.length || state.offset > self.sent {
            return Err(SendError::Lies("says that it has what was never sent"));
        }
        if state.tree.is_some() && state.offset != self.length {
            return Err(SendError::Lies("says that it has all, and that it has not"));
        }
        Ok(())
    }

    fn acknowledge(&mut self, offset: u64) {
        self.acknowledged = offset;
        self.pace.acknowledged(Instant::now(), offset);
        self.progress.show(offset, self.pace.rate());
    }

    /// The drop-box does not know the upload any more, or never did.
    async fn begin_again(&mut self) -> Result<(), SendError> {
        if self.sent == self.length {
            self.progress.say(
                "Everything was sent, but the drop-box does not know it any more. It may have \
                 arrived.",
            );
            let question = "Send it again? The newsroom may then have it twice";
            let again = tokio::task::spawn_blocking(move || ask::yes(question)).await;
            if !again.unwrap_or(false) {
                return Err(SendError::MayHaveArrived);
            }
            self.beginnings = 0;
        } else if self.url.is_some() {
            self.progress
                .say("The drop-box forgot what it had received. Beginning again.");
        }
        self.beginnings = self.beginnings.saturating_add(1);
        if self.beginnings >= MOST_BEGINNINGS {
            return Err(SendError::Forgotten);
        }
        self.url = None;
        self.note_sent(0);
        self.furthest = 0;
        self.acknowledge(0);
        Ok(())
    }

    async fn compare(mut self, tree: TreeHash) -> Result<(), SendError> {
        let own = self.with_parcel(Parcel::tree).await??;
        self.forget().await?;
        let voice = self.voice;
        drop(self);
        if own != tree {
            return Err(SendError::Differs);
        }
        voice.say(
            "The newsroom can open it, and nobody else. This window and the history of your shell \
             may still show what you typed and the names of your files.",
        );
        voice.done("arrived", "Arrived, and matches.");
        Ok(())
    }
}

/// Whether the same envelope would be refused again. A drop-box that takes nothing new may open again.
fn is_final(error: &SendError) -> bool {
    match error {
        SendError::DropBox(DropBoxError::Refused(status)) => *status != StatusCode::FORBIDDEN,
        error => matches!(error, SendError::DropBox(DropBoxError::TooLarge)),
    }
}

/// Seals a range and hands it to the network, on a thread of its own, until that is stopped.
fn hand_over(
    parcel: &mut Parcel,
    range: Range<u64>,
    writer: &BodyWriter,
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), ParcelError> {
    let handle = Handle::current();
    parcel.pour(range, |piece| {
        handle.block_on(async {
            tokio::select! {
                biased;
                taken = writer.write(piece) => taken,
                _ = &mut stopped => None,
            }
        })
    })
}

fn why_waiting(error: &DropBoxError) -> &'static str {
    match error {
        DropBoxError::Dial(_) => "The drop-box cannot be reached at the moment.",
        DropBoxError::Busy(_) => "The drop-box is busy.",
        DropBoxError::Full => {
            "The drop-box has no room at the moment. What it has so far is kept. A message without \
             files may get through meanwhile."
        }
        _ => "The connection broke. What the drop-box has so far is kept.",
    }
}
