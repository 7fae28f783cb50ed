//! A disk in memory for tests: it can be cut off or fail at any step, and what was not synced can be
//! lost, torn or brought into another order.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows ends")]

mod everywhere;
mod faults;
mod loss;
mod tree;

use std::io;
use std::sync::{Arc, Mutex};

pub(crate) use everywhere::{cut_everywhere, fail_everywhere, fill_everywhere};
pub(crate) use loss::{Bytes, Part, Survives};

use super::{Disk, DiskFile, Name, Place, Room};
use crate::clock::UnixSeconds;
use crate::uploads::lock;
use faults::Faults;
use tree::{File, Node, Tree, kind};

/// The disk. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    tree: Tree,
    faults: Faults,
}

impl Faulty {
    /// An empty disk.
    pub(crate) fn new() -> Self {
        Self::of(Tree::new())
    }

    fn of(tree: Tree) -> Self {
        let faults = Faults::default();
        Self(Arc::new(Mutex::new(State { tree, faults })))
    }

    /// Does what a step does, unless a fault is due.
    fn step<T>(&self, work: impl FnOnce(&mut Tree) -> io::Result<T>) -> io::Result<T> {
        let mut state = lock(&self.0);
        state.faults.step()?;
        work(&mut state.tree)
    }

    /// The same for one that waits for the disk; it also says what becomes of what it waited for when
    /// it fails. As with a real disk, such an error is never a lack of room, which passes.
    fn sync_step(
        &self,
        work: impl FnOnce(&mut Tree) -> io::Result<()>,
        failed: impl FnOnce(&mut Tree),
    ) -> io::Result<()> {
        let mut state = lock(&self.0);
        if let Err(error) = state.faults.step() {
            if error.raw_os_error().is_some() {
                failed(&mut state.tree);
            }
            return Err(io::Error::other(error));
        }
        work(&mut state.tree)
    }

    /// Looks at it; that changes nothing, and can fail as well.
    fn look<T>(&self, work: impl FnOnce(&Tree) -> io::Result<T>) -> io::Result<T> {
        let mut state = lock(&self.0);
        state.faults.look()?;
        work(&state.tree)
    }

    fn is_there(&self, place: &Place) -> bool {
        lock(&self.0).tree.find(place).is_ok()
    }

    fn file(&self, node: usize) -> Box<dyn DiskFile> {
        Box::new(Open {
            disk: self.clone(),
            node,
        })
    }

    fn room_for_more(&self) -> io::Result<()> {
        lock(&self.0).faults.growth()
    }

    fn sound(&self, place: &Place) -> io::Result<()> {
        lock(&self.0).faults.sound(place)
    }
}

impl Disk for Faulty {
    fn make_folder(&self, place: &Place) -> io::Result<()> {
        if !self.is_there(place) {
            self.room_for_more()?;
        }
        self.step(|tree| tree.add(place, Node::folder()).map(drop))
    }

    fn create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.sound(place)?;
        self.room_for_more()?;
        self.step(|tree| tree.add(place, Node::File(File::default())))
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
            match tree.node(node) {
                Node::File(_) => Ok(node),
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
        self.sound(place)?;
        self.step(|tree| match tree.node(tree.find(place)?) {
            Node::File(_) => tree.remove(place),
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
        let work = |tree: &mut Tree| {
            let folder = tree.find(place)?;
            tree.entries(folder)?;
            tree.sync_folder(folder);
            Ok(())
        };
        self.sync_step(work, |_| {})
    }

    fn sync_everything(&self) -> io::Result<()> {
        let work = |tree: &mut Tree| {
            tree.sync_everything();
            Ok(())
        };
        self.sync_step(work, Tree::forsake_everything)
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
        let put = |tree: &mut Tree, bytes: &[u8]| {
            tree.file_mut(self.node)?.write(bytes, at);
            Ok(())
        };
        let end = at + bytes.len();
        if end > self.content(<[u8]>::len) {
            self.disk.room_for_more()?;
        }
        let written = self.disk.step(|tree| put(tree, bytes));
        if written.is_err() {
            // A write that failed or was cut off may have been done in part.
            put(&mut lock(&self.disk.0).tree, &bytes[..bytes.len() / 2])?;
        }
        written
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.look(|_| Ok(()))?;
        let at = usize::try_from(offset).unwrap();
        Ok(self.content(|content| {
            let there = content.get(at..).unwrap_or_default();
            let count = bytes.len().min(there.len());
            bytes[..count].copy_from_slice(&there[..count]);
            count
        }))
    }

    fn length(&self) -> io::Result<u64> {
        self.disk.look(|_| Ok(()))?;
        Ok(u64::try_from(self.content(<[u8]>::len)).unwrap())
    }

    fn sync(&self) -> io::Result<()> {
        let work = |tree: &mut Tree| {
            tree.file_mut(self.node)?.sync();
            Ok(())
        };
        self.disk.sync_step(work, |tree| {
            if let Ok(file) = tree.file_mut(self.node) {
                file.forsake();
            }
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

impl Open {
    fn content<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        match lock(&self.disk.0).tree.node(self.node) {
            Node::File(file) => read(file.content()),
            Node::Folder { .. } => panic!("a folder is no open file"),
        }
    }
}

#[cfg(test)]
mod tests;
