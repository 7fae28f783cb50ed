//! What an administrator does with a server that is set up: closing and opening it, keeping and putting
//! back what it is, and giving up an address that somebody else has.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use getrandom::SysRng;
use rand_core::UnwrapErr;

use super::{Failure, Out, Place, public_onion};
use crate::backup::{self, Backup, BackupError};
use crate::config::Listen;
use crate::control;
use crate::durable;
use crate::passphrase::Passphrase;
use crate::{burn, run};

/// The name that a configuration gets where only that is wanted.
const CONFIGURATION: &str = "knothole-server.toml";

pub(super) fn close(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (_, _, desk) = place.desk()?;
    desk.close().map_err(Failure::refused)?;
    out.remark(
        "the drop-box takes no new drops; what was begun can be ended, and couriers may come",
    );
    Ok(())
}

pub(super) fn reopen(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (_, _, desk) = place.desk()?;
    desk.reopen().map_err(Failure::refused)?;
    out.remark("the drop-box takes new drops");
    Ok(())
}

/// Writes a backup, and prints the passphrase that was made for it.
pub(super) fn backup(
    file: &Path,
    descriptor: Option<RawFd>,
    place: &Place,
    out: &mut Out,
) -> Result<(), Failure> {
    let (config, data) = place.open()?;
    let backup = Backup::gather(&place.config, &config.tor, &data).map_err(Failure::refused)?;
    let mut rng = UnwrapErr(SysRng);
    let passphrase = match descriptor {
        Some(_) => Passphrase::ask(descriptor).map_err(Failure::usage)?,
        None => Passphrase::generate(&mut rng),
    };
    let sealed = backup
        .seal(&passphrase, &mut rng)
        .map_err(Failure::refused)?;
    write(file, &sealed).map_err(Failure::refused)?;
    for path in Backup::lacks(&place.config, &config.tor) {
        out.remark(&format!(
            "not in it, for it lies elsewhere: {}",
            path.display()
        ));
    }
    if !backup.has_onions() {
        out.remark("the onions' keys are not in it: the tor in front has them. Back them up there");
    }
    if descriptor.is_some() {
        return Ok(());
    }
    out.remark(
        "the backup opens with these words alone; write them down, and keep them elsewhere:",
    );
    let words = passphrase.expose();
    out.answer(words, &serde_json::json!({ "passphrase": words }))
}

fn write(file: &Path, sealed: &[u8]) -> Result<(), BackupError> {
    durable::create(file, sealed)
        .and_then(|()| durable::sync_folder_of(file))
        .map_err(|error| BackupError::Unwritable(file.to_owned(), error))
}

/// What of a backup is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted<'a> {
    /// The server, and its configuration where there is none.
    All,
    /// The configuration alone, into this folder.
    Configuration(&'a Path),
}

/// Makes of a backup a server that is the same, and prints its public onion.
pub(super) fn restore(
    file: &Path,
    descriptor: Option<RawFd>,
    wanted: Wanted<'_>,
    place: &Place,
    out: &mut Out,
) -> Result<(), Failure> {
    let sealed = read(file).map_err(Failure::refused)?;
    let passphrase = Passphrase::ask(descriptor).map_err(Failure::usage)?;
    let backup = Backup::open(&sealed, &passphrase).map_err(Failure::refused)?;
    if let Wanted::Configuration(folder) = wanted {
        let to = folder.join(CONFIGURATION);
        return backup.write_configuration(&to).map_err(Failure::refused);
    }
    if place.config.exists() {
        out.remark(
            "the configuration that is there stays; see the old one by --configuration-only",
        );
    } else {
        backup
            .write_configuration(&place.config)
            .map_err(Failure::refused)?;
    }
    let config = place.config()?;
    let data = backup.make_data(&config.data).map_err(Failure::refused)?;
    let found = run::addresses(&config, &data).map_err(Failure::refused)?;
    out.remark(
        "the server is as it was when the backup was made. Before it runs here, see that it runs \
         nowhere else; then courier list, and revoke whoever was revoked since. Drops and replies \
         are not in a backup. The public onion is:",
    );
    let public = found.public.map(|onion| onion.to_string());
    let line = public.as_deref().unwrap_or("that of the tor in front");
    out.answer(line, &serde_json::json!({ "public": public }))
}

fn read(file: &Path) -> Result<Vec<u8>, BackupError> {
    let read = std::fs::metadata(file).and_then(|found| {
        if found.len() > backup::MOST_BYTES {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        std::fs::read(file)
    });
    read.map_err(|error| BackupError::Unreadable(PathBuf::from(file), error))
}

/// Gives up both onions for new ones, and prints the public one.
pub(super) fn renounce(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (config, data) = place.open()?;
    let Listen::Tor = config.listen else {
        return Err(Failure::refusal(
            "the onions are those of the tor in front: stop it, shred its two HiddenServiceDirs, \
             start it, and set public_onion and collection_onion to the names that it makes",
        ));
    };
    if control::ask(&data).map_err(Failure::unlucky)?.is_some() {
        return Err(Failure::refusal("the server runs; stop it first"));
    }
    burn::onions(&data).map_err(Failure::unlucky)?;
    let public = public_onion(&config, &data)?;
    out.remark(
        "both onions are new, and the old keys are overwritten as far as this disk allows. The old \
         address can never tell sources of the new one: whoever has its key could tell them \
         another. The newsroom says it, signed and in print. The new public onion is:",
    );
    out.answer(&public, &serde_json::json!({ "public": public }))
}
