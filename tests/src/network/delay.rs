//! Links that are slow: between the nodes' ports and the nodes stands somebody who waits.

use std::io;
use std::net::{SocketAddrV4, TcpListener as Listener};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::slot::{OR_PORT, SLOWED_PORT, Slot, at};

/// What is read at once.
const PIECE: usize = 1 << 14;
/// How many pieces may be under way in each direction of a connection: 16 MiB, so that the delay is
/// all that is added.
const UNDER_WAY: usize = 1 << 10;

/// Forwarders to all nodes. They end with this value.
#[derive(Debug)]
pub(super) struct Delay {
    _runtime: Runtime,
}

impl Delay {
    /// Listens at every node's port.
    pub(super) fn start(slot: &Slot, delay: Duration) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        for address in slot.addresses() {
            let listener = Listener::bind(at(address, OR_PORT))?;
            listener.set_nonblocking(true)?;
            let _inside = runtime.enter();
            let listener = TcpListener::from_std(listener)?;
            drop(runtime.spawn(accept(listener, at(address, SLOWED_PORT), delay)));
        }
        Ok(Self { _runtime: runtime })
    }
}

/// Nobody hears of a connection that breaks but the two who have it.
async fn accept(listener: TcpListener, node: SocketAddrV4, delay: Duration) {
    while let Ok((near, _)) = listener.accept().await {
        drop(tokio::spawn(async move {
            let far = TcpStream::connect(node).await?;
            near.set_nodelay(true)?;
            far.set_nodelay(true)?;
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            let there = carry(near_in, far_out, delay);
            let back = carry(far_in, near_out, delay);
            tokio::try_join!(there, back).map(drop)
        }));
    }
}

/// Sends on what comes, each piece so much later.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) -> io::Result<()> {
    let (put, mut taken) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reading = async move {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if from.read_buf(&mut piece).await? == 0 {
                return Ok(());
            }
            let Some(due) = Instant::now().checked_add(delay) else {
                return Err(io::ErrorKind::TimedOut.into());
            };
            if put.send((due, piece)).await.is_err() {
                return Ok(());
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = taken.recv().await {
            sleep_until(due).await;
            to.write_all(&piece).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(reading, writing).map(drop)
}
