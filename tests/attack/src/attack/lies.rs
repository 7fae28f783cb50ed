//! A tus client that lies in every header.

use std::io;
use std::time::Duration;

use crate::ground::Ground;
use crate::peer::Peer;

/// The pause between two lies on one connection.
const BRIEFLY: Duration = Duration::from_millis(20);

/// Heads of creations, each with one lie or more; a body of a few bytes follows.
const LIES: [&str; 20] = [
    "Upload-Length: -1",
    "Upload-Length: 18446744073709551616",
    "Upload-Length: 9223372036854775807",
    "Upload-Length: 0x10",
    "Upload-Length: 5\r\nUpload-Length: 6",
    "Upload-Defer-Length: 1",
    "Upload-Length: 1099511640064\r\nUpload-Metadata: name YQ==,a ,b ,c ,d ,e",
    "Upload-Length: 2000000\r\nUpload-Offset: 99\r\nContent-Type: application/offset+octet-stream",
    "Upload-Length: 2\r\nContent-Type: application/offset+octet-stream",
    "Upload-Length: 2000000\r\nUpload-Checksum: sha1 AAAA\r\nContent-Type: application/offset+octet-stream",
    "Upload-Length: 2000000\r\nUpload-Checksum: md5 AAAA\r\nContent-Type: application/offset+octet-stream",
    "Upload-Concat: partial\r\nUpload-Length: 2000000\r\nKnothole-Parent: zz",
    "Upload-Concat: partial\r\nUpload-Length: 2000000\r\nKnothole-Parent: abababababababababababababababababababababababababababababababab",
    "Upload-Concat: final;/drops/a /drops/b",
    "Upload-Concat: final;",
    "Upload-Concat: final;http://x/drops/abababababababababababababababababababababababababababababababab",
    "Upload-Concat: both",
    "X-HTTP-Method-Override: DELETE",
    "X-HTTP-Method-Override: PATCH\r\nUpload-Offset: 0",
    "Tus-Resumable: 0.2.2",
];
/// Lies after which no connection goes on.
const LAST_LIES: [&str; 3] = [
    "X-HTTP-Method-Override: \x7f",
    "Content-Length: 9",
    "Upload-Length: 2000000\r\nTransfer-Encoding: chunked",
];

/// Tells all of them, and one of the last.
pub(super) async fn tell(ground: &Ground, peer: &mut Peer, number: usize) -> io::Result<()> {
    let last = LAST_LIES.get(number % 4);
    for lie in LIES.iter().chain(last) {
        let head = format!(
            "POST /drops HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n{lie}\r\n\
             Content-Length: 8\r\n\r\nKNOTHOLE"
        );
        peer.send(head.as_bytes()).await?;
        let answer = peer.answer(false).await?;
        ground.note(&answer);
        tokio::time::sleep(BRIEFLY).await;
    }
    // A body that is shorter than it says, and then nothing.
    let made = peer.create(ground.large.length).await?;
    let head = format!(
        "PATCH {} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: {}\r\n\r\nKNOTHOLE",
        made.location()?,
        ground.large.length
    );
    peer.send(head.as_bytes()).await
}
