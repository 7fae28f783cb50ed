//! Writing what a drop holds.

use core::fmt::Write as _;
use std::fs::File;
use std::io::Read;

use knothole_envelope::{FileEntry, ListedDrop, Manifest, OpenError, TreeHash};

use super::name::own;
use super::{OpenDropError, Opened, Unsealed, Warning};
use crate::escape;
use crate::folder::{Existing, FileError, Folder};
use crate::room::Room;

const CONTENTS: &str = "contents.txt";
const MESSAGE: &str = "message.txt";
/// So many folders of one drop may lie side by side.
const MOST_TRIES: u32 = 1000;

/// Writes the files, the words and a listing into a new folder of this name, beneath `into`.
///
/// When the folder is there already, a number is put behind the name: nothing is overwritten.
///
/// # Errors
/// [`OpenDropError`]. Of a drop that is not whole, what verified stays, under names that end in
/// `.partial`; when the disk is full, nothing stays.
pub fn write<R: Read>(
    unsealed: Unsealed<R>,
    listed: &ListedDrop,
    into: &Folder,
    name: &str,
) -> Result<Opened, OpenDropError> {
    let manifest = unsealed.reader.manifest().clone();
    let bytes = manifest.files().iter().map(|file| file.size).sum();
    if let Some(room) = Room::missing(into, bytes)? {
        return Err(OpenDropError::Room(room));
    }
    let folder = new_folder(into, name)?;
    let warnings = unsealed.warnings;
    let written = bodies(unsealed.reader, &manifest, listed.tree, &folder)
        .and_then(|()| Ok(papers(&folder, &manifest, listed, &warnings)?));
    if let Err(error) = written {
        if matches!(error, OpenDropError::File(_)) {
            // What matters is the first error.
            drop(clear(into, &folder));
        }
        return Err(error);
    }
    folder.sync()?;
    into.sync()?;
    Ok(Opened {
        folder: folder.path().to_owned(),
        files: manifest.files().len(),
        bytes,
        message: !manifest.message().as_str().is_empty(),
        way_back: manifest.reply().is_some(),
        conversation: None,
        warnings,
    })
}

fn new_folder(into: &Folder, name: &str) -> Result<Folder, FileError> {
    for number in 2..MOST_TRIES {
        let tried = match number {
            2 => name.to_owned(),
            _ => format!("{name}-{}", number.saturating_sub(1)),
        };
        match into.make_child(&tried) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
    into.make_child(name)
}

fn partial(name: &str) -> String {
    format!("{name}.partial")
}

fn bodies<R: Read>(
    mut reader: knothole_envelope::DropReader<R>,
    manifest: &Manifest,
    tree: TreeHash,
    folder: &Folder,
) -> Result<(), OpenDropError> {
    let names: Vec<_> = manifest
        .files()
        .iter()
        .enumerate()
        .map(|(place, entry)| own(place, entry.name.as_str()))
        .collect();
    for name in &names {
        let new = partial(name);
        let failed = |source| FileError::new("write this file", &folder.path().join(&new), source);
        let mut file: File = folder.create(&new)?;
        if let Some(mut body) = reader.next_file()? {
            body.copy_to(&mut file).map_err(|error| match error {
                OpenError::Write(source) => OpenDropError::File(failed(source)),
                other => other.into(),
            })?;
        }
        file.sync_all().map_err(failed)?;
    }
    // Only the last chunk says that nothing was cut off.
    if reader.finish()? != tree {
        return Err(OpenDropError::OtherDrop);
    }
    for name in &names {
        folder.rename(&partial(name), name, Existing::Keep)?;
    }
    Ok(())
}

/// What the source called the files, and the words.
fn papers(
    folder: &Folder,
    manifest: &Manifest,
    listed: &ListedDrop,
    warnings: &[Warning],
) -> Result<(), FileError> {
    let contents = contents(manifest, listed, warnings);
    put(folder, CONTENTS, &contents)?;
    let message = manifest.message().as_str();
    if message.is_empty() {
        return Ok(());
    }
    put(folder, MESSAGE, &escape::message(message))
}

/// Whole under its name, or not there: half of a message could say the contrary of it.
fn put(folder: &Folder, name: &str, text: &str) -> Result<(), FileError> {
    folder.put(name, text.as_bytes(), Existing::Keep)
}

fn contents(manifest: &Manifest, listed: &ListedDrop, warnings: &[Warning]) -> String {
    let mut text = String::new();
    let mut line = |words: core::fmt::Arguments<'_>| {
        // A string takes every word.
        let _ = writeln!(text, "{words}");
    };
    line(format_args!("Drop {}, epoch {}", listed.id, listed.epoch));
    for warning in warnings {
        line(format_args!("WARNING: {warning}"));
    }
    line(format_args!(
        "\nWhat the source called the files, escaped (\\u{{…}}). Trust no name and no ending."
    ));
    for (place, FileEntry { name, size }) in manifest.files().iter().enumerate() {
        let own = own(place, name.as_str());
        line(format_args!(
            "{own}\t{size}\t{}",
            escape::name(name.as_str())
        ));
    }
    if manifest.files().is_empty() {
        line(format_args!("(no files)"));
    }
    text
}

/// Removes all that was written of a drop for which there is no room.
fn clear(into: &Folder, folder: &Folder) -> Result<(), FileError> {
    for name in folder.names()? {
        folder.remove(&name)?;
    }
    match folder.path().file_name().and_then(|name| name.to_str()) {
        Some(name) => into.remove_folder(name),
        None => Ok(()),
    }
}
