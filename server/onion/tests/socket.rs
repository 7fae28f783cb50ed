//! The program behind sockets, where it needs no Tor of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_server_behind_sockets_is_ready_when_they_are_open() {
    let place = Place::new();
    let mut server = place.run();
    assert_eq!(server.line(), "ready");
    let mode = std::fs::metadata(place.socket("public")).unwrap();
    assert!(mode.file_type().is_socket());
    assert_eq!(mode.permissions().mode() & 0o777, 0o660);
}

#[test]
fn both_rooms_answer_at_sockets_of_their_own() {
    let place = Place::new();
    let mut server = place.run();
    server.line();
    let public = place.get("public", "/charter");
    assert!(public.starts_with("HTTP/1.1 404 "), "{public}");
    let collection = place.get("collection", "/listing");
    assert!(collection.starts_with("HTTP/1.1 401 "), "{collection}");
}

#[test]
fn a_missing_folder_of_the_sockets_is_made_for_their_group() {
    let place = Place::new();
    let sockets = place.folder().join("sockets");
    std::fs::remove_dir(&sockets).unwrap();
    let mut server = place.run();
    server.line();
    let mode = std::fs::metadata(&sockets).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
}

#[test]
fn the_system_is_told_when_the_server_is_ready_and_when_it_ends() {
    let place = Place::new();
    let notices = UnixDatagram::bind(place.folder().join("notify")).unwrap();
    notices.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut server = place.run();
    assert_eq!(hear(&notices), "READY=1\n");
    assert_eq!(hear(&notices), "STATUS=reached\n");
    assert!(server.end());
    assert_eq!(hear(&notices), "STOPPING=1\n");
}

#[test]
fn a_manager_whose_socket_has_no_place_in_the_file_system_is_told_too() {
    let place = Place::new();
    let name = place.folder().as_os_str().as_encoded_bytes();
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let notices = UnixDatagram::bind_addr(&address).unwrap();
    notices.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = place.command(&["run"]);
    command.env("NOTIFY_SOCKET", format!("@{}", place.folder().display()));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Running(command.spawn().unwrap());
    assert_eq!(hear(&notices), "READY=1\n");
    assert_eq!(hear(&notices), "STATUS=reached\n");
    assert!(server.end());
    assert_eq!(hear(&notices), "STOPPING=1\n");
}

#[test]
fn a_running_server_says_how_it_is() {
    let place = Place::new();
    assert_eq!(place.ask(&["status"]).status.code(), Some(3));
    let mut server = place.run();
    server.line();
    let status = place.ask(&["status"]);
    assert_eq!(status.status.code(), Some(0));
    let text = String::from_utf8(status.stdout).unwrap();
    assert!(text.starts_with("ready: the sockets are open"), "{text}");
    let json = place.ask(&["--json", "status"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["reach"], "ready");
    assert_eq!(json["drops_visible"], 0);
    assert!(server.end());
    assert_eq!(place.ask(&["status"]).status.code(), Some(3));
}

#[test]
fn a_server_starts_again_over_the_sockets_that_a_killed_one_left() {
    let place = Place::new();
    let mut killed = place.run();
    killed.line();
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    let mut server = place.run();
    assert_eq!(server.line(), "ready");
    assert!(place.get("public", "/charter").starts_with("HTTP/1.1 404 "));
}

#[test]
fn nothing_runs_in_a_folder_that_init_did_not_make() {
    let place = Place::new();
    std::fs::remove_dir_all(place.folder().join("data")).unwrap();
    let refused = place.ask(&["run"]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("run knothole-server init first"), "{text}");
}

#[test]
fn check_says_what_is_wanting() {
    let place = Place::new();
    let check = place.ask(&["check"]);
    assert_eq!(check.status.code(), Some(1));
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(text.contains("no newsroom is trusted yet"), "{text}");
    assert!(text.contains("no courier is let in yet"), "{text}");
    let fingerprint = "a".repeat(52);
    let trust = place.ask(&["trust", &fingerprint]);
    assert!(trust.status.success(), "{trust:?}");
    let text = String::from_utf8(place.ask(&["check"]).stdout).unwrap();
    assert!(!text.contains("no newsroom is trusted yet"), "{text}");
    assert!(text.contains("no charter is held yet"), "{text}");
}

#[test]
fn a_fingerprint_that_was_typed_wrong_is_shown_and_can_be_replaced() {
    let place = Place::new();
    let (wrong, right) = ("a".repeat(52), format!("{}a", "b".repeat(51)));
    let said = place.ask(&["trust", &wrong]);
    let text = String::from_utf8(said.stderr).unwrap();
    assert!(text.contains("aaaa aaaa"), "{text}");
    assert_eq!(place.ask(&["trust", &right]).status.code(), Some(1));
    let mut words = vec!["trust", "--replace"];
    let groups = right.as_bytes().chunks(4);
    words.extend(groups.map(|group| core::str::from_utf8(group).unwrap()));
    let said = place.ask(&words);
    assert!(said.status.success(), "{said:?}");
    assert!(place.ask(&["trust", &right]).status.success());
}

#[test]
fn a_file_that_is_no_card_lets_nobody_in() {
    let place = Place::new();
    let card = place.folder().join("server.toml");
    let refused = place.ask(&["courier", "add", card.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("is not a courier's card"), "{text}");
    let list = place.ask(&["courier", "list"]);
    assert!(list.stdout.is_empty(), "{list:?}");
}

/// A folder with a configuration, for which `init` has been run.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let sockets = place.folder().join("sockets");
        std::fs::DirBuilder::new()
            .mode(0o750)
            .create(&sockets)
            .unwrap();
        let text = format!("data = \"data\"\nlisten = \"unix:{}\"\n", sockets.display());
        #[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
        std::fs::write(place.config(), text).unwrap();
        let init = place.ask(&["init"]);
        assert!(init.status.success(), "{init:?}");
        place
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> PathBuf {
        self.folder().join("server.toml")
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.folder().join("sockets").join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_knothole-server"));
        command.args(arguments).arg("--config").arg(self.config());
        command.stdin(Stdio::null());
        command.env("NOTIFY_SOCKET", self.folder().join("notify"));
        command
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn run(&self) -> Running {
        let mut command = self.command(&["run"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        Running(command.spawn().unwrap())
    }

    fn get(&self, socket: &str, path: &str) -> String {
        let mut stream = UnixStream::connect(self.socket(socket)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// A server that is killed at the end.
struct Running(Child);

impl Running {
    /// Its next line.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let out = self.0.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Tells it to end, and whether it ended well.
    fn end(&mut self) -> bool {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        self.0.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn hear(notices: &UnixDatagram) -> String {
    let mut bytes = [0; 256];
    let length = notices.recv(&mut bytes).unwrap();
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}
