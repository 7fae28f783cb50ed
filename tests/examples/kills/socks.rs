//! SOCKS5 (RFC 1928) with user name and password (RFC 1929), both ends of it.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// The port of an onion service.
const SERVICE_PORT: u16 = 80;

/// What somebody wants who comes to a SOCKS port.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Separates circuits.
    pub(crate) user: String,
    pub(crate) host: String,
}

/// Has the client at this port connect to `host`.
pub(crate) fn dial(port: SocketAddr, wish: &Wish) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(port)?;
    stream.set_nodelay(true)?;
    stream.write_all(&[5, 1, 2])?;
    expect(&mut stream, [5, 2])?;
    let mut login = vec![1];
    field(&mut login, &wish.user)?;
    field(&mut login, "0")?;
    stream.write_all(&login)?;
    expect(&mut stream, [1, 0])?;
    let mut connect = vec![5, 1, 0, 3];
    field(&mut connect, &wish.host)?;
    connect.extend_from_slice(&SERVICE_PORT.to_be_bytes());
    stream.write_all(&connect)?;
    let mut said = [0; 10];
    stream.read_exact(&mut said)?;
    match said {
        [5, 0, _, 1, ..] => Ok(stream),
        _ => Err(io::ErrorKind::HostUnreachable.into()),
    }
}

/// Hears out who comes to our port; the answer is [`agree`] or [`decline`].
pub(crate) fn greet(stream: &mut TcpStream) -> io::Result<Wish> {
    let [_, methods] = bytes(stream)?;
    io::copy(&mut (&*stream).take(methods.into()), &mut io::sink())?;
    stream.write_all(&[5, 2])?;
    let [_] = bytes(stream)?;
    let user = text(stream)?;
    text(stream)?;
    stream.write_all(&[1, 0])?;
    let [_, _, _, _] = bytes(stream)?;
    let host = text(stream)?;
    let [_, _] = bytes(stream)?;
    Ok(Wish { user, host })
}

pub(crate) fn agree(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
}

/// Host unreachable.
pub(crate) fn decline(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0])
}

fn field(out: &mut Vec<u8>, text: &str) -> io::Result<()> {
    out.push(u8::try_from(text.len()).map_err(io::Error::other)?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn bytes<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(stream: &mut TcpStream) -> io::Result<String> {
    let [length] = bytes(stream)?;
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

fn expect(stream: &mut TcpStream, wanted: [u8; 2]) -> io::Result<()> {
    match bytes(stream)? {
        said if said == wanted => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
