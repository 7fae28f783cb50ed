//! The nodes' keys: made once, in parallel, and kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::{AUTHORITIES, NODES, NetworkError, RelayName, cannot, settings};

/// After so long, keys are made anew; authority certificates are good for twelve months.
const KEEP: Duration = Duration::from_hours(24 * 300);
/// `--list-fingerprint` wants settings that would do for an authority; these name nobody.
const NOBODY: &str = "nobody orport=1 v3ident=0000000000000000000000000000000000000001 \
                      127.0.0.1:1 0000000000000000000000000000000000000001";

/// What others need to know of a node, and where its keys are.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) folder: PathBuf,
    /// SHA-1 of the RSA identity key, hexadecimal.
    pub(super) rsa: String,
    /// The Ed25519 identity key, base64 without padding.
    pub(super) ed25519: String,
    /// SHA-1 of an authority's voting key, hexadecimal.
    pub(super) voting: Option<String>,
}

/// The identities of all nodes, from `cache` where they are there already.
pub(super) fn ready(cache: &Path) -> Result<Vec<Identity>, NetworkError> {
    std::fs::create_dir_all(cache).map_err(cannot("make the folder of keys"))?;
    thread::scope(|scope| {
        let makers: Vec<_> = (0..NODES)
            .map(|place| scope.spawn(move || one(cache, place)))
            .collect();
        makers
            .into_iter()
            .map(|maker| {
                maker
                    .join()
                    .unwrap_or_else(|_panic| Err(NetworkError::Keys("a thread panicked".into())))
            })
            .collect()
    })
}

fn one(cache: &Path, place: usize) -> Result<Identity, NetworkError> {
    let name = settings::name(place);
    let home = cache.join(name.as_str());
    if is_fresh(&home) {
        return read(&home, place);
    }
    let making = tempfile::Builder::new()
        .prefix(".making-")
        .tempdir_in(cache)
        .map_err(cannot("make a folder for keys"))?;
    make(making.path(), &name, place)?;
    if home.exists() {
        let old = making.path().with_extension("old");
        std::fs::rename(&home, &old)
            .and_then(|()| std::fs::remove_dir_all(&old))
            .map_err(cannot("remove old keys"))?;
    }
    match std::fs::rename(making.path(), &home) {
        Ok(()) => {
            // What was moved away is not there to be removed.
            let _moved = making.keep();
            read(&home, place)
        }
        // Another launcher was quicker: its keys are as good.
        Err(_taken) if is_fresh(&home) => read(&home, place),
        Err(error) => Err(NetworkError::System("keep new keys", error)),
    }
}

fn is_fresh(home: &Path) -> bool {
    std::fs::metadata(home.join("fingerprint-ed25519"))
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|made| super::now().duration_since(made).ok())
        .is_some_and(|age| age < KEEP)
}

fn make(home: &Path, name: &RelayName, place: usize) -> Result<(), NetworkError> {
    if place < AUTHORITIES {
        std::fs::create_dir(home.join("keys")).map_err(cannot("make a folder for keys"))?;
        let mut gencert = Command::new("tor-gencert");
        gencert
            .args(["--create-identity-key", "--passphrase-fd", "0", "-m", "12"])
            .args(["-i", "keys/authority_identity_key"])
            .args(["-s", "keys/authority_signing_key"])
            .args(["-c", "keys/authority_certificate"])
            .current_dir(home);
        // The identity key is not used again; nothing is protected by this passphrase.
        run(gencert, b"private network\n")?;
    }
    // Last, because its file is what says that a home is whole.
    let mut tor = Command::new("tor");
    tor.args(["--ignore-missing-torrc", "--defaults-torrc", "/dev/null"])
        .args(["-f", "/dev/null"])
        .arg("--DataDirectory")
        .arg(home)
        .args(["--Nickname", name.as_str(), "--Address", "127.0.0.1"])
        .args(["--ORPort", "5001", "--TestingTorNetwork", "1"])
        .args(["--DirAuthority", NOBODY, "--quiet", "--list-fingerprint"]);
    run(tor, b"")
}

fn run(mut command: Command, input: &[u8]) -> Result<(), NetworkError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot(
            "start tor or tor-gencert (Debian's package tor has both)",
        ))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input)
            .map_err(cannot("write to tor-gencert"))?;
    }
    let output = child
        .wait_with_output()
        .map_err(cannot("wait for tor-gencert"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(NetworkError::Keys(
        String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    ))
}

fn read(home: &Path, place: usize) -> Result<Identity, NetworkError> {
    let voting = if place < AUTHORITIES {
        Some(word(home, "keys/authority_certificate", "fingerprint ")?)
    } else {
        None
    };
    let name = format!("{} ", settings::name(place));
    Ok(Identity {
        folder: home.to_owned(),
        rsa: word(home, "fingerprint", &name)?,
        ed25519: word(home, "fingerprint-ed25519", &name)?,
        voting,
    })
}

/// The rest of the first line in `file` that starts with `start`.
fn word(home: &Path, file: &str, start: &str) -> Result<String, NetworkError> {
    let text = std::fs::read_to_string(home.join(file)).map_err(cannot("read a fingerprint"))?;
    text.lines()
        .find_map(|line| line.strip_prefix(start))
        .map(|rest| rest.trim().to_owned())
        .ok_or_else(|| NetworkError::Keys(format!("{file} names no fingerprint")))
}
