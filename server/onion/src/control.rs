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
    read(&text).map(Some)
}

/// What a server says. The error does not repeat it: whoever has taken over the server chose the words.
fn read(text: &[u8]) -> io::Result<Status> {
    let not_so =
        |_| io::Error::other("the running server does not say how it is, or not as it should");
    serde_json::from_slice(text).map_err(not_so)
}

#[cfg(test)]
mod tests {
    use knothole_envelope::OnionAddress;
    use serde_json::{Value, json};

    use super::*;

    fn said() -> Value {
        json!({
            "reach": "ready", "probed": true,
            "restarts": { "count": 1, "last": "2026-11-30", "missing": "onion" },
            "taking": "open", "clock": "right",
            "public": OnionAddress::from_identity(&[7; 32]).to_string(), "collection": null,
            "newsroom": "aaaa ".repeat(13),
            "charter_held": true, "sheets": 1, "couriers": 1, "drops_visible": 1,
            "drops_waiting": 1, "uploads_unfinished": 1, "replies_waiting": 1,
            "drops_damaged": 0, "percent_full": 1, "percent_of_disk": 1,
        })
    }

    fn heard(said: &Value) -> io::Result<Status> {
        read(said.to_string().as_bytes())
    }

    #[test]
    fn what_a_server_that_was_taken_over_says_reaches_no_terminal() {
        let status = heard(&said()).unwrap();
        let again = serde_json::to_value(&status).unwrap();
        assert_eq!(heard(&again).unwrap(), status);
        let escape = json!("\u{1b}]52;c;aGk=\u{7}");
        let names: Vec<String> = said().as_object().unwrap().keys().cloned().collect();
        let restarts = ["last", "missing", "count"].map(|name| format!("/restarts/{name}"));
        let places = names.iter().map(|name| format!("/{name}")).chain(restarts);
        for place in places {
            let mut said = said();
            *said.pointer_mut(&place).unwrap() = escape.clone();
            let error = heard(&said).expect_err(&place).to_string();
            assert!(!error.contains(char::is_control), "{place}: {error:?}");
        }
    }
}
