//! Tries what is refused, in a process of its own on either side of the walls.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use io_uring::IoUring;
use nix::errno::Errno;

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
    tell("elsewhere", File::create(room.join("elsewhere/file")));
    tell(
        "configuration",
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
    // Its mode is no help where nothing may run.
    let run = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o755)
        .open(room.join("data/program"));
    tell("program file", run);
}

fn connections(room: &Path) {
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    tell("listen", TcpListener::bind("127.0.0.1:0"));
    tell("connect", TcpStream::connect(("127.0.0.1", port)));
    tell("datagrams", UdpSocket::bind("127.0.0.1:0"));
    tell("pair", UnixStream::pair());
    let socket = room.join("sockets/public");
    tell(
        "socket",
        UnixListener::bind(&socket).and_then(|_listener| UnixStream::connect(&socket)),
    );
    tell(
        "socket elsewhere",
        UnixListener::bind(room.join("elsewhere/public")),
    );
}

/// What the process said that it could do, and what it could not.
#[track_caller]
fn assert_told(told: &str, done: &[&str], refused: &[(&str, Errno)]) {
    for what in done {
        assert!(told.contains(&format!("{what}: done\n")), "{what}\n{told}");
    }
    for (what, errno) in refused {
        assert!(
            told.contains(&format!("{what}: Some({errno:?})\n")),
            "{what}\n{told}"
        );
    }
}

const OUT_OF_REACH: [(&str, Errno); 6] = [
    ("settings", Errno::EACCES),
    ("listing", Errno::EACCES),
    ("elsewhere", Errno::EACCES),
    ("changed configuration", Errno::EACCES),
    ("memory", Errno::EACCES),
    ("socket elsewhere", Errno::EACCES),
];
const NEVER: [(&str, Errno); 2] = [("ptrace", Errno::EPERM), ("uring", Errno::EPERM)];
const OWN: [&str; 5] = ["configuration", "kept", "pair", "socket", "thread"];

#[test]
fn before_the_walls_everything_that_they_refuse_is_possible() {
    let told = on_this_side("before");
    assert_told(&told, &OWN, &[]);
    let refused = OUT_OF_REACH.map(|(what, _)| what);
    assert_told(&told, &refused, &[]);
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
fn behind_a_socket_there_is_no_network_no_program_and_no_file_but_its_own() {
    let told = on_this_side("sockets");
    assert_told(&told, &OWN, &OUT_OF_REACH);
    assert_told(&told, &[], &NEVER);
    assert_told(&told, &[], &[("passwd", Errno::EACCES)]);
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
}

#[test]
fn with_a_tor_of_its_own_the_server_reaches_relays_and_neither_files_nor_programs() {
    let told = on_this_side("relays");
    assert_told(&told, &OWN, &OUT_OF_REACH);
    assert_told(&told, &["connect"], &NEVER);
    let refused = [
        ("listen", Errno::EACCES),
        ("datagrams", Errno::EPERM),
        ("child", Errno::EPERM),
        ("become false", Errno::EACCES),
        ("become planted", Errno::EACCES),
    ];
    assert_told(&told, &[], &refused);
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
    ];
    assert_told(&told, &[], &refused);
}

#[test]
fn the_kernel_is_asked_for_landlock_without_a_wall_being_raised() {
    assert!(kernel_has_landlock(), "this kernel must have Landlock");
    drop(File::open("/etc/passwd").unwrap());
}
