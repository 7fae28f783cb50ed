//! Whether answers that must not be told apart can be told apart by their time.
//!
//! ```text
//! cargo run -p knothole-intake --example ranks -- [--delay MICROSECONDS] [--time MILLISECONDS]
//!     [--only mailboxes|uploads] [--each COUNT]
//! ```
//! Each pair of cases is asked 2,000 times over one connection in memory, 1,000 of each in random
//! order (or COUNT of each), and the times are compared by the rank test of Mann and Whitney. It ends with 1 if a pair
//! differs; of 13 pairs that are equal in truth, one is called different in one run of 160. Beside
//! each pair stands the power: the shift that the test would have found in 95 of 100 runs with times
//! like these. A pair of which an answer has another status than the others is not compared: it
//! differs.
//!
//! `--delay` adds a delay to one case of each pair, to show that the test can fail. `--time` sets
//! the fixed time of mailboxes (default 40 ms; a server has a second).

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "statistics, and a measurement that cannot go on ends"
)]

#[path = "../tests/uploads/newsroom.rs"]
mod newsroom;
#[path = "ranks/statistics.rs"]
mod statistics;
#[path = "../tests/uploads/wire.rs"]
mod wire;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use knothole_envelope::{Codename, ListedDrop, PushedReply, WayBack, seal_decoy, unframe};
use newsroom::{BATCH, DAY, House, rng};
use rand_core::Rng as _;
use wire::{PATCH, Wire};

/// Requests of each case that are not timed.
const WARM: usize = 8;

struct Switches {
    /// Requests of each of the two cases.
    each: usize,
    delay: Duration,
    time: Duration,
    mailboxes: bool,
    uploads: bool,
}

impl Switches {
    fn read() -> Option<Self> {
        let mut switches = Self {
            each: 1_000,
            delay: Duration::ZERO,
            time: Duration::from_millis(40),
            mailboxes: true,
            uploads: true,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next()?;
            match (name.as_str(), value.as_str()) {
                ("--delay", number) => switches.delay = Duration::from_micros(number.parse().ok()?),
                ("--each", number) => switches.each = number.parse().ok()?,
                ("--time", number) => switches.time = Duration::from_millis(number.parse().ok()?),
                ("--only", "mailboxes") => switches.uploads = false,
                ("--only", "uploads") => switches.mailboxes = false,
                _ => return None,
            }
        }
        Some(switches)
    }
}

/// A request that belongs to one of the two cases.
struct Ask {
    line: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

impl Ask {
    fn new(line: String) -> Self {
        Self {
            line,
            headers: vec![("Tus-Resumable", "1.0.0")],
            body: Vec::new(),
        }
    }

    /// What a sender asks of an upload.
    fn of_upload(method: &str, path: &str) -> Self {
        let mut ask = Self::new(format!("{method} {path}"));
        if method == "PATCH" {
            ask.headers.extend([("Upload-Offset", "0"), PATCH]);
            ask.body = vec![7; 1_000];
        }
        ask
    }

    /// Four names, under a secret that is the mailbox's or is not.
    fn erase(source: &WayBack, secret: &[u8], names: &[[u8; 32]; 4]) -> Self {
        Self {
            body: [secret, names.as_flattened()].concat(),
            ..Self::new(format!("POST /mailbox/{}", source.mailbox()))
        }
    }

    fn erase_wrongly(source: &WayBack, secret: u8) -> Self {
        Self::erase(source, &[secret; 32], &[[0xee; 32]; 4])
    }
}

/// The times of one case and of the other, in nanoseconds; nothing when a status tells them apart.
async fn times(
    house: &House,
    one: &[Ask],
    other: &[Ask],
    switches: &Switches,
) -> Option<[Vec<f64>; 2]> {
    let mut order: Vec<bool> = (0..2 * switches.each).map(|at| at % 2 == 0).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, (rng().next_u64() % (last as u64 + 1)) as usize);
    }
    let mut wire = Wire::public(&house.intake);
    let mut times = [Vec::new(), Vec::new()];
    let mut statuses = BTreeSet::new();
    let (mut ones, mut others) = (one.iter().cycle(), other.iter().cycle());
    // What is done for the first time is slow, whatever it is.
    for ask in ones.by_ref().take(WARM).chain(others.by_ref().take(WARM)) {
        wire.ask(&ask.line, &ask.headers, &ask.body).await;
    }
    for first in order {
        let next = if first { ones.next() } else { others.next() };
        let ask = next.unwrap();
        let begun = Instant::now();
        while first && begun.elapsed() < switches.delay {
            std::hint::spin_loop();
        }
        let answer = wire.ask(&ask.line, &ask.headers, &ask.body).await;
        times[usize::from(!first)].push(begun.elapsed().as_nanos() as f64);
        statuses.insert(answer.status);
    }
    (statuses.len() == 1).then_some(times)
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.write_all(b"\n").unwrap();
}

/// Compares two cases, says what was found, and whether it is a finding.
async fn compare(
    house: &House,
    name: &str,
    one: &[Ask],
    other: &[Ask],
    switches: &Switches,
) -> bool {
    let Some([one, other]) = times(house, one, other, switches).await else {
        say(&format!("{name}: THEY DIFFER by their status"));
        return true;
    };
    let z = statistics::rank_test(&one, &other);
    let found = z.abs() > statistics::FOUND;
    let mut line = format!("{name}: z = {z:+.2}, medians ");
    let micro = |nanoseconds: f64| nanoseconds / 1_000.0;
    write!(
        line,
        "{:.1} and {:.1} us; a shift of {:.1} us would have been found in 95 % of runs: {}",
        micro(statistics::median(&one)),
        micro(statistics::median(&other)),
        micro(statistics::power(&other, &mut rng())),
        if found {
            "THEY DIFFER"
        } else {
            "no difference"
        }
    )
    .unwrap();
    say(&line);
    found
}

fn source(house: &House, byte: u8) -> WayBack {
    Codename::from_bytes([byte; 16]).way_back(&house.fingerprint())
}

/// Replies for a source; the server cannot tell them from decoys.
async fn push(house: &House, source: &WayBack, count: usize) -> Vec<PushedReply> {
    let block = source.block();
    let replies: Vec<_> = (0..count)
        .map(|_| PushedReply {
            mailbox: block.mailbox,
            erase: block.erase,
            envelope: seal_decoy(&mut rng()).unwrap(),
        })
        .collect();
    let bytes = PushedReply::encode_list(&replies);
    let pushed = house.collect("POST /replies", &[], &bytes).await;
    assert_eq!(pushed.status, 204);
    replies
}

/// Requests that erase: each from a mailbox of its own, that has a reply or has none.
async fn erasures(house: &House, count: usize, seed: u8, filled: bool) -> Vec<Ask> {
    let mut asks = Vec::new();
    for number in 0..count {
        let mut bytes = [seed; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let source = Codename::from_bytes(bytes).way_back(&house.fingerprint());
        let mut names = [[0xee; 32]; 4];
        if filled {
            names[0] = *push(house, &source, 1).await[0].hash().as_bytes();
        }
        asks.push(Ask::erase(&source, source.erase().expose(), &names));
    }
    asks
}

async fn mailboxes(switches: &Switches) -> bool {
    let mut settings = newsroom::settings();
    settings.mailbox_time = switches.time;
    let house = House::with(settings).await;
    for byte in 0..8 {
        push(&house, &source(&house, byte), 1).await;
        push(&house, &source(&house, 50 + byte), 6).await;
    }
    let polls = |from: u8| -> Vec<Ask> {
        (from..from + 8)
            .map(|byte| Ask::new(format!("GET /mailbox/{}", source(&house, byte).mailbox())))
            .collect()
    };
    let erase = |from: u8| -> Vec<Ask> {
        (from..from + 8)
            .map(|byte| Ask::erase_wrongly(&source(&house, byte), byte))
            .collect()
    };
    let count = switches.each + WARM;
    let mut found = false;
    found |= compare(
        &house,
        "mailbox, one reply and none",
        &polls(0),
        &polls(100),
        switches,
    )
    .await;
    found |= compare(
        &house,
        "mailbox, six replies and none",
        &polls(50),
        &polls(100),
        switches,
    )
    .await;
    found |= compare(
        &house,
        "erasing with a wrong secret, six replies and none",
        &erase(50),
        &erase(100),
        switches,
    )
    .await;
    found |= compare(
        &house,
        "erasing a reply and erasing none",
        &erasures(&house, count, 201, true).await,
        &erasures(&house, count, 202, false).await,
        switches,
    )
    .await;
    found
}

async fn upload(house: &House, whole: bool) -> String {
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    let mut headers = vec![("Upload-Length", length.as_str())];
    if whole {
        headers.push(PATCH);
    }
    let body = if whole { &sealed[..] } else { b"" };
    let made = Wire::public(&house.intake)
        .tus("POST /drops", &headers, body)
        .await;
    assert_eq!(made.status, 201);
    let path = made.header("location").unwrap().to_owned();
    if !whole {
        let mut wire = Wire::public(&house.intake);
        wire.patch(&path, 0, &sealed[..100_000]).await;
    }
    path
}

async fn uploads(switches: &Switches) -> bool {
    let house = House::new().await;
    let (mut expired, mut forgotten) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        expired.push(upload(&house, false).await);
        forgotten.push(upload(&house, true).await);
    }
    house.live_until(DAY + 16 * 86_400 + 2 * BATCH).await;
    let listing = house.collect("GET /listing", &[], b"").await;
    let listed = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    assert_eq!(listed.len(), forgotten.len());
    let foreign = listed.iter().map(|drop| format!("/drops/{}", drop.id));
    let cases = [
        ("expired", expired),
        ("foreign", foreign.collect()),
        ("committed and forgotten", forgotten),
    ];
    let unknown = |byte: u8| format!("/drops/{}", format!("{byte:02x}").repeat(32));
    let mut found = false;
    for method in ["HEAD", "PATCH", "DELETE"] {
        let nobodys: Vec<_> = (0..8)
            .map(|byte| Ask::of_upload(method, &unknown(byte)))
            .collect();
        for (name, paths) in &cases {
            let asks: Vec<_> = paths
                .iter()
                .map(|path| Ask::of_upload(method, path))
                .collect();
            let name = format!("{method} of an upload, {name} and unknown");
            found |= compare(&house, &name, &asks, &nobodys, switches).await;
        }
    }
    found
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(switches) = Switches::read() else {
        say(
            "usage: ranks [--delay MICROSECONDS] [--time MILLISECONDS] [--only mailboxes|uploads] \
             [--each COUNT]",
        );
        return ExitCode::from(2);
    };
    say(&format!(
        "rank tests over {} requests per pair, a finding above |z| = {}; mailboxes answer at \
         multiples of {} ms; {} us added to one case",
        2 * switches.each,
        statistics::FOUND,
        switches.time.as_millis(),
        switches.delay.as_micros()
    ));
    let mut found = false;
    if switches.mailboxes {
        found |= mailboxes(&switches).await;
    }
    if switches.uploads {
        found |= uploads(&switches).await;
    }
    if found {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
