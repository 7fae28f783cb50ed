//! A drop-box of a newsroom that is made for the occasion, for tests with outside programs.
//!
//! ```text
//! cargo run -p knothole-intake --example test_newsroom -- FOLDER 127.0.0.1:PORT [SIZE]
//! ```
//! It leaves two files in FOLDER, `sealed` around a file of SIZE bytes and, cut off, `damaged`, and
//! a link `store` to its store. Then it prints the address it listens at; port 0 takes a free one.
//!
//! In a FOLDER that has a `store` already it opens that again, as after a crash.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the tests of uploads use the rest of the two modules, and a test that cannot go on ends"
)]

#[path = "../tests/uploads/newsroom.rs"]
mod newsroom;
#[path = "../tests/uploads/wire.rs"]
mod wire;

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use knothole_intake::{Intake, UnixSeconds};
use newsroom::House;
use tokio::net::TcpListener;

/// The size of the file inside the sealed one, unless told.
const SIZE: usize = 5_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    // One thread does everything on the disk, so that a test can count to the step at which it kills.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: test_newsroom FOLDER ADDRESS:PORT".into());
    };
    let size = match arguments.next() {
        Some(size) => size.to_str().ok_or("no size")?.parse()?,
        None => SIZE,
    };
    let folder = PathBuf::from(folder);
    let store = folder.join("store");
    let (intake, _folder) = if store.exists() {
        let now = UnixSeconds::new(newsroom::DAY);
        let open = move || Intake::open(&store, newsroom::settings(), now);
        (tokio::task::spawn_blocking(open).await??, None)
    } else {
        let house = House::new().await;
        let (sealed, _) = house.drop(size);
        let (half, _) = sealed.split_at(size / 2);
        File::create_new(folder.join("sealed"))?.write_all(&sealed)?;
        File::create_new(folder.join("damaged"))?.write_all(half)?;
        std::os::unix::fs::symlink(house.folder.path(), &store)?;
        (house.intake, Some(house.folder))
    };
    let listener = TcpListener::bind(address.to_str().ok_or("no address")?).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let intake = Arc::clone(&intake);
        tokio::spawn(async move { intake.serve_public(stream).await });
    }
}
