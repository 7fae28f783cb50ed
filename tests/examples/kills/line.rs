//! The way from sources and courier to the server: a SOCKS port that leads straight to the server's
//! sockets, or on to a Tor client, and says which moment it is.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crate::moment::{Alarm, Moment};
use crate::socks::{self, Wish};
use crate::talk::{Lengths, Requests, Talk};

/// Bytes that are passed on at once: a kill finds a piece half there.
const PASSED_AT_ONCE: usize = 65_536;

/// Where the line leads.
#[derive(Debug)]
pub(crate) enum Far {
    /// To the sockets of these onion names.
    Sockets(Vec<(String, PathBuf)>),
    /// To any onion, by the Tor client with this SOCKS port.
    Tor(SocketAddr),
}

impl Far {
    fn connect(&self, wish: &Wish) -> io::Result<Pipe> {
        match self {
            Self::Sockets(sockets) => {
                let known = sockets.iter().find(|(onion, _)| *onion == wish.host);
                let (_, path) = known.ok_or(io::ErrorKind::NotFound)?;
                UnixStream::connect(path).map(Pipe::Unix)
            }
            Self::Tor(port) => socks::dial(*port, wish).map(Pipe::Tcp),
        }
    }
}

/// A byte stream to the server.
#[derive(Debug)]
enum Pipe {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Pipe {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&*stream).read(buffer),
            Self::Tcp(stream) => (&*stream).read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => (&*stream).write_all(bytes),
            Self::Tcp(stream) => (&*stream).write_all(bytes),
        }
    }

    /// Whoever is gone already needs no end.
    fn end(&self, how: Shutdown) {
        drop(match self {
            Self::Unix(stream) => stream.shutdown(how),
            Self::Tcp(stream) => stream.shutdown(how),
        });
    }
}

/// Opens the port. It leads on until the process ends.
pub(crate) fn open(far: Far, alarm: &Arc<Alarm>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (alarm, far) = (Arc::clone(alarm), Arc::new(far));
    let lengths = Arc::new(Lengths::default());
    thread::spawn(move || {
        for near in listener.incoming() {
            let (alarm, far, lengths) = (alarm.clone(), far.clone(), lengths.clone());
            // What a connection ends with, its two ends find out by themselves.
            thread::spawn(move || serve(near?, &far, &alarm, &lengths));
        }
    });
    Ok(address)
}

fn serve(
    mut near: TcpStream,
    far: &Far,
    alarm: &Arc<Alarm>,
    lengths: &Arc<Lengths>,
) -> io::Result<()> {
    near.set_nodelay(true)?;
    let wish = socks::greet(&mut near)?;
    let far = match far.connect(&wish) {
        Ok(far) => Arc::new(far),
        Err(_gone) => return socks::decline(&mut near),
    };
    socks::agree(&mut near)?;
    let talk = Arc::new(Talk::new(lengths));
    let back = thread::spawn({
        let (near, far) = (near.try_clone()?, Arc::clone(&far));
        let (talk, alarm) = (Arc::clone(&talk), Arc::clone(alarm));
        move || {
            // An end of the line is an end, however it came.
            drop(bring_back(&near, &far, &talk, &alarm));
            drop(near.shutdown(Shutdown::Both));
            far.end(Shutdown::Both);
        }
    });
    let there = bring_there(&near, &far, &talk, alarm);
    far.end(if there.is_ok() {
        Shutdown::Write
    } else {
        Shutdown::Both
    });
    drop(back.join());
    Ok(())
}

fn bring_there(near: &TcpStream, far: &Pipe, talk: &Talk, alarm: &Alarm) -> io::Result<()> {
    let mut requests = Requests::default();
    let mut buffer = vec![0; PASSED_AT_ONCE];
    loop {
        let read = (&*near).read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let bytes = &buffer[..read];
        far.write(bytes)?;
        for moment in requests.follow(bytes, talk) {
            alarm.ring(moment);
        }
    }
}

fn bring_back(near: &TcpStream, far: &Pipe, talk: &Talk, alarm: &Alarm) -> io::Result<()> {
    let mut buffer = vec![0; PASSED_AT_ONCE];
    loop {
        let read = far.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let bytes = &buffer[..read];
        if talk.hear(bytes) && alarm.ring(Moment::Answer) {
            return Ok(());
        }
        (&*near).write_all(bytes)?;
    }
}
