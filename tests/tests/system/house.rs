//! A newsroom with its server and its courier, ready to take drops.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{Broom, Courier, Newsroom, Said, Server};

use super::stage::Stage;

/// How long a batch may take: it is two seconds here, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long between two questions.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) newsroom: Newsroom,
    pub(crate) courier: Courier,
    /// The public one.
    pub(crate) onion: String,
    /// What opens is written into memory only, as on the real machine.
    pub(crate) opened: Broom,
    stage: &'static Stage,
    folder: PathBuf,
}

impl House {
    /// A house whose server serves its charter and its first sheet.
    pub(crate) fn open(stage: &'static Stage, test: &str, editors: usize, quorum: u8) -> Self {
        let (server, onion) = stage.server(test);
        Self::around(stage, test, (server, &onion), editors, quorum)
    }

    /// The same, around a server for which `init` has been run, and its public onion.
    pub(crate) fn around(
        stage: &'static Stage,
        test: &str,
        (mut server, onion): (Server, &str),
        editors: usize,
        quorum: u8,
    ) -> Self {
        let folder = stage.folder(test);
        let newsroom = Newsroom::new(&stage.programs, &folder.join("airgap"), editors, 4).unwrap();
        let address = newsroom.found(quorum, onion).unwrap();
        let (_, fingerprint) = address.split_once('#').unwrap();
        let courier =
            Courier::new(&stage.programs, &folder.join("courier"), &stage.arti_way()).unwrap();
        let everyone: Vec<usize> = (0..editors).collect();
        let (card, stick) = (courier.card(), courier.stick());
        let (card, stick) = (card.to_str().unwrap(), stick.to_str().unwrap());
        for command in [&["newsroom", "courier", card][..], &["outbox", stick]] {
            let said = newsroom.with_archive(command, &everyone).unwrap();
            said.done().unwrap();
        }
        server.ask(&["trust", fingerprint]).unwrap().done().unwrap();
        let collection = server.ask(&["courier", "add", card]).unwrap().done();
        server.start().unwrap();
        let pair = ["pair", &collection.unwrap(), fingerprint];
        courier.offline(&pair).unwrap().done().unwrap();
        courier.online("push").unwrap().done().unwrap();
        std::fs::write(folder.join("address"), format!("{address}\n")).unwrap();
        std::fs::write(folder.join("message"), MESSAGE).unwrap();
        Self {
            server,
            newsroom,
            courier,
            onion: onion.to_owned(),
            opened: Broom::new_folder(Path::new("/dev/shm"), "knothole-test-").unwrap(),
            stage,
            folder,
        }
    }

    /// A file of a source: `length` bytes that do not repeat.
    pub(crate) fn file(&self, name: &str, length: usize) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, noise(length)).unwrap();
        path
    }

    /// The source's command that sends `file` and [`MESSAGE`].
    pub(crate) fn sending(&self, file: &Path, way: &[String]) -> Command {
        let mut command = self.stage.programs.command("knothole-send");
        command
            .arg("send")
            .arg(file)
            .arg("--no-reply")
            .arg("--address-file")
            .arg(self.folder.join("address"))
            .arg("--message-file")
            .arg(self.folder.join("message"))
            .args(way);
        command
    }

    /// The same, with the words that were read from this descriptor, and so with a way back.
    pub(crate) fn sending_with_words(&self, file: &Path, way: &[String]) -> Command {
        let mut command = self.sender("send", way);
        command
            .arg(file)
            .arg("--message-file")
            .arg(self.folder.join("message"))
            .args(["--words-fd", "0"])
            .stdin(self.words());
        command
    }

    /// The source's command that seals `files` and [`MESSAGE`] into `out`, with a way back.
    pub(crate) fn sealing_with_words(
        &self,
        files: &[PathBuf],
        out: &Path,
        way: &[String],
    ) -> Command {
        let mut command = self.sender("seal", way);
        command
            .args(files)
            .arg("--message-file")
            .arg(self.folder.join("message"))
            .arg("--out")
            .arg(out)
            .args(["--keep", "--words-fd", "0"])
            .stdin(self.words());
        command
    }

    /// The source's command that reads its replies.
    pub(crate) fn collecting(&self, way: &[String]) -> Command {
        let mut command = self.sender("replies", way);
        command
            .args(["--json", "--words-fd", "0"])
            .stdin(self.words());
        command
    }

    fn sender(&self, word: &str, way: &[String]) -> Command {
        let mut command = self.stage.programs.command("knothole-send");
        command
            .arg(word)
            .arg("--address-file")
            .arg(self.folder.join("address"))
            .args(way);
        command
    }

    fn words(&self) -> File {
        let path = self.folder.join("words");
        std::fs::write(&path, format!("{WORDS}\n")).unwrap();
        File::open(path).unwrap()
    }

    /// Carries what the air-gapped machine has for the server, receipts among it, to the server.
    pub(crate) fn carry_back(&self, editors: &[usize]) {
        let stick = self.courier.stick();
        let outbox = ["outbox", stick.to_str().unwrap()];
        let said = self.newsroom.with_archive(&outbox, editors).unwrap();
        said.done().unwrap();
        self.courier.online("push").unwrap().done().unwrap();
    }

    /// How many drops the newsroom can see, as the server says.
    pub(crate) fn drops(&self) -> String {
        let status = self.server.ask(&["status"]).unwrap().out;
        let line = "drops the newsroom can see: ";
        let count = status.lines().find_map(|found| found.strip_prefix(line));
        count.unwrap().to_owned()
    }

    /// Waits until the newsroom can see so many drops: they become visible together.
    pub(crate) fn wait_for_drops(&self, wanted: usize) {
        let start = Instant::now();
        while self.drops() != wanted.to_string() {
            assert!(start.elapsed() < PATIENCE, "the drops never became visible");
            thread::sleep(LOOK);
        }
    }

    /// Carries what became visible to the air-gapped machine, and opens it with these editors.
    pub(crate) fn fetch_and_open(&self, editors: &[usize]) -> String {
        self.courier.online("fetch").unwrap().done().unwrap();
        self.open_bundles(editors)
    }

    /// Opens what is on the stick with these editors.
    pub(crate) fn open_bundles(&self, editors: &[usize]) -> String {
        let bundles = self.bundles();
        let said = open(&self.newsroom, &bundles, self.opened.path(), editors);
        said.done().unwrap()
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

    /// The folder of the server, the courier with its stick, and everything else.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether a file was opened that has these contents.
    pub(crate) fn has_opened(&self, contents: &[u8]) -> bool {
        opened(self.opened.path())
            .iter()
            .any(|opened| opened == contents)
    }
}

/// Opens these bundles with these editors, into the folder `files`.
pub(crate) fn open(
    newsroom: &Newsroom,
    bundles: &[PathBuf],
    files: &Path,
    editors: &[usize],
) -> Said {
    let mut arguments: Vec<OsString> = vec!["open".into()];
    arguments.extend(bundles.iter().map(OsString::from));
    arguments.extend(["--files".into(), files.into()]);
    newsroom.with_archive(&arguments, editors).unwrap()
}

/// The contents of all files beneath a folder, in no order.
pub(crate) fn opened(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(opened(&path));
        } else {
            found.push(std::fs::read(path).unwrap());
        }
    }
    found
}

/// What every source of these tests says.
pub(crate) const MESSAGE: &str = "这段录像是我在局里拍的。请不要说出我是谁。";

/// The words of a source: those of sixteen zero bytes, which nobody draws.
pub(crate) const WORDS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                     abandon about smoke";

/// Bytes that do not repeat (xorshift64*), the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
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
