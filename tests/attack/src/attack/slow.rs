//! Senders that take a place and do next to nothing with it.

use std::io;
use std::time::Duration;

use crate::ground::Ground;
use crate::peer::{PATCH, Peer, TUS};

/// A byte so often.
const NOW_AND_THEN: Duration = Duration::from_secs(1);

/// By turns: a head that never ends, a body that never ends, and nothing at all.
pub(super) async fn sender(ground: &Ground, peer: &mut Peer, number: usize) -> io::Result<()> {
    match number % 3 {
        0 => {
            peer.send(b"POST /drops HTTP/1.1\r\nHost: x\r\nX-Endless: ")
                .await?;
            trickle(peer).await
        }
        1 => {
            let made = peer.create(ground.large.length).await?;
            ground.note(&made);
            let line = format!("PATCH {}", made.location()?);
            let headers = [TUS, PATCH, ("Upload-Offset", "0")];
            peer.begin(&line, &headers, ground.large.length).await?;
            peer.send(&ground.large.bytes).await?;
            trickle(peer).await
        }
        _ => peer.listen().await,
    }
}

async fn trickle(peer: &mut Peer) -> io::Result<()> {
    loop {
        peer.send(b"x").await?;
        // Until the next byte, or the end.
        if let Ok(ended) = tokio::time::timeout(NOW_AND_THEN, peer.listen()).await {
            return ended;
        }
    }
}
