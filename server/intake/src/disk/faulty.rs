//! A disk in memory for tests: it can be cut off at any step, and forgets what was not synced.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows ends")]

mod everywhere;
mod tree;

use std::io;
use std::sync::{Arc, Mutex};

pub(crate) use everywhere::{cut_everywhere, fail_everywhere};

use super::{Disk, DiskFile, Name, Place, Room};
use crate::clock::UnixSeconds;
use crate::uploads::lock;
use tree::{Node, Tree, kind};

/// What is found again after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survives {
    /// Everything that was done: the process was killed.
    Everything,
    /// What was synced and nothing else: the power went.
    Synced,
    /// All entries of folders, but of files only the content that was synced: the power went, and
    /// the file system had written its journal before the data.
    Entries,
}

/// What happens at the step that was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It fails, and so does everything after it.
    Stop,
    /// It alone fails.
    Fail,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    tree: Tree,
    fault: Option<(u64, Fault)>,
    stopped: bool,
    full: bool,
    /// How often there was no room.
    refused: u64,
    /// What lies in here can be neither opened nor created.
    spoilt: Option<Place>,
}

impl Faulty {
    /// An empty disk.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            tree: Tree {
                nodes: vec![Node::folder()],
                renames: Vec::new(),
            },
            fault: None,
            stopped: false,
            full: false,
            refused: 0,
            spoilt: None,
        })))
    }

    /// From now on nothing is created, and nothing becomes longer.
    pub(crate) fn fill(&self) {
        lock(&self.0).full = true;
    }

    /// How often something found no room.
    pub(crate) fn refused(&self) -> u64 {
        lock(&self.0).refused
    }

    /// From now on no file of this folder can be opened or created.
    pub(crate) fn spoil(&self, folder: &Place) {
        lock(&self.0).spoilt = Some(folder.clone());
    }

    /// It works again.
    pub(crate) fn mend(&self) {
        let mut state = lock(&self.0);
        (state.full, state.spoilt) = (false, None);
    }

    /// From now on so many steps succeed; the next one fails, and everything after it.
    pub(crate) fn stop_after(&self, steps: u64) {
        lock(&self.0).fault = Some((steps, Fault::Stop));
    }

    /// From now on so many steps succeed; the next one fails.
    pub(crate) fn fail_after(&self, steps: u64) {
        lock(&self.0).fault = Some((steps, Fault::Fail));
    }

    /// Whether the fault that was asked for has not happened.
    pub(crate) fn unharmed(&self) -> bool {
        lock(&self.0).fault.is_some()
    }

    /// Syncs everything.
    pub(crate) fn sync_all(&self) {
        lock(&self.0).tree.sync_all();
    }

    /// Another disk, with what is found on this one after the cut.
    pub(crate) fn after(&self, survives: Survives) -> Self {
        let state = lock(&self.0);
        let after = Self::new();
        if survives == Survives::Everything {
            // What was not synced can still be lost when the power goes later.
            lock(&after.0).tree = state.tree.clone();
            return after;
        }
        let nodes = state.tree.nodes.iter().map(|node| match (node, survives) {
            (Node::File { synced, .. }, _) => Node::file(synced),
            (Node::Folder { synced, .. }, Survives::Synced) => Node::of(synced),
            (Node::Folder { now, .. }, _) => Node::of(now),
        });
        lock(&after.0).tree.nodes = nodes.collect();
        after
    }

    fn room_for_more(&self) -> io::Result<()> {
        let mut state = lock(&self.0);
        if state.full {
            state.refused += 1;
            return kind(io::ErrorKind::StorageFull);
        }
        Ok(())
    }

    fn sound(&self, place: &Place) -> io::Result<()> {
        let folder = place.split().map(|(folder, _)| folder);
        if folder.is_some() && lock(&self.0).spoilt == folder {
            return Err(rustix::io::Errno::IO.into());
        }
        Ok(())
    }

    /// Does what a step does, unless the fault is due.
    fn step<T>(&self, work: impl FnOnce(&mut Tree) -> io::Result<T>) -> io::Result<T> {
        let mut state = lock(&self.0);
        state.running()?;
        match &mut state.fault {
            Some((0, fault)) => {
                state.stopped = *fault == Fault::Stop;
                state.fault = None;
                Err(io::Error::other("the fault that was asked for"))
            }
            Some((left, _)) => {
                *left -= 1;
                work(&mut state.tree)
            }
            None => work(&mut state.tree),
        }
    }

    fn look<T>(&self, work: impl FnOnce(&Tree) -> io::Result<T>) -> io::Result<T> {
        let state = lock(&self.0);
        state.running()?;
        work(&state.tree)
    }

    fn file(&self, node: usize) -> Box<dyn DiskFile> {
        Box::new(Open {
            disk: self.clone(),
            node,
        })
    }
}

impl State {
    fn running(&self) -> io::Result<()> {
        if self.stopped {
            return Err(io::Error::other("the disk was cut off"));
        }
        Ok(())
    }
}

impl Disk for Faulty {
    fn make_folder(&self, place: &Place) -> io::Result<()> {
        if self.look(|tree| tree.find(place)).is_err() {
            self.room_for_more()?;
        }
        self.step(|tree| tree.add(place, Node::folder()).map(drop))
    }

    fn create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.sound(place)?;
        self.room_for_more()?;
        self.step(|tree| tree.add(place, Node::file(b"")))
            .map(|node| self.file(node))
    }

    fn open_or_create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        match self.open(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create(place),
            opened => opened,
        }
    }

    fn open(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.sound(place)?;
        let node = self.look(|tree| {
            let node = tree.find(place)?;
            match &tree.nodes[node] {
                Node::File { .. } => Ok(node),
                Node::Folder { .. } => kind(io::ErrorKind::IsADirectory),
            }
        })?;
        Ok(self.file(node))
    }

    fn list(&self, place: &Place) -> io::Result<Vec<Name>> {
        self.look(|tree| {
            let folder = tree.find(place)?;
            Ok(tree.entries(folder)?.keys().cloned().collect())
        })
    }

    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.step(|tree| tree.rename(from, to, false))
    }

    fn rename_over(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.step(|tree| tree.rename(from, to, true))
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        self.step(|tree| match &tree.nodes[tree.find(place)?] {
            Node::File { .. } => tree.remove(place),
            Node::Folder { .. } => kind(io::ErrorKind::IsADirectory),
        })
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        self.step(|tree| {
            let folder = tree.find(place)?;
            if !tree.entries(folder)?.is_empty() {
                return kind(io::ErrorKind::DirectoryNotEmpty);
            }
            tree.remove(place)
        })
    }

    /// Files and folders here have no times.
    fn set_time(&self, place: &Place, _time: UnixSeconds) -> io::Result<()> {
        self.step(|tree| tree.find(place).map(drop))
    }

    fn sync_folder(&self, place: &Place) -> io::Result<()> {
        self.step(|tree| {
            let folder = tree.find(place)?;
            tree.entries(folder)?;
            tree.sync_folder(folder);
            Ok(())
        })
    }

    fn sync_everything(&self) -> io::Result<()> {
        self.step(|tree| {
            tree.sync_all();
            Ok(())
        })
    }

    fn room(&self) -> io::Result<Room> {
        self.look(|_| {
            Ok(Room {
                free: 1 << 40,
                total: 1 << 41,
            })
        })
    }
}

#[derive(Debug)]
struct Open {
    disk: Faulty,
    node: usize,
}

impl DiskFile for Open {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        let end = offset + u64::try_from(bytes.len()).unwrap();
        if end > self.length()? {
            self.disk.room_for_more()?;
        }
        let put = |tree: &mut Tree, bytes: &[u8]| {
            if let Node::File { now, .. } = &mut tree.nodes[self.node] {
                now.resize(now.len().max(at + bytes.len()), 0);
                now[at..at + bytes.len()].copy_from_slice(bytes);
            }
        };
        let written = self.disk.step(|tree| {
            put(tree, bytes);
            Ok(())
        });
        if written.is_err() {
            // A write that is cut off may have been done in part.
            put(&mut lock(&self.disk.0).tree, &bytes[..bytes.len() / 2]);
        }
        written
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.look(|tree| {
            let Node::File { now, .. } = &tree.nodes[self.node] else {
                return kind(io::ErrorKind::IsADirectory);
            };
            let at = usize::try_from(offset).unwrap().min(now.len());
            let count = bytes.len().min(now.len() - at);
            bytes[..count].copy_from_slice(&now[at..at + count]);
            Ok(count)
        })
    }

    fn length(&self) -> io::Result<u64> {
        self.disk.look(|tree| match &tree.nodes[self.node] {
            Node::File { now, .. } => Ok(u64::try_from(now.len()).unwrap()),
            Node::Folder { .. } => kind(io::ErrorKind::IsADirectory),
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.step(|tree| {
            if let Node::File { now, synced } = &mut tree.nodes[self.node] {
                synced.clone_from(now);
            }
            Ok(())
        })
    }

    /// Files here have no times.
    fn set_time(&self, _time: UnixSeconds) -> io::Result<()> {
        self.disk.step(|_| Ok(()))
    }

    /// Nothing here takes up room.
    fn reserve(&self, _bytes: u64) -> io::Result<()> {
        self.disk.room_for_more()?;
        self.disk.step(|_| Ok(()))
    }
}

#[cfg(test)]
mod tests;
