//! The two services of a drop-box, and how a byte stream gets to each.

use std::sync::Arc;

use knothole_intake::{Circuit, Intake};
use tokio::io::{AsyncRead, AsyncWrite};

/// One of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// For everyone: sources leave drops here.
    Public,
    /// For couriers.
    Collection,
}

impl Room {
    /// The name under which arti keeps the service's keys, and of its socket.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Collection => "collection",
        }
    }

    /// Hands one connection over, until it ends.
    pub(crate) async fn serve<S>(self, intake: Arc<Intake>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self {
            Self::Public => intake.serve_public(stream).await,
            Self::Collection => intake.serve_collection(stream).await,
        }
    }

    /// Hands one connection over that came by this circuit, until it ends.
    pub(crate) async fn serve_on<S>(self, intake: Arc<Intake>, circuit: Circuit, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self {
            Self::Public => intake.serve_public_on(&circuit, stream).await,
            Self::Collection => intake.serve_collection_on(&circuit, stream).await,
        }
    }
}
