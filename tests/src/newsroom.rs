//! A newsroom's air-gapped machine, and its courier.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::child::Process;
use crate::programs::{Programs, Said, finish};

/// The vaults of some editors, and the archive that they share.
#[derive(Debug)]
pub struct Newsroom {
    programs: Programs,
    folder: PathBuf,
    editors: usize,
}

impl Newsroom {
    /// Makes a vault of so many weeks and a card for each editor, in `folder`.
    ///
    /// # Errors
    /// What the program said, as an I/O error, when it refused.
    pub fn new(programs: &Programs, folder: &Path, editors: usize, weeks: u32) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut newsroom = Self {
            programs: programs.clone(),
            folder: folder.to_owned(),
            editors: 0,
        };
        let weeks = weeks.to_string();
        for _ in 0..editors {
            newsroom.join(&["--epochs", &weeks])?;
        }
        Ok(newsroom)
    }

    /// Makes a vault and a card for one more editor, with these arguments of `vault new`. Gives
    /// the editor's number.
    ///
    /// # Errors
    /// What the program said, as an I/O error, when it refused.
    pub fn join(&mut self, arguments: &[&str]) -> io::Result<usize> {
        let editor = self.editors;
        let passphrase = format!("the passphrase of editor {editor} is long enough\n");
        File::create(self.passphrase(editor))?.write_all(passphrase.as_bytes())?;
        let (vault, card) = (self.vault(editor), self.card(editor));
        let mut make: Vec<&OsStr> = vec!["vault".as_ref(), "new".as_ref(), vault.as_ref()];
        make.extend(arguments.iter().map(OsStr::new));
        self.run(&make, &[editor])?.done()?;
        let write: [&OsStr; 5] = [
            "vault".as_ref(),
            "card".as_ref(),
            vault.as_ref(),
            "--out".as_ref(),
            card.as_ref(),
        ];
        self.run(&write, &[editor])?.done()?;
        self.editors = self.editors.saturating_add(1);
        Ok(editor)
    }

    /// The same vaults and the same archive once more, in `folder`, which must not be there.
    ///
    /// # Errors
    /// When they cannot be copied.
    pub fn copied_to(&self, folder: &Path) -> io::Result<Self> {
        let mut copy = Command::new("cp");
        let status = copy.arg("-a").arg(&self.folder).arg(folder).status()?;
        if !status.success() {
            return Err(io::Error::other("the newsroom cannot be copied"));
        }
        Ok(Self {
            programs: self.programs.clone(),
            folder: folder.to_owned(),
            editors: self.editors,
        })
    }

    /// Founds the newsroom, and gives its drop-box's address.
    ///
    /// # Errors
    /// What the program said, as an I/O error, when it refused.
    pub fn found(&self, quorum: u8, onion: &str) -> io::Result<String> {
        let cards: Vec<PathBuf> = (0..self.editors).map(|editor| self.card(editor)).collect();
        let quorum = quorum.to_string();
        let mut arguments: Vec<&OsStr> = vec!["newsroom".as_ref(), "found".as_ref()];
        arguments.extend(cards.iter().map(AsRef::<OsStr>::as_ref));
        for word in ["--quorum", &quorum, "--onion", onion] {
            arguments.push(word.as_ref());
        }
        let everyone: Vec<usize> = (0..self.editors).collect();
        let said = self.with_archive(&arguments, &everyone)?.done()?;
        said.split_whitespace()
            .find(|word| word.starts_with("knothole:"))
            .map(str::to_owned)
            .ok_or_else(|| io::Error::other(format!("no address was told: {said}")))
    }

    /// Runs a command on the archive, with the vaults of these editors.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn with_archive(
        &self,
        arguments: &[impl AsRef<OsStr>],
        editors: &[usize],
    ) -> io::Result<Said> {
        finish(&mut self.on_archive(arguments, editors))
    }

    /// The command of `knothole` on the archive with the vaults of these editors, not yet started.
    pub fn on_archive(&self, arguments: &[impl AsRef<OsStr>], editors: &[usize]) -> Command {
        let archive = self.folder.join("archive");
        let vaults: Vec<PathBuf> = editors.iter().map(|editor| self.vault(*editor)).collect();
        let mut all: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        all.extend([OsStr::new("--archive"), archive.as_ref()]);
        for vault in &vaults {
            all.extend([OsStr::new("--vault"), vault.as_ref()]);
        }
        self.command(&all, editors)
    }

    /// Starts a command on the archive with the vaults of these editors, and of one more whose
    /// passphrase never comes.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn waits_for(
        &self,
        arguments: &[&str],
        editors: &[usize],
        one_more: usize,
    ) -> io::Result<Process> {
        let (script, descriptors) = self.passphrases(editors);
        let mut command = self.programs.command_in_shell(&script, "knothole");
        command.args(arguments);
        command.arg("--archive").arg(self.folder.join("archive"));
        for editor in editors.iter().chain([&one_more]) {
            command.arg("--vault").arg(self.vault(*editor));
        }
        command.args(descriptors).arg("--passphrase-fd=0");
        command.stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Process::start(command)
    }

    /// Runs `knothole` with the passphrases of these editors.
    fn run(&self, arguments: &[&OsStr], editors: &[usize]) -> io::Result<Said> {
        finish(&mut self.command(arguments, editors))
    }

    fn command(&self, arguments: &[&OsStr], editors: &[usize]) -> Command {
        let (script, descriptors) = self.passphrases(editors);
        let mut command = self.programs.command_in_shell(&script, "knothole");
        command.args(arguments).args(descriptors);
        command
    }

    /// The shell's words that begin a program with the passphrases of these editors, and the
    /// arguments that tell it where they are.
    fn passphrases(&self, editors: &[usize]) -> (String, Vec<String>) {
        // The shell opens the files that hold them; 3 is the first descriptor that is free.
        let mut script = String::from("exec \"$@\"");
        let mut descriptors = Vec::new();
        for (descriptor, editor) in (3..).zip(editors) {
            let file = self.passphrase(*editor);
            script.push_str(&format!(" {descriptor}<'{}'", file.display()));
            descriptors.push(format!("--passphrase-fd={descriptor}"));
        }
        (script, descriptors)
    }

    /// Where an editor's vault is.
    #[must_use]
    pub fn vault(&self, editor: usize) -> PathBuf {
        self.folder.join(format!("vault-{editor}"))
    }

    /// Where an editor's card is.
    #[must_use]
    pub fn card(&self, editor: usize) -> PathBuf {
        self.folder.join(format!("card-{editor}"))
    }

    fn passphrase(&self, editor: usize) -> PathBuf {
        self.folder.join(format!("passphrase-{editor}"))
    }
}

/// A courier: its state, and the stick between it and the air-gapped machine.
#[derive(Debug)]
pub struct Courier {
    programs: Programs,
    folder: PathBuf,
    /// How it reaches Tor: arguments of every command that goes online.
    way: Vec<String>,
}

impl Courier {
    /// Makes a courier with its things in `folder`.
    ///
    /// # Errors
    /// What the program said, as an I/O error, when it refused.
    pub fn new(programs: &Programs, folder: &Path, way: &[String]) -> io::Result<Self> {
        let courier = Self {
            programs: programs.clone(),
            folder: folder.to_owned(),
            way: way.to_vec(),
        };
        std::fs::create_dir_all(courier.stick())?;
        let card = courier.card();
        let init: [&OsStr; 3] = ["init".as_ref(), "--out".as_ref(), card.as_ref()];
        courier.offline(&init)?.done()?;
        Ok(courier)
    }

    /// The same courier by another way.
    #[must_use]
    pub(crate) fn by(&self, way: &[String]) -> Self {
        Self {
            programs: self.programs.clone(),
            folder: self.folder.clone(),
            way: way.to_vec(),
        }
    }

    /// Where its card is.
    #[must_use]
    pub fn card(&self) -> PathBuf {
        self.folder.join("courier.card")
    }

    /// The folder that stands for its stick.
    #[must_use]
    pub fn stick(&self) -> PathBuf {
        self.folder.join("stick")
    }

    /// Runs a command that asks nobody.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn offline(&self, arguments: &[impl AsRef<OsStr>]) -> io::Result<Said> {
        let mut command = self.programs.command("knothole-courier");
        command
            .args(arguments)
            .arg("--state")
            .arg(self.folder.join("state"));
        finish(&mut command)
    }

    /// The command that fetches to its stick, not yet started.
    pub fn fetching(&self) -> Command {
        self.fetching_to(&self.stick())
    }

    /// The command that fetches to this stick, not yet started.
    pub fn fetching_to(&self, stick: &Path) -> Command {
        let mut command = self.programs.command("knothole-courier");
        command
            .arg("fetch")
            .arg(stick)
            .args(&self.way)
            .arg("--state")
            .arg(self.folder.join("state"));
        command
    }

    /// Runs `fetch`, `push` or `sync` with its stick.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn online(&self, word: &str) -> io::Result<Said> {
        self.ask_online(&[word.as_ref(), self.stick().as_os_str()])
    }

    /// Runs a command that goes online.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn ask_online(&self, arguments: &[impl AsRef<OsStr>]) -> io::Result<Said> {
        let mut all: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        all.extend(self.way.iter().map(OsStr::new));
        self.offline(&all)
    }
}
