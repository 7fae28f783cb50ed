//! A newsroom, its server, its courier and its sources, all by one clock.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use knothole_envelope::{Day, OnionAddress};
use knothole_tests::{Broom, Clock, Courier, Newsroom, Programs, Said, Server, Shortcut, finish};

/// A Monday.
const FIRST_DAY: &str = "2027-03-01";
/// Vaults and sheets are made for so many weeks.
const WEEKS: u32 = 26;

pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) newsroom: Newsroom,
    pub(crate) courier: Courier,
    pub(crate) programs: Programs,
    /// What the newsroom printed for its sources.
    pub(crate) address: String,
    clock: Clock,
    first: Day,
    today: Day,
    pub(crate) way: Vec<String>,
    /// What opens is written into memory only, as on the real machine.
    opened: Broom,
    openings: usize,
    _shortcut: Shortcut,
    folder: Broom,
}

impl House {
    /// A newsroom of three editors, of whom two must agree, on its first day.
    pub(crate) fn found() -> Self {
        Self::found_over(|port| port)
    }

    /// The same, whose courier and sources dial the port that `line` gives for the server's own.
    pub(crate) fn found_over(line: impl FnOnce(u16) -> u16) -> Self {
        let built = Programs::built().unwrap();
        let folder = Broom::new_folder(&built.target().join("months"), "run-").unwrap();
        let first: Day = FIRST_DAY.parse().unwrap();
        let clock = Clock::new(folder.path(), first).unwrap();
        let programs = built.living_by(&clock);
        let [public, collection] =
            [1, 2].map(|key| OnionAddress::from_identity(&[key; 32]).to_string());
        let sockets = folder.path().join("sockets");
        let shortcut = Shortcut::start(&sockets, &public, &collection).unwrap();
        let port = line(shortcut.port());
        let way = vec!["--socks".to_owned(), format!("127.0.0.1:{port}")];
        let lines = format!(
            "listen = \"unix:{}\"\npublic_onion = \"{public}\"\ncollection_onion = \"{collection}\"\n\
             batch = \"24h\"\ngrace = \"7d\"",
            sockets.display()
        );
        let server = Server::new(&programs, &folder.path().join("server"), &lines).unwrap();
        server.ask(&["init"]).unwrap().done().unwrap();
        let newsroom = Newsroom::new(&programs, &folder.path().join("airgap"), 3, WEEKS).unwrap();
        let address = newsroom.found(2, &public).unwrap();
        std::fs::write(folder.path().join("address"), format!("{address}\n")).unwrap();
        let courier = Courier::new(&programs, &folder.path().join("courier-0"), &way).unwrap();
        let fingerprint = address.split_once('#').unwrap().1.to_owned();
        server
            .ask(&["trust", &fingerprint])
            .unwrap()
            .done()
            .unwrap();
        let mut house = Self {
            server,
            newsroom,
            courier,
            programs,
            address,
            clock,
            first,
            today: first,
            way,
            opened: Broom::new_folder(Path::new("/dev/shm"), "knothole-test-").unwrap(),
            openings: 0,
            _shortcut: shortcut,
            folder,
        };
        house.admit(&[0, 1]);
        house.server.start().unwrap();
        house.carry_out(&[0, 1]);
        house
    }

    /// The number of today's week, which is that of its epoch: 1 is the first.
    pub(crate) fn week(&self) -> u32 {
        self.today.since(self.first).unwrap() / 7 + 1
    }

    /// Goes on to a day of a week, 0 for Monday; the server begins every day with a new start, for
    /// it counts only the days that it has lived through.
    pub(crate) fn go_on_to(&mut self, week: u32, weekday: u32) {
        let day = self.first.checked_add((week - 1) * 7 + weekday).unwrap();
        assert!(day > self.today, "time goes one way");
        while self.today < day {
            self.today = self.today.checked_add(1).unwrap();
            self.server.stop().unwrap();
            self.clock.set(self.today).unwrap();
            self.server.start().unwrap();
        }
    }

    /// Goes on to a later week without living through the days between; the server starts anew.
    pub(crate) fn leap_to(&mut self, week: u32, weekday: u32) {
        self.today = self.first.checked_add((week - 1) * 7 + weekday).unwrap();
        self.server.stop().unwrap();
        self.clock.set(self.today).unwrap();
        self.server.start().unwrap();
    }

    /// Sets the hour of this day, as in `14:41:17`. Gives the second, counted from 1970.
    pub(crate) fn it_is(&self, hour: &str) -> u64 {
        self.clock.set_to(self.today, hour).unwrap();
        let parts = hour.split(':').map(|part| part.parse::<u64>().unwrap());
        let of_the_day = parts.fold(0, |sum, part| sum * 60 + part);
        u64::from(self.today.get()) * 86_400 + of_the_day
    }

    /// Has server and newsroom know the courier, with the vaults of these editors.
    pub(crate) fn admit(&self, editors: &[usize]) {
        let card = self.courier.card();
        let card = card.to_str().unwrap();
        self.airgap(&["newsroom", "courier", card], editors)
            .done()
            .unwrap();
        let collection = self.server.ask(&["courier", "add", card]).unwrap();
        let collection = collection.done().unwrap();
        let fingerprint = self.address.split_once('#').unwrap().1;
        let pair = ["pair", &collection, fingerprint];
        self.courier.offline(&pair).unwrap().done().unwrap();
    }

    /// A new courier in the place of the one before, which it gives.
    pub(crate) fn replace_courier(&mut self) -> Courier {
        let folder = self.folder(&format!("courier-{}", self.today));
        let fresh = Courier::new(&self.programs, &folder, &self.way).unwrap();
        core::mem::replace(&mut self.courier, fresh)
    }

    /// Runs a command on the air-gapped machine's archive, with these editors' vaults.
    pub(crate) fn airgap(&self, arguments: &[&str], editors: &[usize]) -> Said {
        self.newsroom.with_archive(arguments, editors).unwrap()
    }

    /// Lays an outbox and carries it to the server.
    pub(crate) fn carry_out(&self, editors: &[usize]) {
        let stick = self.courier.stick();
        let outbox = ["outbox", stick.to_str().unwrap()];
        self.airgap(&outbox, editors).done().unwrap();
        self.courier.online("push").unwrap().done().unwrap();
    }

    /// Opens all bundles of the stick with these editors. Gives the folder of what opened.
    pub(crate) fn open(&mut self, editors: &[usize], more: &[&str]) -> (Said, PathBuf) {
        let (arguments, files) = self.opening(more);
        let said = self.newsroom.with_archive(&arguments, editors).unwrap();
        (said, files)
    }

    /// The same on a copy of the air-gapped machine.
    pub(crate) fn open_with(&mut self, newsroom: &Newsroom, editors: &[usize]) -> (Said, PathBuf) {
        let (arguments, files) = self.opening(&[]);
        let said = newsroom.with_archive(&arguments, editors).unwrap();
        (said, files)
    }

    fn opening(&mut self, more: &[&str]) -> (Vec<OsString>, PathBuf) {
        let files = self.folder_for_files();
        let mut arguments: Vec<OsString> = vec!["open".into()];
        arguments.extend(self.bundles().into_iter().map(OsString::from));
        arguments.extend(["--files".into(), files.clone().into()]);
        arguments.extend(more.iter().map(OsString::from));
        (arguments, files)
    }

    /// The air-gapped machine as it is now: vaults and archive.
    pub(crate) fn copy_of_the_air_gap(&self) -> Newsroom {
        let copy = self.folder(&format!("airgap-{}", self.today));
        self.newsroom.copied_to(&copy).unwrap()
    }

    /// A copy of a copy of it.
    pub(crate) fn copy_of(&self, newsroom: &Newsroom, name: &str) -> Newsroom {
        newsroom.copied_to(&self.folder(name)).unwrap()
    }

    /// Opens what lies sealed in an archive. Gives the folder of what opened.
    pub(crate) fn open_what_is_there(
        &mut self,
        newsroom: &Newsroom,
        editors: &[usize],
    ) -> (Said, PathBuf) {
        let files = self.folder_for_files();
        let open: [OsString; 3] = ["open".into(), "--files".into(), files.clone().into()];
        (newsroom.with_archive(&open, editors).unwrap(), files)
    }

    fn folder_for_files(&mut self) -> PathBuf {
        self.openings += 1;
        let files = self.opened.path().join(self.openings.to_string());
        std::fs::create_dir(&files).unwrap();
        files
    }

    /// The number and the first day of the running epoch, as `vault new` takes them.
    pub(crate) fn this_epoch(&self) -> (String, String) {
        let first = self.first.checked_add((self.week() - 1) * 7).unwrap();
        (self.week().to_string(), first.to_string())
    }

    /// The bundles on the stick, in the order in which they were made.
    pub(crate) fn bundles(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.courier.stick()).unwrap();
        let mut bundles: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().contains("/bundle-"))
            .collect();
        bundles.sort();
        bundles
    }

    /// Takes all bundles off the stick.
    pub(crate) fn empty_stick(&self) {
        for bundle in self.bundles() {
            std::fs::remove_dir_all(bundle).unwrap();
        }
    }

    /// A source sends a file and a message, with these words as the way back, or none.
    pub(crate) fn send(&self, contents: &[u8], message: &str, words: Option<&str>) -> Said {
        let (file, text) = (self.folder("film.mov"), self.folder("message"));
        std::fs::write(&file, contents).unwrap();
        std::fs::write(&text, message).unwrap();
        let (file, text) = (file.to_str().unwrap(), text.to_str().unwrap());
        let mut arguments = vec!["send", file, "--message-file", text];
        if words.is_none() {
            arguments.push("--no-reply");
        }
        self.source(&arguments, words)
    }

    /// A source reads all that the newsroom answered, and erases it.
    pub(crate) fn read_replies(&self, words: &str) -> Said {
        let said = self.source(&["replies", "--erase"], Some(words));
        assert_eq!(said.code, Some(0), "{said:?}");
        said
    }

    /// Runs the source's program, which reads the words from a descriptor.
    fn source(&self, arguments: &[&str], words: Option<&str>) -> Said {
        let mut command = match words {
            Some(words) => {
                let file = self.folder("words");
                std::fs::write(&file, words).unwrap();
                let script = format!("exec \"$@\" 3<'{}'", file.display());
                let mut command = self.programs.command_in_shell(&script, "knothole-send");
                command.args(arguments).args(["--words-fd", "3"]);
                command
            }
            None => {
                let mut command = self.programs.command("knothole-send");
                command.args(arguments);
                command
            }
        };
        command.arg("--address-file").arg(self.folder("address"));
        finish(command.args(&self.way)).unwrap()
    }

    /// How many drops the newsroom can see, as the server says.
    pub(crate) fn visible(&self) -> usize {
        let status = self.server.ask(&["status"]).unwrap().done().unwrap();
        let line = "drops the newsroom can see: ";
        let count = status.lines().find_map(|found| found.strip_prefix(line));
        count.unwrap().parse().unwrap()
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
