//! The tus state machine without its gate, for outside protocol test sets.
//!
//! ```text
//! cargo run -p knothole-intake --example open_gate -- FOLDER 127.0.0.1:PORT
//! ```
//! It prints the address it listens at; port 0 takes a free one. It takes any bytes, sealed or not.
//! It is no drop-box.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use knothole_intake::{Intake, Settings, UnixSeconds};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: open_gate FOLDER ADDRESS:PORT".into());
    };
    let address: SocketAddr = address.to_str().ok_or("no address")?.parse()?;
    let folder = PathBuf::from(folder);
    let now = UnixSeconds::from_system();
    let intake = Intake::open_without_gate(&folder, Settings::default(), now)?;
    let listener = TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let intake = Arc::clone(&intake);
        tokio::spawn(async move { intake.serve_public(stream).await });
    }
}
