//! How long it takes until a service is reached over a private Tor network, and what two hundred uploads
//! over it cost.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use knothole_tests::{
    Broom, Camp, Network, NetworkFolders, Programs, Road, Siege, TorClient, guarded,
};

use crate::contest::{Runs, hold};
use crate::cost::{Watch, whole};
use crate::report::{Bound, Column, Report, Target};
use crate::seal::{random, seal_for};
use crate::service::OnionShare;
use crate::{Often, say};

/// How many uploads there are at once, of one MiB each.
const UPLOADS: u32 = 200;
/// How long each of them takes, in seconds.
const SLOW: u32 = 30;
/// So much memory the server may have meanwhile, in MiB.
const MOST_MEMORY: f64 = 128.0;
/// How often a service that is starting is asked whether it is there.
const PAUSE: Duration = Duration::from_millis(500);
/// After so long it never will be.
const LONGEST: Duration = Duration::from_secs(300);

const SECONDS: [Column; 1] = [Column {
    title: "s",
    digits: 1,
}];

const AT_ONCE: [Column; 3] = [
    Column {
        title: "server: memory, MiB",
        digits: 1,
    },
    Column {
        title: "server: processor, s",
        digits: 1,
    },
    Column {
        title: "until all have arrived, s",
        digits: 1,
    },
];

/// What is waited for.
#[derive(Debug, Clone, Copy)]
enum Wait {
    /// The first byte of the front page, for a visitor whose tor runs and who comes anew.
    Page(Whose),
    /// Until ours says that it is ready, from its start, with the Tor that it brings.
    Ready,
    /// Until a visitor has its front page, from the start.
    Reached,
}

/// Whose page.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Ours,
    OnionShares,
}

struct Ground {
    camp: Camp,
    siege: std::cell::RefCell<Siege>,
    client: TorClient,
    onionshare: (OnionShare, TorClient),
    /// So many visits had circuits of their own.
    apart: std::cell::Cell<u32>,
    sealed: PathBuf,
    _broom: Broom,
}

/// Measures, and writes it down.
pub(crate) fn measure(often: &Often, delay: u64) -> Result<(), Box<dyn Error>> {
    let arguments = format!("--rounds {} --delay {delay}", often.rounds);
    let mut report = Report::begin("reach", &arguments)?;
    say(&format!("== A network whose links take {delay} ms more"))?;
    let ground = Ground::prepare(Duration::from_millis(delay))?;
    let waits = [
        ("ours: first byte of the page", Wait::Page(Whose::Ours)),
        (
            "OnionShare, C tor: first byte of its page",
            Wait::Page(Whose::OnionShares),
        ),
        ("ours: from `run` to ready", Wait::Ready),
        ("ours: from `run` to the page at a visitor", Wait::Reached),
    ]
    .map(|(name, wait)| (name.to_owned(), wait));
    let waited = hold(often, &waits, |wait| ground.seconds(*wait))?;
    say(&format!("== {UPLOADS} uploads at once"))?;
    let uploads = [(
        format!("{UPLOADS} uploads, each by a circuit of its own"),
        (),
    )];
    let at_once = hold(often, &uploads, |()| ground.uploads())?;
    if !often.only.is_empty() {
        return Ok(());
    }
    let title = format!("links slowed by {delay} ms");
    report.table(&title, &SECONDS, &waited);
    report.picture("reach", &title, "seconds", &waited, 0)?;
    report.table(&format!("1 MiB in {SLOW} s, {title}"), &AT_ONCE, &at_once);
    report.targets(&[Target {
        what: format!("memory of a server with {UPLOADS} uploads over Tor, MiB"),
        bound: Bound::AtMost(MOST_MEMORY),
        measured: at_once
            .first()
            .map_or(f64::NAN, |runs: &Runs| runs.middle(0)),
    }]);
    report.write()
}

impl Ground {
    fn prepare(delay: Duration) -> Result<Self, Box<dyn Error>> {
        let programs = Programs::built()?;
        let broom = Broom::new_folder(&programs.target().join("bench"), "reach-")?;
        let folders = NetworkFolders {
            run: broom.path().join("network"),
            keys: programs.target().join("testnet-keys"),
        };
        let network = Arc::new(Network::with_delay(&folders, delay)?);
        let camp = Camp::pitch(&programs, "bench", Road::Tor(Arc::clone(&network)))?;
        let siege = camp.besiege("reached", "")?;
        let small = broom.path().join("small");
        random(&small, 1)?;
        let sealed = broom.path().join("sealed");
        seal_for(&siege, &small, &sealed)?;
        let onionshare = OnionShare::start(&broom.path().join("onionshare"))?;
        let folder = broom.path().join("tor-onionshare");
        let lines = format!(
            "HiddenServiceDir {}\nHiddenServicePort 80 127.0.0.1:{}",
            folder.join("onion").display(),
            onionshare.0.port()
        );
        let onionshare_tor = TorClient::start(&network, &folder, &lines)?;
        Ok(Self {
            client: TorClient::start(&network, &broom.path().join("client"), "")?,
            onionshare: (onionshare, onionshare_tor),
            siege: siege.into(),
            camp,
            apart: std::cell::Cell::new(0),
            sealed,
            _broom: broom,
        })
    }

    /// In the order of the columns.
    fn seconds(&self, wait: Wait) -> Result<Vec<f64>, Box<dyn Error>> {
        let ours = self.camp.onion();
        let seconds = match wait {
            Wait::Page(Whose::Ours) => self.patiently(ours)?,
            Wait::Page(Whose::OnionShares) => self.patiently(&self.onionshare.1.onion("onion")?)?,
            Wait::Ready => {
                let mut siege = self.siege.borrow_mut();
                siege.close()?;
                let began = Instant::now();
                siege.open_again()?;
                began.elapsed().as_secs_f64()
            }
            Wait::Reached => {
                let mut siege = self.siege.borrow_mut();
                siege.close()?;
                let began = Instant::now();
                siege.open_again()?;
                self.patiently(ours)?;
                began.elapsed().as_secs_f64()
            }
        };
        Ok(vec![seconds])
    }

    /// Visits until somebody is there, and gives the seconds that the visit took which found it.
    fn patiently(&self, onion: &str) -> Result<f64, Box<dyn Error>> {
        let began = Instant::now();
        loop {
            if let Some(seconds) = self.visit(onion)? {
                return Ok(seconds);
            }
            if began.elapsed() > LONGEST {
                return Err(format!("{onion} is not reached").into());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Fetches a front page by a circuit of its own, and gives the seconds until its first byte.
    fn visit(&self, onion: &str) -> Result<Option<f64>, Box<dyn Error>> {
        self.apart.set(self.apart.get().saturating_add(1));
        let mut command: Command = guarded("curl");
        command.args(["--silent", "--fail", "--output", "/dev/null", "--write-out"]);
        command.args(["%{time_starttransfer}", "--max-time", "60"]);
        command.args(["--socks5-hostname", &self.client.socks().to_string()]);
        command.args(["--proxy-user", &format!("visit{}:x", self.apart.get())]);
        command.arg(format!("http://{onion}/"));
        let output = command.stderr(Stdio::null()).output()?;
        if !output.status.success() {
            return Ok(None);
        }
        Ok(Some(String::from_utf8(output.stdout)?.trim().parse()?))
    }

    /// In the order of the columns.
    fn uploads(&self) -> Result<Vec<f64>, Box<dyn Error>> {
        let mut siege = self.siege.borrow_mut();
        // Nothing of the run before is warm, or left in its memory.
        siege.close()?;
        siege.open_again()?;
        self.patiently(self.camp.onion())?;
        let server = siege.server().ok_or("the server is gone")?;
        let watch = Watch::begin(&[server])?;
        let mut command = guarded(std::env::current_exe()?);
        command.args(["wire", "trickle"]).arg(&self.sealed);
        command.args(["--to", self.camp.onion(), "--socks"]);
        command.arg(self.client.socks().to_string());
        command.args(["--speaking", "tus", "--senders", &UPLOADS.to_string()]);
        command.args(["--seconds", &SLOW.to_string()]);
        let cost = whole(command)?;
        let (processor, memory) = watch.end()?;
        Ok(vec![memory, processor, cost.seconds])
    }
}
