//! The socket in the data folder at which a running server says how it is.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixListener;

use crate::data::Data;
use crate::status::Status;

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);
/// A status is far shorter.
const MOST_BYTES: u64 = 65_536;

/// Answers everyone who connects with the status of the moment.
///
/// # Errors
/// When the socket cannot be made or accepts no more.
pub(crate) async fn answer(data: &Data, status: impl Fn() -> Status) -> io::Result<()> {
    let place = data.control()?;
    match std::fs::remove_file(place.path()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(place.path())?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        let text = serde_json::to_vec(&status()).map_err(io::Error::other)?;
        // Whoever asks and does not listen is not worth an error.
        let answer = async {
            stream.write_all(&text).await?;
            stream.shutdown().await
        };
        drop(tokio::time::timeout(PATIENCE, answer).await);
    }
}

/// Asks the running server; `None` when there is none.
///
/// # Errors
/// When the socket is there but does not answer as it should.
pub(crate) fn ask(data: &Data) -> io::Result<Option<Status>> {
    let place = data.control()?;
    let stream = match UnixStream::connect(place.path()) {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut text)?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(io::Error::other)
}
