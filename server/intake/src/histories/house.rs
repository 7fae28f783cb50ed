//! A history: a disk, the server on it, and what the server has said so far.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use knothole_envelope::{CharterChain, Day, ListedDrop, Sheet, Signed, TreeHash, unframe};
use rand_chacha::ChaCha20Rng;

use super::ledger::{Fate, Lane, Ledger, Said, Sent};
use super::newsroom::{self, BURNED, EPOCHS};
use super::peer::{Answer, Request};
use crate::clock::{Batch, DAY, UnixSeconds};
use crate::commit;
use crate::desk::{self, Desk};
use crate::disk::Disk as _;
use crate::disk::faulty::{Faulty, Survives};
use crate::intake::Intake;
use crate::serve::{Push, Side};
use crate::settings::Settings;
use crate::shelf::manifest;

/// The length of a batch, in seconds.
pub(super) const BATCH: u64 = 6 * 3_600;
/// The courier that is always admitted.
pub(super) const COURIER: u8 = 0xab;
/// Whole days for which an upload lives at least.
const UPLOAD_DAYS: u32 = 14;

pub(super) struct House {
    pub(super) disk: Faulty,
    /// Nothing while no server runs.
    pub(super) intake: Option<Arc<Intake>>,
    pub(super) now: UnixSeconds,
    pub(super) ledger: Ledger,
    /// What has happened so far, for whoever has to find out why it went wrong.
    pub(super) told: Vec<String>,
}

fn settings(grace: u32) -> Settings {
    Settings {
        batch: Batch::at_least_an_hour(Duration::from_secs(BATCH)).unwrap(),
        mailbox_time: Duration::ZERO,
        grace: Duration::from_secs(u64::from(grace) * DAY),
        // A few, so that they are used and used up, and a start has few steps.
        pool_uploads: 2,
        pool_messages: 1,
        pool_segments: 2,
        pool_staying: 1,
        ..Settings::default()
    }
}

fn first_second() -> UnixSeconds {
    UnixSeconds::new(u64::from(newsroom::FIRST_DAY) * DAY)
}

fn open(disk: &Faulty, grace: u32, now: UnixSeconds) -> Option<Arc<Intake>> {
    Intake::open_gated_on_disk(Arc::new(disk.clone()), settings(grace), now).ok()
}

/// A store that trusts the newsroom and has its first charter and sheets. Made in a thread of its own,
/// so that it draws nothing from the seed of the history that happens to be the first.
fn founded() -> Faulty {
    static FOUNDED: LazyLock<Faulty> = LazyLock::new(|| {
        let made = std::thread::spawn(|| {
            let disk = Faulty::new();
            let desk = Desk::on(Box::new(disk.clone()));
            desk.trust(&newsroom::fingerprint()).unwrap();
            desk.add_courier(&newsroom::card(COURIER)).unwrap();
            let intake = open(&disk, 0, first_second()).unwrap();
            let charter = newsroom::chain(0).unwrap();
            intake.push(Push::Charter, &charter).unwrap();
            intake.push(Push::Sheets, &newsroom::sheets(0)).unwrap();
            disk.sync_all();
            disk
        });
        made.join().unwrap()
    });
    FOUNDED.after(Survives::Everything)
}

impl House {
    /// A drop-box that a newsroom has just set up. No server runs yet.
    pub(super) fn new(grace: u32) -> Self {
        Self {
            disk: founded(),
            intake: None,
            now: first_second(),
            ledger: Ledger {
                grace,
                ..Ledger::default()
            },
            told: Vec::new(),
        }
    }

    /// The same history, on what is left of its disk.
    pub(super) fn on(&self, disk: Faulty) -> Self {
        Self {
            disk,
            intake: None,
            now: self.now,
            ledger: self.ledger.clone(),
            told: self.told.clone(),
        }
    }

    pub(super) fn tell(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }

    pub(super) fn today(&self) -> Day {
        self.now.day().unwrap()
    }

    pub(super) fn batch(&self) -> u64 {
        self.now.get() / BATCH
    }

    /// Whether a server runs.
    pub(super) fn runs(&self) -> bool {
        self.intake.is_some()
    }

    /// Starts the server, if it can start.
    pub(super) fn start(&mut self) -> bool {
        self.intake = open(&self.disk, self.ledger.grace, self.now);
        self.runs()
    }

    /// The server ends, and this is found of its disk.
    pub(super) fn end(&mut self, survives: Survives) {
        self.intake = None;
        self.disk = self.disk.after(survives);
    }

    /// Asks the public side.
    pub(super) async fn ask(&self, request: Request<'_>) -> Option<Answer> {
        request.ask(self.intake.as_ref()?, Side::Public).await
    }

    /// Asks the collection side as the courier that is always admitted.
    pub(super) async fn collect(&self, request: Request<'_>) -> Option<Answer> {
        let token = data_encoding::HEXLOWER.encode(&[COURIER; 32]);
        let request = request.with("Authorization", format!("Bearer {token}"));
        request.ask(self.intake.as_ref()?, Side::Collection).await
    }

    pub(super) async fn head(&self, path: &str) -> Option<Answer> {
        self.ask(Request::tus(format!("HEAD {path}"))).await
    }

    /// Looks, after a start at which nothing was wrong, whether everything that was said holds.
    pub(super) async fn check(&mut self) {
        let stored = self.stored();
        let mut sent = core::mem::take(&mut self.ledger.sent);
        for one in &mut sent {
            let there = stored.get(&one.envelope.tree).copied().unwrap_or_default();
            self.check_sent(one, there).await;
        }
        for tree in stored.keys() {
            let known = sent.iter().any(|one| one.envelope.tree == *tree);
            assert!(known, "nobody has sent a drop that is there");
        }
        self.ledger.sent = sent;
        self.check_papers().await;
        self.check_replies();
        self.check_couriers();
    }

    /// How often each drop is in the store.
    pub(super) fn stored(&self) -> HashMap<TreeHash, usize> {
        let mut stored = HashMap::new();
        for room in [commit::drops(), commit::shelf()] {
            for name in self.disk.list(&room).unwrap() {
                let folder = room.join(name);
                let manifest = manifest(&self.disk, &folder).unwrap();
                let manifest = manifest.expect("a finished drop has a manifest");
                let whole = commit::verifies(&self.disk, &folder, &manifest).unwrap();
                assert!(whole, "a drop has lost bytes");
                *stored.entry(manifest.tree).or_default() += 1;
            }
        }
        stored
    }

    async fn check_sent(&self, one: &mut Sent, there: usize) {
        let (least, most) = one.bounds(&self.ledger, self.today());
        assert!(
            (least..=most).contains(&there),
            "{there} drops, and {least} to {most} may be, of {one:?}"
        );
        let Some(path) = one.path().cloned() else {
            if there > one.ghosts {
                one.arrived(self.batch());
            }
            return;
        };
        let head = self.head(&path).await.expect("a server that runs answers");
        let tree = head.header("knothole-tree");
        match head.status {
            200 if tree.is_some() => {
                let right = one.envelope.tree.to_string();
                assert_eq!(tree, Some(right.as_str()), "it was altered: {one:?}");
                // What was signed off is known until it is forgotten, and goes at a start.
                assert!(there > 0 || least == 0, "its drop is not there: {one:?}");
                assert_ne!(one.fate, Fate::Gone, "{one:?}");
                one.arrived(self.batch());
            }
            // What the gate has refused may have had a folder since a cut, and nothing in it.
            200 if one.fate == Fate::Gone && !one.leaving => {
                assert_eq!(head.number("upload-offset"), Some(0), "{one:?}");
            }
            200 => {
                let unfinished = matches!(one.fate, Fate::Open | Fate::Perhaps);
                assert!(unfinished, "it is not finished: {one:?}");
                one.fate = Fate::Open;
                for lane in &mut one.lanes {
                    self.check_lane(lane, one.leaving).await;
                }
                let whole = one.lanes.len() == 1 && one.lanes[0].is_whole();
                assert!(!whole, "a start left something whole: {one:?}");
            }
            404 => self.check_unknown(one, there),
            other => panic!("{other} is no answer to HEAD: {one:?}"),
        }
    }

    async fn check_lane(&self, lane: &mut Lane, leaving: bool) {
        let Some(path) = &lane.path else { return };
        let head = self.head(path).await.expect("a server that runs answers");
        if head.status == 404 {
            assert!(lane.told == 0 || leaving, "a lane was lost: {lane:?}");
            *lane = Lane::of(lane.start, lane.end);
            return;
        }
        let offset = head.number("upload-offset").unwrap();
        assert!(
            (lane.told..=lane.sent).contains(&offset),
            "{offset}: {lane:?}"
        );
        lane.told = offset;
        lane.sent = offset;
    }

    fn check_unknown(&self, one: &mut Sent, there: usize) {
        let forgotten = self.batch() - one.since >= 2;
        let lived = self.today().since(one.born).unwrap_or_default();
        let over =
            one.leaving || lived >= UPLOAD_DAYS || one.is_burned(&self.ledger) > Said::Nothing;
        match one.fate {
            Fate::Gone => return,
            Fate::Arrived => {
                // Where there are two of it, either may have been signed off.
                let (least, _) = one.bounds(&self.ledger, self.today());
                assert!(
                    forgotten || least == 0,
                    "its address is unknown too early: {one:?}"
                );
                return;
            }
            Fate::Perhaps if there > 0 && forgotten => return one.arrived(self.batch()),
            Fate::Perhaps | Fate::Open => {}
        }
        let told = one.lanes.iter().any(|lane| lane.told > 0);
        assert!(!told || over, "what was acknowledged is lost: {one:?}");
        // Nobody has its address any more, or the sender begins anew.
        for lane in &mut one.lanes {
            *lane = Lane::of(lane.start, lane.end);
        }
        one.fate = if over { Fate::Gone } else { Fate::Open };
    }

    async fn check_papers(&mut self) {
        let answer = self.ask(Request::new("GET /charter")).await.unwrap();
        let chain = CharterChain::decode(unframe(&answer.body).unwrap()).unwrap();
        let shown = chain.verify(&newsroom::fingerprint()).unwrap();
        let shown = shown.charters().count() - 1;
        let (taken, pushed) = self.ledger.charter;
        assert!(
            (taken..=pushed).contains(&shown),
            "another charter is shown"
        );
        self.ledger.charter.0 = shown;
        let answer = self.ask(Request::new("GET /sheet")).await.unwrap();
        let sheets = Signed::<Sheet>::decode_list(unframe(&answer.body).unwrap(), 2).unwrap();
        let shown: Vec<_> = sheets
            .iter()
            .map(|sheet| sheet.unverified().epoch())
            .collect();
        for epoch in EPOCHS {
            let shown = shown.contains(&newsroom::number(epoch));
            match self.ledger.burned.said() {
                Said::Nothing => assert!(shown, "a sheet was lost"),
                _ if epoch != BURNED => assert!(shown, "a sheet was lost"),
                Said::Asked => {}
                Said::Done => assert!(!shown, "a burned epoch has a sheet"),
            }
        }
    }

    fn check_replies(&mut self) {
        let intake = self.intake.as_ref().unwrap();
        for source in 0..self.ledger.pushed.len() {
            let reply = newsroom::reply(source).unwrap();
            let shown = intake.mailboxes().shows(&self.disk, reply);
            match (self.ledger.pushed[source], self.ledger.erased[source]) {
                (Said::Nothing, _) | (_, Said::Done) => assert!(!shown, "reply {source} is there"),
                (Said::Done, Said::Nothing) => assert!(shown, "reply {source} was lost"),
                (Said::Asked, _) | (Said::Done, Said::Asked) => {}
            }
        }
    }

    fn check_couriers(&mut self) {
        let known = desk::couriers(&self.disk).unwrap();
        for courier in 0..self.ledger.admitted.len() {
            let credential = [u8::try_from(courier).unwrap(); 32];
            let admitted = desk::admits(&known, &credential);
            match (self.ledger.admitted[courier], self.ledger.revoked[courier]) {
                (Said::Nothing, _) | (_, Said::Done) => assert!(!admitted, "{courier} is admitted"),
                (Said::Done, Said::Nothing) => assert!(admitted, "{courier} is not admitted"),
                (Said::Asked, _) | (Said::Done, Said::Asked) => {}
            }
        }
        assert!(desk::admits(&known, &[COURIER; 32]), "a courier was lost");
    }

    /// Everything that has arrived is on the shelf, and is what was sent.
    pub(super) async fn check_shelf(&mut self) {
        let listed = self.listing().await.unwrap();
        for one in &self.ledger.sent {
            let shown = listed.iter().filter(|drop| drop.tree == one.envelope.tree);
            let (least, most) = one.bounds(&self.ledger, self.today());
            let shown: Vec<_> = shown.collect();
            assert!(
                (least..=most).contains(&shown.len()),
                "{shown:?} of {one:?}"
            );
            for drop in shown {
                let fetched = Request::new(format!("GET /drops/{}", drop.id));
                let fetched = self.collect(fetched).await.unwrap();
                assert!(fetched.body == one.envelope.bytes(), "altered: {one:?}");
            }
        }
    }

    /// What the newsroom can see now.
    pub(super) async fn listing(&self) -> Option<Vec<ListedDrop>> {
        let answer = self.collect(Request::new("GET /listing")).await?;
        let listed = (answer.status == 200).then(|| unframe(&answer.body).unwrap().to_vec())?;
        Some(ListedDrop::decode_list(&listed).unwrap())
    }
}

/// A number below this one.
pub(super) fn below(chance: &mut ChaCha20Rng, choices: u64) -> u64 {
    use rand_core::Rng as _;
    chance.next_u64() % choices
}
