//! The week.

use std::path::Path;
use std::process::Stdio;

use knothole_envelope::Codename;
use knothole_tests::{Broom, Newsroom, Process, Programs, Said, Server};

use super::evidence::{Cores, Evidence, Locked, SaidInTheWeek, Taken, fingerprint};
use super::house::House;
use super::line::Line;
use super::memory;
use super::planted::Planted;
use super::source::{Source, in_shm};

/// Weekdays, counted from Monday.
const MONDAY: u32 = 0;
const TUESDAY: u32 = 1;
const WEDNESDAY: u32 = 2;
const THURSDAY: u32 = 3;
const FRIDAY: u32 = 4;
const SUNDAY: u32 = 6;
/// The epoch of the first week may be burned 23 days after its last.
const WEEK_OF_THE_BURN: u32 = 5;
const TWO: [usize; 2] = [0, 2];
const ALL: [usize; 3] = [0, 1, 2];

/// Who sends twice: entropy of 16 bytes 7f, and the check word.
const CLERK: &str =
    "legal winner thank year wave sausage worth useful legal winner thank yellow trim";
/// Who is interrupted: 16 bytes 80.
const GUARD: &str = "letter advice cage absurd amount doctor acoustic avoid letter advice cage \
                     above spin";

const FILES: [(&str, usize); 4] = [
    ("recording-of-the-ministry.mov", 3_141_593),
    ("second-half-of-the-recording.mov", 2_718_281),
    ("payroll-of-the-colonels.mov", 17_320_508),
    ("picnic-at-the-barracks.jpg", 1_234_567),
];
const MESSAGES: [&str; 4] = [
    "I was in the room: 局里的人都在",
    "This is what they said after the pause",
    "The payroll is real, and so are the names",
    "She stands on the left in this picture",
];
const ANSWER: &str = "We have both halves. Who else was in the room?";
const PASSPHRASE: &str = "a passphrase for the resume file";
/// So much goes over the line before it dies under a sender, and under a courier.
const BEFORE_A_SENDER_IS_CUT: usize = 9_000_000;
const BEFORE_A_COURIER_IS_CUT: usize = 2_500_000;

/// Lives through the week, and gives all that was taken in it.
pub(crate) fn a_week() -> Evidence {
    let built = Programs::built().unwrap();
    let folder = built.target().join("seized");
    let taken = Taken(Broom::new_folder(&folder, "taken-").unwrap());
    memory::allow_cores();
    let mut line = None;
    let house = House::found_over(|port| {
        let found = Line::to(port, &taken.path("line"));
        line.insert(found).port()
    });
    let way_back = Codename::from_bytes([0x7f; 16]).way_back(&fingerprint(&house.address));
    let mut week = Week {
        line: line.unwrap(),
        planted: planted(&house),
        cores: Cores {
            shell: memory::a_shell_leaves_a_core(&taken.path("shell")),
            ..Cores::default()
        },
        locked: Locked::default(),
        before: None,
        house,
        taken,
    };
    let held = &content(0)[..1 << 15];
    memory::take_of_one_that_holds(held, &week.taken.path("memory-with-content"));
    week.tuesday();
    let seizure = week.wednesday();
    let one_vault = week.thursday();
    let (replies, opened) = week.the_newsroom_answers();
    let seizure_at_the_end = week.sunday();
    let (burned, not_burned) = week.burn();
    let seizure_with_onions = week.a_server_with_onions();
    Evidence {
        look: week.planted.look(),
        taken: week.taken,
        way_back,
        cores: week.cores,
        locked: week.locked,
        said: SaidInTheWeek {
            seizure,
            seizure_at_the_end,
            seizure_with_onions,
            one_vault,
            burned,
            not_burned,
            replies,
            answer: ANSWER.to_owned(),
            opened,
        },
    }
}

struct Week {
    house: House,
    line: Line,
    taken: Taken,
    planted: Planted,
    cores: Cores,
    locked: Locked,
    /// The air-gapped machine before anything was opened on it.
    before: Option<Newsroom>,
}

impl Week {
    /// A clerk sends, a guard is interrupted, and somebody sends a photograph without what it says.
    fn tuesday(&mut self) {
        self.house.go_on_to(1, TUESDAY);
        let clerk = self.source("clerk", Some(CLERK));
        self.sends(&clerk, 0, "14:41:17", &[]);
        self.a_guard_is_interrupted();
        let somebody = self.source("somebody", None);
        self.sends(&somebody, 3, "21:08:33", &["--clean"]);
        self.house.it_is("23:11:59");
        self.take_memory(self.house.server.id().unwrap(), "server-memory-on-tuesday");
    }

    fn a_guard_is_interrupted(&mut self) {
        let guard = self.source("guard", Some(GUARD));
        let hour = "17:23:05";
        self.planted.hour(self.house.it_is(hour), hour);
        let file = guard.has(FILES[2].0, &content(2));
        let before = in_shm();
        self.line.dies_after(BEFORE_A_SENDER_IS_CUT);
        let mut sender = guard.begin(&self.house, (&file, "notes"), MESSAGES[2], PASSPHRASE);
        self.line.wait_until_dead();
        self.take_memory(sender.id(), "sender-memory");
        self.cores.sender = memory::abort(&mut sender);
        self.line.lives();
        guard.keep_what_came(&before);
    }

    /// The clerk sends again. Then the server is taken for the first time.
    fn wednesday(&mut self) -> [Said; 2] {
        self.house.go_on_to(1, WEDNESDAY);
        let clerk = self.source("clerk-again", Some(CLERK));
        self.sends(&clerk, 1, "13:52:46", &[]);
        let server = &self.house.server;
        let seizure = [&["seizure"][..], &["seizure", "--json"]];
        let seizure = seizure.map(|words| server.ask(words).unwrap());
        let process = server.id().unwrap();
        self.take_memory(process, "server-memory");
        memory::send_abort(process);
        self.cores.server = memory::left_core(self.house.server.stop().unwrap());
        self.taken.copy(&self.house.folder("server"), "server");
        self.house.server.start().unwrap();
        seizure
    }

    /// The courier is cut off and fetches again, and the newsroom cannot open with one vault.
    fn thursday(&mut self) -> Vec<Said> {
        self.house.go_on_to(1, THURSDAY);
        self.line.dies_after(BEFORE_A_COURIER_IS_CUT);
        let mut fetching = self.house.courier.fetching();
        fetching.stdout(Stdio::null()).stderr(Stdio::null());
        let mut courier = Process::start(fetching).unwrap();
        self.line.wait_until_dead();
        self.take_memory(courier.id(), "courier-memory");
        self.cores.courier = memory::abort(&mut courier);
        self.line.lives();
        let sync = self.house.courier.online("sync").unwrap();
        sync.done().unwrap();
        self.taken.copy(&self.house.folder("courier-0"), "courier");
        let stick = self.house.courier.stick();
        let take = ["open", stick.to_str().unwrap()];
        self.house.airgap(&take, &TWO).done().unwrap();
        self.taken.copy(&self.house.folder("airgap"), "air-gap");
        self.before = Some(self.house.copy_of_the_air_gap());
        self.cores.offline = self.an_offline_program_is_aborted();
        self.one_vault_opens_nothing()
    }

    /// With the vault, and its passphrase, of one editor.
    fn one_vault_opens_nothing(&mut self) -> Vec<Said> {
        let before = self.before.as_ref().unwrap();
        let (open, files) = self.house.open_what_is_there(before, &[1]);
        let commands = [
            &["list"][..],
            &["show", "1"],
            &["export", "1", "--to", files.to_str().unwrap()],
        ];
        let said = commands.map(|words| before.with_archive(words, &[1]).unwrap());
        self.taken.copy(&files, "opened-alone");
        [vec![open], said.into()].concat()
    }

    /// It waits for a passphrase, and none comes: the first one, and then a second one.
    fn an_offline_program_is_aborted(&mut self) -> bool {
        let waits = [
            ("offline-memory-locked", &[][..], 0),
            ("offline-memory-with-one-vault", &[0], 1),
        ];
        let left = waits.map(|(name, editors, one_more)| {
            let before = self.before.as_ref().unwrap();
            let waits = before.waits_for(&["show", "1"], editors, one_more);
            let mut process = waits.unwrap();
            memory::wait_until_it_reads(&mut process);
            self.take_memory(process.id(), name);
            memory::abort(&mut process)
        });
        left.contains(&true)
    }

    /// Two editors open and answer, and the clerk comes back for it.
    fn the_newsroom_answers(&mut self) -> (Said, usize) {
        let (said, opened) = self.house.open(&TWO, &[]);
        said.done().unwrap();
        let drops: Vec<_> = std::fs::read_dir(&opened)
            .unwrap()
            .map(|drop| drop.unwrap())
            .collect();
        for drop in &drops {
            let folder = drop.path();
            let message = std::fs::read_to_string(folder.join("message.txt")).unwrap();
            if message == MESSAGES[3] {
                self.plant_the_cleaned_copy(&folder);
            }
            if message == MESSAGES[1] {
                let answer = self.house.folder("answer");
                std::fs::write(&answer, ANSWER).unwrap();
                let name = drop.file_name().into_string().unwrap();
                let answer = answer.to_str().unwrap();
                let reply = ["reply", &name, "--yes", "--message-file", answer];
                self.house.airgap(&reply, &TWO).done().unwrap();
            }
        }
        self.taken
            .copy(&self.house.folder("airgap"), "air-gap-after-opening");
        self.house.go_on_to(1, FRIDAY);
        self.house.carry_out(&TWO);
        self.taken
            .copy(&self.house.folder("courier-0"), "courier-after-the-push");
        self.house.go_on_to(1, SUNDAY);
        let clerk = self.source("clerk-at-last", Some(CLERK));
        let before = in_shm();
        let replies = clerk.read(&self.house);
        clerk.keep_what_came(&before);
        (replies, drops.len())
    }

    /// What is sealed of the photograph has another length than the photograph.
    fn plant_the_cleaned_copy(&mut self, opened: &Path) {
        let files = std::fs::read_dir(opened).unwrap();
        let lengths = files.map(|file| file.unwrap().metadata().unwrap().len());
        let cleaned = lengths.max().unwrap();
        self.planted.size(usize::try_from(cleaned).unwrap());
    }

    /// The server is taken again, after everything was opened and answered.
    fn sunday(&mut self) -> [Said; 2] {
        let server = &mut self.house.server;
        let process = server.id().unwrap();
        let running = server.ask(&["seizure", "--json"]).unwrap();
        memory::take(process, &self.taken.path("server-memory-at-the-end"));
        server.stop().unwrap();
        let stopped = server.ask(&["seizure", "--json"]).unwrap();
        self.taken
            .copy(&self.house.folder("server"), "server-at-the-end");
        self.house.server.start().unwrap();
        [running, stopped]
    }

    /// All editors burn the epoch of the week. Then the archive of before is opened with the vaults
    /// of today, and with its own.
    fn burn(&mut self) -> (Said, Said) {
        self.house.leap_to(WEEK_OF_THE_BURN, MONDAY);
        // What lies on the stick was opened. With the keys of that week somebody sends.
        self.house.empty_stick();
        self.house.courier.online("sync").unwrap().done().unwrap();
        let said = self.house.send(b"a film", "of another week", None);
        said.done().unwrap();
        self.house.go_on_to(WEEK_OF_THE_BURN, WEDNESDAY);
        self.house.courier.online("sync").unwrap().done().unwrap();
        let (said, _) = self.house.open(&TWO, &[]);
        assert_eq!(said.code, Some(0), "{said:?}");
        let burn = ["epochs", "burn", "1", "--yes"];
        self.house.airgap(&burn, &ALL).done().unwrap();
        let before = self.before.as_ref().unwrap();
        let seized = self.house.copy_of(before, "seized");
        for editor in ALL {
            std::fs::copy(self.house.newsroom.vault(editor), seized.vault(editor)).unwrap();
        }
        let (burned, files) = self.house.open_what_is_there(&seized, &ALL);
        assert_eq!(std::fs::read_dir(files).unwrap().count(), 0);
        let (not_burned, _) = self.house.open_what_is_there(before, &TWO);
        (burned, not_burned)
    }

    /// Another server, that has its own onions and has never run.
    fn a_server_with_onions(&self) -> Said {
        let folder = self.house.folder("with-onions");
        let lines = "danger_tor_log = \"info\"\ndanger_batch = \"60s\"";
        let server = Server::new(&self.house.programs, &folder, lines).unwrap();
        server.ask(&["init"]).unwrap().done().unwrap();
        server.ask(&["seizure", "--json"]).unwrap()
    }

    fn source(&self, name: &str, words: Option<&'static str>) -> Source {
        let machine = self.taken.path("sources").join(name);
        Source::new(&machine, &self.house, words)
    }

    /// A source sends one of the files at this hour.
    fn sends(&mut self, source: &Source, number: usize, hour: &str, more: &[&str]) {
        self.planted.hour(self.house.it_is(hour), hour);
        let file = source.has(FILES[number].0, &content(number));
        source.send(&self.house, &file, MESSAGES[number], more);
    }

    fn take_memory(&mut self, process: u32, name: &str) {
        let locked = memory::locked_kib(process);
        self.locked.insert(name.to_owned(), locked);
        memory::take(process, &self.taken.path(name));
    }
}

/// All that is known before the week begins.
fn planted(house: &House) -> Planted {
    let mut planted = Planted::default();
    for (number, (name, _)) in FILES.into_iter().enumerate() {
        planted.words(name);
        let bytes = content(number);
        planted.size(bytes.len());
        planted.content(&bytes);
    }
    for text in MESSAGES
        .into_iter()
        .chain([CLERK, GUARD, ANSWER, PASSPHRASE])
    {
        planted.words(text);
    }
    for entropy in [0x7f, 0x80] {
        let way = Codename::from_bytes([entropy; 16]);
        planted.way_back(&way.way_back(&fingerprint(&house.address)));
    }
    planted
}

/// The bytes of a file. The last one is a photograph that says a lot, of which only what it shows
/// is to arrive.
fn content(number: usize) -> Vec<u8> {
    let (_, length) = FILES[number];
    let noise = noise(number, length);
    if number < 3 {
        return noise;
    }
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../client/inspect/tests/samples/phone.jpg"
    );
    let sample = std::fs::read(sample).unwrap();
    let (front, end) = sample.split_at(sample.len() - 2);
    // A coded picture goes on for as long as no byte begins a marker.
    let picture = noise
        .into_iter()
        .map(|byte| byte & 0x7f)
        .collect::<Vec<_>>();
    [front, &picture, end].concat()
}

/// Bytes that do not repeat (xorshift64*), others for each number.
fn noise(number: usize, length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::try_from(number + 1).unwrap();
    let mut bytes = Vec::with_capacity(length.next_multiple_of(8));
    while bytes.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
