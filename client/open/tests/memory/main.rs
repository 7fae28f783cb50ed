//! What the program has in memory while vaults are open, and when they are gone.
//!
//! It stands alone: what this process takes to look would count for the programs whose memory other
//! tests measure.

#![allow(
    clippy::disallowed_types,
    reason = "the tests run the program; the program runs nothing"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../work/newsroom.rs"]
mod newsroom;
#[path = "../common/terminal.rs"]
mod screen;

use std::fs::{self, File};
use std::io::{PipeReader, Write as _, pipe};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use hkdf::Hkdf;
use knothole_envelope::{EpochNumber, EpochSecret, EraseHash, MailboxAddress, ReplyBlock};
use knothole_open::passphrase::Asker;
use knothole_open::vault::Vault;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::geteuid;
use sha2::Sha256;

use crate::newsroom::{Newsroom, ONE, TWO};
use crate::screen::Terminal;

/// The epoch to which the drops are sealed.
const EPOCH: u32 = 2;

type Secrets = Vec<(String, Vec<u8>)>;

/// What of the vaults is looked for, by its name.
fn secrets(newsroom: &Newsroom) -> Secrets {
    let mut secrets = Vec::new();
    for (name, passphrase) in [("v1", ONE), ("v2", TWO)] {
        let of_it = seeds(&newsroom.path(name), passphrase)
            .into_iter()
            .chain(keys(&newsroom.path(name), passphrase));
        secrets.extend(of_it.map(|(what, bytes)| (format!("{name}: {what}"), bytes)));
        secrets.push((
            format!("{name}: passphrase"),
            passphrase.as_bytes().to_vec(),
        ));
    }
    secrets
}

/// The seeds that a vault gives out.
fn seeds(path: &Path, passphrase: &str) -> [(&'static str, Vec<u8>); 3] {
    let mut line = tempfile::tempfile().unwrap();
    writeln!(line, "{passphrase}").unwrap();
    std::io::Seek::rewind(&mut line).unwrap();
    let mut asker = Asker::new(vec![line.as_raw_fd()], None);
    let vault = Vault::open(path, &asker.ask("").unwrap()).unwrap();
    let epoch = vault.epoch_secret(EpochNumber::new(EPOCH).unwrap());
    [
        ("signing seed", vault.signing().expose().to_vec()),
        ("archive seed", vault.archive_secret().expose().to_vec()),
        ("epoch seed", epoch.unwrap().unwrap().expose().to_vec()),
    ]
}

/// The keys that open the file of a vault, as the head of `vault.rs` says.
fn keys(path: &Path, passphrase: &str) -> [(&'static str, Vec<u8>); 4] {
    let file = fs::read(path).unwrap();
    let word = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    let params = Params::new(word(12), word(16), 1, Some(32)).unwrap();
    let mut stretched = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &file[24..40], &mut stretched)
        .unwrap();
    let mut vault = file[64..96].to_vec();
    ChaCha20Poly1305::new(&stretched.into())
        .decrypt_inout_detached(
            &[0; 12].into(),
            &file[..64],
            InOutBuf::from(vault.as_mut_slice()),
            file[96..112].try_into().unwrap(),
        )
        .unwrap();
    let derived = |label: &[&[u8]]| {
        let mut key = vec![0; 32];
        let from = Hkdf::<Sha256>::from_prk(&vault).unwrap();
        from.expand_multi_info(label, &mut key).unwrap();
        key
    };
    [
        ("key of the passphrase", stretched.to_vec()),
        ("body's key", derived(&[b"knothole/v1 vault body"])),
        (
            "key of the epoch's record",
            derived(&[b"knothole/v1 vault epoch", &EPOCH.to_be_bytes()]),
        ),
        ("vault key", vault.clone()),
    ]
}

/// Which of the secrets stand in the memory of a process, and how often.
fn found(process: u32, secrets: &Secrets) -> Vec<(&str, usize)> {
    let of = Path::new("/proc").join(process.to_string());
    let memory = File::open(of.join("mem")).unwrap();
    let mut counts = vec![0; secrets.len()];
    for line in fs::read_to_string(of.join("maps")).unwrap().lines() {
        let stretch = read(&memory, line).unwrap_or_default();
        for (count, (_, secret)) in counts.iter_mut().zip(secrets) {
            let windows = stretch.windows(secret.len());
            *count += windows.filter(|window| window == secret).count();
        }
    }
    let names = secrets.iter().map(|(name, _)| name.as_str());
    names.zip(counts).filter(|(_, count)| *count > 0).collect()
}

/// The memory of which a line of /proc/PID/maps speaks (proc(5)), if the process may have written it.
fn read(memory: &File, line: &str) -> Option<Vec<u8>> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    words.next().filter(|rights| rights.starts_with("rw"))?;
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    let (from, to) = (number(from)?, number(to)?);
    let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
    memory.read_exact_at(&mut bytes, from).ok()?;
    Some(bytes)
}

/// A newsroom to which a source has sent a drop that can be answered.
fn with_drop() -> Newsroom {
    let mut newsroom = Newsroom::new();
    newsroom.way_back = Some(ReplyBlock {
        key: EpochSecret::from_bytes([7; 32]).recipient_key(),
        mailbox: MailboxAddress::from_bytes([7; 32]),
        erase: EraseHash::from_bytes([7; 32]),
    });
    let drop = newsroom.seal(0xaa, b"body");
    newsroom.carry("stick", &[drop]);
    newsroom
}

/// Starts a command with archive and both vaults; it stays where it begins to tell its results.
fn stuck_at_its_results(newsroom: &Newsroom, line: &str) -> (Child, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    let mut full = writer.try_clone().unwrap();
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    while full.write(&[b'.'; 4096]).is_ok() {}
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    let mut input = tempfile::tempfile().unwrap();
    writeln!(input, "{ONE}\n{TWO}").unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let keys = "--archive archive --vault v1 --vault v2 --passphrase-fd 0 --passphrase-fd 0";
    let mut child = Command::new(env!("CARGO_BIN_EXE_knothole"))
        .args(line.split(' '))
        .args(keys.split(' '))
        .current_dir(newsroom.folder.path())
        .stdin(input)
        .stdout(Stdio::from(writer))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // write(2) into standard output.
    let number = if cfg!(target_arch = "aarch64") { 64 } else { 1 };
    let writes = format!("{number} 0x1 ");
    let call = format!("/proc/{}/syscall", child.id());
    while !fs::read_to_string(&call).unwrap().starts_with(&writes) {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    (child, reader)
}

#[test]
fn when_drops_are_told_the_keys_of_the_vaults_are_gone_from_memory() {
    if !geteuid().is_root() {
        println!("only root may read the program's memory: this was not looked at");
        return;
    }
    let newsroom = with_drop();
    let secrets = secrets(&newsroom);
    newsroom.run("open stick").ends_with(0);
    for line in ["open --files files", "show aa", "export aa --to files"] {
        let (mut child, reader) = stuck_at_its_results(&newsroom, line);
        let found = found(child.id(), &secrets);
        drop(reader);
        child.wait().unwrap();
        assert!(found.is_empty(), "{line}: {found:?}");
    }
    // While somebody answers, the first vault must be there to sign: so this look can find.
    let line = "reply aa --archive archive --vault v1 --vault v2";
    let mut terminal = Terminal::start(newsroom.folder.path(), line);
    for (vault, passphrase) in [("v1", ONE), ("v2", TWO)] {
        terminal.until(&format!("Passphrase of {vault}: "));
        terminal.types_unseen(passphrase);
    }
    terminal.until("then Ctrl-D.");
    let found = found(terminal.process(), &secrets);
    terminal.types("no\n\u{4}");
    terminal.until("Type yes: ");
    terminal.types("no\n");
    terminal.code();
    for name in ["v1: signing seed", "v2: archive seed", "v2: vault key"] {
        assert!(found.iter().any(|(found, _)| *found == name), "{found:?}");
    }
}
