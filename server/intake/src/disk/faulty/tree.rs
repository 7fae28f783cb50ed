//! What the disk in memory consists of: now, and as far as it was synced.

use std::collections::BTreeMap;
use std::io;

use crate::disk::{Name, Place};

const ROOT: usize = 0;

/// Files and folders, by their numbers.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) renames: Vec<Rename>,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    File {
        now: Vec<u8>,
        synced: Vec<u8>,
    },
    Folder {
        now: BTreeMap<Name, usize>,
        synced: BTreeMap<Name, usize>,
    },
}

/// A rename that is in no journal yet. It gets there whole, with either of its folders.
#[derive(Debug, Clone)]
pub(super) struct Rename {
    from: (usize, Name),
    to: (usize, Name),
    node: usize,
}

impl Node {
    pub(super) fn file(content: &[u8]) -> Self {
        Self::File {
            now: content.to_vec(),
            synced: content.to_vec(),
        }
    }

    pub(super) fn folder() -> Self {
        Self::of(&BTreeMap::new())
    }

    pub(super) fn of(entries: &BTreeMap<Name, usize>) -> Self {
        Self::Folder {
            now: entries.clone(),
            synced: entries.clone(),
        }
    }
}

pub(super) fn kind<T>(kind: io::ErrorKind) -> io::Result<T> {
    Err(io::Error::from(kind))
}

impl Tree {
    pub(super) fn sync_all(&mut self) {
        self.renames.clear();
        for node in &mut self.nodes {
            match node {
                Node::File { now, synced } => synced.clone_from(now),
                Node::Folder { now, synced } => synced.clone_from(now),
            }
        }
    }

    pub(super) fn entries(&self, folder: usize) -> io::Result<&BTreeMap<Name, usize>> {
        match &self.nodes[folder] {
            Node::Folder { now, .. } => Ok(now),
            Node::File { .. } => kind(io::ErrorKind::NotADirectory),
        }
    }

    fn entries_mut(&mut self, folder: usize) -> io::Result<&mut BTreeMap<Name, usize>> {
        match &mut self.nodes[folder] {
            Node::Folder { now, .. } => Ok(now),
            Node::File { .. } => kind(io::ErrorKind::NotADirectory),
        }
    }

    pub(super) fn find(&self, place: &Place) -> io::Result<usize> {
        let mut node = ROOT;
        for name in place.names() {
            let next = self.entries(node)?.get(name).copied();
            node = next.ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    fn parent(&self, place: &Place) -> io::Result<(usize, Name)> {
        let (parent, name) = place.split().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = self.find(&parent)?;
        self.entries(parent)?;
        Ok((parent, name.clone()))
    }

    pub(super) fn add(&mut self, place: &Place, node: Node) -> io::Result<usize> {
        let (parent, name) = self.parent(place)?;
        let fresh = self.nodes.len();
        let entries = self.entries_mut(parent)?;
        if entries.contains_key(&name) {
            return kind(io::ErrorKind::AlreadyExists);
        }
        entries.insert(name, fresh);
        self.nodes.push(node);
        Ok(fresh)
    }

    pub(super) fn rename(&mut self, from: &Place, to: &Place, over: bool) -> io::Result<()> {
        let node = self.find(from)?;
        let (from, to) = (self.parent(from)?, self.parent(to)?);
        if !over && self.entries(to.0)?.contains_key(&to.1) {
            return kind(io::ErrorKind::AlreadyExists);
        }
        self.entries_mut(from.0)?.remove(&from.1);
        self.entries_mut(to.0)?.insert(to.1.clone(), node);
        self.renames.push(Rename { from, to, node });
        Ok(())
    }

    pub(super) fn remove(&mut self, place: &Place) -> io::Result<()> {
        let (parent, name) = self.parent(place)?;
        self.entries_mut(parent)?.remove(&name);
        Ok(())
    }

    pub(super) fn sync_folder(&mut self, folder: usize) {
        if let Node::Folder { now, synced } = &mut self.nodes[folder] {
            synced.clone_from(now);
        }
        let (due, later) = core::mem::take(&mut self.renames)
            .into_iter()
            .partition(|rename| rename.from.0 == folder || rename.to.0 == folder);
        self.renames = later;
        for Rename { from, to, node } in due {
            if let Node::Folder { synced, .. } = &mut self.nodes[from.0]
                && synced.get(&from.1) == Some(&node)
                && from != to
            {
                synced.remove(&from.1);
            }
            if let Node::Folder { now, synced } = &mut self.nodes[to.0]
                && now.get(&to.1) == Some(&node)
            {
                synced.insert(to.1, node);
            }
        }
    }
}
