//! What a source wants sent, and the whole way of it.

use getrandom::SysRng;
use knothole_envelope::{DropAddress, Message};
use knothole_onion::DropBox;
use rand_core::UnwrapErr;

use crate::ask;
use crate::error::SendError;
use crate::files::FileSet;
use crate::newsroom::{NewestSeen, Newsroom};
use crate::parcel::{Fresh, Parcel, Ready};
use crate::upload::Upload;
use crate::voice::{Voice, size, span, time_for};

/// Bytes that are on their way at once on a Tor circuit, roughly.
const ON_THE_WAY: u64 = 250_000;

/// What a source wants sent.
#[derive(Debug)]
pub struct Order {
    /// Where to.
    pub address: DropAddress,
    /// The files.
    pub files: FileSet,
    /// The words; asked for when there are none and somebody can be asked.
    pub message: Option<Message>,
}

/// Verifies the newsroom, seals, sends, and compares what arrived.
///
/// # Errors
/// [`SendError`] says what happened and what to do.
pub async fn deliver(drop_box: &DropBox, order: Order, voice: &Voice) -> Result<(), SendError> {
    voice.say("Looking for the drop-box.");
    let mut seen = NewestSeen::default();
    let mut line = drop_box.connect().await?;
    let newsroom = Newsroom::meet(&mut line, order.address.fingerprint(), &mut seen).await?;
    voice.say(&format!(
        "This is the newsroom of that fingerprint. {}",
        newsroom.describe()
    ));
    let ready = match order.files.only() {
        Some(path) => Ready::open(path)?,
        None => None,
    };
    let parcel = match ready {
        Some(_) if order.message.is_some() => return Err(SendError::SealedMessage),
        Some(ready) => {
            voice.say("This file is sealed already. It is sent as it is.");
            Parcel::ready(ready)
        }
        None => {
            let sheet = newsroom.sheet(&mut line, drop_box.dialer().time()).await?;
            let message = match order.message {
                Some(message) => message,
                None => ask::ask_message()?,
            };
            if order.files.count() == 0 && message.as_str().is_empty() {
                return Err(SendError::Nothing);
            }
            let files = order.files.open()?;
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
            Parcel::fresh(Fresh::seal(&mut UnwrapErr(SysRng), &sheet, files, message)?)
        }
    };
    drop(line);
    voice.say(&estimate(&parcel, &newsroom));
    Upload::new(drop_box, parcel, voice).run().await
}

/// About how long it takes, from how long one small answer took.
fn estimate(parcel: &Parcel, newsroom: &Newsroom) -> String {
    let millis = u64::try_from(newsroom.answer_time().as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    let rate = ON_THE_WAY
        .saturating_mul(1_000)
        .checked_div(millis)
        .unwrap_or(1)
        .max(1);
    let time = time_for(parcel.length(), rate).unwrap_or_default();
    format!(
        "{} go, with the padding that hides the size. By one small answer this takes roughly {}; \
         it may be twice that. The first minutes will tell better.",
        size(parcel.length()),
        span(time)
    )
}
