//! What a server costs with many drops, and with many uploads at once.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use data_encoding::HEXLOWER;
use knothole_tests::{Camp, Courier, Programs, Road, Siege, guarded};

use crate::contest::hold;
use crate::cost::{Watch, ending, whole};
use crate::report::{Bound, Column, Report, Target};
use crate::seal::{random, seal_for, succeed};
use crate::{Often, say};

/// How many uploads there are at once.
const UPLOADS: [u32; 4] = [1, 50, 100, 200];
/// How long each of them takes, in seconds.
const SLOW: u32 = 10;
/// A stick without room: what a courier fetches then is the list. It ends with this code.
const STICK: &str = "size=1m";
const NO_ROOM: i32 = 3;

const DROPS: [Column; 5] = [
    Column {
        title: "start, s",
        digits: 2,
    },
    Column {
        title: "start: processor, s",
        digits: 2,
    },
    Column {
        title: "server: memory, MiB",
        digits: 1,
    },
    Column {
        title: "list, s",
        digits: 2,
    },
    Column {
        title: "courier: memory, MiB",
        digits: 1,
    },
];
const START: usize = 0;

const AT_ONCE: [Column; 2] = [
    Column {
        title: "server: memory, MiB",
        digits: 1,
    },
    Column {
        title: "server: processor, s",
        digits: 2,
    },
];

/// A server that has so many drops, and is not running.
struct Full {
    siege: std::cell::RefCell<Siege>,
    courier: Courier,
}

/// Measures, and writes it down.
pub(crate) fn measure(often: &Often, drops: &[usize]) -> Result<(), Box<dyn Error>> {
    let told: Vec<String> = drops.iter().map(ToString::to_string).collect();
    let arguments = format!("--rounds {} --drops {}", often.rounds, told.join(","));
    let mut report = Report::begin("growth", &arguments)?;
    let camp = Camp::pitch(&Programs::built()?, "bench", Road::Sockets)?;

    say("== One drop, and servers with many like it")?;
    let siege = camp.besiege("one", "danger_batch = \"1s\"")?;
    let folder = siege.folder().join("files");
    fs::create_dir(&folder)?;
    let small = folder.join("small");
    random(&small, 1)?;
    let sealed = folder.join("sealed");
    seal_for(&siege, &small, &sealed)?;
    whole(siege.sending(&["send".as_ref(), sealed.as_os_str()]))?;
    let model = visible(&siege)?;
    let full = drops
        .iter()
        .map(|count| {
            let name = format!("{count} drops");
            Ok((name, Full::prepare(&camp, *count, &model)?))
        })
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    say("== Starts, and lists")?;
    let grown = hold(often, &full, Full::measured)?;
    say("== Uploads at once, without Tor")?;
    let uploads = UPLOADS.map(|count| (format!("{count} uploads at once"), count));
    let at_once = hold(often, &uploads, |count| at_once(&camp, *count, &sealed))?;
    if !often.only.is_empty() {
        return Ok(());
    }
    report.table("drops of 1 MiB", &DROPS, &grown);
    report.picture(
        "growth",
        "From the start to ready",
        "seconds",
        &grown,
        START,
    )?;
    report.table("uploads of 1 MiB", &AT_ONCE, &at_once);
    report.picture("uploads", "Memory of the server", "MiB", &at_once, 0)?;
    let most = grown.last().map_or(f64::NAN, |runs| runs.middle(START));
    let memory = |place: usize| at_once.get(place).map_or(f64::NAN, |runs| runs.middle(0));
    let [one, .., many] = UPLOADS;
    let each = 1024.0 * (memory(3) - memory(0)) / f64::from(many.saturating_sub(one));
    report.targets(&[
        Target {
            what: "start with the most drops, s".to_owned(),
            bound: Bound::AtMost(5.0),
            measured: most,
        },
        Target {
            what: format!("memory of an upload, KiB, by those of {one} and {many}"),
            bound: Bound::AtMost(256.0),
            measured: each,
        },
    ]);
    report.write()
}

/// The folder of the one drop of a server, once its courier may see it.
fn visible(siege: &Siege) -> Result<PathBuf, Box<dyn Error>> {
    siege.shows(1)?;
    let mut shelf = fs::read_dir(siege.folder().join("data/store/shelf"))?;
    Ok(shelf.next().ok_or("there is no drop")??.path())
}

impl Full {
    /// A server with so many drops like this one, under other names. Their bytes are holes: nothing
    /// that is measured reads them.
    fn prepare(camp: &Camp, count: usize, model: &Path) -> Result<Self, Box<dyn Error>> {
        let mut siege = camp.besiege(&format!("grown-{count}"), "")?;
        siege.close()?;
        let shelf = siege.folder().join("data/store/shelf");
        for _ in 0..count {
            let mut id = [0; 32];
            getrandom::fill(&mut id)?;
            let drop = shelf.join(HEXLOWER.encode(&id));
            fs::create_dir(&drop)?;
            for file in fs::read_dir(model)? {
                let file = file?;
                let (from, to) = (file.path(), drop.join(file.file_name()));
                match file.file_name().to_str() {
                    Some("link") => {}
                    Some("manifest") => {
                        fs::copy(from, to)?;
                    }
                    _ => File::create(to)?.set_len(from.metadata()?.len())?,
                }
            }
        }
        rustix::fs::sync();
        Ok(Self {
            courier: camp.courier_to(&siege),
            siege: siege.into(),
        })
    }

    /// In the order of the columns.
    fn measured(&self) -> Result<Vec<f64>, Box<dyn Error>> {
        let mut siege = self.siege.borrow_mut();
        let began = Instant::now();
        siege.open_again()?;
        let started = began.elapsed().as_secs_f64();
        let server = siege.server().ok_or("the server is gone")?;
        let (used, _) = Watch::since_its_start(&[server]).end()?;
        let watch = Watch::since_its_start(&[server]);
        let stick = siege.folder().join("stick");
        fs::create_dir_all(&stick)?;
        succeed(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", STICK, "stick"])
                .arg(&stick),
        )?;
        let fetched = ending(self.courier.fetching_to(&stick), NO_ROOM);
        succeed(Command::new("umount").arg(&stick))?;
        let fetched = fetched?;
        let (_, memory) = watch.end()?;
        siege.close()?;
        Ok(vec![started, used, memory, fetched.seconds, fetched.memory])
    }
}

/// In the order of the columns.
fn at_once(camp: &Camp, count: u32, sealed: &Path) -> Result<Vec<f64>, Box<dyn Error>> {
    // A server of its own, in which nothing is warm.
    let siege = camp.besiege(&format!("uploads-{count}"), "")?;
    let server = siege.server().ok_or("the server is gone")?;
    let watch = Watch::begin(&[server])?;
    let mut command = guarded(std::env::current_exe()?);
    command.args(["wire", "trickle"]).arg(sealed);
    command.arg("--to").arg(siege.public_socket());
    command.args(["--speaking", "tus", "--senders", &count.to_string()]);
    command.args(["--seconds", &SLOW.to_string()]);
    whole(command)?;
    let (processor, memory) = watch.end()?;
    let folder = siege.folder().to_owned();
    drop(siege);
    fs::remove_dir_all(folder)?;
    Ok(vec![memory, processor])
}
