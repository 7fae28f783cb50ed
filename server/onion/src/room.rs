//! The two services of a drop-box, and how a byte stream gets to each.

use std::sync::Arc;

use knothole_intake::{Circuit, Intake};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::traffic::Traffic;

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
    pub(crate) async fn serve<S>(self, inside: Inside, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = inside.traffic.counting(self, stream);
        match self {
            Self::Public => inside.intake.serve_public(stream).await,
            Self::Collection => inside.intake.serve_collection(stream).await,
        }
    }

    /// Hands one connection over that came by this circuit, until it ends.
    pub(crate) async fn serve_on<S>(self, inside: Inside, circuit: Circuit, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = inside.traffic.counting(self, stream);
        match self {
            Self::Public => inside.intake.serve_public_on(&circuit, stream).await,
            Self::Collection => inside.intake.serve_collection_on(&circuit, stream).await,
        }
    }
}

/// What the doors lead to.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    pub(crate) intake: Arc<Intake>,
    pub(crate) traffic: Traffic,
}
