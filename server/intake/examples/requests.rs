//! So many requests to a drop-box in memory, to count what they take.
//!
//! `requests gate COUNT` begins so many uploads, each with the header of a drop; `requests patch COUNT`
//! sends a drop in so many pieces of 64 KiB. Both seal one drop first, always of the same length.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot go on ends"
)]

#[path = "../tests/uploads/newsroom.rs"]
mod newsroom;
#[path = "../tests/uploads/wire.rs"]
mod wire;

use std::process::ExitCode;

use newsroom::House;
use wire::{PATCH, Wire};

const HEADER: usize = 12_288;
const PIECE: usize = 65_536;
/// A drop of more pieces than are ever sent.
const CONTENT: usize = 63 * 65_520;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, count] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let count = count.parse().unwrap();
    let house = House::new().await;
    let (drop, _) = house.drop(CONTENT);
    match what.as_str() {
        "gate" => {
            for _ in 0..count {
                begin(&house, &drop).await;
            }
        }
        "patch" => patch(&house, &drop, count).await,
        _ => return ExitCode::from(2),
    }
    ExitCode::SUCCESS
}

/// Begins an upload with the header, and gives its address.
async fn begin(house: &House, drop: &[u8]) -> String {
    let length = drop.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let mut wire = Wire::public(&house.intake);
    let answer = wire.tus("POST /drops", &headers, &drop[..HEADER]).await;
    assert_eq!(answer.status, 201);
    answer.header("location").unwrap().to_owned()
}

async fn patch(house: &House, drop: &[u8], count: usize) {
    let line = format!("PATCH {}", begin(house, drop).await);
    let mut wire = Wire::public(&house.intake);
    let pieces = drop[HEADER..].chunks(PIECE).take(count);
    for (piece, number) in pieces.zip(0..) {
        let offset = (HEADER.wrapping_add(PIECE.wrapping_mul(number))).to_string();
        let headers = [("Upload-Offset", offset.as_str()), PATCH];
        assert_eq!(wire.tus(&line, &headers, piece).await.status, 204);
    }
}
