//! Puts in order what a crash left, before anything is served.

use std::io;

use knothole_envelope::DropId;

use crate::clock::UnixSeconds;
use crate::commit::{self, drops, folder_of, incoming, shelf, trash};
use crate::disk::{self, Disk, Name, Place};
use crate::record::{Link, MOST_RECORD_BYTES, Role, Ticket};
use crate::segments::{self, Segments};
use crate::uploads::{Upload, Uploads};

/// Finds the unfinished uploads and the drops whose URLs are still known.
///
/// What has a manifest is finished, and is moved where it belongs; what has a usable mark goes on
/// from its last durable byte; what has neither was never acknowledged, and goes.
pub(crate) fn recover(
    disk: &dyn Disk,
    now: UnixSeconds,
    mut link: impl FnMut(&Ticket) -> Option<Link>,
) -> io::Result<Uploads> {
    for room in [incoming(), drops(), shelf(), trash()] {
        disk::ensure_folder(disk, &room)?;
    }
    disk.sync_folder(&Place::root())?;
    for name in disk.list(&trash())? {
        disk::remove_tree(disk, &trash().join(name))?;
    }
    let uploads = Uploads::default();
    let mut waiting = Vec::new();
    for name in disk.list(&incoming())? {
        let folder = incoming().join(name.clone());
        let Some(id) = id(&name) else {
            disk::remove_tree(disk, &folder)?;
            continue;
        };
        if let Some(manifest) = commit::finished(disk, &folder)? {
            commit::resume(disk, &id, &manifest)?;
            continue;
        }
        match ticket(disk, &folder)? {
            // Put together again before its lanes are looked at.
            Some(ticket) if matches!(ticket.role, Role::Joined { .. }) => {
                match commit::commit(disk, &id, &ticket, link(&ticket)) {
                    Ok(_) => {}
                    Err(error) if is_damage(&error) => disk::remove_tree(disk, &folder)?,
                    Err(error) => return Err(error),
                }
            }
            Some(ticket) if ticket.url.is_some() && ticket.expires > now => {
                waiting.push((id, ticket));
            }
            _ => disk::remove_tree(disk, &folder)?,
        }
    }
    for (id, ticket) in waiting {
        let folder = folder_of(&incoming(), &id);
        match Segments::recover(disk, folder.clone(), ticket.length) {
            Ok(Some(segments)) => uploads.add(&Upload::new(id, segments, ticket)),
            Ok(None) => disk::remove_tree(disk, &folder)?,
            // A lane that was moved into its drop meanwhile, or an upload that lost its mark.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk::remove_tree(disk, &folder)?;
            }
            Err(error) => return Err(error),
        }
    }
    // Before anything of it is told, it must be there even if the power goes.
    disk.sync_folder(&incoming())?;
    for room in [drops(), shelf()] {
        for name in disk.list(&room)? {
            let folder = room.join(name.clone());
            let (Some(id), Some(manifest)) = (id(&name), commit::finished(disk, &folder)?) else {
                continue;
            };
            if let Some(link) = commit::link(disk, &folder)? {
                let length = manifest.lanes.length();
                uploads.add(&Upload::done(id, link, length, manifest.tree));
            }
        }
    }
    Ok(uploads)
}

fn id(name: &Name) -> Option<DropId> {
    name.as_str().parse().ok()
}

fn ticket(disk: &dyn Disk, folder: &Place) -> io::Result<Option<Ticket>> {
    let bytes = disk::read_if_there(disk, &segments::ticket_place(folder), MOST_RECORD_BYTES)?;
    Ok(bytes.and_then(|bytes| Ticket::decode(&bytes)))
}

fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}
