//! Senders that ask mailboxes, and hang up before they are answered.

use std::io;
use std::time::Duration;

use crate::ground::Ground;
use crate::peer::Peer;

/// Long enough for the server to have begun.
const BRIEFLY: Duration = Duration::from_millis(50);
/// One sender of so many waits for its answer.
const PATIENT: usize = 10;
/// What erases: any secret, and any four names.
const ERASURE: [u8; 160] = [0x5a; 160];

/// Asks a mailbox that nobody has to erase something.
pub(super) async fn ask(ground: &Ground, peer: &mut Peer, number: usize) -> io::Result<()> {
    let line = format!("POST /mailbox/{}", "5a".repeat(32));
    if number.is_multiple_of(PATIENT) {
        let answer = peer.ask(&line, &[], &ERASURE).await?;
        ground.note(&answer);
        return Ok(());
    }
    let length = u64::try_from(ERASURE.len()).map_err(io::Error::other)?;
    peer.begin(&line, &[], length).await?;
    peer.send(&ERASURE).await?;
    // Over in any case.
    drop(tokio::time::timeout(BRIEFLY, peer.listen()).await);
    Ok(())
}
