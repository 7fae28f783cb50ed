//! One client's circuit, and the streams on it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use knothole_intake::Intake;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tor_cell::relaycell::msg::{Connected, End, EndReason};
use tor_hsservice::{RendRequest, StreamRequest};
use tor_proto::stream::IncomingStreamRequest;

use crate::room::Room;

/// The port at which the service answers; every other one is refused as an unknown port is.
const PORT: u16 = 80;

/// How long a circuit may lie idle. A client makes a new one in seconds.
const IDLE_PATIENCE: Duration = Duration::from_secs(600);
/// How long it may lie idle while others find no place.
const CROWDED_PATIENCE: Duration = Duration::from_secs(15);

/// How long a client may take to be met. arti builds the circuit anew a few times by itself.
const MEETING_PATIENCE: Duration = Duration::from_secs(60);

/// Goes to the client of one rendezvous. Nothing, where it cannot be met: clients give up, and
/// attackers send what cannot be met; neither is worth a line.
pub(super) async fn meet(
    request: RendRequest,
) -> Option<impl Stream<Item = StreamRequest> + Unpin + Send> {
    let met = tokio::time::timeout(MEETING_PATIENCE, request.accept()).await;
    met.ok()?.ok()
}

/// Serves the streams of one client until it goes, or lies idle. When the sender of `closing` is
/// gone, it need not lie idle for long; while no place is free, it may not.
pub(super) async fn serve_circuit(
    mut requests: impl Stream<Item = StreamRequest> + Unpin + Send,
    room: Room,
    intake: Arc<Intake>,
    places: &Semaphore,
    mut closing: watch::Receiver<()>,
) {
    let mut streams = JoinSet::new();
    let mut idle_since = Instant::now();
    loop {
        tokio::select! {
            request = requests.next() => match request {
                Some(request) => {
                    streams.spawn(serve_stream(request, room, Arc::clone(&intake)));
                }
                None => break,
            },
            Some(_) = streams.join_next(), if !streams.is_empty() => idle_since = Instant::now(),
            () = tokio::time::sleep(CROWDED_PATIENCE), if streams.is_empty() => {
                let crowded = places.available_permits() == 0;
                if crowded || idle_since.elapsed() >= IDLE_PATIENCE {
                    return;
                }
            }
            // Nothing is ever sent: this is the end of the sender.
            _ = closing.changed(), if streams.is_empty() => return,
        }
    }
    // The circuit is gone; what its streams still hold they give back themselves.
    while streams.join_next().await.is_some() {}
}

async fn serve_stream(request: StreamRequest, room: Room, intake: Arc<Intake>) {
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
        room.serve(intake, stream).await;
    }
}
