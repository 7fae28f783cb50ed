//! Lives through a day and leaves its store, for the tests that every later version opens it.
//!
//! ```text
//! cargo run -p knothole-intake --example store_fixture -- server/intake/tests/fixtures/VERSION
//! ```
//! The folder gets `store/` and `ledger`. One drop is sealed in earnest; the others have a true header
//! and zeros behind it, which the server cannot tell, so that git keeps them small.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "it lives through what tests live through, and ends where it cannot go on"
)]

#[path = "../../tests/uploads/newsroom.rs"]
mod newsroom;
#[path = "../../tests/upgrade/story.rs"]
mod story;
#[path = "../../tests/uploads/wire.rs"]
mod wire;

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use knothole_envelope::{
    HEADER_LEN, ListedDrop, Message, PushedReply, Receipt, Suite, TreeHash, seal_reply, unframe,
};
use knothole_intake::UnixSeconds;
use newsroom::{House, rng};
use story::{ACKNOWLEDGED, BEGAN, FILE_BYTES, LEFT, Ledger};
use wire::{PATCH, Wire};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        return Err("usage: store_fixture FOLDER".into());
    };
    fs::create_dir_all(&folder)?;
    let house = House::of(story::keys(), story::rules(), BEGAN).await;
    let ledger = live(&house).await?;
    copy(house.folder.path(), &folder.join("store"))?;
    write(&folder.join("ledger"), ledger.written().as_bytes())?;
    Ok(())
}

async fn live(house: &House) -> Result<Ledger, Box<dyn Error>> {
    let mut told = Vec::new();
    let mut tell = |word: &str, what: String| told.push((word.to_owned(), what));
    for reply in replies(house)? {
        tell("reply", reply.hash().to_string());
        let list = PushedReply::encode_list(&[reply]);
        let answer = house.collect("POST /replies", &[], &list).await;
        assert_eq!(answer.status, 204);
    }
    let (earnest, tree) = house.drop(FILE_BYTES);
    tell("earnest", tree.to_string());
    send(house, &earnest).await;
    let signed_off = send(house, &hollow(house)).await;
    tell("signed-off", signed_off.to_string());
    house.intake.tick(UnixSeconds::new(LEFT)).await?;
    sign_off(house, signed_off).await?;
    tell("waiting", in_lanes(house, &hollow(house)).await);
    let hollow = hollow(house);
    let length = hollow.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").ok_or("no address")?.to_owned();
    let answer = wire.patch(&path, 0, &hollow[..ACKNOWLEDGED]).await;
    assert_eq!(answer.status, 204);
    tell("unfinished", path);
    Ok(Ledger(told))
}

/// A true header, and zeros.
fn hollow(house: &House) -> Vec<u8> {
    let (mut sealed, _) = house.drop(FILE_BYTES);
    sealed[HEADER_LEN..].fill(0);
    sealed
}

fn replies(house: &House) -> Result<[PushedReply; 2], Box<dyn Error>> {
    let source = story::source(house);
    let block = source.block();
    let reply = |number| -> Result<PushedReply, Box<dyn Error>> {
        let envelope = seal_reply(
            &mut rng(),
            Suite::ChaCha20Poly1305,
            &block.key,
            &house.fingerprint(),
            house.signing(),
            number,
            &Message::new("we have it")?,
        )?;
        Ok(PushedReply {
            mailbox: block.mailbox,
            erase: block.erase,
            envelope,
        })
    };
    Ok([reply(1)?, reply(2)?])
}

async fn send(house: &House, sealed: &[u8]) -> TreeHash {
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let made = Wire::public(&house.intake)
        .tus("POST /drops", &headers, sealed)
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.header("knothole-tree").unwrap().parse().unwrap()
}

async fn in_lanes(house: &House, sealed: &[u8]) -> String {
    const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");
    let (one, two) = sealed.split_at(400_000);
    let (first, second) = (one.len().to_string(), two.len().to_string());
    let mut wire = Wire::public(&house.intake);
    let headers = [PARTIAL, ("Upload-Length", &first), PATCH];
    let made = wire.tus("POST /drops", &headers, one).await;
    let lane = made.header("location").unwrap().to_owned();
    let parent = lane.trim_start_matches("/drops/");
    let tied = ("Knothole-Parent", parent);
    let headers = [PARTIAL, ("Upload-Length", &second), tied, PATCH];
    let made = wire.tus("POST /drops", &headers, two).await;
    let lanes = format!("final;{lane} {}", made.header("location").unwrap());
    let joined = wire
        .tus("POST /drops", &[("Upload-Concat", &lanes)], b"")
        .await;
    joined.header("knothole-tree").unwrap().to_owned()
}

async fn sign_off(house: &House, tree: TreeHash) -> Result<(), Box<dyn Error>> {
    let listing = house.collect("GET /listing", &[], b"").await;
    let listed = ListedDrop::decode_list(unframe(&listing.body)?)?;
    let found = listed.iter().find(|listed| listed.tree == tree);
    let listed = found.ok_or("it is not listed")?;
    let receipt = Receipt::Opened {
        drop: listed.id,
        tree,
        length: listed.length(),
    };
    let answer = house
        .collect("POST /receipts", &[], &house.receipt(receipt))
        .await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::File::create_new(path)?.write_all(bytes)
}
