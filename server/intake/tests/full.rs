//! A store on a tmpfs of 64 MB that is full from each point of a story on, and has room again at its
//! end: whoever was refused was told so, nothing that was acknowledged is lost, and the story ends well.
//!
//! The test mounts it in a mount namespace of its own, and fails where it may not.
//! `KNOTHOLE_FULL_STEP=4096` leaves room in steps of one page; otherwise in some steps.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;

use knothole_envelope::{
    EraseHash, ListedDrop, MailboxAddress, PushedReply, REPLY_LEN, Receipt, TreeHash, seal_decoy,
    unframe,
};
use knothole_intake::{Settings, UnixSeconds};
use newsroom::{BATCH, DAY, House, rng};
use wire::{Answer, Wire};

const NAME: &str =
    "a_store_on_64_mb_loses_nothing_wherever_it_is_full_and_ends_well_when_there_is_room";
/// Where the inner run finds the mounted folder.
const MOUNTED: &str = "KNOTHOLE_FULL_AT";
const MIB: u64 = 1 << 20;
const PAGE: u64 = 4_096;
/// What a story has for itself. The rest of the 64 MB is full all the time.
const STAGE: u64 = 6 * MIB;
/// With so much left nobody is refused anything: what is written and not yet durable counts twice.
const PLENTY: u64 = 9 * MIB / 2;
const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=xYz");

/// The points of a story before which the disk is filled.
const POINTS: [Point; 8] = [
    Point::Creation,
    Point::FirstHalf,
    Point::SecondHalf,
    Point::Form,
    Point::Reply,
    Point::Boundary,
    Point::Receipt,
    Point::Charter,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Creation,
    FirstHalf,
    SecondHalf,
    Form,
    Reply,
    Boundary,
    Receipt,
    Charter,
}

#[test]
fn a_store_on_64_mb_loses_nothing_wherever_it_is_full_and_ends_well_when_there_is_room() {
    match std::env::var_os(MOUNTED) {
        Some(folder) => inside(Path::new(&folder)),
        None => outside(),
    }
}

/// Runs this test once more, where a tmpfs is mounted that nobody else sees.
fn outside() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mount = "mount -t tmpfs -o size=64m,mode=700 knothole \"$0\" && exec \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--propagation", "private"]);
    if !rustix::process::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let ended = unshare
        .args(["sh", "-c", mount])
        .arg(folder)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(MOUNTED, folder)
        .env("TMPDIR", folder)
        .status()
        .unwrap();
    assert!(
        ended.success(),
        "it could not be mounted, or a story failed: see above"
    );
}

fn inside(folder: &Path) {
    let disk = rustix::fs::statfs(folder).unwrap();
    let size = u64::try_from(disk.f_bsize).unwrap() * disk.f_blocks;
    assert_eq!(size, 64 * MIB, "this is the tmpfs");
    let _stays = Filler::leaving(folder, "ballast", STAGE);
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let mut met = [[0; 2]; POINTS.len()];
    for (point, met) in POINTS.into_iter().zip(&mut met) {
        for left in amounts() {
            let story = Story {
                folder,
                point,
                left,
            };
            let refused = runtime.block_on(story.play());
            met[usize::from(!refused.is_empty())] += 1;
            let plenty = left < PLENTY || refused.is_empty();
            assert!(
                plenty,
                "{point:?}: there is room, and {refused:?} is refused, {left}"
            );
        }
        let [without, with] = *met;
        // What the last batch set aside goes first at a boundary, which then needs no more room.
        let refused = with > 0 || point == Point::Boundary;
        assert!(without > 0 && refused, "{point:?}: {met:?}");
    }
    eprintln!("stories without and with a refusal, for each point: {met:?}");
}

/// Bytes that are left when the disk is filled.
fn amounts() -> impl Iterator<Item = u64> {
    let step = std::env::var("KNOTHOLE_FULL_STEP").ok();
    let step = step.map_or(48 * PAGE, |step| step.parse().unwrap());
    // Around nothing, and around what an upload of words needs.
    let edges = (0..12).chain(256..264).map(|pages| pages * PAGE);
    let all = (0..PLENTY / step).map(move |number| number * step);
    edges.chain(all).chain([PLENTY])
}

/// A file that takes the room of others.
struct Filler(PathBuf);

impl Filler {
    /// Leaves so many bytes, or what there is if that is less.
    fn leaving(folder: &Path, name: &str, left: u64) -> Self {
        let path = folder.join(name);
        let mut file = File::create_new(&path).unwrap();
        let free = free(folder).saturating_sub(left) / PAGE;
        for _ in 0..free {
            file.write_all(&[0xff; 4_096]).unwrap();
        }
        Self(path)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn free(folder: &Path) -> u64 {
    let disk = rustix::fs::statfs(folder).unwrap();
    u64::try_from(disk.f_bsize).unwrap() * disk.f_bfree
}

struct Story<'a> {
    folder: &'a Path,
    point: Point,
    left: u64,
}

/// No more is kept free than the story needs, so that the disk is full before the store says so.
fn settings() -> Settings {
    let mut settings = newsroom::settings();
    settings.system_reserve = 0;
    settings.messages_reserve = 0;
    settings.replies_reserve = 2 * 81_920;
    settings
}

fn reply() -> PushedReply {
    PushedReply {
        mailbox: MailboxAddress::from_bytes([1; 32]),
        erase: EraseHash::from_bytes([2; 32]),
        envelope: seal_decoy(&mut rng()).unwrap(),
    }
}

fn form(sealed: &[u8]) -> Vec<u8> {
    let head = "--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"a\"\r\n\r\n";
    [head.as_bytes(), sealed, b"\r\n--xYz--\r\n"].concat()
}

/// An upload by tus in two halves, as its sender knows it.
struct Upload {
    sealed: Vec<u8>,
    tree: TreeHash,
    path: Option<String>,
    offset: usize,
    arrived: bool,
}

impl Upload {
    async fn create(&mut self, house: &House) -> bool {
        let length = self.sealed.len().to_string();
        let headers = [("Upload-Length", length.as_str())];
        let made = Wire::public(&house.intake)
            .tus("POST /drops", &headers, b"")
            .await;
        self.path = made.header("location").map(ToOwned::to_owned);
        answered(&made, 201)
    }

    async fn is_known(&self, house: &House) -> bool {
        let Some(path) = &self.path else {
            return false;
        };
        let head = format!("HEAD {path}");
        let head = Wire::public(&house.intake).tus(&head, &[], b"").await;
        head.status == 200
    }

    async fn send(&mut self, house: &House, end: usize) -> bool {
        let Some(path) = self.path.clone() else {
            return false;
        };
        let head = format!("HEAD {path}");
        let head = Wire::public(&house.intake).tus(&head, &[], b"").await;
        assert_eq!(
            head.status, 200,
            "an address is known while the disk is full"
        );
        self.hear(&head);
        let (from, end) = (self.offset, end.clamp(self.offset, self.sealed.len()));
        let part = &self.sealed[from..end];
        let said = Wire::public(&house.intake).patch(&path, from, part).await;
        if said.status == 204 {
            self.hear(&said);
        }
        answered(&said, 204)
    }

    fn hear(&mut self, said: &Answer) {
        let offset = said.header("upload-offset").unwrap().parse().unwrap();
        assert!(offset >= self.offset, "what was acknowledged is lost");
        self.offset = offset;
        if let Some(tree) = said.header("knothole-tree") {
            assert_eq!(tree, self.tree.to_string());
            self.arrived = true;
        }
    }
}

/// Whether it was done; if not, the answer says that there is no room.
fn answered(answer: &Answer, done: u16) -> bool {
    let refused = matches!(answer.status, 503 | 507);
    assert!(answer.status == done || refused, "{answer:?}");
    answer.status == done
}

impl Story<'_> {
    /// Plays it, and gives what was refused.
    async fn play(&self) -> Vec<Point> {
        let mut house = House::with(settings()).await;
        let (sealed, tree) = house.drop(5);
        let mut upload = Upload {
            sealed,
            tree,
            path: None,
            offset: 0,
            arrived: false,
        };
        let (words, other) = house.drop(6);
        let letter = reply();
        let replies = PushedReply::encode_list(slice::from_ref(&letter));
        let half = upload.sealed.len() / 2;
        let mut filler = None;
        let mut refused = Vec::new();
        for point in POINTS {
            if point == self.point {
                filler = Some(Filler::leaving(self.folder, "filler", self.left));
            }
            let done = match point {
                Point::Creation => upload.create(&house).await,
                Point::FirstHalf => upload.send(&house, half).await,
                Point::SecondHalf => upload.send(&house, usize::MAX).await,
                Point::Form => hand_in(&house, &words).await,
                Point::Reply => push(&house, "POST /replies", &replies).await,
                Point::Boundary => turn(&house).await,
                Point::Receipt => sign_off(&house, &tree).await,
                Point::Charter => renew(&mut house).await,
            };
            if !done {
                refused.push(point);
            }
        }
        drop(filler);
        self.end(house, upload, (&other, &letter), &refused).await;
        refused
    }

    /// There is room again: what was refused is asked for again, and all of it is there.
    async fn end(
        &self,
        house: House,
        mut upload: Upload,
        (words, letter): (&TreeHash, &PushedReply),
        refused: &[Point],
    ) {
        let was_refused = |point| refused.contains(&point);
        turn(&house).await;
        // An upload whose disk failed is known again after the next start.
        let mut house = house.restarted(DAY + BATCH).await;
        // A creation of which no byte has come is on no disk.
        if upload.offset == 0 && !upload.is_known(&house).await {
            assert!(upload.create(&house).await);
        }
        while !upload.arrived {
            assert!(
                upload.send(&house, usize::MAX).await,
                "{:?} {}",
                self.point,
                self.left
            );
        }
        assert!(renew(&mut house).await);
        turn_again(&house).await;
        let listed = listing(&house).await;
        let count = |tree: &TreeHash| listed.iter().filter(|drop| drop.tree == *tree).count();
        // What was signed off is gone; a form that was refused may be handed in anew.
        let signed = !was_refused(Point::Receipt);
        assert_eq!(
            count(&upload.tree),
            usize::from(!signed),
            "{:?} {}",
            self.point,
            self.left
        );
        let there = count(words);
        assert!(
            there == 1 || (there == 0 && was_refused(Point::Form)),
            "{there} of the form"
        );
        assert!(shows(&house, letter).await || was_refused(Point::Reply));
        let pushed = PushedReply::encode_list(slice::from_ref(letter));
        assert!(push(&house, "POST /replies", &pushed).await);
        assert!(shows(&house, letter).await);
        assert_eq!(house.intake.status().damaged, 0);
        assert_eq!(house.intake.status().unfinished, 0);
        // The next start finds the same.
        let house = house.restarted(DAY + 3 * BATCH).await;
        assert_eq!(listing(&house).await.len(), listed.len());
    }
}

async fn hand_in(house: &House, sealed: &[u8]) -> bool {
    let body = form(sealed);
    let answer = Wire::public(&house.intake)
        .ask("POST /", &[FORM], &body)
        .await;
    match answer.header("location") {
        Some("/arrived") => true,
        // Nobody can ask what became of the last of these.
        Some("/full" | "/try-again" | "/may-have-arrived") => false,
        other => unreachable!("{other:?} is no answer to a full disk"),
    }
}

async fn push(house: &House, line: &str, bytes: &[u8]) -> bool {
    answered(&house.collect(line, &[], bytes).await, 204)
}

/// Whether its source would find this reply.
async fn shows(house: &House, letter: &PushedReply) -> bool {
    let line = format!("GET /mailbox/{}", letter.mailbox);
    let shown = Wire::public(&house.intake).ask(&line, &[], b"").await;
    assert_eq!(shown.status, 200);
    let mut replies = shown.body.chunks(REPLY_LEN);
    replies.any(|reply| reply == letter.envelope.as_slice())
}

async fn turn(house: &House) -> bool {
    house
        .intake
        .tick(UnixSeconds::new(DAY + BATCH))
        .await
        .is_ok()
}

async fn turn_again(house: &House) {
    let later = UnixSeconds::new(DAY + 3 * BATCH);
    house.intake.tick(later).await.unwrap();
}

async fn listing(house: &House) -> Vec<ListedDrop> {
    let listing = house.collect("GET /listing", &[], b"").await;
    ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap()
}

/// Signs off the upload, if it can be seen.
async fn sign_off(house: &House, tree: &TreeHash) -> bool {
    let listed = listing(house).await;
    let Some(drop) = listed.iter().find(|drop| drop.tree == *tree) else {
        return false;
    };
    let receipt = house.receipt(Receipt::Opened {
        drop: drop.id,
        tree: *tree,
        length: drop.chunks.envelope_len(),
    });
    push(house, "POST /receipts", &receipt).await
}

/// The same sheets again: they are stored anew.
async fn renew(house: &mut House) -> bool {
    let sheets = house.sheets();
    push(house, "PUT /sheets", &sheets).await
}
