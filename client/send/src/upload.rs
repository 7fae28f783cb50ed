//! An upload, from its creation to the hash that says it arrived.

mod lane;
mod plan;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::num::NonZeroU8;
use std::time::Duration;

use futures_util::future::try_join_all;
use knothole_envelope::TreeHash;
use knothole_onion::http::StatusCode;
use knothole_onion::{DropBox, DropBoxError, Line, UploadUrl};

use self::lane::{Berth, Halt, Lane, MOST_BEGINNINGS, NO_DROP_YET, Role, Shared, why_waiting};
use crate::ask;
use crate::error::SendError;
use crate::order::Keeping;
use crate::pace::Patience;
use crate::parcel::Parcel;
use crate::resume::KeptLane;
use crate::spare::Spare;
use crate::voice::Voice;

/// Whether every byte may have become a drop: a drop-box makes one of them whoever waits, and whoever
/// ends the program must not be told that nobody can read them.
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

    /// So it stays, whatever is sent after that.
    pub(crate) fn note(&self) {
        self.0.set(true);
    }

    fn set(&self, all: bool) {
        self.0.set(all);
    }
}

/// What is said while a drop-box finds lanes unfinished that it has answered for.
const NOT_WHOLE_YET: &str = "The drop-box does not have all of it yet.";

/// An upload under way.
pub(crate) struct Upload<'a> {
    voice: &'a Voice,
    shared: Shared<'a>,
    circuits: NonZeroU8,
    lanes: Vec<Lane>,
    /// Whether the drop-box may have been asked to put the lanes together.
    joining: bool,
    /// For the first circuits.
    spares: Vec<Spare>,
    /// The one that a lane has left last.
    line: Option<Spare>,
    beginnings: u32,
}

/// Where an upload goes on that another run began.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) lanes: Vec<KeptLane>,
    /// For each lane, the end of what may have been handed to the network.
    pub(crate) sent: Vec<u64>,
    pub(crate) joining: bool,
}

impl Start {
    /// How many bytes may have been handed to the network.
    pub(crate) fn gone(&self) -> u64 {
        let lanes = self.lanes.iter().zip(&self.sent);
        lanes.fold(0, |sum, (lane, sent)| {
            sum.saturating_add(sent.saturating_sub(lane.range.start))
        })
    }

    /// Whether the drop-box says that it has more of a lane than is known here, because what was kept
    /// is older; and the line it was asked on, if that is still good. One that cannot be asked now, by
    /// this line or by another, is asked again before anything goes there.
    pub(crate) async fn compared_with(
        &self,
        drop_box: &DropBox,
        line: Option<Spare>,
    ) -> (Standing, Option<Spare>) {
        if self.joining || self.lanes.iter().all(|lane| lane.url.is_none()) {
            return (Standing::AsKept, line);
        }
        let mut next = match line {
            Some(line) => line.line().await,
            None => None,
        };
        for _ in 0..2 {
            let line = match next.take() {
                Some(line) => Ok(line),
                None => drop_box.connect().await,
            };
            if let Ok(mut line) = line
                && let Ok(standing) = self.asked_on(&mut line).await
            {
                return (standing, Some(Spare::of(line)));
            }
        }
        (Standing::AsKept, None)
    }

    async fn asked_on(&self, line: &mut Line) -> Result<Standing, DropBoxError> {
        for (lane, sent) in self.lanes.iter().zip(&self.sent) {
            let Some(url) = &lane.url else { continue };
            match line.state(url).await {
                Ok(state) if state.offset > sent.saturating_sub(lane.range.start) => {
                    let whole = self.lanes.len() == 1 && state.length == Some(state.offset);
                    return Ok(match state.joined || state.tree.is_some() || whole {
                        true => Standing::MayHaveArrived,
                        false => Standing::More,
                    });
                }
                Ok(_) | Err(DropBoxError::NotThere) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Standing::AsKept)
    }
}

/// How a drop-box stands to what was kept of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has no more than was sent.
    AsKept,
    /// It has more.
    More,
    /// It has all.
    MayHaveArrived,
}

/// What became of asking to put lanes together.
enum Joined {
    Drop(TreeHash),
    /// Not all of them are whole.
    NotYet,
}

impl<'a> Upload<'a> {
    /// An upload of this parcel over so many circuits at once, to a drop-box that gives a small answer
    /// after `answer`.
    pub(crate) fn new(
        drop_box: &'a DropBox,
        parcel: Parcel,
        circuits: NonZeroU8,
        answer: Duration,
        all_sent: &'a AllSent,
        voice: &'a Voice,
    ) -> Self {
        let length = parcel.length();
        let progress = voice.progress("Sent", length);
        Self {
            voice,
            lanes: lanes(plan::lanes(length, circuits)),
            shared: Shared::new(drop_box, parcel, all_sent, progress, answer),
            circuits,
            joining: false,
            spares: Vec::new(),
            line: None,
            beginnings: 0,
        }
    }

    /// How many circuits a source may want for so many bytes.
    pub(crate) fn worth(bytes: u64, circuits: NonZeroU8) -> u64 {
        plan::at_once(bytes, circuits)
    }

    /// Takes lines that are there already, or soon will be. The first lane goes by the first of them, or
    /// it asks for the lanes to be put together where nothing else is left.
    pub(crate) fn over(mut self, first: Option<Spare>, more: Vec<Spare>) -> Self {
        match self.joining {
            true => self.line = first,
            false => self.spares = first.into_iter().chain(more).collect(),
        }
        self
    }

    /// Bytes of the envelope.
    pub(crate) fn length(&self) -> u64 {
        self.shared.parcel.length()
    }

    /// Over how many circuits it goes at once.
    pub(crate) fn at_once(&self) -> u64 {
        if self.joining {
            return 1;
        }
        let lanes = u64::try_from(self.lanes.len()).unwrap_or(u64::MAX);
        lanes.min(u64::from(self.circuits.get()))
    }

    /// Goes on where another run ended.
    pub(crate) fn from(mut self, start: Start) -> Self {
        let ranges = start.lanes.iter().map(|lane| lane.range.clone());
        self.lanes = lanes(ranges.collect());
        let kept = start.lanes.into_iter().zip(start.sent);
        for (lane, (kept, sent)) in self.lanes.iter_mut().zip(kept) {
            lane.go_on(&self.shared, kept.url, sent);
        }
        self.joining = start.joining;
        self
    }

    /// Keeps for another run which lanes these are, where anything is kept.
    ///
    /// # Errors
    /// [`SendError::Parcel`].
    pub(crate) async fn keep_lanes(self) -> Result<Self, SendError> {
        let ends: Vec<u64> = self.lanes.iter().map(Lane::end).collect();
        let keeping = move |parcel: &Parcel| parcel.keep(|journal| journal.lanes(&ends));
        self.shared.with_parcel(keeping).await??;
        Ok(self)
    }

    /// Sends everything, whatever happens on the way, and compares what arrived.
    ///
    /// # Errors
    /// [`SendError`] only where going on makes no sense.
    pub(crate) async fn run(mut self) -> Result<(), SendError> {
        loop {
            match self.bring_all().await {
                Ok(tree) => return self.compare(tree).await,
                Err(Halt::Unknown) => self.begin_again().await?,
                // Asked for again, it is told as the first time.
                Err(Halt::Joined) => {}
                Err(Halt::Failed(error)) => {
                    if is_final(&error) {
                        self.forget().await;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Brings every lane, and has them put together.
    async fn bring_all(&mut self) -> Result<TreeHash, Halt> {
        let mut patience = Patience::new();
        loop {
            // What was put together already is no lane any more.
            if !self.joining {
                match self.bring().await {
                    Ok(Some(tree)) => return Ok(tree),
                    Ok(None) | Err(Halt::Joined) => {}
                    Err(halt) => return Err(halt),
                }
            }
            if let Joined::Drop(tree) = self.join().await? {
                return Ok(tree);
            }
            self.joining = false;
            // A drop-box could say for ever that they are whole, and that they are not.
            if self.shared.is_silent() {
                return Err(SendError::MayHaveArrived.into());
            }
            self.shared.wait(&mut patience, NOT_WHOLE_YET).await;
        }
    }

    /// Brings every lane to its end, so many at once. Gives the tree hash where there is but one.
    async fn bring(&mut self) -> Result<Option<TreeHash>, Halt> {
        let shared = &self.shared;
        let waiting: RefCell<VecDeque<&mut Lane>> = RefCell::new(self.lanes.iter_mut().collect());
        let next = || waiting.borrow_mut().pop_front();
        let mut spares = std::mem::take(&mut self.spares).into_iter();
        let circuits = (0..self.circuits.get()).map(|_| {
            let mut berth = Berth::new(shared, spares.next());
            async move {
                let mut tree = None;
                while let Some(lane) = next() {
                    if lane.role() == Role::Later {
                        let mut passed = shared.passed.subscribe();
                        let passing = passed.wait_for(Option::is_some);
                        // A circuit is made meanwhile.
                        let (passing, ()) = tokio::join!(passing, berth.prepare(shared));
                        drop(passing.map_err(|_| SendError::Fault("the first lane is lost"))?);
                    }
                    tree = lane.run(shared, &mut berth).await?;
                }
                Ok::<_, Halt>((tree, berth.into_line()))
            }
        });
        let (trees, lines): (Vec<_>, Vec<_>) = try_join_all(circuits).await?.into_iter().unzip();
        // The others end here.
        self.line = lines.into_iter().flatten().max_by_key(Spare::seen_good);
        Ok(trees.into_iter().flatten().next())
    }

    /// Has the drop-box put the lanes together, however often that has to be asked.
    async fn join(&mut self) -> Result<Joined, Halt> {
        let shared = &self.shared;
        // Whoever says that it has put together what never went would have a source told that all of it
        // may have arrived.
        if !self.lanes.iter().all(Lane::is_all_sent) {
            return Err(SendError::Lies("says that it has all, and that it has not").into());
        }
        let keeping = |parcel: &Parcel| parcel.keep(|journal| journal.joining());
        let kept = shared.with_parcel(keeping).await?;
        kept.map_err(SendError::from)?;
        self.joining = true;
        shared.all_sent.note();
        let urls: Option<Vec<&UploadUrl>> = self.lanes.iter().map(Lane::url).collect();
        let urls = urls.ok_or(Halt::Unknown)?;
        let first = *urls.first().ok_or(Halt::Unknown)?;
        let mut line = match self.line.take() {
            Some(line) => line.line().await,
            None => None,
        };
        let mut patience = Patience::new();
        loop {
            let left_over = line.is_some();
            let why = match self.ask_to_join(&urls, line.take()).await {
                Ok(Some(tree)) => return Ok(Joined::Drop(tree)),
                Ok(None) => NO_DROP_YET,
                // It may have ended while it was nobody's.
                Err(Halt::Failed(SendError::DropBox(DropBoxError::Http(_)))) if left_over => {
                    continue;
                }
                // Not all of them are whole, or one of them is not known. Only the first tells whether they
                // were put together.
                Err(Halt::Failed(SendError::DropBox(
                    DropBoxError::NotThere | DropBoxError::Refused(StatusCode::BAD_REQUEST),
                ))) => match self.is_joined(first).await {
                    Ok(true) => NO_DROP_YET,
                    Ok(false) => return Ok(Joined::NotYet),
                    Err(DropBoxError::NotThere) => return Err(Halt::Unknown),
                    Err(error) if error.may_pass() => why_waiting(&error),
                    Err(error) => return Err(SendError::from(error).into()),
                },
                Err(Halt::Failed(SendError::DropBox(error)))
                    if error.may_pass() || matches!(error, DropBoxError::Full) =>
                {
                    why_waiting(&error)
                }
                Err(halt) => return Err(halt),
            };
            if shared.is_silent() {
                return Err(SendError::MayHaveArrived.into());
            }
            shared.wait(&mut patience, why).await;
        }
    }

    /// Asks by this line, or by a new one.
    async fn ask_to_join(
        &self,
        urls: &[&UploadUrl],
        line: Option<Line>,
    ) -> Result<Option<TreeHash>, Halt> {
        let asking = async {
            let mut line = match line {
                Some(line) => line,
                None => self.shared.drop_box.connect().await?,
            };
            line.join(urls).await
        };
        let state = asking.await.map_err(SendError::from)?;
        let length = self.length();
        if state.offset != length || state.length.is_some_and(|said| said != length) {
            return Err(SendError::Lies("put together something else than the lanes").into());
        }
        Ok(state.tree)
    }

    async fn is_joined(&self, first: &UploadUrl) -> Result<bool, DropBoxError> {
        let mut line = self.shared.drop_box.connect().await?;
        Ok(line.state(first).await?.joined)
    }

    /// Removes what was kept for another run. That it stays changes nothing of how this one ended.
    async fn forget(&self) {
        match self.shared.with_parcel(Parcel::forget).await {
            Ok(Ok(true)) => self.shared.say("The resume file is removed."),
            Ok(Ok(false)) => {}
            Ok(Err(_)) | Err(_) => self
                .shared
                .say("The resume file cannot be removed: remove it yourself."),
        }
    }

    /// The drop-box does not know the upload any more, or never did.
    async fn begin_again(&mut self) -> Result<(), SendError> {
        let whole = matches!(self.lanes.as_slice(), [lane] if lane.is_all_sent());
        if self.joining || whole {
            self.shared.say(
                "Everything was sent, but the drop-box does not know it any more. It may have \
                 arrived.",
            );
            let question = "Send it again? The newsroom may then have it twice";
            let again = tokio::task::spawn_blocking(move || ask::yes(question)).await;
            if !again.unwrap_or(false) {
                return Err(SendError::MayHaveArrived);
            }
            self.beginnings = 0;
        } else if self.lanes.iter().any(|lane| lane.url().is_some()) {
            self.shared
                .say("The drop-box forgot what it had received. Beginning again.");
        }
        self.beginnings = self.beginnings.saturating_add(1);
        if self.beginnings >= MOST_BEGINNINGS {
            return Err(self.shared.forgotten());
        }
        self.joining = false;
        self.shared.passed.send_replace(None);
        for lane in &mut self.lanes {
            lane.begin_anew(&self.shared);
        }
        Ok(())
    }

    async fn compare(self, tree: TreeHash) -> Result<(), SendError> {
        let own = self.shared.with_parcel(Parcel::tree).await??;
        self.forget().await;
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

/// The lanes that bring these parts of an envelope.
fn lanes(ranges: Vec<std::ops::Range<u64>>) -> Vec<Lane> {
    let role = |place| match (ranges.len(), place) {
        (1, _) => Role::Whole,
        (_, 0) => Role::First,
        _ => Role::Later,
    };
    (0_u8..)
        .zip(&ranges)
        .map(|(place, range)| Lane::new(place, role(place), range.clone()))
        .collect()
}

/// Whether the same envelope would be refused again. A drop-box that takes nothing new may open again.
fn is_final(error: &SendError) -> bool {
    match error {
        SendError::DropBox(DropBoxError::Refused(status)) => *status != StatusCode::FORBIDDEN,
        error => matches!(error, SendError::DropBox(DropBoxError::TooLarge)),
    }
}
