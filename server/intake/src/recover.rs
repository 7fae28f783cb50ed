//! Puts in order what a crash left, before anything is served.

use std::io;

use knothole_envelope::{DropId, EpochNumber};

use crate::clock::UnixSeconds;
use crate::commit::{self, drops, folder_of, incoming, shelf, trash};
use crate::disk::{self, Disk, Name, Place};
use crate::record::{Link, MOST_RECORD_BYTES, Role, Ticket};
use crate::segments::{self, Segments};
use crate::uploads::{Upload, Uploads};

/// Finds the unfinished uploads and the drops whose URLs are still known.
///
/// What has a manifest is finished, and is moved where it belongs; what is whole is committed, for
/// its sender may never come back; what has a usable mark goes on from its last durable byte; what
/// has neither was never acknowledged, and goes.
pub(crate) fn recover(
    disk: &dyn Disk,
    now: UnixSeconds,
    link: impl Fn(&Ticket) -> Option<Link>,
    burned: impl Fn(EpochNumber) -> io::Result<bool>,
) -> io::Result<Uploads> {
    let commit = |id: &DropId, ticket: &Ticket| {
        let refused = ticket.epoch.map(&burned).transpose()?.unwrap_or(false);
        let link = link(ticket);
        if refused || !can_commit(disk, id, ticket, link)? {
            // Its lanes fall with it.
            let lanes = match &ticket.role {
                Role::Joined { lanes } => lanes.as_slice(),
                _ => &[],
            };
            for id in lanes.iter().chain([id]) {
                disk::remove_tree(disk, &folder_of(&incoming(), id))?;
            }
        }
        io::Result::Ok(())
    };
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
            Some(ticket) if matches!(ticket.role, Role::Joined { .. }) => commit(&id, &ticket)?,
            Some(ticket) if ticket.url.is_some() && ticket.expires > now => {
                waiting.push((id, ticket));
            }
            _ => disk::remove_tree(disk, &folder)?,
        }
    }
    for (id, ticket) in waiting {
        let folder = folder_of(&incoming(), &id);
        match Segments::recover(disk, folder.clone(), ticket.length) {
            Ok(Some(segments)) => {
                let upload = Upload::new(id, segments, ticket.clone());
                if upload.is_left_whole() {
                    commit(&id, &ticket)?;
                } else {
                    uploads.add(&upload);
                }
            }
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
                uploads.add(&Upload::done(id, link, &manifest));
            }
        }
    }
    Ok(uploads)
}

/// Commits what is whole; `false` for what can never be a drop, because something of it is missing.
fn can_commit(
    disk: &dyn Disk,
    id: &DropId,
    ticket: &Ticket,
    link: Option<Link>,
) -> io::Result<bool> {
    match commit::commit(disk, id, ticket, link) {
        Ok(_) => Ok(true),
        Err(error) if is_damage(&error) => Ok(false),
        Err(error) => Err(error),
    }
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
