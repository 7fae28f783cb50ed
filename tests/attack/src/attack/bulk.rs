//! Uploads that cost the drop-box places, disk and memory.

use std::io;
use std::time::Duration;

use crate::ground::Ground;
use crate::header::Header;
use crate::peer::{PATCH, Peer, TUS};

/// The pause between two creations on one connection: fifty senders make thousands a second.
const BRIEFLY: Duration = Duration::from_millis(10);
/// Creations on one connection.
const CREATIONS: usize = 100;
/// Bytes behind the header of an upload that is left.
const BEHIND: usize = 65_536;
/// How often a sender takes over from itself before it begins another upload.
const TAKEOVERS: usize = 20;
/// Bytes that each takeover brings.
const PIECE: usize = 30_000;
/// What junk is made of.
static JUNK: [u8; 65_536] = [0x5a; 65_536];

/// Announces uploads of which nothing ever comes.
pub(super) async fn create(ground: &Ground, peer: &mut Peer) -> io::Result<()> {
    for _ in 0..CREATIONS {
        let made = peer.create(ground.large.length).await?;
        ground.note(&made);
        tokio::time::sleep(BRIEFLY).await;
    }
    Ok(())
}

/// Begins an upload and goes.
pub(super) async fn leave(ground: &Ground, peer: &mut Peer) -> io::Result<()> {
    let made = peer.create(ground.large.length).await?;
    ground.note(&made);
    let line = format!("PATCH {}", made.location()?);
    let headers = [TUS, PATCH, ("Upload-Offset", "0")];
    peer.begin(&line, &headers, ground.large.length).await?;
    peer.send(&ground.large.bytes).await?;
    peer.send(JUNK.get(..BEHIND).unwrap_or_default()).await
}

/// Begins an upload and takes it over again and again, while the request before still stands.
pub(super) async fn restart(ground: &Ground, peer: &mut Peer) -> io::Result<()> {
    let header = &ground.large;
    let made = peer.create(header.length).await?;
    ground.note(&made);
    let path = made.location()?;
    let mut standing = Vec::new();
    for _ in 0..TAKEOVERS {
        let mut next = ground.connect().await?;
        let head = next.ask(&format!("HEAD {path}"), &[TUS], b"").await?;
        ground.note(&head);
        let offset = head.offset().ok_or(io::ErrorKind::NotFound)?;
        let start = offset.to_string();
        let headers = [TUS, PATCH, ("Upload-Offset", start.as_str())];
        next.begin(&format!("PATCH {path}"), &headers, header.length)
            .await?;
        if offset == 0 {
            next.send(&header.bytes).await?;
        }
        next.send(JUNK.get(..PIECE).unwrap_or_default()).await?;
        standing.push(next);
        if standing.len() > 2 {
            drop(standing.remove(0));
        }
        tokio::time::sleep(BRIEFLY).await;
    }
    Ok(())
}

/// Sends a whole upload of junk.
pub(super) async fn whole(ground: &Ground, peer: &mut Peer, header: &Header) -> io::Result<()> {
    let made = peer.create(header.length).await?;
    ground.note(&made);
    let line = format!("PATCH {}", made.location()?);
    let headers = [TUS, PATCH, ("Upload-Offset", "0")];
    peer.begin(&line, &headers, header.length).await?;
    peer.send(&header.bytes).await?;
    let sent = u64::try_from(header.bytes.len()).map_err(io::Error::other)?;
    let mut left = header.length.saturating_sub(sent);
    while left > 0 {
        let piece = usize::try_from(left).unwrap_or(JUNK.len()).min(JUNK.len());
        peer.send(JUNK.get(..piece).unwrap_or_default()).await?;
        left = left.saturating_sub(u64::try_from(piece).map_err(io::Error::other)?);
    }
    let answer = peer.answer(false).await?;
    ground.note(&answer);
    Ok(())
}
