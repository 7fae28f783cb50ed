//! Sealing and opening, beside rage, age, gpg and a copy of the file.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use knothole_tests::{Camp, Courier, Programs, Road, Siege, guarded};

use crate::cipher::Cipher;
use crate::contest::{Runs, hold};
use crate::cost::{Cost, whole};
use crate::report::{Bound, Column, Report, Target, said};
use crate::{Often, say};

const COLUMNS: [Column; 4] = [
    Column {
        title: "processor, s per GiB",
        digits: 2,
    },
    Column {
        title: "clock, s per GiB",
        digits: 2,
    },
    Column {
        title: "memory, MiB",
        digits: 1,
    },
    Column {
        title: "MiB/s by the clock",
        digits: 0,
    },
];
const PROCESSOR: usize = 0;
const CLOCK: usize = 1;
const MEMORY: usize = 2;

/// A way to seal, and to open what it has sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ours { threads: u32 },
    Rage,
    Age,
    Gpg { compressing: bool },
    Copy,
}

/// What all of them stand on.
struct Ground {
    camp: Camp,
    siege: Siege,
    courier: Courier,
    rage: PathBuf,
    folder: PathBuf,
    film: PathBuf,
    recipient: String,
    mebibytes: u32,
}

/// Measures, and writes it down.
pub(crate) fn measure(
    often: &Often,
    mebibytes: u32,
    rage: &Path,
    on: &Path,
) -> Result<(), Box<dyn Error>> {
    let arguments = format!("--rounds {} --mebibytes {mebibytes}", often.rounds);
    let mut report = Report::begin("seal", &arguments)?;
    say("== A newsroom, keys for the others, and a file of random bytes")?;
    let ground = Ground::prepare(mebibytes, rage, on)?;
    let ours = Programs::built()?.path("knothole-send");
    let ours = said(&ours.display().to_string(), &["--version"])?;
    let rage_version = said(&rage.join("rage").display().to_string(), &["--version"])?;
    let age = said("age", &["--version"])?;
    let gpg = said("gpg", &["--version"])?;
    report.fact(
        "programs",
        &format!("{ours}, {rage_version}, age {age}, {gpg}"),
    );
    report.fact(
        "file",
        &format!(
            "{mebibytes} MiB of random bytes; all files on {}",
            on.display()
        ),
    );

    say("== Sealing")?;
    let sealing = hold(often, &Way::all(), |way| ground.seal(*way))?;
    say("== Opening")?;
    ground.keep_sealed()?;
    let opening = hold(often, &Way::all(), |way| ground.open(*way))?;
    say("== The cipher alone")?;
    let ciphers = [Cipher::Ours, Cipher::Crate];
    let ciphers = ciphers.map(|cipher| (format!("{}: the cipher", cipher.word()), cipher));
    let ciphers = hold(often, &ciphers, |cipher| ground.cipher(*cipher))?;

    if !often.only.is_empty() {
        return Ok(());
    }
    report.table("sealing", &COLUMNS, &sealing);
    report.picture(
        "seal",
        "Sealing",
        "seconds of processor per GiB",
        &sealing,
        PROCESSOR,
    )?;
    report.table("opening", &COLUMNS, &opening);
    report.picture(
        "open",
        "Opening",
        "seconds of processor per GiB",
        &opening,
        PROCESSOR,
    )?;
    report.table("in memory, one thread", &COLUMNS, &ciphers);
    report.targets(&targets(&sealing, &opening, &ciphers));
    report.write()
}

/// Which figures were to be reached.
fn targets(sealing: &[Runs], opening: &[Runs], ciphers: &[Runs]) -> Vec<Target> {
    let of = |runs: &[Runs], way: Way, column: usize| {
        let name = way.name();
        let found = runs.iter().find(|runs| runs.name == name);
        found.map_or(f64::NAN, |runs| runs.middle(column))
    };
    let (one, two) = (Way::Ours { threads: 1 }, Way::Ours { threads: 2 });
    let share = |runs, way, other| of(runs, way, PROCESSOR) / of(runs, other, PROCESSOR);
    let target = |what: &str, bound, measured| Target {
        what: what.to_owned(),
        bound,
        measured,
    };
    let cipher = |place: usize| {
        ciphers
            .get(place)
            .map_or(f64::NAN, |runs| runs.middle(PROCESSOR))
    };
    let memory = |runs| of(runs, one, MEMORY).max(of(runs, two, MEMORY));
    vec![
        target(
            "sealing: processor, ours with 2 threads / rage",
            Bound::AtMost(0.7),
            share(sealing, two, Way::Rage),
        ),
        target(
            "sealing: processor, ours with 2 threads / age",
            Bound::AtMost(1.0),
            share(sealing, two, Way::Age),
        ),
        target(
            "opening: processor, ours / rage",
            Bound::AtMost(0.65),
            share(opening, two, Way::Rage),
        ),
        target(
            "the cipher: processor, ours / the crate",
            Bound::AtMost(1.05),
            cipher(0) / cipher(1),
        ),
        target(
            "sealing: clock, 1 thread / 2 threads",
            Bound::AtLeast(1.6),
            of(sealing, one, CLOCK) / of(sealing, two, CLOCK),
        ),
        target(
            "memory of sealing, MiB",
            Bound::AtMost(16.0),
            memory(sealing),
        ),
        target(
            "memory of opening without the 48 MiB of Argon2id, MiB",
            Bound::AtMost(16.0),
            memory(opening) - 48.0,
        ),
    ]
}

impl Way {
    fn all() -> Vec<(String, Self)> {
        [
            Self::Ours { threads: 2 },
            Self::Ours { threads: 1 },
            Self::Rage,
            Self::Age,
            Self::Gpg { compressing: true },
            Self::Gpg { compressing: false },
            Self::Copy,
        ]
        .map(|way| (way.name(), way))
        .to_vec()
    }

    fn name(self) -> String {
        match self {
            Self::Ours { threads: 1 } => "ours, 1 thread".to_owned(),
            Self::Ours { threads } => format!("ours, {threads} threads"),
            Self::Rage => "rage".to_owned(),
            Self::Age => "age".to_owned(),
            Self::Gpg { compressing: true } => "gpg, compressing (its default)".to_owned(),
            Self::Gpg { compressing: false } => "gpg, not compressing".to_owned(),
            Self::Copy => "a copy, synced".to_owned(),
        }
    }

    /// The file that it makes.
    const fn sealed(self) -> &'static str {
        match self {
            Self::Ours { threads: 1 } => "sealed-1",
            Self::Ours { .. } => "sealed-2",
            Self::Rage => "rage",
            Self::Age => "age",
            Self::Gpg { compressing: true } => "gpg-z",
            Self::Gpg { compressing: false } => "gpg",
            Self::Copy => "copy",
        }
    }
}

impl Ground {
    fn prepare(mebibytes: u32, rage: &Path, on: &Path) -> Result<Self, Box<dyn Error>> {
        let camp = Camp::pitch(
            &Programs::built()?,
            on.join("knothole-bench"),
            Road::Sockets,
        )?;
        let siege = camp.besiege("seal", "danger_batch = \"1s\"")?;
        let folder = siege.folder().join("files");
        fs::create_dir(&folder)?;
        let film = folder.join("film");
        random(&film, mebibytes)?;
        File::create(folder.join("message"))?;
        let key = folder.join("key");
        succeed(Command::new("age-keygen").arg("-o").arg(&key))?;
        let mut public = Command::new("age-keygen");
        let public = public.arg("-y").arg(&key).output()?;
        let recipient = String::from_utf8(public.stdout)?.trim().to_owned();
        let ground = Self {
            courier: camp.courier_to(&siege),
            camp,
            siege,
            rage: rage.join("rage"),
            film,
            folder,
            recipient,
            mebibytes,
        };
        let home = ground.folder.join("gnupg");
        fs::create_dir(&home)?;
        succeed(Command::new("chmod").arg("700").arg(&home))?;
        let words = [
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--quick-gen-key",
        ];
        let which = ["newsroom", "default", "default", "never"];
        succeed(ground.gpg().args(words).args(which))?;
        // The secret key's agent must not outlive this.
        succeed(&mut ground.gpgconf_kill())?;
        Ok(ground)
    }

    fn gpgconf_kill(&self) -> Command {
        let mut command = Command::new("gpgconf");
        command.arg("--homedir").arg(self.folder.join("gnupg"));
        command.args(["--kill", "all"]);
        command
    }

    fn gpg(&self) -> Command {
        let mut command = guarded("gpg");
        command.arg("--homedir").arg(self.folder.join("gnupg"));
        command.args(["--batch", "--yes", "--quiet", "--trust-model", "always"]);
        command
    }

    /// The command of one way, and the file that it makes.
    fn sealing(&self, way: Way) -> (Command, PathBuf) {
        let out = self.folder.join(way.sealed());
        let command = match way {
            Way::Ours { threads } => {
                let words: [OsString; 8] = [
                    "seal".into(),
                    self.film.clone().into(),
                    "--out".into(),
                    out.clone().into(),
                    "--message-file".into(),
                    self.folder.join("message").into(),
                    "--no-reply".into(),
                    "--keep".into(),
                ];
                on(threads, &self.siege.sending(&words))
            }
            Way::Rage | Way::Age => {
                let mut command = self.rage_or_age(way);
                command.arg("-r").arg(&self.recipient);
                command.arg("-o").arg(&out).arg(&self.film);
                command
            }
            Way::Gpg { compressing } => {
                let mut command = self.gpg();
                if !compressing {
                    command.args(["--compress-algo", "none"]);
                }
                command.args(["--encrypt", "--recipient", "newsroom", "--output"]);
                command.arg(&out).arg(&self.film);
                command
            }
            Way::Copy => copying(&self.film, &out),
        };
        (command, out)
    }

    fn seal(&self, way: Way) -> Result<Vec<f64>, Box<dyn Error>> {
        let (command, out) = self.sealing(way);
        if out.exists() {
            fs::remove_file(&out)?;
        }
        let cost = settled(command)?;
        Ok(self.figures(cost))
    }

    /// Has the newsroom's archive hold what ours has sealed.
    fn keep_sealed(&self) -> Result<(), Box<dyn Error>> {
        let sealed = self.folder.join(Way::Ours { threads: 2 }.sealed());
        if !sealed.exists() {
            // Others only are measured.
            return Ok(());
        }
        whole(self.siege.sending(&["send".into(), OsString::from(sealed)]))?;
        self.siege.shows(1)?;
        self.courier.online("fetch")?.done()?;
        let stick = self.courier.stick();
        let newsroom = self.camp.newsroom();
        newsroom
            .with_archive(&["open".as_ref(), stick.as_os_str()], &[0])?
            .done()?;
        // Once it must be opened before it can be opened again.
        let into = self.folder.join("first");
        fs::create_dir(&into)?;
        let words = [
            "open".as_ref(),
            "--danger-plain-disk".as_ref(),
            "--files".as_ref(),
        ];
        let words: Vec<&std::ffi::OsStr> = words.into_iter().chain([into.as_os_str()]).collect();
        newsroom.with_archive(&words, &[0])?.done()?;
        same(&self.film, &largest(&into)?)?;
        Ok(fs::remove_dir_all(into)?)
    }

    fn open(&self, way: Way) -> Result<Vec<f64>, Box<dyn Error>> {
        let sealed = self.folder.join(way.sealed());
        let out = self.folder.join("opened");
        let command = match way {
            Way::Ours { threads } => {
                fs::create_dir(&out)?;
                let name = self.name_in_archive()?;
                let words: Vec<OsString> = vec![
                    "export".into(),
                    name.into(),
                    "--danger-plain-disk".into(),
                    "--to".into(),
                    out.clone().into(),
                ];
                on(threads, &self.camp.newsroom().on_archive(&words, &[0]))
            }
            Way::Rage | Way::Age => {
                let mut command = self.rage_or_age(way);
                command.arg("-d").arg("-i").arg(self.folder.join("key"));
                command.arg("-o").arg(&out).arg(&sealed);
                command
            }
            Way::Gpg { .. } => {
                let mut command = self.gpg();
                command.args(["--pinentry-mode", "loopback", "--passphrase", ""]);
                command
                    .args(["--decrypt", "--output"])
                    .arg(&out)
                    .arg(&sealed);
                command
            }
            Way::Copy => copying(&sealed, &out),
        };
        let cost = settled(command)?;
        if matches!(way, Way::Gpg { .. }) {
            succeed(&mut self.gpgconf_kill())?;
        }
        if out.is_dir() {
            same(&self.film, &largest(&out)?)?;
            fs::remove_dir_all(out)?;
        } else {
            same(&self.film, &out)?;
            fs::remove_file(out)?;
        }
        Ok(self.figures(cost))
    }

    /// What the archive calls the one drop in it.
    fn name_in_archive(&self) -> Result<String, Box<dyn Error>> {
        let list = self.camp.newsroom().with_archive(&["list"], &[0])?.done()?;
        let word = list
            .split_whitespace()
            .find(|word| word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Ok(word.ok_or("the archive lists no drop")?.to_owned())
    }

    fn cipher(&self, cipher: Cipher) -> Result<Vec<f64>, Box<dyn Error>> {
        let mut command = guarded(std::env::current_exe()?);
        command.args(["cipher", cipher.word(), &self.mebibytes.to_string()]);
        Ok(self.figures(whole(command)?))
    }

    fn rage_or_age(&self, way: Way) -> Command {
        match way {
            Way::Rage => guarded(&self.rage),
            _ => guarded("age"),
        }
    }

    /// In the order of the columns.
    fn figures(&self, cost: Cost) -> Vec<f64> {
        let gibibytes = f64::from(self.mebibytes) / 1024.0;
        vec![
            cost.processor / gibibytes,
            cost.seconds / gibibytes,
            cost.memory,
            f64::from(self.mebibytes) / cost.seconds,
        ]
    }
}

/// The same command, with so many processors to run on.
fn on(processors: u32, command: &Command) -> Command {
    let last = processors.saturating_sub(1);
    let mut held = Command::new("taskset");
    held.args(["-c", &format!("0-{last}")]);
    held.arg(command.get_program()).args(command.get_args());
    held
}

fn copying(from: &Path, to: &Path) -> Command {
    let name = |what: &str, path: &Path| {
        let mut word = OsString::from(what);
        word.push(path);
        word
    };
    let mut command = guarded("dd");
    command.arg(name("if=", from)).arg(name("of=", to));
    command.args(["bs=1M", "conv=fsync", "status=none"]);
    command
}

/// Runs it when what was written before lies on the disk.
fn settled(command: Command) -> Result<Cost, Box<dyn Error>> {
    rustix::fs::sync();
    whole(command)
}

/// A file of random bytes.
pub(crate) fn random(path: &Path, mebibytes: u32) -> io::Result<()> {
    let mut source = File::open("/dev/urandom")?;
    let length = u64::from(mebibytes) << 20;
    let mut bytes = io::Read::take(&mut source, length);
    let mut file = io::BufWriter::with_capacity(1 << 20, File::create(path)?);
    io::copy(&mut bytes, &mut file)?;
    file.into_inner()?.sync_all()
}

/// The largest file of a folder and of those in it.
fn largest(folder: &Path) -> io::Result<PathBuf> {
    let mut found = None;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = match entry.file_type()?.is_dir() {
            true => largest(&entry.path())?,
            false => entry.path(),
        };
        let length = path.metadata()?.len();
        if found.as_ref().is_none_or(|(most, _)| *most < length) {
            found = Some((length, path));
        }
    }
    let found = found.ok_or_else(|| io::Error::other("nothing was opened"))?;
    Ok(found.1)
}

/// Refuses two files that are not the same.
pub(crate) fn same(one: &Path, other: &Path) -> io::Result<()> {
    succeed(Command::new("cmp").arg(one).arg(other))
}

/// Seals a file for a server's newsroom, without an answer and as it is; that is not measured.
pub(crate) fn seal_for(siege: &Siege, plain: &Path, out: &Path) -> io::Result<()> {
    let words = [
        "seal".as_ref(),
        plain.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ];
    succeed(
        siege
            .sending(&words)
            .args(["--no-reply", "--keep", "--quiet"]),
    )
}

/// Runs something that is not measured.
pub(crate) fn succeed(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{command:?}: {said}")));
    }
    Ok(())
}
