//! What others can take of the two sides at most, each bound with its unit and its reason. How long a
//! record or a card may be stands with its format, what the administrator may say of the newsroom with
//! the masthead, and the days of an epoch with the epochs. What bounds clients on their way to an onion
//! service stands in `door/` of the server, where arti is.

use core::time::Duration;

use crate::clock::Batch;
use crate::masthead::Masthead;

/// Bytes of an upload that are gathered in memory before they are written. With what has been read
/// ahead, a connection that sends takes up to four times as much: 64 MiB for 256 of them.
pub(crate) const WRITE_UNIT: usize = 65_536;
/// Connections of a side that are told at once to come again. Those beyond are closed without a
/// word.
pub(crate) const MOST_TURNED_AWAY: usize = 64;
/// Connections that end what they are about at once, after their place was wanted. Others end where
/// they are.
pub(crate) const MOST_LEAVING: usize = 64;
/// The part of the places that those who came just now may have from those who are busy. Newcomers
/// keep what they get for a moment, so that without a bound a burst of them would be nobody's to
/// give way in but those who send.
pub(crate) const NEWCOMERS_PART: usize = 4;
/// Replies in one request have at most so many bytes.
pub(crate) const MOST_REPLIES_BYTES: usize = 2 << 20;
/// Bytes that one connection may have read ahead.
pub(crate) const READ_AHEAD: usize = 65_536;
/// Header lines in a request at most.
pub(crate) const MOST_HEADERS: usize = 64;
/// Other fields before it at most.
pub(crate) const MOST_FIELDS: usize = 8;
/// Bytes before the file at most: what a part of a form says of itself is kept in memory until its
/// end has come, however long that takes.
pub(crate) const MOST_BEFORE: usize = 262_144;
/// Bytes of one request with a checksum: a segment. Until all have come they count for nothing, and when
/// they are altered they are removed; where the line is lost before that, so many may lie there until
/// the upload goes on or gives way.
pub(crate) const MOST_CHECKED: u64 = 4 << 20;
/// Space is reserved ahead up to here, however long an upload says it will be.
pub(crate) const MOST_AHEAD: u64 = 64 << 20;
/// An upload that has proved nothing yet reserves so much. From then on what it may reserve grows
/// with what it has sent, so that many connections that send nothing hold little.
pub(crate) const FIRST_AHEAD: u64 = 1 << 20;
/// Lanes of one upload at most.
pub(crate) const MOST_LANES: usize = 8;
/// A chain of charters, or a list of sheets, has at most so many bytes.
pub(crate) const MOST_SIGNED_BYTES: usize = 1 << 20;
/// Sheets in one request at most.
pub(crate) const MOST_PUSHED_SHEETS: u32 = 16;
/// Sheets that are held at most: the current one and the next.
pub(crate) const MOST_SHEETS: usize = 2;
/// Epochs that are remembered at most; expired ones leave by themselves.
pub(crate) const MOST_EPOCHS: usize = 64;
/// Couriers at most: the network's restricted discovery takes 160 and workstations are few.
pub const MOST_COURIERS: usize = 32;
/// A reply is shown, and takes its place, for so many days after the one on which it was pushed.
pub(crate) const REPLY_DAYS: u32 = 90;
/// Receipts in one request at most.
pub(crate) const MOST_RECEIPTS: u32 = 8_192;
/// A receipt with eight signatures is well below this.
pub(crate) const MOST_RECEIPT_BYTES: usize = 4_096;
/// Bytes of a drop that are read at once.
pub(crate) const READ_UNIT: usize = 262_144;

/// What an administrator may set, and every bound that holds on the way.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// What the administrator says of the newsroom, for the page to show.
    pub masthead: Masthead,
    /// How long arrivals wait for each other before they become visible to the newsroom.
    pub batch: Batch,
    /// Most bytes that the store may use, if less than the disk has.
    pub most_bytes: Option<u64>,
    /// Bytes of the disk that uploads never touch: charters, sheets and receipts still work when
    /// everything else is full.
    pub system_reserve: u64,
    /// Bytes kept for replies, and the most that they may have: about 3,200 replies of 80 KiB. A
    /// courier pushes eight at a time, and they stay for 90 days: enough for four syncs a day.
    pub replies_reserve: u64,
    /// Bytes kept for drops of the smallest size, so that words get through when files do not.
    pub messages_reserve: u64,
    /// Folders that are made at a batch boundary for the uploads of the next batch, lanes counted one
    /// by one, each with the four small files that a drop needs, so that their births do not tell
    /// when a source came. What comes beyond them is made on the spot.
    pub pool_uploads: usize,
    /// Drops of the smallest size of one batch whose bytes have their place on the disk beforehand:
    /// about 1 MiB each.
    pub pool_messages: usize,
    /// Segments of 4 MiB, or what is left at an upload's end, that are made so: 1,024 are 4 GiB in
    /// a batch. An empty one costs 256 bytes of the disk.
    pub pool_segments: usize,
    /// Files that are made so and never taken: whoever begins and drops uploads until the others
    /// are gone does not keep the journal from going round. They cost 256 bytes of the disk each.
    pub pool_staying: usize,
    /// Most bytes that files made beforehand may take up, so that the order of blocks does not tell
    /// the order of writing: at most a 32nd of what is free. Other drops cannot have them.
    pub pool_bytes: u64,
    /// How often the times of everything that is not visible yet are set to the same moment. A
    /// seized disk tells what was written within the last so many seconds, and each time costs one
    /// change of an inode for each file.
    pub level_pause: Duration,
    /// Bytes that all sources together may store within an hour, if there is a bound. Messages are
    /// beyond it, as long as they take less than their reserve in an hour.
    pub most_bytes_per_hour: Option<u64>,
    /// Connections at once on the public side: what bounds the memory that sources can take. With
    /// as many streams of Tor beside them the server is to stay below 256 MiB, which was measured
    /// behind sockets alone.
    pub most_public_connections: usize,
    /// Connections at once on the collection side: couriers are few.
    pub most_collection_connections: usize,
    /// Unfinished uploads of which bytes have come, durable or not, lanes counted one by one. The least
    /// progressed gives way.
    pub most_uploads: usize,
    /// Uploads of which no byte has come. They cost memory only, 1 KiB at most; the oldest gives
    /// way, so that a source has the time between two round trips through Tor before it is its turn
    /// even where a thousand a second are announced.
    pub most_announced: usize,
    /// Uploads at once of which less than 64 KiB are made durable; others wait for their turn. Each
    /// costs the disk as much as megabytes do, and those who bring more must not wait behind them.
    pub most_small_settles: usize,
    /// Requests to mailboxes that are worked on at once; others wait for their turn. Each takes
    /// about 15 ms of a processor in its `mailbox_time`.
    pub most_polls: usize,
    /// An answer of a mailbox goes out so long after its turn came, or at the next multiple: longer
    /// than four files and four decoys take on a slow server, so that their time is not seen.
    pub mailbox_time: Duration,
    /// How long an unfinished upload is kept after its creation; it ends with a whole day, so that
    /// its end does not tell the hour.
    pub upload_life: Duration,
    /// How long a created upload may stay without its first byte; it costs only memory.
    pub empty_upload_life: Duration,
    /// How long an upload must have stood still before it gives its place to others when space is
    /// short: an attacker who fills the disk must not push out a source between two circuits.
    pub stalled_upload_life: Duration,
    /// How long a drop stays after the newsroom has signed it off, rounded up to days: the time in
    /// which a receipt that was signed under force can still be undone, by a new charter.
    pub grace: Duration,
    /// How long the head of a request may take: Tor adds seconds, not minutes.
    pub header_patience: Duration,
    /// How long a body may be silent before the connection counts as dead.
    pub body_patience: Duration,
    /// A silence after which what has arrived is made durable, so that a resume finds it.
    pub quiet: Duration,
    /// How long a newer request waits for the older one of the same upload to let go.
    pub takeover_patience: Duration,
    /// How long a commit may make the last request wait before it answers "ask again".
    pub commit_patience: Duration,
    /// How long a refused body is read and thrown away, so that the answer is seen.
    pub drain_patience: Duration,
    /// How long a reader may take none of the bytes it asked for.
    pub read_patience: Duration,
    /// How long a connection may live in all.
    pub connection_life: Duration,
    /// How long after it came a connection keeps its place whatever others want. It matters only
    /// where more come within it than there are places, which are a thousand a second: fewer have
    /// longer, because the newest leave last. Tor itself brings some 75 circuits a second.
    pub place_patience: Duration,
    /// After so long what a connection has moved counts half. Tor's stalls are shorter than this.
    pub credit_half_life: Duration,
    /// Bytes that who comes counts as having moved: 64 KiB, so that a line of less than 3 KiB a
    /// second gives way to newcomers, which would bring no file through.
    pub first_credit: u64,
    /// How long a connection whose place was given to another may take to make durable what it has.
    pub leave_patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            masthead: Masthead::default(),
            batch: Batch::DAY,
            most_bytes: None,
            most_bytes_per_hour: None,
            system_reserve: 64 * MIB,
            replies_reserve: 256 * MIB,
            messages_reserve: 256 * MIB,
            pool_uploads: 256,
            pool_messages: 64,
            pool_segments: 1_024,
            pool_staying: 1_024,
            pool_bytes: 256 * MIB,
            level_pause: Duration::from_secs(60),
            most_public_connections: 256,
            most_collection_connections: 32,
            most_uploads: 1_024,
            most_announced: 16_384,
            most_small_settles: 4,
            most_polls: 32,
            mailbox_time: Duration::from_secs(1),
            upload_life: Duration::from_secs(14 * 86_400),
            empty_upload_life: Duration::from_secs(3_600),
            stalled_upload_life: Duration::from_secs(86_400),
            grace: Duration::from_secs(7 * 86_400),
            header_patience: Duration::from_secs(60),
            body_patience: Duration::from_secs(120),
            quiet: Duration::from_secs(1),
            takeover_patience: Duration::from_secs(30),
            commit_patience: Duration::from_secs(20),
            drain_patience: Duration::from_secs(900),
            read_patience: Duration::from_secs(120),
            connection_life: Duration::from_secs(7 * 86_400),
            place_patience: Duration::from_millis(250),
            credit_half_life: Duration::from_secs(20),
            first_credit: 65_536,
            leave_patience: Duration::from_secs(5),
        }
    }
}
