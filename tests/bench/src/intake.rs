//! Intake without Tor: one large drop, many small ones, and many slow senders.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use knothole_tests::{Camp, Programs, Road, Shortcut, Siege, guarded};

use crate::contest::hold;
use crate::cost::{Watch, together};
use crate::report::{Column, Report};
use crate::seal::{random, seal_for};
use crate::service::{OnionShare, Sink};
use crate::{Often, say};

/// How long a slow sender takes, in seconds.
const SLOW: u32 = 20;
/// How large what the slow ones send is, before ours is sealed: it is padded to 1 MiB in any case.
const SMALL: u32 = 1;
/// How many send something of ordinary size at once, and how much, in MiB.
const MANY: usize = 50;
const ORDINARY: u32 = 5;

const COLUMNS: [Column; 4] = [
    Column {
        title: "clock, s",
        digits: 2,
    },
    Column {
        title: "server: processor, s",
        digits: 2,
    },
    Column {
        title: "server: memory, MiB",
        digits: 1,
    },
    Column {
        title: "senders: processor, s",
        digits: 2,
    },
];

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ours,
    OnionShare,
    Sink,
}

struct Ground {
    _camp: Camp,
    siege: Siege,
    onionshare: OnionShare,
    sink: Sink,
    /// Leads a name to each of the two others.
    road: Shortcut,
    folder: PathBuf,
}

/// What is sent: one file for ours, which is sealed, and one for the others.
struct Load {
    plain: PathBuf,
    sealed: PathBuf,
    senders: usize,
}

/// Measures, and writes it down.
pub(crate) fn measure(often: &Often, mebibytes: u32, slow: usize) -> Result<(), Box<dyn Error>> {
    let arguments = format!(
        "--rounds {} --mebibytes {mebibytes} --slow {slow}",
        often.rounds
    );
    let mut report = Report::begin("intake", &arguments)?;
    say("== A server of ours, OnionShare, and a sink")?;
    let ground = Ground::prepare()?;
    report.fact(
        "programs",
        &format!("ours, OnionShare {}", OnionShare::version()?),
    );

    let large = ground.load("large", mebibytes, 1)?;
    let many = ground.load("many", ORDINARY, MANY)?;
    let small = ground.load("small", SMALL, slow)?;
    let mut parts = Vec::new();
    for (title, load) in [
        (format!("1 sender of {mebibytes} MiB"), &large),
        (format!("{MANY} senders of {ORDINARY} MiB at once"), &many),
    ] {
        say(&format!("== {title}"))?;
        let runs = hold(often, &Way::all(), |way| ground.send(*way, load))?;
        parts.push((title, runs));
    }
    let title = format!("{slow} senders of {SMALL} MiB, {SLOW} s each");
    say(&format!("== {title}"))?;
    let runs = hold(often, &Way::all(), |way| ground.trickle(*way, &small))?;
    parts.push((title, runs));
    if !often.only.is_empty() {
        return Ok(());
    }
    for ((title, runs), name) in parts.iter().zip(["large", "many", "slow"]) {
        report.table(title, &COLUMNS, runs);
        report.picture(&format!("intake-{name}"), title, "seconds", runs, 0)?;
    }
    report.write()
}

impl Way {
    fn all() -> Vec<(String, Self)> {
        [
            ("ours", Self::Ours),
            ("OnionShare", Self::OnionShare),
            ("a sink that syncs", Self::Sink),
        ]
        .map(|(name, way)| (name.to_owned(), way))
        .to_vec()
    }
}

impl Ground {
    fn prepare() -> Result<Self, Box<dyn Error>> {
        let camp = Camp::pitch(&Programs::built()?, "bench", Road::Sockets)?;
        let siege = camp.besiege("intake", "danger_batch = \"1s\"")?;
        let folder = siege.folder().join("files");
        fs::create_dir(&folder)?;
        let onionshare = OnionShare::start(&folder.join("onionshare"))?;
        let sink = Sink::start(&folder.join("sink"))?;
        let road = Shortcut::to(&[
            ("onionshare", format!("127.0.0.1:{}", onionshare.0.port())),
            ("sink", format!("127.0.0.1:{}", sink.0.port())),
        ])?;
        Ok(Self {
            _camp: camp,
            siege,
            onionshare,
            sink,
            road,
            folder,
        })
    }

    fn load(&self, name: &str, mebibytes: u32, senders: usize) -> Result<Load, Box<dyn Error>> {
        let plain = self.folder.join(name);
        let sealed = plain.with_extension("sealed");
        random(&plain, mebibytes)?;
        seal_for(&self.siege, &plain, &sealed)?;
        Ok(Load {
            plain,
            sealed,
            senders,
        })
    }

    fn server(&self, way: Way) -> Result<u32, Box<dyn Error>> {
        Ok(match way {
            Way::Ours => self.siege.server().ok_or("the server is gone")?,
            Way::OnionShare => self.onionshare.0.id(),
            Way::Sink => self.sink.0.id(),
        })
    }

    fn send(&self, way: Way, load: &Load) -> Result<Vec<f64>, Box<dyn Error>> {
        let commands = (0..load.senders).map(|_| self.sender(way, load));
        let commands = commands.collect::<Result<Vec<_>, _>>()?;
        self.measured(way, commands)
    }

    fn sender(&self, way: Way, load: &Load) -> Result<Command, Box<dyn Error>> {
        let socks = format!("127.0.0.1:{}", self.road.port());
        Ok(match way {
            Way::Ours => {
                self.siege
                    .sending(&["send".as_ref(), load.sealed.as_os_str(), "--quiet".as_ref()])
            }
            Way::OnionShare => OnionShare::sender(&load.plain, &socks, "onionshare", "x"),
            Way::Sink => Sink::sender(&load.plain, &socks, "sink", "x", 1)?,
        })
    }

    fn trickle(&self, way: Way, load: &Load) -> Result<Vec<f64>, Box<dyn Error>> {
        let (to, speaking) = match way {
            Way::Ours => (self.siege.public_socket().display().to_string(), "tus"),
            Way::OnionShare => (format!("127.0.0.1:{}", self.onionshare.0.port()), "form"),
            Way::Sink => (format!("127.0.0.1:{}", self.sink.0.port()), "sink"),
        };
        let file = if way == Way::Ours {
            &load.sealed
        } else {
            &load.plain
        };
        let mut command = guarded(std::env::current_exe()?);
        command.args(["wire", "trickle"]).arg(file);
        command.args(["--to", &to, "--speaking", speaking]);
        command.args(["--senders", &load.senders.to_string()]);
        command.args(["--seconds", &SLOW.to_string()]);
        self.measured(way, vec![command])
    }

    /// In the order of the columns.
    fn measured(&self, way: Way, commands: Vec<Command>) -> Result<Vec<f64>, Box<dyn Error>> {
        rustix::fs::sync();
        let watch = Watch::begin(&[self.server(way)?])?;
        let cost = together(commands)?;
        let (processor, memory) = watch.end()?;
        self.clear(way)?;
        Ok(vec![cost.seconds, processor, memory, cost.processor])
    }

    /// Makes room for the next.
    fn clear(&self, way: Way) -> Result<(), Box<dyn Error>> {
        match way {
            Way::Ours => Ok(()),
            Way::OnionShare => empty(self.onionshare.0.folder()),
            Way::Sink => empty(self.sink.0.folder()),
        }
    }
}

/// Removes what is in a folder, which must be something.
pub(crate) fn empty(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut some = false;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        some = true;
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    some.then_some(())
        .ok_or_else(|| "nothing has arrived".into())
}
