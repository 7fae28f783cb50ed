//! Slips: writing them out once, and asking for them again.

use std::collections::BTreeSet;
use std::path::Path;

use data_encoding::HEXLOWER;
use knothole_envelope::{EditorKey, EpochNumber};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::desk::Desk;
use crate::escape;
use crate::failure::Failure;
use crate::folder::{Existing, FileError, Folder};
use crate::passphrase::PassphraseError;
use crate::vault::{Plan, Slip, SlipError, Slips, Vault, VaultError};
use crate::volume::Volume;

/// How often a slip is asked for that was misread.
const TRIES: u32 = 5;
const TERMINAL: &str = "-";
/// A slip is not longer, but for whose it is.
const ROOM: usize = 512;

/// Refuses a place that slips may not be written to, before anything is asked.
pub(super) fn refuse_place(out: Option<&Path>) -> Result<(), Failure> {
    let Some(out) = out.filter(|out| *out != Path::new(TERMINAL)) else {
        return Ok(());
    };
    let (folder, name) = Folder::of_file(out)?;
    if Volume::of(&folder)? == Volume::Plain {
        return Err(SlipError::Disk.into());
    }
    if folder.has(&name)? {
        return Err(FileError::new("create", out, std::io::ErrorKind::AlreadyExists).into());
    }
    Ok(())
}

/// Whose a slip is, as it stands on the paper: sticks are renamed, and keys are not.
pub(super) fn whose(vault: &Path, editor: &EditorKey) -> String {
    let key = HEXLOWER.encode(editor.as_bytes());
    format!(
        "{}   editor {}",
        escape::path(vault),
        key.get(..16).unwrap_or(&key)
    )
}

/// Makes a slip for each of these epochs, and hands them to the person before anything depends on
/// them.
pub(super) fn make(
    epochs: impl Iterator<Item = EpochNumber>,
    plan: &Plan,
    out: &Path,
    whose: &str,
    desk: &mut Desk,
) -> Result<Slips, Failure> {
    let slips = Slips::generate(epochs, &mut desk.rng);
    if out == Path::new(TERMINAL) {
        show(&slips, plan, whose, desk)?;
    } else {
        write(&slips, plan, out, whose)?;
        desk.screen.say(&format!(
            "{} holds the slips. Print them, cut them apart, and remove the file: it is in memory \
             only. Keep them away from the vault, and from each other if you can.",
            escape::path(out)
        ));
    }
    Ok(slips)
}

fn write(slips: &Slips, plan: &Plan, out: &Path, whose: &str) -> Result<(), Failure> {
    let (folder, name) = Folder::of_file(out)?;
    if Volume::of(&folder)? == Volume::Plain {
        return Err(SlipError::Disk.into());
    }
    // Room for all of it at once, so that growing leaves no copies.
    let mut text = Zeroizing::new(Vec::with_capacity(
        ROOM.saturating_add(whose.len()).saturating_mul(520),
    ));
    for (epoch, slip) in slips.iter() {
        text.extend_from_slice(page(epoch, slip, plan, whose).as_bytes());
    }
    folder.put(&name, &text, Existing::Keep)?;
    Ok(())
}

fn show(slips: &Slips, plan: &Plan, whose: &str, desk: &mut Desk) -> Result<(), Failure> {
    for (epoch, slip) in slips.iter() {
        let text = page(epoch, slip, plan, whose);
        desk.screen.show(&[&text])?;
        if !typed_back(slip, desk)? {
            return Err(PassphraseError::Differs.into());
        }
        desk.screen.wipe();
    }
    Ok(())
}

fn typed_back(slip: &Slip, desk: &mut Desk) -> Result<bool, PassphraseError> {
    for _ in 0..TRIES {
        let typed = desk
            .asker
            .ask_slip("Write it on paper of its own, then type its words here: ")?;
        let typed = typed.and_then(|typed| Slip::parse(typed.expose()).ok());
        if typed.is_some_and(|typed| bool::from(typed.expose().ct_eq(slip.expose()))) {
            return Ok(true);
        }
        desk.screen
            .say("That is not what is shown above. Look at it again.");
    }
    Ok(false)
}

/// One slip as it is printed.
fn page(epoch: EpochNumber, slip: &Slip, plan: &Plan, whose: &str) -> Zeroizing<String> {
    let days = plan
        .days_of(epoch)
        .map(|(first, last)| format!("{first} to {last}"))
        .unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(ROOM.saturating_add(whose.len())));
    text.push_str(&format!(
        "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -\nSlip of epoch \
         {epoch}   {days}\n{whose}\n\n"
    ));
    let words = slip.words();
    for (place, word) in words.split(' ').enumerate() {
        text.push_str(if place == 6 { "\n  " } else { "  " });
        text.push_str(word);
    }
    text.push_str("\n\nBurn this paper when `knothole epochs burn` says so.\n");
    text
}

/// Asks for the slips of these epochs that the vaults need. One that is not given is done without.
pub(super) fn ask(
    vaults: &mut [Vault],
    epochs: &BTreeSet<EpochNumber>,
    desk: &mut Desk,
) -> Result<(), Failure> {
    for vault in vaults {
        for epoch in epochs {
            if vault.wants_slip(*epoch) {
                one(vault, *epoch, desk)?;
            }
        }
    }
    Ok(())
}

fn one(vault: &mut Vault, epoch: EpochNumber, desk: &mut Desk) -> Result<(), Failure> {
    let prompt = format!(
        "Slip of epoch {epoch} for {} (Enter to do without): ",
        escape::path(vault.path())
    );
    let mut tries = TRIES;
    loop {
        let Some(typed) = desk.asker.ask_slip(&prompt)? else {
            return Ok(());
        };
        let taken = match Slip::parse(typed.expose()) {
            Ok(slip) => vault.take_slip(epoch, slip).map_err(Failure::from),
            Err(error) => Err(Failure::from(error)),
        };
        tries = tries.saturating_sub(1);
        match taken {
            Err(failure @ (Failure::Slip(_) | Failure::Vault(VaultError::OtherSlip(..))))
                if desk.asker.is_terminal() && tries > 0 =>
            {
                desk.screen.say(&format!("{failure}."))
            }
            taken => return taken,
        }
    }
}
