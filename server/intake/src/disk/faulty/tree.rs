//! What the disk in memory consists of: what is there now, and what of it is on its way to the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::loss::Loss;
use crate::disk::{Name, Place};

const ROOT: usize = 0;

/// Files and folders, by their numbers, which are never used again.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Changes of folders that are in no journal yet, in the order in which they were made.
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    File(File),
    Folder {
        now: BTreeMap<Name, usize>,
        kept: BTreeMap<Name, usize>,
    },
}

#[derive(Debug, Clone, Default)]
pub(super) struct File {
    now: Arc<Vec<u8>>,
    /// What a sync has brought to the disk.
    kept: Arc<Vec<u8>>,
    /// What was written since, in its order.
    writes: Vec<Write>,
}

/// Bytes that the system holds.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) offset: usize,
    pub(super) bytes: Vec<u8>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The next sync brings it to the disk.
    Waiting,
    /// Its sync failed. The system takes it for written, and no later sync looks at it: ext4 and XFS
    /// do so (Rebello and others, "Can Applications Recover from fsync Failures?", ATC 2020).
    Forsaken,
    /// It is on the disk, over something that was forsaken.
    Kept,
}

/// A change of one or two folders. It gets to the disk whole or not at all.
#[derive(Debug, Clone)]
struct Change {
    /// The entry that it takes away.
    from: Option<(usize, Name)>,
    /// The entry that it makes, over another one or not.
    to: Option<(usize, Name)>,
    node: usize,
}

impl Change {
    fn places(&self) -> impl Iterator<Item = &(usize, Name)> {
        self.from.iter().chain(&self.to)
    }

    fn is_in(&self, folder: usize) -> bool {
        self.places().any(|(one, _)| *one == folder)
    }

    /// Whether this one cannot be on the disk without the earlier one: both are about the same thing
    /// or the same name. All others may get there in any order.
    fn needs(&self, earlier: &Self) -> bool {
        self.node == earlier.node
            || self
                .places()
                .any(|place| earlier.places().any(|other| other == place))
    }

    fn is_done_in(&self, nodes: &mut [Node]) {
        if let Some((folder, name)) = &self.from
            && let Node::Folder { kept, .. } = &mut nodes[*folder]
            && kept.get(name) == Some(&self.node)
        {
            kept.remove(name);
        }
        if let Some((folder, name)) = &self.to
            && let Node::Folder { kept, .. } = &mut nodes[*folder]
        {
            kept.insert(name.clone(), self.node);
        }
    }
}

impl File {
    pub(super) fn content(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        put(Arc::make_mut(&mut self.now), bytes, offset);
        self.writes.push(Write {
            offset,
            bytes: bytes.to_vec(),
            fate: Fate::Waiting,
        });
    }

    fn settle(&mut self, to: Fate) {
        let waiting = |write: &&mut Write| write.fate == Fate::Waiting;
        for write in self.writes.iter_mut().filter(waiting) {
            write.fate = to;
        }
    }

    pub(super) fn sync(&mut self) {
        self.settle(Fate::Kept);
        // What was forsaken and has been written over since is no loss any more.
        let writes = core::mem::take(&mut self.writes);
        let covers = |later: &Write, write: &Write| {
            later.fate == Fate::Kept
                && later.offset <= write.offset
                && later.offset + later.bytes.len() >= write.offset + write.bytes.len()
        };
        let left = writes.iter().enumerate().filter(|(at, write)| {
            write.fate == Fate::Kept || !writes[at + 1..].iter().any(|later| covers(later, write))
        });
        self.writes = left.map(|(_, write)| write.clone()).collect();
        if self.writes.iter().all(|write| write.fate == Fate::Kept) {
            self.kept = Arc::clone(&self.now);
            self.writes.clear();
        }
    }

    /// A sync that failed.
    pub(super) fn forsake(&mut self) {
        self.settle(Fate::Forsaken);
    }

    fn is_settled(&self) -> bool {
        self.writes.is_empty()
    }

    /// What is read of it when the power has gone and come again.
    fn after(&self, loss: &mut Loss) -> Arc<Vec<u8>> {
        if self.is_settled() {
            return Arc::clone(&self.kept);
        }
        let mut found = self.kept.to_vec();
        for write in &self.writes {
            if write.fate == Fate::Kept {
                put(&mut found, &write.bytes, write.offset);
            } else {
                loss.tear(&mut found, write);
            }
        }
        Arc::new(found)
    }
}

/// Writes into the content of a file, which grows with zeros.
pub(super) fn put(content: &mut Vec<u8>, bytes: &[u8], offset: usize) {
    let end = offset + bytes.len();
    content.resize(content.len().max(end), 0);
    content[offset..end].copy_from_slice(bytes);
}

impl Node {
    pub(super) fn folder() -> Self {
        Self::of(&BTreeMap::new())
    }

    fn of(entries: &BTreeMap<Name, usize>) -> Self {
        Self::Folder {
            now: entries.clone(),
            kept: entries.clone(),
        }
    }
}

pub(super) fn kind<T>(kind: io::ErrorKind) -> io::Result<T> {
    Err(io::Error::from(kind))
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::folder()],
            changes: Vec::new(),
        }
    }

    pub(super) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    pub(super) fn file_mut(&mut self, node: usize) -> io::Result<&mut File> {
        match &mut self.nodes[node] {
            Node::File(file) => Ok(file),
            Node::Folder { .. } => kind(io::ErrorKind::IsADirectory),
        }
    }

    pub(super) fn entries(&self, folder: usize) -> io::Result<&BTreeMap<Name, usize>> {
        match &self.nodes[folder] {
            Node::Folder { now, .. } => Ok(now),
            Node::File(_) => kind(io::ErrorKind::NotADirectory),
        }
    }

    fn entries_mut(&mut self, folder: usize) -> io::Result<&mut BTreeMap<Name, usize>> {
        match &mut self.nodes[folder] {
            Node::Folder { now, .. } => Ok(now),
            Node::File(_) => kind(io::ErrorKind::NotADirectory),
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
        entries.insert(name.clone(), fresh);
        self.nodes.push(node);
        self.changes.push(Change {
            from: None,
            to: Some((parent, name)),
            node: fresh,
        });
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
        self.changes.push(Change {
            from: Some(from),
            to: Some(to),
            node,
        });
        Ok(())
    }

    pub(super) fn remove(&mut self, place: &Place) -> io::Result<()> {
        let node = self.find(place)?;
        let (parent, name) = self.parent(place)?;
        self.entries_mut(parent)?.remove(&name);
        self.changes.push(Change {
            from: Some((parent, name)),
            to: None,
            node,
        });
        Ok(())
    }

    pub(super) fn sync_folder(&mut self, folder: usize) {
        self.journal(|_, change| change.is_in(folder));
    }

    pub(super) fn sync_everything(&mut self) {
        self.journal(|_, _| true);
        for node in &mut self.nodes {
            if let Node::File(file) = node {
                file.sync();
            }
        }
    }

    /// A sync of everything that failed.
    pub(super) fn forsake_everything(&mut self) {
        for node in &mut self.nodes {
            if let Node::File(file) = node {
                file.forsake();
            }
        }
    }

    /// As after a sync that no error has befallen.
    pub(super) fn keep_everything(&mut self) {
        self.sync_everything();
        for node in &mut self.nodes {
            if let Node::File(file) = node {
                file.kept = Arc::clone(&file.now);
                file.writes.clear();
            }
        }
    }

    /// Brings these changes to the disk, and those that they need.
    fn journal(&mut self, chosen: impl Fn(usize, &Change) -> bool) {
        let changes = core::mem::take(&mut self.changes);
        let mut due: BTreeSet<usize> = BTreeSet::new();
        for (at, change) in changes.iter().enumerate().rev() {
            let needed = due.iter().any(|later| changes[*later].needs(change));
            if needed || chosen(at, change) {
                due.insert(at);
            }
        }
        for (at, change) in changes.into_iter().enumerate() {
            if due.contains(&at) {
                change.is_done_in(&mut self.nodes);
            } else {
                self.changes.push(change);
            }
        }
    }

    /// How many changes of folders could still be lost.
    pub(super) fn pending_changes(&self) -> usize {
        self.changes.len()
    }

    /// Whether bytes of a file that somebody could find could still be lost.
    pub(super) fn has_pending_bytes(&self) -> bool {
        let unsettled = |node: &Node| matches!(node, Node::File(file) if !file.is_settled());
        self.nodes.iter().any(unsettled)
    }

    /// What is found when the power has gone and come again.
    pub(super) fn after(&self, loss: &mut Loss) -> Self {
        let mut left = self.clone();
        left.journal(|at, _| loss.keeps(at));
        left.changes.clear();
        for node in &mut left.nodes {
            match node {
                Node::Folder { now, kept } => now.clone_from(kept),
                Node::File(file) => {
                    let found = file.after(loss);
                    *file = File {
                        now: Arc::clone(&found),
                        kept: found,
                        writes: Vec::new(),
                    };
                }
            }
        }
        left
    }

    /// Whether whoever looks at both finds the same. Only for trees in which nothing is pending.
    pub(super) fn shows_the_same_as(&self, other: &Self) -> bool {
        self.same(ROOT, other, ROOT)
    }

    fn same(&self, node: usize, other: &Self, twin: usize) -> bool {
        match (&self.nodes[node], &other.nodes[twin]) {
            (Node::File(one), Node::File(two)) => {
                Arc::ptr_eq(&one.now, &two.now) || one.now == two.now
            }
            (Node::Folder { now: one, .. }, Node::Folder { now: two, .. }) => {
                one.len() == two.len()
                    && one.iter().zip(two).all(|((name, node), (same, twin))| {
                        name == same && self.same(*node, other, *twin)
                    })
            }
            _ => false,
        }
    }
}
