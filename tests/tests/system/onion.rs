//! The server's onions, and the ways to them.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::BASE32_NOPAD;
use knothole_envelope::{CourierCard, CredentialHash, DiscoveryKey, SigningSecret};
use knothole_tests::{Server, TorClient, finish};
use x25519_dalek::{PublicKey, StaticSecret};

use super::house::{House, noise};
use super::stage::Stage;

/// How long a changed descriptor may take to be found.
const PUBLISHING_PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn a_server_is_ready_when_its_public_onion_answers_any_tor_client() {
    let stage = Stage::get();
    let test = "ready";
    let (mut server, onion) = stage.server(test);
    assert_eq!(server.start().unwrap(), format!("ready http://{onion}"));
    let client = TorClient::start(&stage.network, &stage.folder(test).join("tor"), "").unwrap();
    let answer = client.get(&onion, "/charter").unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(answer.contains("not set up this drop-box yet"), "{answer}");
    let status = server.ask(&["status"]).unwrap();
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.out.contains(&onion));
}

#[test]
fn a_server_that_was_killed_comes_back_at_the_same_address() {
    let stage = Stage::get();
    let (mut server, onion) = stage.server("killed");
    let first = server.start().unwrap();
    server.kill().unwrap();
    assert_eq!(server.start().unwrap(), first);
    assert!(first.ends_with(&onion));
    assert_eq!(server.stop().unwrap().code(), Some(0));
}

#[test]
fn the_collection_is_found_by_admitted_couriers_only() {
    let stage = Stage::get();
    let test = "collection";
    let folder = stage.folder(test);
    let (mut server, public) = stage.server(test);
    let key = Key::new(1);
    let card = folder.join("card");
    std::fs::write(&card, key.card()).unwrap();
    let card = card.to_str().unwrap();
    let collection = server.ask(&["courier", "add", card]).unwrap();
    let collection = collection.done().unwrap();
    server.start().unwrap();

    let admitted = key.tor(stage, &folder.join("admitted"), &collection);
    let refused = admitted.get(&collection, "/listing").unwrap();
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    thread::scope(|both| {
        both.spawn(|| {
            let tor = Key::new(2).tor(stage, &folder.join("stranger"), &collection);
            is_shut_out(&tor, &collection, &public);
        });
        both.spawn(|| {
            let tor = TorClient::start(&stage.network, &folder.join("keyless"), "").unwrap();
            is_shut_out(&tor, &collection, &public);
        });
    });
}

/// The collection does not let this Tor in, which is well: it reaches the public onion.
fn is_shut_out(tor: &TorClient, collection: &str, public: &str) {
    let error = tor.get(collection, "/listing").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
    let answer = tor.get(public, "/newsroom.txt").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_courier_that_is_let_in_later_finds_the_collection_of_the_running_server() {
    let stage = Stage::get();
    let test = "later";
    let folder = stage.folder(test);
    let (mut server, _) = stage.server(test);
    server.start().unwrap();
    let key = Key::new(3);
    let card = folder.join("card");
    std::fs::write(&card, key.card()).unwrap();
    let card = card.to_str().unwrap();
    let collection = server.ask(&["courier", "add", card]).unwrap();
    let collection = collection.done().unwrap();
    // arti uploads a descriptor at most once a minute, and a tor asks each directory once in a
    // while only: so it begins anew each time.
    let start = Instant::now();
    loop {
        let tor = key.tor(stage, &folder.join("tor"), &collection);
        if tor.get(&collection, "/listing").is_ok() {
            break;
        }
        assert!(start.elapsed() < PUBLISHING_PATIENCE, "never found");
    }
}

#[test]
fn a_drop_goes_the_same_way_through_a_server_behind_another_tor() {
    let stage = Stage::get();
    let test = "sockets";
    let folder = stage.folder(test);
    let sockets = folder.join("sockets");
    let services = format!(
        "HiddenServiceDir {0}/tor/public\nHiddenServicePort 80 unix:{1}/public\n\
         HiddenServiceDir {0}/tor/collection\nHiddenServicePort 80 unix:{1}/collection\n",
        folder.display(),
        sockets.display(),
    );
    let front = TorClient::start(&stage.network, &folder.join("tor"), &services).unwrap();
    let onion = front.onion("public").unwrap();
    std::fs::DirBuilder::new()
        .mode(0o750)
        .create(&sockets)
        .unwrap();
    let lines = format!(
        "listen = \"unix:{}\"\npublic_onion = \"{onion}\"\ncollection_onion = \"{}\"\n{}",
        sockets.display(),
        front.onion("collection").unwrap(),
        stage.server_lines(),
    );
    let server = Server::new(&stage.programs, &folder.join("server"), &lines).unwrap();
    server.ask(&["init"]).unwrap().done().unwrap();
    let mut house = House::around(stage, test, (server, &onion), 1, 1);
    let file = house.file("recording.mov", 1 << 20);
    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    said.done().unwrap();
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(1 << 20)));
    // This front shuts nobody out, which the server's own probe sees.
    let log = house.server.log().unwrap();
    assert!(log.contains("found without a discovery key"), "{log}");
    assert_eq!(house.server.stop().unwrap().code(), Some(0));
}

/// A courier as Tor sees it.
struct Key(StaticSecret);

impl Key {
    fn new(number: u8) -> Self {
        Self(StaticSecret::from([number; 32]))
    }

    fn card(&self) -> Vec<u8> {
        let bundle = SigningSecret::from_bytes([9; 32]);
        CourierCard::new(
            DiscoveryKey::from_bytes(PublicKey::from(&self.0).to_bytes()),
            CredentialHash::from_bytes([9; 32]),
            bundle.editor_key(),
        )
        .sign(&bundle)
        .unwrap()
        .encode()
    }

    /// A C tor that has the key for `collection` (client authorization of rend-spec-v3).
    fn tor(&self, stage: &Stage, folder: &Path, collection: &str) -> TorClient {
        let keys = folder.join("keys");
        std::fs::DirBuilder::new()
            .mode(0o700)
            .recursive(true)
            .create(&keys)
            .unwrap();
        let name = collection.trim_end_matches(".onion");
        let line = format!(
            "{name}:descriptor:x25519:{}\n",
            BASE32_NOPAD.encode(self.0.as_bytes())
        );
        std::fs::write(keys.join("collection.auth_private"), line).unwrap();
        let lines = format!("ClientOnionAuthDir {}", keys.display());
        TorClient::start(&stage.network, folder, &lines).unwrap()
    }
}
