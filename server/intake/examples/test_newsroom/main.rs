//! A drop-box of a newsroom that is made for the occasion, for tests with outside programs.
//!
//! ```text
//! cargo run -p knothole-intake --example test_newsroom -- FOLDER 127.0.0.1:PORT [SIZE [DAY [MOST]]]
//! ```
//! It leaves two files in FOLDER, `sealed` around a file of SIZE bytes and, cut off, `damaged`, and
//! a link `store` to its store. Then it prints the address it listens at; port 0 takes a free one.
//! It plays on DAY, counted from 1970-01-01, and its store takes at most MOST bytes.
//!
//! In a FOLDER that has a `store` already it opens that again, as after a crash.
//!
//! Each line that it reads is an order for the newsroom behind it; `orders.rs` says which.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests of uploads use the rest of the two modules, and a test that cannot go on ends"
)]

#[path = "../../tests/uploads/newsroom.rs"]
mod newsroom;
mod orders;
#[path = "../../tests/uploads/wire.rs"]
mod wire;

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use knothole_intake::{Intake, LeaveTo, UnixSeconds};
use newsroom::House;
use orders::Orders;
use tokio::net::TcpListener;

/// The size of the file inside the sealed one, unless told.
const SIZE: usize = 5_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    // One thread does everything on the disk, so that a test can count to the step at which it kills.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: test_newsroom FOLDER ADDRESS:PORT [SIZE [DAY [MOST]]]".into());
    };
    let size = arguments.next().map_or(Ok(SIZE), |size| size.parse())?;
    let now = match arguments.next() {
        Some(day) => day.parse::<u64>()?.checked_mul(86_400).ok_or("no day")?,
        None => newsroom::DAY,
    };
    let mut settings = newsroom::settings();
    settings.most_bytes = arguments.next().map(|most| most.parse()).transpose()?;
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    // A page that is left stays with this server: nobody else is asked.
    settings.masthead.leave_to =
        LeaveTo::new(&format!("http://{address}/arrived")).ok_or("no address to leave to")?;

    let folder = PathBuf::from(folder);
    let store = folder.join("store");
    let (intake, house) = if store.exists() {
        let open = move || Intake::open(&store, settings, UnixSeconds::new(now));
        (tokio::task::spawn_blocking(open).await??, None)
    } else {
        let house = House::at(settings, now).await;
        let (sealed, _) = house.drop(size);
        let (half, _) = sealed.split_at(size / 2);
        File::create_new(folder.join("sealed"))?.write_all(&sealed)?;
        File::create_new(folder.join("damaged"))?.write_all(half)?;
        std::os::unix::fs::symlink(house.folder.path(), &store)?;
        (Arc::clone(&house.intake), Some(house))
    };
    writeln!(std::io::stdout(), "{address}")?;
    let serving = tokio::spawn(serve(intake, listener));
    if let Some(house) = house {
        Orders::new(house, now).obey().await?;
    }
    serving.await??;
    Ok(())
}

async fn serve(intake: Arc<Intake>, listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let intake = Arc::clone(&intake);
        tokio::spawn(async move { intake.serve_public(stream).await });
    }
}
