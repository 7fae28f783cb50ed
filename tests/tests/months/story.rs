//! The story.

use std::path::Path;
use std::process::Command;

use knothole_tests::Newsroom;

use super::house::House;
use super::ledger::Ledger;
use super::source::Source;

/// Weekdays, counted from Monday.
const TUESDAY: u32 = 1;
const THURSDAY: u32 = 3;
pub(crate) const FRIDAY: u32 = 4;
pub(crate) const SATURDAY: u32 = 5;
pub(crate) const SUNDAY: u32 = 6;

/// How the programs end.
pub(crate) const REFUSED: i32 = 1;
const PARTLY: i32 = 4;
const NOT_FOR_THESE_KEYS: i32 = 5;
/// An epoch is burned in the fourth week after it.
pub(crate) const WEEKS_TO_BURN: u32 = 4;

#[test]
fn three_months_of_a_newsroom() {
    let mut story = Story::begin();
    story.weeks_go_by(1..=1);
    let backup = story.a_backup_of_the_server();
    let older = story.a_week_of_which_a_copy_is_kept(2);
    story.a_stick_is_lost(3);
    story.a_bundle_is_doubled(4);
    story.a_bundle_is_altered(5);
    story.an_editor_leaves_and_one_joins(6);
    story.weeks_go_by(7..=7);
    story.the_courier_is_stolen(8);
    story.weeks_go_by(9..=9);
    story.the_server_shows_an_older_charter(10, &backup);
    story.weeks_go_by(11..=13);
    story.what_was_burned_opens_for_nobody(&older);
    story.the_server_lets_go_of_what_was_signed_off(14);
    assert_eq!(story.ledger.unopened(), 0);
    assert_eq!(story.ledger.unanswered(), 0);
}

pub(crate) struct Story {
    pub(crate) house: House,
    pub(crate) ledger: Ledger,
    /// The editors of today.
    pub(crate) editors: Vec<usize>,
    /// Drops that were sent since an outbox last went back: no receipt can name them.
    unsigned: usize,
}

impl Story {
    fn begin() -> Self {
        Self {
            house: House::found(),
            ledger: Ledger::default(),
            editors: vec![0, 1, 2],
            unsigned: 0,
        }
    }

    /// Weeks in which nothing else happens.
    fn weeks_go_by(&mut self, weeks: core::ops::RangeInclusive<u32>) {
        for week in weeks {
            self.sources_write(week);
            self.the_courier_fetches(week);
            self.the_newsroom_opens(2);
            self.the_outbox_goes_back(week);
        }
    }

    /// An ordinary week, and the air-gapped machine as it was before its drops were opened.
    fn a_week_of_which_a_copy_is_kept(&mut self, week: u32) -> Newsroom {
        self.sources_write(week);
        self.the_courier_fetches(week);
        let stick = self.house.courier.stick();
        let take = ["open", stick.to_str().unwrap()];
        self.house.airgap(&take, &self.two()).done().unwrap();
        let copy = self.house.copy_of_the_air_gap();
        self.the_newsroom_opens(2);
        self.the_outbox_goes_back(week);
        copy
    }

    /// With the vaults of today, that is; an older copy of a vault opens what it always opened.
    fn what_was_burned_opens_for_nobody(&mut self, older: &Newsroom) {
        let seized = self.house.copy_of(older, "seized");
        for editor in [0, 1] {
            std::fs::copy(self.house.newsroom.vault(editor), seized.vault(editor)).unwrap();
        }
        let (said, files) = self.house.open_what_is_there(&seized, &[0, 1]);
        assert_eq!(said.code, Some(NOT_FOR_THESE_KEYS), "{said:?}");
        assert_eq!(std::fs::read_dir(files).unwrap().count(), 0);
        let (said, files) = self.house.open_what_is_there(older, &[0, 1]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(std::fs::read_dir(files).unwrap().count(), 2);
    }

    /// A week in which nobody writes: what waited has its grace behind it.
    fn the_server_lets_go_of_what_was_signed_off(&mut self, week: u32) {
        self.house.go_on_to(week, SUNDAY);
        assert_eq!(self.house.visible(), 0);
    }

    fn a_stick_is_lost(&mut self, week: u32) {
        self.sources_write(week);
        self.the_courier_fetches(week);
        self.house.empty_stick();
        let stick = self.house.courier.stick();
        let again = ["fetch", "--again", stick.to_str().unwrap()];
        self.house
            .courier
            .ask_online(&again)
            .unwrap()
            .done()
            .unwrap();
        let (said, _) = self.house.open(&self.two(), &[]);
        assert_eq!(said.code, Some(REFUSED), "{said:?}");
        assert!(said.err.contains("is missing"), "{said:?}");
        let (said, folder) = self.house.open(&self.two(), &["--lost"]);
        said.done().unwrap();
        assert_eq!(self.ledger.strike_off(&folder), 2);
        self.the_newsroom_answers(&folder);
        self.the_outbox_goes_back(week);
    }

    fn a_bundle_is_doubled(&mut self, week: u32) {
        self.sources_write(week);
        self.the_courier_fetches(week);
        self.the_newsroom_opens(2);
        let (said, folder) = self.house.open(&self.two(), &[]);
        assert!(said.err.contains("taken before"), "{said:?}");
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(self.ledger.strike_off(&folder), 0);
        self.the_outbox_goes_back(week);
    }

    fn a_bundle_is_altered(&mut self, week: u32) {
        self.sources_write(week);
        self.the_courier_fetches(week);
        let bundle = self.house.bundles().pop().unwrap();
        let whole = self.house.folder("whole-bundle");
        copy(&bundle, &whole);
        let part = largest(&bundle);
        let mut bytes = std::fs::read(&part).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&part, bytes).unwrap();
        let (said, folder) = self.house.open(&self.two(), &[]);
        assert_eq!(said.code, Some(PARTLY), "{said:?}");
        assert!(said.err.contains("not what the courier wrote"), "{said:?}");
        assert_eq!(self.ledger.strike_off(&folder), 1);
        self.the_newsroom_answers(&folder);
        // The stick as the courier wrote it.
        std::fs::remove_dir_all(&bundle).unwrap();
        copy(&whole, &bundle);
        self.the_newsroom_opens(1);
        self.the_outbox_goes_back(week);
    }

    fn the_courier_is_stolen(&mut self, week: u32) {
        self.sources_write(week);
        let list = self
            .house
            .server
            .ask(&["courier", "list"])
            .unwrap()
            .done()
            .unwrap();
        let name = list.split_whitespace().next().unwrap().to_owned();
        let stolen = self.house.replace_courier();
        let stolen_card = stolen.card();
        self.house
            .server
            .ask(&["courier", "revoke", &name])
            .unwrap()
            .done()
            .unwrap();
        self.house.admit(&self.two());
        let remove = [
            "newsroom",
            "courier",
            stolen_card.to_str().unwrap(),
            "--remove",
        ];
        self.house.airgap(&remove, &self.two()).done().unwrap();
        self.house.go_on_to(week, THURSDAY);
        let said = stolen.online("sync").unwrap();
        assert_ne!(said.code, Some(0), "{said:?}");
        // The new one has no outbox yet, and fetches all the same.
        self.house.courier.online("sync").unwrap().done().unwrap();
        self.the_newsroom_opens(2);
        // What the stolen one pushed last goes again, and the server shows it to nobody twice.
        self.the_outbox_goes_back(week);
    }

    fn a_backup_of_the_server(&self) -> std::path::PathBuf {
        let backup = self.house.folder("backup");
        copy(&self.house.folder("server/data/store"), &backup);
        backup
    }

    fn the_server_shows_an_older_charter(&mut self, week: u32, backup: &Path) {
        self.house.go_on_to(week, 0);
        self.house.server.stop().unwrap();
        for paper in ["charter", "sheets", "epochs"] {
            let held = self.house.folder("server/data/store").join(paper);
            std::fs::copy(backup.join(paper), held).unwrap();
        }
        self.house.server.start().unwrap();
        // A source is turned away: the old keys are not for today.
        let said = self.house.send(b"a film", "words", None);
        assert_ne!(said.code, Some(0), "{said:?}");
        // The courier says so, and brings the newer charter back.
        self.house.go_on_to(week, 1);
        let said = self.house.courier.online("sync").unwrap();
        assert_eq!(said.code, Some(PARTLY), "{said:?}");
        assert!(said.out.contains("the server showed charter 1"), "{said:?}");
        self.weeks_go_by_from(week, 2);
    }

    fn weeks_go_by_from(&mut self, week: u32, weekday: u32) {
        self.sources_write_on(week, weekday);
        self.the_courier_fetches(week);
        self.the_newsroom_opens(2);
        self.the_outbox_goes_back(week);
    }

    pub(crate) fn sources_write(&mut self, week: u32) {
        self.sources_write_on(week, TUESDAY);
    }

    pub(crate) fn sources_write_on(&mut self, week: u32, weekday: u32) {
        self.house.go_on_to(week, weekday);
        for source in Source::of_week(week) {
            let sent = self.ledger.write(self.house.week(), source.name());
            let said = self
                .house
                .send(&sent.contents, &sent.message, source.words());
            said.done().unwrap();
            self.unsigned += 1;
        }
    }

    pub(crate) fn the_courier_fetches(&mut self, week: u32) {
        self.the_courier_fetches_on(week, THURSDAY);
    }

    pub(crate) fn the_courier_fetches_on(&mut self, week: u32, weekday: u32) {
        self.house.go_on_to(week, weekday);
        self.house.empty_stick();
        self.house.courier.online("sync").unwrap().done().unwrap();
    }

    pub(crate) fn the_newsroom_opens(&mut self, wanted: usize) {
        let (said, folder) = self.house.open(&self.two(), &[]);
        said.done().unwrap();
        assert_eq!(self.ledger.strike_off(&folder), wanted);
        self.the_newsroom_answers(&folder);
    }

    /// Answers each drop of a folder of opened ones whose source can be answered.
    fn the_newsroom_answers(&mut self, opened: &Path) {
        for drop in std::fs::read_dir(opened).unwrap() {
            let drop = drop.unwrap();
            let asked = std::fs::read_to_string(drop.path().join("message.txt")).unwrap();
            let Some(source) = Source::ALL
                .into_iter()
                .find(|source| asked.starts_with(source.name()))
            else {
                continue;
            };
            let name = drop.file_name().into_string().unwrap();
            let file = self.house.folder("answer");
            let path = file.to_str().unwrap();
            let reply = ["reply", &name, "--yes", "--message-file", path];
            if source.words().is_some() {
                std::fs::write(&file, self.ledger.answer(source.name())).unwrap();
                self.house.airgap(&reply, &self.two()).done().unwrap();
            } else {
                let said = self.house.airgap(&reply, &self.two());
                assert_eq!(said.code, Some(REFUSED), "{said:?}");
            }
        }
    }

    /// Both sources with words come back: what was answered, each of it once, then nothing. What they
    /// erased does not come again.
    fn sources_come_back(&mut self) {
        for source in Source::ALL {
            let Some(words) = source.words() else {
                continue;
            };
            let read = self.house.read_replies(words);
            for answer in self.ledger.read_answers(source.name()) {
                assert!(!read.out.contains(answer), "{answer}: {read:?}");
            }
            for answer in self.ledger.take_answers(source.name()) {
                assert_eq!(read.out.matches(&answer).count(), 1, "{read:?}");
            }
            let again = self.house.read_replies(words);
            assert!(!again.out.contains("answers"), "{again:?}");
        }
    }

    fn the_outbox_goes_back(&mut self, week: u32) {
        if let Some(epoch @ 1..) = week.checked_sub(WEEKS_TO_BURN) {
            self.the_newsroom_burns(epoch);
        }
        self.house.go_on_to(week, FRIDAY);
        self.an_outbox_goes();
        self.house.go_on_to(week, SUNDAY);
        self.sources_come_back();
    }

    /// Lays an outbox and carries it to the server, which has let go of nothing before that.
    pub(crate) fn an_outbox_goes(&mut self) {
        let visible = self.house.visible();
        assert!(visible >= self.unsigned, "{visible} of {}", self.unsigned);
        self.house.carry_out(&self.two());
        self.unsigned = 0;
    }

    /// Burns an epoch in all vaults, and cannot burn the one after it.
    pub(crate) fn the_newsroom_burns(&self, epoch: u32) {
        assert_eq!(self.ledger.unopened_of(epoch), 0);
        let next = (epoch + 1).to_string();
        let early = ["epochs", "burn", &next, "--yes"];
        let said = self.house.airgap(&early, &self.editors);
        assert_eq!(said.code, Some(REFUSED), "{said:?}");
        let epoch = epoch.to_string();
        let burn = ["epochs", "burn", &epoch, "--yes"];
        self.house.airgap(&burn, &self.editors).done().unwrap();
    }

    /// Two of today's editors, others each week.
    fn two(&self) -> [usize; 2] {
        let week = usize::try_from(self.house.week()).unwrap();
        let [first, second] = [week % 3, (week + 1) % 3];
        [
            self.editors[first.min(second)],
            self.editors[first.max(second)],
        ]
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// The largest file of a folder.
fn largest(folder: &Path) -> std::path::PathBuf {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap());
    let largest = entries.max_by_key(|entry| entry.metadata().unwrap().len());
    largest.unwrap().path()
}
