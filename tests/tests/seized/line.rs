//! The line between all others and the server: it can go dead, and somebody writes down every byte.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

/// How much goes over it at once.
const READ: usize = 65_536;

/// A port of this machine that leads to another one.
#[derive(Debug)]
pub(crate) struct Line {
    state: Shared,
    port: u16,
}

type Shared = Arc<(Mutex<State>, Condvar)>;

#[derive(Debug, Default)]
struct State {
    /// Bytes that still go through before the line is dead; as many as there are where it is none.
    left: Option<usize>,
    dead: bool,
    /// Both ends of every connection since it was alive last.
    open: Vec<TcpStream>,
    connections: usize,
}

impl Line {
    /// A line to this port, of which every byte goes into a file in `folder` too.
    pub(crate) fn to(port: u16, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let line = Self {
            state: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        let (state, folder) = (Arc::clone(&line.state), folder.to_owned());
        thread::spawn(move || {
            for near in listener.incoming() {
                connect(&state, near.unwrap(), port, &folder);
            }
        });
        line
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Lets so many bytes more through, both ways together, and then none.
    pub(crate) fn dies_after(&self, bytes: usize) {
        lock(&self.state).left = Some(bytes);
    }

    /// Waits until it is dead.
    pub(crate) fn wait_until_dead(&self) {
        let held = lock(&self.state);
        let dead = self.state.1.wait_while(held, |state| !state.dead);
        drop(dead.unwrap());
    }

    /// A new line, on which what hung on the old one has ended.
    pub(crate) fn lives(&self) {
        let mut state = lock(&self.state);
        for end in state.open.drain(..) {
            // It may have gone by itself.
            drop(end.shutdown(Shutdown::Both));
        }
        (state.left, state.dead) = (None, false);
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.0.lock().unwrap()
}

fn connect(state: &Shared, near: TcpStream, port: u16, folder: &Path) {
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut held = lock(state);
    held.open
        .extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
    let number = held.connections;
    held.connections += 1;
    drop(held);
    for (from, to, way) in [(&near, &far, "to"), (&far, &near, "from")] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let (state, record) = (Arc::clone(state), folder.join(format!("{number:04}-{way}")));
        thread::spawn(move || carry(&state, from, to, record));
    }
}

/// Carries one way of a connection until it ends, or for ever once the line is dead.
fn carry(state: &Shared, mut from: TcpStream, mut to: TcpStream, record: PathBuf) {
    let mut record = File::create(record).unwrap();
    let mut bytes = vec![0; READ];
    // An error is an end like any other: somebody was killed.
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let through = pass(state, read);
        record.write_all(&bytes[..through]).unwrap();
        if to.write_all(&bytes[..through]).is_err() {
            break;
        }
        if through < read {
            // What went through is no longer on its way from here.
            lock(state).dead = true;
            state.1.notify_all();
            return;
        }
    }
    drop(to.shutdown(Shutdown::Write));
}

/// How many of so many bytes still go through.
fn pass(state: &Shared, bytes: usize) -> usize {
    let mut held = lock(state);
    let through = held.left.unwrap_or(bytes).min(bytes);
    if let Some(left) = &mut held.left {
        *left -= through;
    }
    through
}
