//! Floods of heads.

use std::io;

use crate::ground::Ground;
use crate::peer::Peer;

/// Requests on one connection whose answers nobody reads.
const UNREAD: usize = 10_000;
/// Whole requests with a large head on one connection.
const LARGE: usize = 20;

/// By turns: too many lines, a line without end, answers that nobody reads, and heads as large as
/// they may be, one after the other.
pub(super) async fn flood(ground: &Ground, peer: &mut Peer, number: usize) -> io::Result<()> {
    match number % 4 {
        0 => {
            let mut head = String::from("GET /charter HTTP/1.1\r\nHost: x\r\n");
            for line in 0..500 {
                head.push_str(&format!("X-{line}: {}\r\n", "y".repeat(60)));
            }
            head.push_str("\r\n");
            peer.send(head.as_bytes()).await?;
            let answer = peer.answer(false).await?;
            ground.note(&answer);
            peer.listen().await
        }
        1 => {
            peer.send(b"GET / HTTP/1.1\r\nX: ").await?;
            // Until it is closed: the drop-box must not keep it all.
            for _ in 0..UNREAD {
                peer.send(&[b'y'; 8_192]).await?;
            }
            Ok(())
        }
        2 => {
            for _ in 0..UNREAD {
                peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
            }
            Ok(())
        }
        _ => {
            let padding = "y".repeat(900);
            let names: Vec<String> = (0..50).map(|line| format!("X-{line}")).collect();
            let headers: Vec<_> = names
                .iter()
                .map(|name| (name.as_str(), padding.as_str()))
                .collect();
            for _ in 0..LARGE {
                let answer = peer.ask("GET /charter", &headers, b"").await?;
                ground.note(&answer);
            }
            Ok(())
        }
    }
}
