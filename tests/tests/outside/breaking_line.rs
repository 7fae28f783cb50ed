//! A line that keeps breaking: a forwarder on loopback that cuts its connections.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const MIB: usize = 1 << 20;
/// After so many bytes towards the server a connection is cut, one after the other.
const CUTS: [usize; 5] = [MIB, 4 * MIB, 2 * MIB, 5 * MIB, 3 * MIB];
const PIECE: usize = 16 * 1024;

/// The line's near end. It forwards until the process ends.
#[derive(Debug)]
pub(crate) struct BreakingLine {
    address: SocketAddr,
    cuts: Arc<AtomicUsize>,
}

impl BreakingLine {
    /// A line to a server.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let cuts = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&cuts);
        thread::spawn(move || {
            for (near, budget) in listener.incoming().zip(CUTS.into_iter().cycle()) {
                let counter = Arc::clone(&counter);
                thread::spawn(move || {
                    // A side that goes away by itself ends its connection: no cut of ours.
                    if forward(&near?, &TcpStream::connect(server)?, budget)? {
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                    io::Result::Ok(())
                });
            }
        });
        Self { address, cuts }
    }

    /// Where a client connects to.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were cut so far.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Forwards both ways; whether the budget, and not one of the two sides, ended it.
fn forward(near: &TcpStream, far: &TcpStream, budget: usize) -> io::Result<bool> {
    let (mut back, mut forth) = (far.try_clone()?, near.try_clone()?);
    thread::spawn(move || {
        // Whatever ends this way, the other one notices and reports.
        drop(io::copy(&mut back, &mut forth));
        drop(forth.shutdown(Shutdown::Both));
        drop(back.shutdown(Shutdown::Both));
    });
    let mut piece = [0; PIECE];
    let mut left = budget;
    while left > 0 {
        let most = left.min(PIECE);
        let read = (&*near).read(&mut piece[..most])?;
        if read == 0 {
            far.shutdown(Shutdown::Write)?;
            return Ok(false);
        }
        (&*far).write_all(&piece[..read])?;
        left -= read;
    }
    near.shutdown(Shutdown::Both)?;
    far.shutdown(Shutdown::Both)?;
    Ok(true)
}
