//! What an administrator does with the program: looks, closes, keeps, puts back, and gives up.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

#[path = "care/disk.rs"]
mod disk;

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(120);
/// How long between two looks.
const LOOK: Duration = Duration::from_millis(50);
const FINGERPRINT: [&str; 2] = ["a", "b"];

/// A folder with a configuration.
struct Place(tempfile::TempDir);

impl Place {
    /// With these lines, for which `init` has been run.
    fn with(lines: &str) -> Self {
        let place = Self::empty();
        place.write("server.toml", &format!("data = \"data\"\n{lines}\n"));
        let init = place.ask(&["init"]);
        assert!(init.status.success(), "{init:?}");
        place
    }

    /// Behind sockets.
    fn behind_sockets() -> Self {
        Self::with("listen = \"unix:sockets\"")
    }

    /// Without a configuration.
    fn empty() -> Self {
        // arti wants no folder above its keys that others may write to.
        let place = Self(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
        let sockets = place.path("sockets");
        fs::DirBuilder::new().mode(0o750).create(sockets).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    #[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
    fn write_bytes(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_knothole-server"));
        command.args(arguments).arg("--config");
        command.arg(self.path("server.toml")).stdin(Stdio::null());
        command
    }

    fn ask(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The same, with this line as standard input.
    fn ask_with(&self, line: &str, arguments: &[&str]) -> Output {
        self.write("passphrase", &format!("{line}\n"));
        let passphrase = fs::File::open(self.path("passphrase")).unwrap();
        self.command(arguments).stdin(passphrase).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend_from_slice(arguments);
        let said = self.ask(&all);
        serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
    }

    /// Starts the server, and waits until its sockets are open.
    fn run(&self) -> Running {
        let log = fs::File::create(self.path("log")).unwrap();
        let mut command = self.command(&["run"]);
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        assert!(line.starts_with("ready"), "{}", self.log());
        Running(child)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// What the public socket answers to a request without a body.
    fn public(&self, line: &str, header: &str) -> String {
        let mut stream = UnixStream::connect(self.path("sockets/public")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// A server that is killed at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn text(said: &[u8]) -> String {
    String::from_utf8(said.to_vec()).unwrap()
}

fn fingerprint(letter: &str) -> String {
    format!("{}a", letter.repeat(51))
}

/// Asks again until it is so.
fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never was so");
        thread::sleep(LOOK);
    }
}

/// The subjects about which something must be done.
fn wanting(place: &Place) -> Vec<String> {
    let found = place.json(&["check"]);
    let found = found["found"].as_array().unwrap();
    let must = found.iter().filter(|finding| finding["verdict"] == "must");
    must.map(|finding| finding["subject"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn check_ends_with_1_and_names_what_must_be_done_until_only_the_start_is_left() {
    let lines = "listen = \"unix:sockets\"\naccepted = [\"swap\", \"hibernation\", \
                 \"disk-encryption\", \"snapshots\"]";
    let place = Place::with(lines);
    let first = wanting(&place);
    for subject in ["onions", "trust", "couriers", "charter"] {
        assert!(first.iter().any(|found| found == subject), "{first:?}");
    }
    let said = place.ask(&["check"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stdout).contains("things must be done"),
        "{said:?}"
    );

    let onion = "rkeohxlubhyzl7ks3mwtzos5olfgocn7dwkbeg7toseadnapn5optfad.onion";
    let known = format!("public_onion = \"{onion}\"\ncollection_onion = \"{onion}\"");
    place.write(
        "server.toml",
        &format!("data = \"data\"\n{lines}\n{known}\n"),
    );
    let trusted = place.ask(&["trust", &fingerprint("a")]);
    assert!(trusted.status.success(), "{trusted:?}");
    place.write("data/store/charter", "held");
    assert_eq!(left_over(&place), ["couriers", "reach"]);
    place.write_bytes("card", &card());
    let card = place.path("card");
    let added = place.ask(&["courier", "add", card.to_str().unwrap()]);
    assert!(added.status.success(), "{added:?}");
    // A server that does not run is never in order.
    assert_eq!(left_over(&place), ["reach"]);
    assert_eq!(place.ask(&["check"]).status.code(), Some(1));
}

#[test]
fn check_ends_with_2_where_the_configuration_is_wrong() {
    let place = Place::behind_sockets();
    place.write("server.toml", "data = \"data\"\nno_such_setting = 1\n");
    assert_eq!(place.ask(&["check"]).status.code(), Some(2));
}

#[test]
fn check_ends_with_3_where_it_could_not_look() {
    let place = Place::behind_sockets();
    // Somebody is there, and hangs up.
    let control = UnixListener::bind(place.path("data/control")).unwrap();
    let hangs_up = thread::spawn(move || drop(control.accept().unwrap()));
    assert_eq!(place.ask(&["check"]).status.code(), Some(3));
    hangs_up.join().unwrap();
}

#[test]
fn check_has_nothing_against_a_server_that_runs() {
    let place = Place::behind_sockets();
    assert!(wanting(&place).iter().any(|subject| subject == "reach"));
    let _server = place.run();
    until(|| !wanting(&place).iter().any(|subject| subject == "reach"));
}

/// The card of a courier who does not exist.
fn card() -> Vec<u8> {
    use knothole_envelope::{CourierCard, CredentialHash, DiscoveryKey, SigningSecret};
    let bundle = SigningSecret::from_bytes([9; 32]);
    let card = CourierCard::new(
        DiscoveryKey::from_bytes([3; 32]),
        CredentialHash::from_bytes([9; 32]),
        bundle.editor_key(),
    );
    card.sign(&bundle).unwrap().encode()
}

/// What must be done but for the room of the disk that the tests happen to have.
fn left_over(place: &Place) -> Vec<String> {
    let mut left = wanting(place);
    left.retain(|subject| subject != "space");
    left
}

#[test]
fn a_data_folder_that_others_may_enter_is_told_until_it_is_shut() {
    let place = Place::behind_sockets();
    fs::set_permissions(place.path("data"), Permissions::from_mode(0o755)).unwrap();
    assert!(wanting(&place).iter().any(|subject| subject == "rights"));
    fs::set_permissions(place.path("data"), Permissions::from_mode(0o700)).unwrap();
    assert!(!wanting(&place).iter().any(|subject| subject == "rights"));
    fs::set_permissions(place.path("server.toml"), Permissions::from_mode(0o666)).unwrap();
    assert!(wanting(&place).iter().any(|subject| subject == "rights"));
}

#[test]
fn a_running_server_closes_and_opens_and_says_which() {
    let place = Place::behind_sockets();
    let _server = place.run();
    assert_eq!(place.json(&["status"])["taking"], "open");
    assert!(place.ask(&["close"]).status.success());
    until(|| place.json(&["status"])["taking"] == "closed");
    let create = || {
        place.public(
            "POST /drops",
            "Tus-Resumable: 1.0.0\r\nUpload-Length: 9\r\n",
        )
    };
    let refused = create();
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert!(
        refused.contains("takes nothing new at this drop-box"),
        "{refused}"
    );
    let said = place.ask(&["status"]);
    assert!(
        text(&said.stdout).contains("new drops: refused"),
        "{said:?}"
    );
    assert!(place.ask(&["reopen"]).status.success());
    until(|| place.json(&["status"])["taking"] == "open");
    let made = create();
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
}

#[test]
fn a_backup_makes_the_same_onions_elsewhere_with_the_trust_and_the_configuration() {
    let place = Place::with("replies = \"64MiB\"");
    let onion = place.json(&["init"])["public"].clone();
    let trusted = place.ask(&["trust", &fingerprint(FINGERPRINT[0])]);
    assert!(trusted.status.success(), "{trusted:?}");
    let file = place.path("backup");
    let file = file.to_str().unwrap();
    let words = text(&place.ask(&["backup", file]).stdout);
    assert_eq!(words.split_whitespace().count(), 7, "{words}");
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // What is there is not written over.
    assert_eq!(place.ask(&["backup", file]).status.code(), Some(1));

    let other = Place::empty();
    let restore = ["--json", "restore", file, "--passphrase-fd", "0"];
    let wrong = other.ask_with("seven words that are others of them", &restore);
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(!other.path("data").exists());
    let restored = other.ask_with(words.trim(), &restore);
    assert!(restored.status.success(), "{restored:?}");
    let json: Value = serde_json::from_slice(&restored.stdout).unwrap();
    assert_eq!(json["public"], onion);
    assert_eq!(other.json(&["init"])["public"], onion);
    assert!(
        other
            .ask(&["trust", &fingerprint(FINGERPRINT[0])])
            .status
            .success()
    );
    assert!(
        !other
            .ask(&["trust", &fingerprint(FINGERPRINT[1])])
            .status
            .success()
    );
    let configuration = fs::read_to_string(other.path("server.toml")).unwrap();
    assert!(configuration.contains("64MiB"));
    let again = other.ask_with(words.trim(), &restore);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    assert!(text(&again.stderr).contains("nothing is restored over it"));
}

#[test]
fn a_passphrase_of_ones_own_is_read_from_a_descriptor_and_the_configuration_can_come_alone() {
    let place = Place::behind_sockets();
    let file = place.path("backup");
    let file = file.to_str().unwrap();
    let short = place.ask_with("too short", &["backup", file, "--passphrase-fd", "0"]);
    assert_eq!(short.status.code(), Some(2), "{short:?}");
    let words = "a passphrase that is long enough";
    let backup = place.ask_with(words, &["backup", file, "--passphrase-fd", "0"]);
    assert!(
        backup.status.success() && backup.stdout.is_empty(),
        "{backup:?}"
    );
    assert!(text(&backup.stderr).contains("the tor in front has them"));
    let folder = place.path("sockets");
    let alone = [
        "restore",
        file,
        "--passphrase-fd",
        "0",
        "--configuration-only",
    ];
    let mut alone = alone.to_vec();
    alone.push(folder.to_str().unwrap());
    let written = place.ask_with(words, &alone);
    assert!(written.status.success(), "{written:?}");
    let old = fs::read_to_string(place.path("server.toml")).unwrap();
    let new = fs::read_to_string(folder.join("knothole-server.toml")).unwrap();
    assert_eq!(new, old);
}

#[test]
fn a_new_address_needs_a_yes_and_keeps_all_but_the_onions() {
    let place = Place::with("");
    let old = place.json(&["init"]);
    assert!(
        place
            .ask(&["trust", &fingerprint(FINGERPRINT[0])])
            .status
            .success()
    );
    let unsaid = place.ask(&["new-address"]);
    assert_eq!(unsaid.status.code(), Some(1), "{unsaid:?}");
    assert_eq!(place.json(&["init"]), old);
    let new = place.json(&["new-address", "--burn-the-old-keys"]);
    assert_ne!(new, old);
    assert_eq!(place.json(&["init"]), new);
    assert!(
        !place
            .ask(&["trust", &fingerprint(FINGERPRINT[1])])
            .status
            .success()
    );
    let behind = Place::behind_sockets();
    let refused = behind.ask(&["new-address", "--burn-the-old-keys"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(text(&refused.stderr).contains("HiddenServiceDir"));
}

#[test]
fn a_store_of_a_newer_program_is_neither_run_nor_written_to() {
    let place = Place::behind_sockets();
    place.write("data/store/version", "9999\n");
    for arguments in [
        &["run"][..],
        &["close"],
        &["trust", &fingerprint("a")],
        &["check"],
    ] {
        let said = place.ask(arguments);
        assert!(!said.status.success(), "{said:?}");
        let said = text(&said.stderr);
        assert!(said.contains("start the newer one again"), "{said}");
    }
    assert!(!place.path("data/store/closed").exists());
}
