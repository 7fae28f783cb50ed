//! Tries what is refused, in a process of its own on either side of the walls.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use io_uring::IoUring;
use nix::errno::Errno;
use nix::libc;

use super::*;

/// Tells the process of its side; absent in the test that starts it.
const SIDE: &str = "KNOTHOLE_SIDE_OF_THE_WALLS";
/// Tells it of a port at which somebody listens.
const PORT: &str = "KNOTHOLE_OPEN_PORT";
/// Tells it of a folder that the test made, with what is beneath.
const ROOM: &str = "KNOTHOLE_ROOM";

/// A file of the system that every Debian has and that the server has nothing to do with.
const SETTINGS: &str = "/etc/ld.so.conf";

const MYSELF: &str = "walls::tests::tries_what_is_refused";

fn on_this_side(side: &str) -> String {
    let room = tempfile::tempdir().unwrap();
    for folder in [
        "data",
        "data/from",
        "data/to",
        "configuration",
        "sockets",
        "elsewhere",
    ] {
        DirBuilder::new().create(room.path().join(folder)).unwrap();
    }
    let planted = room.path().join("data/planted");
    std::fs::copy("/bin/true", &planted).unwrap();
    std::fs::set_permissions(&planted, PermissionsExt::from_mode(0o755)).unwrap();
    drop(File::create(room.path().join("configuration/server.toml")).unwrap());
    // Sockets of others on this machine, with a place in the file system and without.
    let _others = [
        UnixListener::bind(room.path().join("elsewhere/stream")).unwrap(),
        UnixListener::bind_addr(&nameless(room.path())).unwrap(),
    ];
    let _log = UnixDatagram::bind(room.path().join("elsewhere/datagrams")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ran = Command::new(std::env::current_exe().unwrap())
        .args([MYSELF, "--exact", "--ignored", "--nocapture"])
        .env(SIDE, side)
        .env(PORT, port.to_string())
        .env(ROOM, room.path())
        .env_remove("NOTIFY_SOCKET")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    said
}

/// The name without a place in the file system at which the test listens.
fn nameless(room: &Path) -> SocketAddr {
    SocketAddr::from_abstract_name(room.as_os_str().as_encoded_bytes()).unwrap()
}

fn tell<T>(what: &str, tried: io::Result<T>) {
    match tried {
        Ok(_) => println!("{what}: done"),
        Err(error) => println!("{what}: {:?}", error.raw_os_error().map(Errno::from_raw)),
    }
}

/// The other tests run this one again, on one side of the walls.
#[test]
#[ignore = "it is run by the other tests, in a process of its own"]
fn tries_what_is_refused() {
    let side = std::env::var(SIDE).unwrap();
    let room = PathBuf::from(std::env::var_os(ROOM).unwrap());
    // The harness has begun a line.
    println!();
    if side == "anew" {
        println!("anew: {:?}", raise_in(&room, Neighbours::Relays));
        tell("what arti looks up, anew", let_it_begin_anew());
        tell("settings, anew", File::open(SETTINGS));
        return;
    }
    let neighbours = match side.as_str() {
        "sockets" => Some(Neighbours::Tor),
        "relays" => Some(Neighbours::Relays),
        "transports" => Some(Neighbours::Transports(vec!["/bin/true".into()])),
        _ => None,
    };
    if let Some(neighbours) = neighbours {
        if side == "sockets" {
            // As a container's filter may, from which the walls must not be taken to stand.
            forget_a_call(libc::SYS_chroot);
        }
        assert!(!calls::are_filtered());
        assert_eq!(
            raise_in(&room, neighbours),
            Walls::Both,
            "this kernel must have Landlock"
        );
        assert!(calls::are_filtered());
        // Where it is not refused, the parent would have to let this process go on.
        tell(
            "ptrace",
            nix::sys::ptrace::traceme().map_err(io::Error::from),
        );
    }
    files(&room);
    connections(&room);
    tell("uring", IoUring::new(2));
    tell(
        "thread",
        std::thread::Builder::new()
            .spawn(|| ())
            .map(|thread| thread.join()),
    );
    tell("child", Command::new("/bin/true").status());
    for program in [Path::new("/bin/false"), &room.join("data/planted")] {
        // This comes back only where it is refused.
        if side != "before" {
            tell(
                &format!("become {}", program.file_name().unwrap().display()),
                become_one(program),
            );
        }
    }
    let mut myself = Command::new("/proc/self/exe");
    myself
        .args([MYSELF, "--exact", "--ignored", "--nocapture"])
        .env(SIDE, "anew");
    if side == "relays" || side == "sockets" {
        tell::<()>("myself", Err(myself.exec()));
    }
}

/// Says from now on that this call is missing.
fn forget_a_call(call: i64) {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let filter = SeccompFilter::new(
        [(call, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
    assert_eq!(nix::unistd::chroot(""), Err(Errno::ENOSYS));
}

fn become_one(program: &Path) -> io::Result<()> {
    Err(Command::new(program).exec())
}

fn raise_in(room: &Path, neighbours: Neighbours) -> Walls {
    raise(&Ground {
        neighbours,
        data: &room.join("data"),
        configuration: &[&room.join("configuration")],
        sockets: Some(&room.join("sockets")),
        readable: &[],
    })
    .unwrap()
}

fn files(room: &Path) {
    tell("passwd", File::open("/etc/passwd"));
    tell("settings", File::open(SETTINGS));
    tell("listing", std::fs::read_dir("/etc"));
    tell("file elsewhere", File::create(room.join("elsewhere/file")));
    tell(
        "own configuration",
        File::open(room.join("configuration/server.toml")),
    );
    let changed = OpenOptions::new()
        .append(true)
        .open(room.join("configuration/server.toml"));
    tell("changed configuration", changed);
    // The test that runs this one is another process of the same user.
    let other = format!("/proc/{}/mem", std::os::unix::process::parent_id());
    tell("memory", File::open(other));
    let kept = File::create(room.join("data/from/file"))
        .and_then(|mut file| file.write_all(b"sealed"))
        .and_then(|()| std::fs::rename(room.join("data/from/file"), room.join("data/to/file")))
        .and_then(|()| std::fs::read(room.join("data/to/file")))
        .and_then(|_| std::fs::remove_file(room.join("data/to/file")));
    tell("kept", kept);
    let link = std::os::unix::fs::symlink("/etc/passwd", room.join("data/link"));
    tell("link", link);
    let run = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o755)
        .open(room.join("data/program"));
    tell("file of any mode", run);
}

fn connections(room: &Path) {
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    tell("listen", TcpListener::bind("127.0.0.1:0"));
    tell("connect", TcpStream::connect(("127.0.0.1", port)));
    tell("datagrams", UdpSocket::bind("127.0.0.1:0"));
    tell("pair", UnixStream::pair());
    let socket = room.join("sockets/public");
    let own = UnixListener::bind(&socket);
    tell("stay at the own socket", own.as_ref().map_err(copied));
    tell(
        "stay at a socket elsewhere",
        UnixListener::bind(room.join("elsewhere/public")),
    );
    tell(
        "connect to a socket elsewhere",
        UnixStream::connect(room.join("elsewhere/stream")),
    );
    tell(
        "connect to a socket without a place",
        UnixStream::connect_addr(&nameless(room)),
    );
    // Without a connection, by two ways to a datagram socket.
    let to = room.join("elsewhere/datagrams");
    let sent = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"word", &to));
    tell("send to a socket elsewhere", sent);
    let sent = UnixDatagram::pair().and_then(|(socket, _)| socket.send_to(b"word", &to));
    tell("send from a pair to a socket elsewhere", sent);
}

fn copied(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(
        || io::Error::from(error.kind()),
        io::Error::from_raw_os_error,
    )
}

/// What the process said that it could do, and what it could not. It says each on a line of its own.
#[track_caller]
fn assert_told(told: &str, done: &[&str], refused: &[(&str, Errno)]) {
    let is_told = |line: &str| told.lines().any(|found| found == line);
    for what in done {
        assert!(is_told(&format!("{what}: done")), "{what}\n{told}");
    }
    for (what, errno) in refused {
        let line = format!("{what}: Some({errno:?})");
        assert!(is_told(&line), "{what}\n{told}");
    }
}

const OUT_OF_REACH: [(&str, Errno); 6] = [
    ("settings", Errno::EACCES),
    ("listing", Errno::EACCES),
    ("file elsewhere", Errno::EACCES),
    ("changed configuration", Errno::EACCES),
    ("memory", Errno::EACCES),
    ("stay at a socket elsewhere", Errno::EACCES),
];
/// Named and nameless, by connections and by datagrams.
const OF_OTHERS: [&str; 4] = [
    "connect to a socket elsewhere",
    "connect to a socket without a place",
    "send to a socket elsewhere",
    "send from a pair to a socket elsewhere",
];
const NEVER: [(&str, Errno); 2] = [("ptrace", Errno::EPERM), ("uring", Errno::EPERM)];
/// A link: the filter has no call for it, and where it has, Landlock refuses.
const NO_CALL_FOR: (&str, Errno) = ("link", Errno::EPERM);
const NO_RIGHT_TO: (&str, Errno) = ("link", Errno::EACCES);
/// A file may have any mode: it is no help where nothing may run.
const OWN: [&str; 6] = [
    "own configuration",
    "kept",
    "file of any mode",
    "pair",
    "stay at the own socket",
    "thread",
];

#[test]
fn before_the_walls_everything_that_they_refuse_is_possible() {
    let told = on_this_side("before");
    assert_told(&told, &OWN, &[]);
    let refused = OUT_OF_REACH.map(|(what, _)| what);
    assert_told(&told, &refused, &[]);
    assert_told(&told, &OF_OTHERS, &[]);
    let others = [
        "passwd",
        "listen",
        "connect",
        "datagrams",
        "child",
        "link",
        "uring",
    ];
    assert_told(&told, &others, &[]);
}

#[test]
fn behind_a_socket_there_is_no_network_no_program_and_no_file_and_no_socket_but_its_own() {
    let told = on_this_side("sockets");
    assert_told(&told, &OWN, &OUT_OF_REACH);
    assert_told(&told, &[], &NEVER);
    assert_told(&told, &[], &[("passwd", Errno::EACCES), NO_CALL_FOR]);
    for what in [
        "listen",
        "connect",
        "datagrams",
        "child",
        "become false",
        "become planted",
        "myself",
    ] {
        assert_told(&told, &[], &[(what, Errno::EPERM)]);
    }
    for what in OF_OTHERS {
        assert_told(&told, &[], &[(what, Errno::EPERM)]);
    }
}

#[test]
fn with_a_tor_of_its_own_the_server_reaches_relays_and_neither_files_nor_programs() {
    let told = on_this_side("relays");
    assert_told(&told, &OWN, &OUT_OF_REACH);
    assert_told(&told, &["connect", "passwd"], &NEVER);
    let refused = [
        ("listen", Errno::EACCES),
        ("datagrams", Errno::EPERM),
        ("child", Errno::EPERM),
        ("become false", Errno::EACCES),
        ("become planted", Errno::EACCES),
        ("connect to a socket without a place", Errno::EPERM),
        NO_CALL_FOR,
    ];
    assert_told(&told, &[], &refused);
    // Here it is the unit that hides the sockets of others.
    assert_told(&told, &["connect to a socket elsewhere"], &[]);
}

#[test]
fn a_server_that_begins_anew_stands_behind_the_same_walls() {
    let told = on_this_side("relays");
    assert!(told.contains("anew: OfBefore\n"), "{told}");
    let done = ["what arti looks up, anew"];
    assert_told(&told, &done, &[("settings, anew", Errno::EACCES)]);
}

#[test]
fn a_transport_that_was_named_is_started_and_another_program_is_not() {
    let told = on_this_side("transports");
    assert_told(&told, &OWN, &OUT_OF_REACH);
    assert_told(&told, &["child", "connect", "listen"], &NEVER);
    let refused = [
        ("become false", Errno::EACCES),
        ("become planted", Errno::EACCES),
        NO_RIGHT_TO,
    ];
    assert_told(&told, &[], &refused);
}

#[test]
fn the_kernel_is_asked_for_landlock_without_a_wall_being_raised() {
    let found = Landlock::of_this_kernel();
    assert_eq!(found, Landlock::FilesAndPorts, "this kernel must have it");
    drop(File::open("/etc/passwd").unwrap());
    drop(TcpListener::bind("127.0.0.1:0").unwrap());
}
