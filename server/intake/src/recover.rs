//! Puts in order what a crash left, before anything is served.
//!
//! One upload that the disk cannot give, or for whose commit there is no room, is left as it is and
//! told in the log: it keeps nobody from the drop-box.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use knothole_envelope::{DropId, EpochNumber};
use tracing::warn;

use crate::clock::{DAY, UnixSeconds};
use crate::commit::{self, drops, folder_of, incoming, shelf, trash};
use crate::disk::{self, Disk, Name, Place};
use crate::newsroom::Closing;
use crate::record::{Lanes, Link, Manifest, Role, Ticket};
use crate::segments::{Segments, ticket};
use crate::shelf::{manifest, unless_stray, unless_unreadable};
use crate::uploads::{Upload, Uploads};

/// How long a commit may wait whose ticket is gone already.
const LIFE: u64 = 14 * DAY;

/// Finds the unfinished uploads and the drops whose URLs are still known.
///
/// What has a manifest is finished, and is moved where it belongs; what is whole is committed, for
/// its sender may never come back, and waits where that fails; what has a usable mark goes on from
/// its last durable byte; what has neither was never acknowledged, and goes.
pub(crate) fn recover(
    disk: &dyn Disk,
    now: UnixSeconds,
    link: impl Fn(&Ticket) -> Option<Link>,
    ending: impl Fn(EpochNumber) -> io::Result<Closing>,
) -> io::Result<Uploads> {
    for room in [incoming(), drops(), shelf(), trash()] {
        disk::ensure_folder(disk, &room)?;
    }
    disk.sync_folder(&Place::root())?;
    commit::empty_trash(disk)?;
    let mut recovery = Recovery {
        disk,
        now,
        link,
        ending,
        uploads: Uploads::default(),
        waiting: Vec::new(),
        left: HashSet::new(),
    };
    // What was joined is put together again before its lanes are looked at.
    for name in disk.list(&incoming())? {
        let done = recovery.end(&name);
        recovery.note(&name, done);
    }
    for name in disk.list(&incoming())? {
        let done = recovery.go_on(&name);
        recovery.note(&name, done);
    }
    // Now that nothing else takes the address of a first lane.
    for upload in &recovery.waiting {
        recovery.uploads.add(upload);
    }
    // Before anything of it is told, it must be there even if the power goes.
    disk.sync_folder(&incoming())?;
    for room in [drops(), shelf()] {
        for name in disk.list(&room)? {
            let folder = room.join(name.clone());
            // Of many drops few have a link: it is asked for first.
            let link = unless_unreadable(commit::link(disk, &folder))?.flatten();
            let (Some(id), Some(link)) = (id(&name), link) else {
                continue;
            };
            if let Some(manifest) = manifest(disk, &folder)? {
                recovery.uploads.add(&Upload::done(id, link, &manifest));
            }
        }
    }
    Ok(recovery.uploads)
}

/// What became of something that is whole.
enum Fate {
    Drop,
    /// Its epoch was burned meanwhile, or is over.
    Over,
    /// It can never be a drop, because something of it is missing.
    Damaged,
}

struct Recovery<'a, L, E> {
    disk: &'a dyn Disk,
    now: UnixSeconds,
    link: L,
    ending: E,
    uploads: Uploads,
    /// What is whole and could not be committed. The next tick tries again.
    waiting: Vec<Arc<Upload>>,
    /// Folders that stay as they are.
    left: HashSet<Name>,
}

impl<L, E> Recovery<'_, L, E>
where
    L: Fn(&Ticket) -> Option<Link>,
    E: Fn(EpochNumber) -> io::Result<Closing>,
{
    /// Ends what was about to become a drop: a commit that was cut off, or lanes that were joined.
    fn end(&mut self, name: &Name) -> io::Result<()> {
        let folder = incoming().join(name.clone());
        let Some(id) = id(name) else {
            return disk::remove_tree(self.disk, &folder);
        };
        if let Some(manifest) = unless_stray(commit::finished(self.disk, &folder))?.flatten() {
            let link = ticket(self.disk, &folder)?.and_then(|ticket| (self.link)(&ticket));
            // Nobody was told of it: that comes when it lies among the drops.
            let resumed = match self.is_over(manifest.epoch) {
                Ok(true) => return disk::remove_tree(self.disk, &folder),
                Ok(false) => commit::resume(self.disk, &id, &manifest, link),
                Err(error) => Err(error),
            };
            if resumed.is_err() {
                let ticket = self.ticket_of(&folder, &manifest);
                self.wait(id, ticket);
            }
            return resumed;
        }
        let Some(ticket) = ticket(self.disk, &folder)? else {
            return Ok(());
        };
        let Role::Joined { lanes } = ticket.role.clone() else {
            return Ok(());
        };
        match self.commit(&id, &ticket) {
            Ok(Fate::Drop) => Ok(()),
            Ok(Fate::Over) => {
                for id in lanes.iter().chain([&id]) {
                    disk::remove_tree(self.disk, &folder_of(&incoming(), id))?;
                }
                Ok(())
            }
            // It may be a note that was given up, and its lanes were sent on since.
            Ok(Fate::Damaged) => {
                commit::scatter_lanes(self.disk, &folder, &lanes)?;
                disk::remove_tree(self.disk, &folder)
            }
            Err(error) => {
                let names = lanes.iter().map(|lane| Name::hex(lane.as_bytes()));
                self.left.extend(names);
                self.wait(id, ticket);
                Err(error)
            }
        }
    }

    /// Finds how far an upload is, and commits it if it is whole.
    fn go_on(&mut self, name: &Name) -> io::Result<()> {
        let (Some(id), false) = (id(name), self.left.contains(name)) else {
            return Ok(());
        };
        let folder = incoming().join(name.clone());
        let known = |ticket: &Ticket| ticket.url.is_some() && ticket.expires > self.now;
        let Some(ticket) = ticket(self.disk, &folder)?.filter(known) else {
            return disk::remove_tree(self.disk, &folder);
        };
        let segments = match Segments::recover(self.disk, folder.clone(), ticket.length) {
            Ok(Some(segments)) => segments,
            Ok(None) => return disk::remove_tree(self.disk, &folder),
            // A lane that was moved into its drop meanwhile, or an upload that lost its mark.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return disk::remove_tree(self.disk, &folder);
            }
            Err(error) => return Err(error),
        };
        let upload = Upload::new(id, segments, ticket.clone());
        if !upload.is_left_whole() {
            self.uploads.add(&upload);
            return Ok(());
        }
        match self.commit(&id, &ticket) {
            Ok(Fate::Drop) => Ok(()),
            Ok(Fate::Over | Fate::Damaged) => disk::remove_tree(self.disk, &folder),
            Err(error) => {
                self.waiting.push(upload);
                Err(error)
            }
        }
    }

    fn commit(&self, id: &DropId, ticket: &Ticket) -> io::Result<Fate> {
        if self.is_over(ticket.epoch)? {
            return Ok(Fate::Over);
        }
        match commit::commit(self.disk, id, ticket, (self.link)(ticket)) {
            Ok(_) => Ok(Fate::Drop),
            Err(error) if commit::is_damage(&error) => Ok(Fate::Damaged),
            Err(error) => Err(error),
        }
    }

    /// Whether nothing of this epoch may become a drop any more.
    fn is_over(&self, epoch: Option<EpochNumber>) -> io::Result<bool> {
        match epoch.map(&self.ending).transpose()? {
            None | Some(Closing::Open) => Ok(false),
            Some(Closing::Closed) => Ok(true),
            Some(Closing::Unsure) => Err(io::Error::other(
                "the clock has jumped; whether its epoch is over is seen when it is believed",
            )),
        }
    }

    fn wait(&mut self, id: DropId, ticket: Ticket) {
        let segments = Segments::whole(folder_of(&incoming(), &id), ticket.length);
        self.waiting.push(Upload::new(id, segments, ticket));
    }

    /// The ticket of what has a manifest. Its commit may have removed the ticket already, and needs
    /// none any more.
    fn ticket_of(&self, folder: &Place, manifest: &Manifest) -> Ticket {
        if let Ok(Some(ticket)) = ticket(self.disk, folder) {
            return ticket;
        }
        let link = commit::link(self.disk, folder).ok().flatten();
        let length = manifest.lanes.length();
        Ticket {
            url: link.map(|link| link.url),
            length,
            role: match manifest.lanes {
                Lanes::One(_) => Role::Whole,
                Lanes::Many(_) => Role::Joined { lanes: Vec::new() },
            },
            epoch: manifest.epoch,
            total: length,
            expires: self.now.plus(LIFE).rounded_up_to_day(),
        }
    }

    /// Notes how it went with one entry.
    fn note(&mut self, name: &Name, done: io::Result<()>) {
        if let Err(error) = done {
            warn!("an unfinished upload was left as it is: {error}");
            self.left.insert(name.clone());
        }
    }
}

fn id(name: &Name) -> Option<DropId> {
    name.as_str().parse().ok()
}

#[cfg(test)]
mod tests;
