//! `kills`: a real server is killed again and again while real sources send, a real courier comes
//! by and a real newsroom opens. In the end a ledger of all that was promised is held against what
//! the newsroom has.
//!
//! It ends with 1 when anything that was acknowledged is lost, doubled or altered, or when the
//! newsroom has what was refused. SIGKILL takes the process, not the power: what the system had not
//! yet written is not lost here. The tests of the store with a disk in memory look at that.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is too long for `cargo test`"
)]

mod dice;
mod house;
mod killer;
mod ledger;
mod line;
mod moment;
mod press;
mod raw;
mod socks;
mod source;
mod staff;
mod talk;
mod tus;
mod upload;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use dice::Dice;
use house::{Between, House};
use killer::{Done, Killer};
use ledger::{Account, Ledger, Road};
use moment::{Alarm, Moment};
use press::Press;
use raw::Raw;
use source::Source;
use staff::Staff;
use tus::DropBox;

/// A run with fewer kills is short.
const SHORT: u32 = 100;
/// A run with so many kills comes to every moment, or it has not shown what it is for.
const LONG: u32 = 1_000;
/// After the last kill the newsroom comes by so often at most, until all is read.
const LAST_ROUNDS: u32 = 12;

/// Kills a server at chosen moments while it is used, and holds it to what it promised.
#[derive(Debug, Parser)]
struct Cli {
    /// How often.
    #[arg(default_value_t = 1_000)]
    kills: u32,
    /// Throws the same dice again. Keys, and what the system does when, are others all the same.
    #[arg(long)]
    seed: Option<u64>,
    /// Put a private Tor network between sources and server.
    #[arg(long)]
    tor: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = cli
        .seed
        .unwrap_or_else(|| u64::from(clock.subsec_nanos()) ^ (clock.as_secs() << 20));
    println!("seed {seed}");
    let between = if cli.tor {
        Between::Tor
    } else {
        Between::Sockets
    };
    if run(cli.kills, Dice::new(seed), between) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether everything was kept.
fn run(kills: u32, mut dice: Dice, between: Between) -> bool {
    let begun = Instant::now();
    let alarm = Arc::new(Alarm::default());
    let ledger = Arc::new(Ledger::default());
    let (mut house, newsroom, courier) = House::found(between, &alarm);
    let press = Arc::new(Press::new(&courier.stick(), &house.address));
    let desk = house.desk("staff", true);
    let staff = Staff::new(
        (newsroom, courier),
        &desk,
        house.opened(),
        &ledger,
        dice.fork(),
    );
    let end = AtomicBool::new(false);
    let (pause, calm, patience) = match between {
        // A short run has no time to wait for a moment that comes seldom.
        Between::Sockets if kills < SHORT => (Duration::from_millis(30), 200, 1),
        Between::Sockets => (Duration::from_millis(30), 200, 4),
        Between::Tor => (Duration::from_millis(500), 8_000, 25),
    };
    let raws: Vec<Raw> = (0..4)
        .map(|number| {
            let drop_box = DropBox::new(house.line, &house.onion, &format!("raw-{number}"));
            Raw::new(drop_box, &press, &ledger, dice.fork(), pause)
        })
        .collect();
    let sources: Vec<Source> = (0..4)
        .map(|number| {
            let desk = house.desk(&format!("source-{number}"), number % 2 == 0);
            Source::new(&desk, &ledger, dice.fork())
        })
        .collect();
    let store = house.store();
    let (done, stopped, staff) = thread::scope(|scope| {
        let end = &end;
        let raws: Vec<_> = raws
            .into_iter()
            .map(|raw| scope.spawn(move || raw.run(end)))
            .collect();
        let sources: Vec<_> = sources
            .into_iter()
            .map(|source| scope.spawn(move || source.run(end)))
            .collect();
        let staff = scope.spawn(move || staff.run(end));
        let killer = Killer {
            server: &mut house.server,
            store,
            alarm,
            dice,
            calm: Duration::from_millis(calm),
            patience: Duration::from_secs(patience),
            done: Done::default(),
        };
        let done = killer.run(kills);
        end.store(true, Ordering::Relaxed);
        for raw in raws {
            raw.join().unwrap();
        }
        let stopped: u32 = sources
            .into_iter()
            .map(|source| source.join().unwrap())
            .sum();
        (done, stopped, staff.join().unwrap())
    });
    let (rounds, clean) = come_to_rest(&house, staff, &ledger);
    tell(&done, stopped, rounds, begun.elapsed());
    let account = ledger.settle();
    println!("{account:?}");
    let whole = went_everywhere(&done, kills, &ledger);
    clean && whole && ledger.is_clean() && account == Account::default()
}

/// Whether drops have arrived in every way, and a long run has met every moment.
fn went_everywhere(done: &Done, kills: u32, ledger: &Ledger) -> bool {
    let mut whole = true;
    for road in Road::ALL {
        if !ledger.has_arrived_by(road) {
            println!("NOT TRIED: no drop has arrived by {}", road.name());
            whole = false;
        }
    }
    for moment in Moment::DRAWN {
        if kills >= LONG && !done.kills.contains_key(&moment) {
            println!("NOT TRIED: nothing was killed at {moment}");
            whole = false;
        }
    }
    whole
}

/// The newsroom takes everything in, and signs it off. How often it came by, and whether the server
/// holds nothing in the end.
fn come_to_rest(house: &House, mut staff: Staff, ledger: &Ledger) -> (u32, bool) {
    let waiting = house.wait_for_no("drops_waiting");
    for _ in 0..LAST_ROUNDS {
        staff.round();
        staff.sources_read();
        if ledger.unread() == 0 {
            break;
        }
    }
    // The receipts of the last drops.
    staff.round();
    let left = ["drops_visible", "drops_damaged"].map(|figure| house.wait_for_no(figure));
    println!(
        "in the end {waiting} drops wait, {} are visible, {} damaged",
        left[0], left[1]
    );
    (staff.rounds(), waiting == 0 && left == [0, 0])
}

fn tell(done: &Done, stopped: u32, rounds: u32, took: Duration) {
    println!(
        "{} kills of the server in {} s, {stopped} of senders, {rounds} rounds of the newsroom",
        done.count(),
        took.as_secs()
    );
    for moment in Moment::ALL {
        if let Some(count) = done.kills.get(&moment) {
            println!("  at {moment:<24} {count:5}");
        }
    }
    let mut starts = done.starts.clone();
    starts.sort();
    if let Some(longest) = starts.last() {
        println!(
            "a start takes {} ms (median), {} ms (longest)",
            starts[starts.len() / 2].as_millis(),
            longest.as_millis()
        );
    }
}
