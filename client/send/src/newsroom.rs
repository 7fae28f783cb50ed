//! Who reads what is sent: the newsroom's keys, verified from the fingerprint on.

use std::fmt;
use std::time::{Duration, SystemTime};

use knothole_envelope::{
    ChainError, Day, Fingerprint, Sheet, SheetError, Signed, VerifiedChain, VerifiedSheet,
};
use knothole_onion::{DropBoxError, Line};
use tokio::time::Instant;

/// A sheet with less time left than this gives way to the next one.
const LITTLE_TIME: Duration = Duration::from_secs(48 * 3_600);
const DAY: u64 = 86_400;

/// A newsroom whose charters were verified from its fingerprint on.
#[derive(Debug)]
pub(crate) struct Newsroom {
    chain: VerifiedChain,
    answer_time: Duration,
}

/// The newest charter of a newsroom that was seen; an older one is not taken any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NewestSeen(pub(crate) u32);

impl Newsroom {
    /// Fetches the charters and verifies them.
    ///
    /// # Errors
    /// [`NewsroomError`].
    pub(crate) async fn meet(
        line: &mut Line,
        fingerprint: &Fingerprint,
        seen: &mut NewestSeen,
    ) -> Result<Self, NewsroomError> {
        let begun = Instant::now();
        let chain = line.charter().await.map_err(NewsroomError::from_box)?;
        let answer_time = begun.elapsed();
        let chain = chain.verify(fingerprint).map_err(NewsroomError::Chain)?;
        if chain.sequence() < seen.0 {
            return Err(NewsroomError::OlderCharter);
        }
        seen.0 = chain.sequence();
        Ok(Self { chain, answer_time })
    }

    /// Fetches the epoch sheets, verifies them, and chooses the one to seal under.
    ///
    /// # Errors
    /// [`NewsroomError`].
    pub(crate) async fn sheet(
        &self,
        line: &mut Line,
        now: SystemTime,
    ) -> Result<VerifiedSheet, NewsroomError> {
        let sheets = line.sheets().await.map_err(NewsroomError::from_box)?;
        self.choose(&sheets, now)
    }

    /// Its charters.
    pub(crate) fn chain(&self) -> &VerifiedChain {
        &self.chain
    }

    /// How long a small question and its answer took.
    pub(crate) fn answer_time(&self) -> Duration {
        self.answer_time
    }

    /// How many editors there are, and how many of them it takes to open a drop.
    pub(crate) fn describe(&self) -> String {
        let charter = self.chain.current();
        let editors = charter.editors().len();
        let editors = match (editors, charter.quorum().get()) {
            (1, _) => "It has one editor, who opens drops alone.".to_owned(),
            (_, 1) => format!("It has {editors} editors; each of them can open a drop alone."),
            (_, quorum) => {
                format!("It has {editors} editors; it takes {quorum} of them to open a drop.")
            }
        };
        if self.chain.recovered().is_none() {
            return editors;
        }
        // Whoever has found all the papers can do this, so a source should know.
        format!(
            "{editors}\nWARNING: at some time the newsroom lost too many of its editors' keys, and \
             recovery papers put others in their place. If you can ask the newsroom in another way \
             whether that is so, ask before you send."
        )
    }

    fn choose(
        &self,
        sheets: &[Signed<Sheet>],
        now: SystemTime,
    ) -> Result<VerifiedSheet, NewsroomError> {
        let seconds = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let today = Day::from_unix_seconds(seconds).ok_or(NewsroomError::Clock)?;
        let mut usable = Vec::new();
        let mut nearest = NewsroomError::NoSheet;
        for sheet in sheets {
            // One bad sheet spoils them all: an honest server serves none.
            let sheet = sheet.verify(&self.chain).map_err(NewsroomError::Sheet)?;
            if !sheet.under_current_charter() {
                nearest = NewsroomError::OldKeys;
            } else if !sheet.usable_on(today) {
                nearest = NewsroomError::OutsideDays {
                    first: sheet.first(),
                    last: sheet.last(),
                    today,
                };
            } else {
                usable.push(sheet);
            }
        }
        usable.sort_by_key(VerifiedSheet::epoch);
        let lasting = usable
            .iter()
            .position(|sheet| time_left(sheet, seconds) >= LITTLE_TIME);
        // When none lasts, the one that ends last is the best there is.
        let place = lasting
            .or_else(|| usable.len().checked_sub(1))
            .ok_or(nearest)?;
        Ok(usable.swap_remove(place))
    }
}

/// From now to the end of the sheet's last day.
fn time_left(sheet: &VerifiedSheet, now: u64) -> Duration {
    let end = u64::from(sheet.last().get())
        .saturating_add(1)
        .saturating_mul(DAY);
    Duration::from_secs(end.saturating_sub(now))
}

/// Why a newsroom's keys are not used.
#[derive(Debug)]
#[non_exhaustive]
pub enum NewsroomError {
    /// The charters do not lead from the fingerprint to where they should.
    Chain(ChainError),
    /// The drop-box shows a charter older than one that was seen.
    OlderCharter,
    /// An epoch sheet is not the newsroom's.
    Sheet(SheetError),
    /// There is no epoch sheet.
    NoSheet,
    /// There are epoch sheets, but only for other days.
    OutsideDays {
        /// First day of the nearest sheet.
        first: Day,
        /// Last day of the nearest sheet.
        last: Day,
        /// The day that it is taken to be.
        today: Day,
    },
    /// The newsroom changed its editors, and the keys are still those of before.
    OldKeys,
    /// The time is not one that there can be.
    Clock,
    /// The drop-box was not there, or did not answer as one.
    DropBox(DropBoxError),
}

impl NewsroomError {
    fn from_box(error: DropBoxError) -> Self {
        match error {
            DropBoxError::NotThere => Self::NoSheet,
            error => Self::DropBox(error),
        }
    }

    /// Whether it may go better later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::NoSheet | Self::OldKeys => true,
            Self::DropBox(error) => error.may_pass(),
            _ => false,
        }
    }
}

impl fmt::Display for NewsroomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNTOUCHED: &str = "Nothing was sent, and no file was opened";
        match self {
            Self::Chain(ChainError::Fingerprint) => write!(
                f,
                "the drop-box is not that newsroom's, or a letter of the address is mistyped: the \
                 fingerprint differs from the one in the address. {UNTOUCHED}. Compare the address \
                 with what the newsroom printed"
            ),
            Self::Chain(error) => write!(
                f,
                "the newsroom's charter is not in order ({error}). Somebody may have taken the \
                 drop-box over. {UNTOUCHED}"
            ),
            Self::OlderCharter => write!(
                f,
                "the drop-box shows an older charter than before. Somebody may have taken it over. \
                 {UNTOUCHED}"
            ),
            Self::Sheet(error) => write!(
                f,
                "the newsroom's keys are not in order ({error}). Somebody may have taken the \
                 drop-box over. {UNTOUCHED}"
            ),
            Self::NoSheet => write!(
                f,
                "the newsroom has no keys at the drop-box at present, or takes nothing new there. \
                 {UNTOUCHED}. Try again in a day, and see what the newsroom says where you have \
                 its address from"
            ),
            Self::OutsideDays { first, last, today } if today < first => write!(
                f,
                "the newsroom's keys are for {first} to {last}, and today is {today}. {UNTOUCHED}. \
                 If this machine's date is right, try again from {first} on"
            ),
            Self::OutsideDays { first, last, today } => write!(
                f,
                "the newsroom's keys are for {first} to {last}, and today is {today}. {UNTOUCHED}. \
                 Look at this machine's date; if it is right, try again in a day"
            ),
            Self::OldKeys => write!(
                f,
                "the newsroom has changed its editors, and their new keys are not here yet. \
                 {UNTOUCHED}. Try again in a day"
            ),
            Self::Clock => f.write_str("this machine's clock shows no day that there can be"),
            Self::DropBox(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NewsroomError {}
