//! A part of an envelope on its way, over whatever lines it takes.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use knothole_envelope::TreeHash;
use knothole_onion::http::{Body, BodyWriter, HttpError, StatusCode};
use knothole_onion::{DropBox, DropBoxError, Line, Part, UploadState, UploadUrl};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

use super::AllSent;
use crate::error::SendError;
use crate::pace::{Pace, Patience};
use crate::parcel::{Last, Parcel, ParcelError};
use crate::spare::Spare;
use crate::voice::Progress;

/// How often a drop-box may forget an upload before it is given up.
pub(super) const MOST_BEGINNINGS: u32 = 4;
/// A drop-box that has everything and no drop is asked so often, and then told again that this is all.
const PATIENT_QUESTIONS: u32 = 3;
/// After so many questions on one line, about half a minute, another line is tried: on this one it might
/// say the same for ever.
const MOST_QUESTIONS: u32 = 6;
/// How long a drop-box may stay away, or make no progress, before it is given up.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(24 * 3_600);
/// An attempt that brings fewer bytes is no progress: a drop-box that takes one at a time, or gives
/// back what it had, would keep a source sending for ever.
const LEAST_PROGRESS: u64 = 65_536;

/// A piece that takes longer gives its line up, whatever still moves on it: a circuit that carries a
/// hundredth of what the others do, or a drop-box that lets a byte through now and then, would hold a lane
/// for months. What has arrived of it is kept.
const LONGEST_PIECE: Duration = Duration::from_secs(15 * 60);

/// What the first lane sends before all others: the header, and a little more.
const GATE_PIECE: u64 = 1 << 16;

/// What all lanes of an upload share.
pub(super) struct Shared<'a> {
    pub(super) drop_box: &'a DropBox,
    pub(super) parcel: Arc<Parcel>,
    pub(super) all_sent: &'a AllSent,
    pub(super) progress: RefCell<Progress<'a>>,
    /// The address of the first lane, once the gate has let it pass.
    pub(super) passed: watch::Sender<Option<UploadUrl>>,
    /// When any of them got on the last time.
    pub(super) last_good: Cell<Instant>,
    /// Bytes of all of them that are on the drop-box's disk.
    acknowledged: Cell<u64>,
    pace: RefCell<Pace>,
    /// When somebody last heard why it waits, and for how long.
    said: Cell<Option<(Instant, Duration)>>,
    /// How long a small answer takes.
    answer: Duration,
    /// How long the gate's piece took, where it went in this run.
    gate: Cell<Option<Duration>>,
}

/// What one lane leaves to the next that goes in its place.
pub(super) struct Berth {
    /// Memory.
    last: Last,
    /// A line that is still good, or is being made. A new one costs the making of a circuit, which begins
    /// slowly.
    line: Option<Spare>,
    /// How large its pieces are.
    pace: Pace,
}

impl Berth {
    pub(super) fn new(shared: &Shared<'_>, line: Option<Spare>) -> Self {
        Self {
            last: Last::default(),
            line,
            pace: Pace::new(shared.answer),
        }
    }

    /// Sees to it that there is a line, if that is easily done.
    pub(super) async fn prepare(&mut self, shared: &Shared<'_>) {
        if let Some(line) = self.line.take() {
            self.line = line.made().await;
        }
        if self.line.is_none() {
            // Whoever needs one tries again, and says why it must wait.
            self.line = shared.drop_box.connect().await.ok().map(Spare::of);
        }
    }

    /// The line that was left.
    pub(super) fn into_line(self) -> Option<Spare> {
        self.line
    }
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        drop_box: &'a DropBox,
        parcel: Parcel,
        all_sent: &'a AllSent,
        progress: Progress<'a>,
        answer: Duration,
    ) -> Self {
        Self {
            drop_box,
            parcel: Arc::new(parcel),
            all_sent,
            progress: RefCell::new(progress),
            passed: watch::Sender::new(None),
            last_good: Cell::new(Instant::now()),
            acknowledged: Cell::new(0),
            pace: RefCell::new(Pace::new(answer)),
            said: Cell::new(None),
            answer,
            gate: Cell::new(None),
        }
    }

    /// Has a thread that may block do something with the parcel.
    pub(super) async fn with_parcel<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parcel) -> T + Send + 'static,
    ) -> Result<T, SendError> {
        let parcel = Arc::clone(&self.parcel);
        let working = tokio::task::spawn_blocking(move || work(&parcel));
        let lost = |_| SendError::Fault("the parcel is lost");
        working.await.map_err(lost)
    }

    /// What a source hears when it has been tried for too long.
    pub(super) fn gave_up(&self, error: DropBoxError) -> SendError {
        match self.all_sent.get() {
            true => SendError::MayHaveArrived,
            false => SendError::GaveUp(error),
        }
    }

    /// What a source hears when the drop-box has forgotten it too often.
    pub(super) fn forgotten(&self) -> SendError {
        match self.all_sent.get() {
            true => SendError::MayHaveArrived,
            false => SendError::Forgotten,
        }
    }

    pub(super) fn is_silent(&self) -> bool {
        self.last_good.get().elapsed() > LONGEST_SILENCE
    }

    fn got_on(&self) {
        self.last_good.set(Instant::now());
    }

    pub(super) async fn wait(&self, patience: &mut Patience, why: &str) {
        let pause = patience.pause();
        // Lines that break together are told of once.
        let told = self.said.get();
        if told.is_none_or(|(when, how_long)| when.elapsed() >= how_long) {
            self.said.set(Some((Instant::now(), pause)));
            self.say(&format!("{why} Trying again in {} s.", pause.as_secs()));
        }
        sleep(pause).await;
    }

    pub(super) fn say(&self, text: &str) {
        self.progress.borrow().say(text);
    }

    /// Takes note of bytes that are acknowledged now, and of those that are not any more.
    fn acknowledge(&self, before: u64, now: u64) {
        let all = self.acknowledged.get().saturating_sub(before);
        let all = all.saturating_add(now);
        self.acknowledged.set(all);
        let mut pace = self.pace.borrow_mut();
        pace.acknowledged(Instant::now(), all);
        self.progress.borrow_mut().show(all, pace.rate());
    }
}

/// What a lane is to the drop-box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// All of the envelope.
    Whole,
    /// Its beginning; the others are tied to it.
    First,
    /// Any other part.
    Later,
}

/// A part of an envelope, which goes over one line at a time.
#[derive(Debug)]
pub(super) struct Lane {
    place: u8,
    role: Role,
    range: Range<u64>,
    url: Option<UploadUrl>,
    /// The end of what was ever handed to the network.
    sent: u64,
    acknowledged: u64,
    /// The most of this lane that was ever acknowledged, as far as it counts as progress.
    furthest: u64,
    beginnings: u32,
}

/// Why a lane does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    /// For good.
    Failed(SendError),
    /// The drop-box does not know the upload.
    Unknown,
    /// The lanes were put together: it is none any more.
    Joined,
}

impl From<SendError> for Halt {
    fn from(error: SendError) -> Self {
        Self::Failed(error)
    }
}

/// How one attempt ended.
enum Ended {
    /// For good.
    Now(SendError),
    /// Another attempt may go better.
    Later(DropBoxError),
    /// The drop-box has every byte, and has made no drop of them.
    NoDropYet,
    /// The drop-box does not know this lane.
    Unknown,
    /// It does not know the first one either.
    AllUnknown,
    /// The lanes were put together.
    Joined,
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

impl From<SendError> for Ended {
    fn from(error: SendError) -> Self {
        Self::Now(error)
    }
}

impl Lane {
    pub(super) fn new(place: u8, role: Role, range: Range<u64>) -> Self {
        let start = range.start;
        Self {
            place,
            role,
            range,
            url: None,
            sent: start,
            acknowledged: start,
            furthest: start,
            beginnings: 0,
        }
    }

    /// Goes on where another run ended.
    pub(super) fn go_on(&mut self, shared: &Shared<'_>, url: Option<UploadUrl>, sent: u64) {
        self.url = url;
        self.note_sent(shared, sent);
    }

    pub(super) fn url(&self) -> Option<&UploadUrl> {
        self.url.as_ref()
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Where in the envelope it ends.
    pub(super) fn end(&self) -> u64 {
        self.range.end
    }

    /// Whether every byte of it may have reached the drop-box.
    pub(super) fn is_all_sent(&self) -> bool {
        self.url.is_some() && self.sent == self.range.end
    }

    /// Begins anew with all others.
    pub(super) fn begin_anew(&mut self, shared: &Shared<'_>) {
        self.beginnings = 0;
        self.reset(shared);
    }

    /// The drop-box has nothing of it.
    fn reset(&mut self, shared: &Shared<'_>) {
        let start = self.range.start;
        self.url = None;
        self.note_sent(shared, start);
        self.furthest = start;
        self.acknowledge(shared, start);
    }

    /// Sends all of it, whatever happens on the way. Gives the tree hash of the drop if it is the whole
    /// envelope.
    pub(super) async fn run(
        &mut self,
        shared: &Shared<'_>,
        berth: &mut Berth,
    ) -> Result<Option<TreeHash>, Halt> {
        let mut patience = Patience::new();
        if let Some(gate) = shared.gate.get() {
            berth.pace.passed(GATE_PIECE, gate);
        }
        loop {
            let before = self.furthest;
            let left = match berth.line.take() {
                Some(line) => line.line().await,
                None => None,
            };
            let left_over = left.is_some();
            let ended = match self.attempt(shared, berth, left).await {
                Ok(tree) => return Ok(tree),
                Err(ended) => ended,
            };
            if self.furthest > before {
                patience.renew();
            }
            match ended {
                // Others may be done soon, and so much was sent already.
                Ended::Now(SendError::DropBox(error @ DropBoxError::Full))
                    if shared.acknowledged.get() > 0 && !shared.is_silent() =>
                {
                    shared.wait(&mut patience, why_waiting(&error)).await;
                }
                Ended::Now(error) => return Err(Halt::Failed(error)),
                Ended::AllUnknown => return Err(Halt::Unknown),
                Ended::Joined => return Err(Halt::Joined),
                // Nothing is lost with it but itself.
                Ended::Unknown if self.role == Role::Later => {
                    if shared.is_silent() {
                        return Err(shared.gave_up(DropBoxError::NotThere).into());
                    }
                    // One that waits for room has no byte, and goes after an hour: that is no loss.
                    if self.acknowledged > self.range.start {
                        self.beginnings = self.beginnings.saturating_add(1);
                    }
                    if self.beginnings >= MOST_BEGINNINGS {
                        return Err(shared.forgotten().into());
                    }
                    self.reset(shared);
                    shared.wait(&mut patience, FORGOTTEN).await;
                }
                Ended::Unknown => return Err(Halt::Unknown),
                // It may have ended while it was nobody's.
                Ended::Later(DropBoxError::Http(_)) if left_over && self.furthest == before => {}
                Ended::Later(error) if shared.is_silent() => {
                    return Err(shared.gave_up(error).into());
                }
                Ended::Later(error) => shared.wait(&mut patience, why_waiting(&error)).await,
                Ended::NoDropYet if shared.is_silent() => {
                    return Err(SendError::MayHaveArrived.into());
                }
                Ended::NoDropYet => shared.wait(&mut patience, NO_DROP_YET).await,
            }
        }
    }

    /// One line, from where the drop-box stands to the end, or to where the line breaks.
    async fn attempt(
        &mut self,
        shared: &Shared<'_>,
        berth: &mut Berth,
        left: Option<Line>,
    ) -> Result<Option<TreeHash>, Ended> {
        let mut line = match left {
            Some(line) => line,
            None => shared.drop_box.connect().await?,
        };
        let mut state = match &self.url {
            Some(url) => line.state(url).await?,
            None => self.create(shared, &mut line).await?,
        };
        let mut patience = Patience::new();
        let mut questions = 0_u32;
        let mut had = 0;
        loop {
            if state.joined && self.role == Role::First {
                return Err(Ended::Joined);
            }
            self.believe(&state)?;
            if state.offset < had {
                // It may have lost it; on this line it could lose it for ever.
                return Err(Ended::Later(DropBoxError::Offset));
            }
            had = state.offset;
            let at = self.range.start.saturating_add(state.offset);
            self.acknowledge(shared, at);
            let Some(url) = &self.url else {
                return Err(Ended::Unknown);
            };
            if self.role == Role::First && state.offset > 0 && shared.passed.borrow().is_none() {
                shared.passed.send_replace(Some(url.clone()));
            }
            if let Some(tree) = state.tree {
                return Ok(Some(tree));
            }
            if at < self.range.end {
                state = self.send_piece(shared, berth, &mut line, at).await?;
                continue;
            }
            if self.role != Role::Whole {
                berth.line = Some(Spare::of(line));
                return Ok(None);
            }
            // It is being put in its place; that is quick. A drop-box that was started again does
            // it by itself; one whose disk failed, when it is given the rest: nothing.
            if questions == MOST_QUESTIONS {
                return Err(Ended::NoDropYet);
            }
            sleep(patience.pause()).await;
            questions = questions.saturating_add(1);
            state = match questions.is_multiple_of(PATIENT_QUESTIONS) {
                true => line.append(url, state.offset, Body::empty()).await?,
                false => line.state(url).await?,
            };
        }
    }

    async fn create(&mut self, shared: &Shared<'_>, line: &mut Line) -> Result<UploadState, Ended> {
        let first = shared.passed.borrow().clone();
        let part = match (self.role, &first) {
            (Role::Whole, _) => Part::Whole,
            (Role::First, _) => Part::First,
            (Role::Later, Some(first)) => Part::Later(first),
            (Role::Later, None) => return Err(Ended::AllUnknown),
        };
        let length = self.range.end.saturating_sub(self.range.start);
        let url = match (line.create(part, length).await, part) {
            (Err(DropBoxError::Refused(StatusCode::FORBIDDEN)), Part::Later(first)) => {
                // Either the first one is gone, or lanes whose creation was never answered still take
                // the places.
                return Err(match line.state(first).await {
                    Ok(_) => Ended::Later(DropBoxError::Busy(StatusCode::FORBIDDEN)),
                    Err(DropBoxError::NotThere) => Ended::AllUnknown,
                    Err(error) => error.into(),
                });
            }
            (made, _) => made?,
        };
        // Kept before anything is sent there.
        let (place, kept) = (self.place, url.clone());
        shared
            .with_parcel(move |parcel| parcel.keep(|journal| journal.url(place, &kept)))
            .await?
            .map_err(SendError::from)?;
        self.url = Some(url);
        Ok(UploadState {
            offset: 0,
            length: None,
            tree: None,
            joined: false,
        })
    }

    fn note_sent(&mut self, shared: &Shared<'_>, sent: u64) {
        self.sent = sent;
        if self.role == Role::Whole && self.is_all_sent() {
            shared.all_sent.note();
        }
    }

    async fn send_piece(
        &mut self,
        shared: &Shared<'_>,
        berth: &mut Berth,
        line: &mut Line,
        from: u64,
    ) -> Result<UploadState, Ended> {
        let begun = Instant::now();
        let at_gate = self.role == Role::First && shared.passed.borrow().is_none();
        let mut count = berth.pace.piece(self.range.end.saturating_sub(from));
        if at_gate {
            // The others wait until the gate has let it pass.
            count = count.min(GATE_PIECE);
        }
        let end = from.saturating_add(count);
        let (writer, body) = Body::pieces(count);
        let (stop, stopped) = oneshot::channel();
        let mut lent = std::mem::take(&mut berth.last);
        let parcel = Arc::clone(&shared.parcel);
        let sealing = tokio::task::spawn_blocking(move || {
            let result = hand_over(&parcel, &mut lent, from..end, &writer, stopped);
            (lent, result)
        });
        let before = (self.sent, shared.all_sent.get());
        self.note_sent(shared, self.sent.max(end));
        let Some(url) = &self.url else {
            return Err(Ended::Unknown);
        };
        let offset = from.saturating_sub(self.range.start);
        let answer = tokio::time::timeout(LONGEST_PIECE, line.append(url, offset, body)).await;
        // A drop-box may answer before it took everything; nobody waits for the rest then.
        drop(stop);
        let stopped = |_| SendError::Fault("sealing stopped");
        let (lent, sealed) = sealing.await.map_err(stopped)?;
        berth.last = lent;
        if let Err(error) = sealed {
            // Not all of it has gone now.
            self.sent = before.0;
            shared.all_sent.set(before.1);
            return Err(SendError::from(error).into());
        }
        let Ok(answer) = answer else {
            berth.pace.piece_took(count, LONGEST_PIECE);
            return Err(Ended::Later(HttpError::Stalled.into()));
        };
        let state = answer?;
        let arrived = offset.saturating_add(count);
        if state.offset < offset || state.offset > arrived {
            return Err(SendError::Lies("says that it has what was never sent").into());
        }
        if state.offset < arrived {
            // What took less than it was given would be given the same again and again, without a
            // pause: that is a line that is of no use.
            return Err(Ended::Later(DropBoxError::Offset));
        }
        let took = begun.elapsed();
        if at_gate {
            berth.pace.passed(count, took);
            shared.gate.set(Some(took));
        } else {
            berth.pace.piece_took(count, took);
        }
        Ok(state)
    }

    /// Refuses what cannot be, whatever the drop-box says.
    fn believe(&self, state: &UploadState) -> Result<(), SendError> {
        let length = self.range.end.saturating_sub(self.range.start);
        if state.length.is_some_and(|said| said != length) {
            return Err(SendError::Lies(
                "has another upload in the place of this one",
            ));
        }
        let sent = self.sent.saturating_sub(self.range.start);
        if state.offset > length || state.offset > sent {
            return Err(SendError::Lies("says that it has what was never sent"));
        }
        if state.tree.is_some() && (state.offset != length || self.role != Role::Whole) {
            return Err(SendError::Lies("says that it has all, and that it has not"));
        }
        Ok(())
    }

    fn acknowledge(&mut self, shared: &Shared<'_>, at: u64) {
        let start = self.range.start;
        let before = self.acknowledged.saturating_sub(start);
        self.acknowledged = at;
        if at >= self.furthest.saturating_add(LEAST_PROGRESS) {
            self.furthest = at;
            shared.got_on();
        }
        shared.acknowledge(before, at.saturating_sub(start));
    }
}

/// Seals a range and hands it to the network, on a thread of its own, until that is stopped.
fn hand_over(
    parcel: &Parcel,
    last: &mut Last,
    range: Range<u64>,
    writer: &BodyWriter,
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), ParcelError> {
    let handle = Handle::current();
    parcel.pour(last, range, |piece| {
        handle.block_on(async {
            tokio::select! {
                biased;
                taken = writer.write(piece) => taken,
                _ = &mut stopped => None,
            }
        })
    })
}

/// What is said while a lane begins anew.
const FORGOTTEN: &str = "The drop-box forgot a part of it, which goes again.";

/// What is said while all bytes are there and nothing was made of them.
pub(super) const NO_DROP_YET: &str = "The drop-box has everything, and says no more yet.";

pub(super) fn why_waiting(error: &DropBoxError) -> &'static str {
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
