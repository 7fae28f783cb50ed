//! One client's circuit, and the streams on it.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use knothole_intake::{Circuit, Place};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tor_cell::relaycell::msg::{Connected, End, EndReason};
use tor_hsservice::{RendRequest, StreamRequest};
use tor_proto::stream::IncomingStreamRequest;

use crate::room::{Inside, Room};

/// The port at which the service answers; every other one is refused as an unknown port is.
const PORT: u16 = 80;

/// How long a circuit may lie idle. A client makes a new one in seconds.
const IDLE_PATIENCE: Duration = Duration::from_secs(600);

/// Goes to the client of one rendezvous. Nothing, where it cannot be met: clients give up, and
/// attackers send what cannot be met; neither is worth a line.
pub(super) async fn meet(
    request: RendRequest,
) -> Option<impl Stream<Item = StreamRequest> + Unpin + Send> {
    request.accept().await.ok()
}

/// Serves the streams of one client until it goes, lies idle for long, or its place is wanted by
/// another. When the sender of `closing` is gone, it need not lie idle at all.
pub(super) async fn serve_circuit(
    mut requests: impl Stream<Item = StreamRequest> + Unpin + Send,
    room: Room,
    inside: Inside,
    place: Place,
    mut closing: watch::Receiver<()>,
) {
    let mut streams = JoinSet::new();
    let mut idle_since = Instant::now();
    loop {
        let idle = idle_since.checked_add(IDLE_PATIENCE).unwrap_or(idle_since);
        tokio::select! {
            request = requests.next() => match request {
                Some(request) => {
                    let (inside, circuit) = (inside.clone(), place.circuit());
                    streams.spawn(serve_stream(request, room, inside, circuit));
                }
                None => break,
            },
            Some(_) = streams.join_next(), if !streams.is_empty() => idle_since = Instant::now(),
            // Its streams are told as well, and end what they are about.
            () = place.wanted() => break,
            () = tokio::time::sleep_until(idle), if streams.is_empty() => return,
            // Nothing is ever sent: this is the end of the sender.
            _ = closing.changed(), if streams.is_empty() => return,
        }
    }
    // The circuit goes; what its streams still hold they give back themselves.
    while streams.join_next().await.is_some() {}
}

async fn serve_stream(request: StreamRequest, room: Room, inside: Inside, circuit: Circuit) {
    let wanted = matches!(
        request.request(),
        IncomingStreamRequest::Begin(begin) if begin.port() == PORT
    );
    if !wanted {
        // DONE is what other implementations say too.
        drop(request.reject(End::new_with_reason(EndReason::DONE)).await);
        return;
    }
    if let Ok(stream) = request.accept(Connected::new_empty()).await {
        room.serve_on(inside, circuit, stream).await;
    }
}
