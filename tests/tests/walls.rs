//! The real server, as those see it who share its machine.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use knothole_tests::{Process, Programs, Server, guarded};
use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(30);
/// Debian's user for what nobody owns.
const NOBODY: u32 = 65534;

/// The end of the name at which the manager of a traced server listens.
const NOTIFY: &str = "/notify";

/// Where the C library looks for somebody who keeps the list of users for it.
const NSCD: &str = "/run/nscd/socket\"";

/// Behind sockets, so that no Tor network is needed.
const LINES: &str = "listen = \"unix:sockets\"\ndanger_batch = \"2s\"";

/// A Tor network of which nobody answers, and nobody but on this machine is asked.
const NOWHERE: &str = r#"
[address_filter]
allow_local_addrs = true
[storage.permissions]
dangerously_trust_everyone = true
[tor_network]
fallback_caches = [
    { rsa_identity = "0000000000000000000000000000000000000001", ed_identity = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE", orports = ["127.0.0.1:9"] },
]
[tor_network.authorities]
v3idents = ["0000000000000000000000000000000000000001"]
"#;

#[test]
fn the_walls_stand_before_the_server_has_a_second_thread_or_a_socket() {
    for manager in [Manager::Listens, Manager::Absent] {
        let calls = traced(LINES, manager);
        let up = walls_in(&calls);
        for what in ["clone", "bind("] {
            assert!(up < places(&calls, what)[0], "{calls}");
        }
        assert_only_the_manager_was_reached(&calls, up, manager, Users::Unasked);
    }
}

/// No network is needed as far as it goes: it has said that it started, and looks for Tor.
#[test]
fn the_walls_stand_before_a_server_with_a_tor_of_its_own_has_a_second_thread() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("arti.toml");
    File::create(&settings)
        .and_then(|mut file| file.write_all(NOWHERE.as_bytes()))
        .unwrap();
    let calls = traced(&format!("tor = {settings:?}"), Manager::Listens);
    let up = walls_in(&calls);
    assert!(up < places(&calls, "clone")[0], "{calls}");
    assert_only_the_manager_was_reached(&calls, up, Manager::Listens, Users::Asked);
}

/// Whether a service manager has started the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    /// It has said at which socket it listens.
    Listens,
    Absent,
}

/// Whether arti looks at whose its files are before the walls are up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Users {
    Asked,
    Unasked,
}

/// Before its walls were up the server has connected to its manager, if there is one, has asked for users
/// where it may, and has made no other socket.
fn assert_only_the_manager_was_reached(calls: &str, up: usize, manager: Manager, users: Users) {
    let before = |what: &str| {
        let lines = calls.lines().take(up);
        lines.filter(|line| line.contains(what)).collect::<Vec<_>>()
    };
    let (made, connected) = (before(" socket"), before(" connect("));
    assert_eq!(made.len(), connected.len(), "{calls}");
    let for_users = |line: &&str| line.contains(NSCD);
    let (for_users, others): (Vec<_>, Vec<_>) = connected.into_iter().partition(for_users);
    assert!(users == Users::Asked || for_users.is_empty(), "{calls}");
    let listens = usize::from(manager == Manager::Listens);
    assert_eq!(others.len(), listens, "{calls}");
    for told in others {
        assert!(told.contains(NOTIFY) && told.ends_with("= 0"), "{calls}");
    }
    assert!(places(calls, "socket(").last() > Some(&up), "{calls}");
}

/// The calls of a server with these lines until it has said that it started, and then is told to end:
/// the walls, and what must come after them.
fn traced(lines: &str, manager: Manager) -> String {
    let programs = Programs::built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(&programs, folder.path(), lines).unwrap();
    server.ask(&["init"]).unwrap().done().unwrap();
    let place = format!("{}{NOTIFY}", folder.path().display());
    let address = SocketAddr::from_abstract_name(place.as_bytes()).unwrap();
    let notices = UnixDatagram::bind_addr(&address).unwrap();
    notices.set_read_timeout(Some(PATIENCE)).unwrap();
    let trace = folder.path().join("trace");
    let mut command = guarded("strace");
    command
        .args(["-f", "-qq", "-e", "signal=none"])
        .args([
            "-e",
            "trace=landlock_restrict_self,seccomp,clone,clone3,bind,socket,socketpair,connect",
            "-o",
        ])
        .arg(&trace)
        .arg(programs.path("knothole-server"))
        .args(["run", "--config"])
        .arg(folder.path().join("server.toml"))
        .env_remove("NOTIFY_SOCKET")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if manager == Manager::Listens {
        command.env("NOTIFY_SOCKET", format!("@{place}"));
    }
    let mut traced = Process::start(command).unwrap();
    if manager == Manager::Listens {
        let mut notice = [0; 64];
        let length = notices.recv(&mut notice).unwrap();
        assert_eq!(notice[..length], *b"READY=1\n");
    } else {
        let mut line = String::new();
        let out = traced.child().stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
    }
    let calls = std::fs::read_to_string(&trace).unwrap();
    let server = calls.split_whitespace().next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(server).unwrap(), Signal::TERM).unwrap();
    assert!(traced.wait(PATIENCE).unwrap().success());
    std::fs::read_to_string(&trace).unwrap()
}

/// The line in which the last wall is up.
fn walls_in(calls: &str) -> usize {
    let landlock = places(calls, "landlock_restrict_self(");
    assert_eq!(landlock.len(), 1, "{calls}");
    let filters = places(calls, "SECCOMP_SET_MODE_FILTER");
    assert!(!filters.is_empty());
    let up = *landlock.iter().chain(&filters).max().unwrap();
    assert!(calls.lines().nth(up).unwrap().ends_with("= 0"), "{calls}");
    up
}

/// The lines that have this in them.
fn places(calls: &str, what: &str) -> Vec<usize> {
    let lines = calls.lines().enumerate();
    lines
        .filter(|(_, line)| line.contains(what))
        .map(|(place, _)| place)
        .collect()
}

#[test]
fn the_server_leaves_no_core_and_shows_its_memory_to_no_other_process_of_its_user() {
    let room = tempfile::tempdir().unwrap();
    let user = User::of_the_server(&Programs::built().unwrap(), room.path());
    let mut server = user.run_server();
    let id = server.id();
    let about = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap();
    let limits = about("limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["0", "0"]
    );
    assert_eq!(about("coredump_filter").trim(), "00000000");
    assert!(about("status").contains("Seccomp:\t2\n"));

    let mut other = Process::start({
        let mut command = user.command("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    })
    .unwrap();
    // Until it has become cat it is root's.
    let mut into = other.child().stdin.take().unwrap();
    into.write_all(b"x").unwrap();
    let mut back = [0];
    let mut out = other.child().stdout.take().unwrap();
    out.read_exact(&mut back).unwrap();
    assert_eq!(back, *b"x");
    // Who may read this may read memory too; no other protection of the system has a say in it.
    assert!(user.reads(&format!("/proc/{}/environ", other.id())));
    assert!(!user.reads(&format!("/proc/{id}/environ")));
    assert!(!user.reads(&format!("/proc/{id}/mem")));
    let (refused, said) = user.traces(id);
    assert!(
        refused && said.contains("Operation not permitted"),
        "{said}"
    );
    other.kill().unwrap();
    assert_eq!(server.stop(PATIENCE).unwrap().code(), Some(0));
}

/// Whoever runs the tests; or nobody, if that is root, who may look at everything.
struct User {
    name: Option<u32>,
    room: PathBuf,
}

impl User {
    /// With a copy of the program and a data folder in `room`, both within the user's reach.
    fn of_the_server(programs: &Programs, room: &Path) -> Self {
        let name = rustix::process::geteuid().is_root().then_some(NOBODY);
        std::fs::set_permissions(room, PermissionsExt::from_mode(0o755)).unwrap();
        chown(room, name, name).unwrap();
        let user = Self {
            name,
            room: room.to_owned(),
        };
        std::fs::copy(programs.path("knothole-server"), user.program()).unwrap();
        std::fs::write(
            room.join("server.toml"),
            format!("data = \"data\"\n{LINES}\n"),
        )
        .unwrap();
        user
    }

    fn program(&self) -> PathBuf {
        self.room.join("knothole-server")
    }

    fn run_server(&self) -> Process {
        let asked = |word: &str| {
            let mut command = self.command(self.program().to_str().unwrap());
            command
                .args([word, "--config"])
                .arg(self.room.join("server.toml"));
            command
        };
        assert!(
            asked("init")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
        let mut command = asked("run");
        command
            .stdout(Stdio::piped())
            .stderr(File::create(self.room.join("log")).unwrap());
        let mut server = Process::start(command).unwrap();
        let out = server.child().stdout.take().unwrap();
        assert_eq!(
            BufReader::new(out).lines().next().unwrap().unwrap(),
            "ready"
        );
        server
    }

    fn command(&self, program: &str) -> Command {
        let Some(name) = self.name.map(|name| name.to_string()) else {
            return guarded(program);
        };
        let mut command = guarded("setpriv");
        command
            .args(["--reuid", &name, "--regid", &name, "--clear-groups"])
            // The kernel forgets the first one when the user changes.
            .args(["--pdeathsig", "KILL", "--", program]);
        command
    }

    /// Whether this user may open a file and read from it.
    fn reads(&self, file: &str) -> bool {
        let mut command = self.command("head");
        command
            .args(["--bytes=1", file])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().unwrap().success()
    }

    /// Whether a tracer of this user is refused, and what it says.
    fn traces(&self, id: u32) -> (bool, String) {
        let mut command = self.command("strace");
        command
            .args(["-p", &id.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut tracer = Process::start(command).unwrap();
        let ended = tracer.wait(PATIENCE);
        tracer.kill().unwrap();
        let mut said = String::new();
        tracer
            .child()
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (ended.is_ok_and(|ended| !ended.success()), said)
    }
}
