//! Intake over a private Tor network, with links as slow as they are between continents.

use std::cell::Cell;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use knothole_tests::{Broom, Camp, Network, NetworkFolders, Programs, Road, Siege, TorClient};

use crate::contest::{Runs, hold};
use crate::cost::{Watch, from_mark, whole};
use crate::intake::empty;
use crate::report::{Bound, Column, Report, Target, said};
use crate::seal::{random, seal_for};
use crate::service::{OnionShare, Sink};
use crate::{Often, say};

const COLUMNS: [Column; 5] = [
    Column {
        title: "MB/s",
        digits: 2,
    },
    Column {
        title: "whole program, s",
        digits: 1,
    },
    Column {
        title: "sender: processor, s",
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
];
const SPEED: usize = 0;

/// What a sender of ours uses unless it is told otherwise.
const DEFAULT: u8 = 4;

/// What a sender of ours says when it has a Tor: from here on its way is that of the others, whose tor is
/// running.
const TOR_IS_THERE: &str = "Looking for the drop-box";

/// Whether ours is measured behind C tor, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mixed {
    /// It is.
    With,
    /// Only with the Tor that it brings.
    Without,
}

/// Whose Tor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tor {
    /// The one that our programs bring.
    Arti,
    /// Debian's, for the sender behind its SOCKS port and for the server in front of its socket.
    CTor,
}

/// Who sends to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ours {
        sender: Tor,
        server: Tor,
        circuits: u8,
    },
    OnionShare,
    Sink {
        circuits: u8,
    },
}

/// One network, and everybody on it.
struct Ground {
    embedded: (Camp, Siege),
    fronted: (Camp, Siege),
    client: TorClient,
    onionshare: (OnionShare, TorClient),
    sink: (Sink, TorClient),
    plain: PathBuf,
    sealed: [PathBuf; 2],
    megabytes: f64,
    /// So many circuits had their own words.
    apart: Cell<u32>,
    _broom: Broom,
}

/// Measures each delay, and writes it down at once.
pub(crate) fn measure(
    often: &Often,
    mebibytes: u32,
    delays: &[u64],
    circuits: &[u8],
    mixed: Mixed,
) -> Result<(), Box<dyn Error>> {
    // Once one of them is written down, the tree is no longer that of the commit.
    let reports = delays
        .iter()
        .map(|delay| Ok((*delay, begun(often, mebibytes, *delay, circuits, mixed)?)))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    reports.into_iter().try_for_each(|(delay, report)| {
        measure_delay(report, often, mebibytes, delay, circuits, mixed)
    })
}

fn begun(
    often: &Often,
    mebibytes: u32,
    delay: u64,
    circuits: &[u8],
    mixed: Mixed,
) -> Result<Report, Box<dyn Error>> {
    let circuits_told: Vec<String> = circuits.iter().map(ToString::to_string).collect();
    let arguments = format!(
        "--rounds {} --mebibytes {mebibytes} --delays {delay} --circuits {}{}",
        often.rounds,
        circuits_told.join(","),
        match mixed {
            Mixed::With => " --mixed",
            Mixed::Without => "",
        }
    );
    let section = format!("tor, {delay} ms, {mebibytes} MiB");
    let mut report = Report::begin("tor", &arguments)?.in_section(section);
    report.fact(
        "programs",
        &format!(
            "ours with arti 0.47, {}, OnionShare {}",
            said("tor", &["--version"])?.trim_end_matches('.'),
            OnionShare::version()?
        ),
    );
    Ok(report)
}

fn measure_delay(
    mut report: Report,
    often: &Often,
    mebibytes: u32,
    delay: u64,
    circuits: &[u8],
    mixed: Mixed,
) -> Result<(), Box<dyn Error>> {
    say(&format!("== A network whose links take {delay} ms more"))?;
    let ground = Ground::prepare(mebibytes, Duration::from_millis(delay))?;
    let ways = Way::all(circuits, mixed);
    let runs = hold(often, &ways, |way| ground.send(*way))?;
    if !often.only.is_empty() {
        return Ok(());
    }
    let title = format!("{mebibytes} MiB, links slowed by {delay} ms");
    let picture = format!("tor-{delay}-{mebibytes}");
    report.table(&title, &COLUMNS, &runs);
    report.picture(&picture, &title, "MB/s", &runs, SPEED)?;
    report.targets(&compared(delay, &runs));
    report.write()
}

/// Which figures were to be reached with this delay.
fn compared(delay: u64, runs: &[Runs]) -> Vec<Target> {
    let speed = |way: Way| {
        let name = way.name();
        let found = runs.iter().find(|runs| runs.name == name);
        found.map_or(f64::NAN, |runs| runs.middle(SPEED))
    };
    let ours = |circuits| Way::Ours {
        sender: Tor::Arti,
        server: Tor::Arti,
        circuits,
    };
    let target = |what: String, bound, measured| Target {
        what: format!("{delay} ms: {what}"),
        bound,
        measured,
    };
    let mut targets = Vec::new();
    let has = |circuits| runs.iter().any(|runs| runs.name == ours(circuits).name());
    if delay <= 25 && has(1) {
        targets.push(target(
            "ours by 1 circuit / OnionShare".to_owned(),
            Bound::AtLeast(1.0),
            speed(ours(1)) / speed(Way::OnionShare),
        ));
    }
    if delay > 0 && has(DEFAULT) {
        targets.push(target(
            format!("ours by {DEFAULT} circuits / OnionShare"),
            Bound::AtLeast(3.0),
            speed(ours(DEFAULT)) / speed(Way::OnionShare),
        ));
        targets.push(target(
            format!("ours by {DEFAULT} circuits / the sink by as many"),
            Bound::AtLeast(0.9),
            speed(ours(DEFAULT)) / speed(Way::Sink { circuits: DEFAULT }),
        ));
    }
    targets
}

impl Way {
    fn all(counts: &[u8], mixed: Mixed) -> Vec<(String, Self)> {
        let mut ways = Vec::new();
        for circuits in counts.iter().copied() {
            ways.push(Self::Ours {
                sender: Tor::Arti,
                server: Tor::Arti,
                circuits,
            });
        }
        let behind_c_tor = match mixed {
            Mixed::With => [(Tor::Arti, DEFAULT), (Tor::CTor, 1), (Tor::CTor, DEFAULT)].as_slice(),
            Mixed::Without => &[],
        };
        for (sender, circuits) in behind_c_tor.iter().copied() {
            ways.push(Self::Ours {
                sender,
                server: Tor::CTor,
                circuits,
            });
        }
        ways.push(Self::OnionShare);
        for circuits in counts.iter().copied() {
            ways.push(Self::Sink { circuits });
        }
        ways.into_iter().map(|way| (way.name(), way)).collect()
    }

    fn name(self) -> String {
        let circuits = |count| match count {
            1 => "1 circuit".to_owned(),
            more => format!("{more} circuits"),
        };
        match self {
            Self::Ours {
                sender,
                server,
                circuits: count,
            } => format!(
                "ours, {} to {}, {}",
                sender.name(),
                server.name(),
                circuits(count)
            ),
            Self::OnionShare => "OnionShare, C tor to C tor".to_owned(),
            Self::Sink { circuits: count } => {
                format!("a sink, C tor to C tor, {}", circuits(count))
            }
        }
    }
}

impl Tor {
    const fn name(self) -> &'static str {
        match self {
            Self::Arti => "arti",
            Self::CTor => "C tor",
        }
    }
}

impl Ground {
    fn prepare(mebibytes: u32, delay: Duration) -> Result<Self, Box<dyn Error>> {
        let programs = Programs::built()?;
        let broom = Broom::new_folder(&programs.target().join("bench"), "tor-")?;
        let folders = NetworkFolders {
            run: broom.path().join("network"),
            keys: programs.target().join("testnet-keys"),
        };
        let network = Arc::new(Network::with_delay(&folders, delay)?);
        let pitched = |road| -> Result<(Camp, Siege), Box<dyn Error>> {
            let camp = Camp::pitch(&programs, "bench", road)?;
            let siege = camp.besiege("tor", "danger_batch = \"1s\"")?;
            Ok((camp, siege))
        };
        let embedded = pitched(Road::Tor(Arc::clone(&network)))?;
        let fronted = pitched(Road::Front(Arc::clone(&network)))?;
        let plain = broom.path().join("film");
        random(&plain, mebibytes)?;
        let seal = |siege: &Siege, name: &str| -> Result<PathBuf, Box<dyn Error>> {
            let out = broom.path().join(name);
            seal_for(siege, &plain, &out)?;
            Ok(out)
        };
        let sealed = [
            seal(&embedded.1, "sealed-e")?,
            seal(&fronted.1, "sealed-f")?,
        ];
        let onionshare = OnionShare::start(&broom.path().join("onionshare"))?;
        let sink = Sink::start(&broom.path().join("sink"))?;
        let service = |name: &str, port: u16| {
            let folder = broom.path().join(format!("tor-{name}"));
            let lines = format!(
                "HiddenServiceDir {}\nHiddenServicePort 80 127.0.0.1:{port}",
                folder.join("onion").display()
            );
            TorClient::start(&network, &folder, &lines)
        };
        let onionshare_tor = service("onionshare", onionshare.0.port())?;
        let sink_tor = service("sink", sink.0.port())?;
        Ok(Self {
            client: TorClient::start(&network, &broom.path().join("client"), "")?,
            onionshare: (onionshare, onionshare_tor),
            sink: (sink, sink_tor),
            megabytes: f64::from(mebibytes) * 1.048_576,
            apart: Cell::new(0),
            embedded,
            fronted,
            plain,
            sealed,
            _broom: broom,
        })
    }

    /// In the order of the columns.
    fn send(&self, way: Way) -> Result<Vec<f64>, Box<dyn Error>> {
        let servers = self.servers(way)?;
        let socks = self.client.socks().to_string();
        self.apart.set(self.apart.get().saturating_add(1));
        let apart = format!("run{}", self.apart.get());
        rustix::fs::sync();
        let watch = Watch::begin(&servers)?;
        let began = std::time::Instant::now();
        let cost = match way {
            Way::Ours {
                sender,
                server,
                circuits,
            } => {
                let (siege, [embedded, fronted]) = match server {
                    Tor::Arti => (&self.embedded.1, &self.sealed),
                    Tor::CTor => (&self.fronted.1, &self.sealed),
                };
                let sealed = if server == Tor::Arti {
                    embedded
                } else {
                    fronted
                };
                let circuits = circuits.to_string();
                let words = [
                    "send".as_ref(),
                    sealed.as_os_str(),
                    "--json".as_ref(),
                    "--circuits".as_ref(),
                    circuits.as_ref(),
                ];
                let command = match sender {
                    Tor::Arti => siege.sending(&words),
                    Tor::CTor => siege.sending_by(&["--socks".to_owned(), socks], &words),
                };
                from_mark(command, TOR_IS_THERE)?
            }
            Way::OnionShare => {
                let onion = self.onionshare.1.onion("onion")?;
                whole(OnionShare::sender(&self.plain, &socks, &onion, &apart))?
            }
            Way::Sink { circuits } => {
                let onion = self.sink.1.onion("onion")?;
                whole(Sink::sender(&self.plain, &socks, &onion, &apart, circuits)?)?
            }
        };
        let all = began.elapsed().as_secs_f64();
        let (processor, memory) = watch.end()?;
        match way {
            Way::Ours { .. } => {}
            Way::OnionShare => empty(self.onionshare.0.0.folder())?,
            Way::Sink { .. } => empty(self.sink.0.0.folder())?,
        }
        Ok(vec![
            self.megabytes / cost.seconds,
            all,
            cost.processor,
            processor,
            memory,
        ])
    }

    /// The processes that receive: a server, and the tor in front of it.
    fn servers(&self, way: Way) -> Result<Vec<u32>, Box<dyn Error>> {
        let gone = "a server is gone";
        Ok(match way {
            Way::Ours {
                server: Tor::Arti, ..
            } => vec![self.embedded.1.server().ok_or(gone)?],
            Way::Ours {
                server: Tor::CTor, ..
            } => {
                let front = self.fronted.0.front().ok_or(gone)?;
                vec![self.fronted.1.server().ok_or(gone)?, front]
            }
            Way::OnionShare => vec![self.onionshare.0.0.id(), self.onionshare.1.id()],
            Way::Sink { .. } => vec![self.sink.0.0.id(), self.sink.1.id()],
        })
    }
}
