//! A source's machine: what the source has on a stick, an empty home, an empty folder for temporary
//! files.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use knothole_tests::{Process, Said, finish};

use super::house::House;

/// Where programs put what is to be in memory alone.
const SHM: &str = "/dev/shm";

pub(crate) struct Source {
    /// Home, temporary files, and what came into the shared memory meanwhile: all that is taken.
    pub(crate) machine: PathBuf,
    stick: PathBuf,
    address: String,
    words: Option<&'static str>,
}

impl Source {
    /// A source with these words for the way back, or none.
    pub(crate) fn new(folder: &Path, house: &House, words: Option<&'static str>) -> Self {
        let source = Self {
            machine: folder.join("machine"),
            stick: folder.join("stick"),
            address: house.address.clone(),
            words,
        };
        for made in [source.home(), source.temporary(), source.stick.clone()] {
            std::fs::create_dir_all(made).unwrap();
        }
        source
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.machine.join("home")
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.machine.join("tmp")
    }

    /// Puts a file on its stick.
    pub(crate) fn has(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.stick.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Sends a file and a message, with these arguments, to the end.
    pub(crate) fn send(&self, house: &House, file: &Path, message: &str, more: &[&str]) {
        let before = in_shm();
        let mut command = self.sending(house, file, message, more);
        let said = finish(&mut command).unwrap();
        said.done().unwrap();
        self.keep_what_came(&before);
    }

    /// Begins to send, under this passphrase of a resume file in its home.
    pub(crate) fn begin(
        &self,
        house: &House,
        (file, resume): (&Path, &str),
        message: &str,
        passphrase: &str,
    ) -> Process {
        let passphrase = self.has("passphrase", passphrase.as_bytes());
        let more = ["--resume", resume, "--passphrase-fd", "0"];
        let mut command = self.sending(house, file, message, &more);
        command.stdin(std::fs::File::open(passphrase).unwrap());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Process::start(command).unwrap()
    }

    /// Reads the replies, and leaves them there.
    pub(crate) fn read(&self, house: &House) -> Said {
        finish(&mut self.command(house, &["replies", "--keep"])).unwrap()
    }

    fn sending(&self, house: &House, file: &Path, message: &str, more: &[&str]) -> Command {
        let message = self.has("message", message.as_bytes());
        let mut command = self.command(house, &["send"]);
        command.arg(file).arg("--message-file").arg(message);
        if self.words.is_none() {
            command.arg("--no-reply");
        }
        command.args(more);
        command
    }

    /// The program in the source's home, with its words where it has some.
    fn command(&self, house: &House, arguments: &[&str]) -> Command {
        let address = self.has("address", format!("{}\n", self.address).as_bytes());
        let mut command = match self.words {
            Some(words) => {
                let words = self.has("words", words.as_bytes());
                let script = format!("exec \"$@\" 3<'{}'", words.display());
                let mut command = house.programs.command_in_shell(&script, "knothole-send");
                command.args(arguments).args(["--words-fd", "3"]);
                command
            }
            None => {
                let mut command = house.programs.command("knothole-send");
                command.args(arguments);
                command
            }
        };
        command.arg("--address-file").arg(address).args(&house.way);
        command
            .current_dir(self.home())
            .env("HOME", self.home())
            .env("TMPDIR", self.temporary());
        for folder in [
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_CACHE_HOME",
            "XDG_RUNTIME_DIR",
        ] {
            command.env_remove(folder);
        }
        command
    }

    /// Keeps what is in the shared memory now and was not before.
    pub(crate) fn keep_what_came(&self, before: &BTreeSet<OsString>) {
        let kept = self.machine.join("shm");
        std::fs::create_dir_all(&kept).unwrap();
        for name in in_shm().difference(before) {
            let mut copy = Command::new("cp");
            // Other programs of this machine use it too, and what is theirs may have gone again.
            copy.arg("-a").arg(Path::new(SHM).join(name)).arg(&kept);
            copy.stderr(Stdio::null()).status().unwrap();
        }
    }
}

/// The names in the shared memory.
pub(crate) fn in_shm() -> BTreeSet<OsString> {
    let entries = std::fs::read_dir(SHM).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}
