//! The attacks.

mod bulk;
mod heads;
mod lies;
mod polls;
mod slow;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::task::JoinSet;

use crate::ground::Ground;
use crate::peer::Peer;

/// What a hostile sender may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// Heads, bodies and silences that never end, a byte now and then.
    Slow,
    /// The same, and who was thrown out is there again a second later.
    Storm,
    /// Uploads that are created and never begun.
    Creations,
    /// Uploads that are begun and left.
    Unfinished,
    /// Heads too long, too many, too many lines, or answers that nobody reads.
    Heads,
    /// A tus client that lies in every header.
    Lies,
    /// Senders that take over from themselves for ever.
    Restarts,
    /// One circuit, and as many streams on it as it gets.
    Streams,
    /// Files behind good headers until there is no room for one.
    Brim,
    /// Junk behind good headers, complete.
    Junk,
    /// Mailboxes that are asked, and an answer that nobody waits for.
    Polls,
}

impl Attack {
    /// How many senders make it up, unless it is said.
    pub(crate) const fn senders(self) -> usize {
        match self {
            Self::Slow | Self::Storm | Self::Streams => 1_000,
            Self::Creations | Self::Lies | Self::Restarts | Self::Polls => 50,
            Self::Unfinished | Self::Heads => 200,
            Self::Brim | Self::Junk => 8,
        }
    }

    /// The pause between two connections of a sender. Together they come more often than Tor would
    /// let them, which brings some 75 circuits a second to a service; those of the storm ten times
    /// as often.
    const fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Self::Slow => 10_000,
            Self::Storm | Self::Streams | Self::Unfinished | Self::Heads => 1_000,
            Self::Creations
            | Self::Lies
            | Self::Restarts
            | Self::Brim
            | Self::Junk
            | Self::Polls => 100,
        })
    }

    /// What one connection does, until it is over.
    async fn once(self, ground: &Ground, peer: &mut Peer, number: usize) -> io::Result<()> {
        match self {
            Self::Slow | Self::Storm | Self::Streams => slow::sender(ground, peer, number).await,
            Self::Creations => bulk::create(ground, peer).await,
            Self::Unfinished => bulk::leave(ground, peer).await,
            Self::Heads => heads::flood(ground, peer, number).await,
            Self::Lies => lies::tell(ground, peer, number).await,
            Self::Restarts => bulk::restart(ground, peer).await,
            Self::Brim => bulk::whole(ground, peer, &ground.middling).await,
            Self::Junk if number.is_multiple_of(2) => {
                bulk::whole(ground, peer, &ground.smallest).await
            }
            Self::Junk => bulk::whole(ground, peer, &ground.middling).await,
            Self::Polls => polls::ask(ground, peer, number).await,
        }
    }
}

/// Sends all senders to work; the future ends only if one of them does.
pub(crate) fn begin(
    attack: Attack,
    ground: &Arc<Ground>,
    senders: usize,
) -> impl Future<Output = io::Result<()>> + use<> {
    let mut all = JoinSet::new();
    for number in 0..senders {
        let ground = Arc::clone(ground);
        all.spawn(async move {
            let mut first = true;
            loop {
                let peer = ground.connect().await;
                if core::mem::take(&mut first) {
                    ground.one_at_work();
                }
                if let Ok(mut peer) = peer {
                    // How a connection ended says nothing: the next one comes anyway.
                    drop(attack.once(&ground, &mut peer, number).await);
                }
                tokio::time::sleep(attack.pause()).await;
            }
        });
    }
    async move {
        match all.join_next().await {
            Some(Err(error)) => Err(io::Error::other(error)),
            Some(Ok(())) | None => Ok(()),
        }
    }
}
