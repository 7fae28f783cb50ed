//! Whether everything that a command says is there has been put on the medium.
//!
//! A folder in memory keeps what was never synced, however a program ends. So the calls themselves are
//! read: a file is synced before it is named, and what was named before the command ends.

use std::collections::{BTreeMap, BTreeSet};

/// What has not been put on the medium.
#[derive(Debug, Default)]
pub(crate) struct Unsynced {
    files: BTreeSet<String>,
    /// With the call that changed a name in it.
    folders: BTreeMap<String, String>,
    found: Vec<String>,
}

impl Unsynced {
    /// What the calls of a command, as strace tells them, leave unsynced beneath this folder.
    pub(crate) fn of<'a>(calls: impl Iterator<Item = &'a str>, root: &str) -> Vec<String> {
        let mut unsynced = Self::default();
        for call in calls {
            // strace puts the results of short calls below each other.
            let (call, result) = call.rsplit_once(" = ").unwrap_or((call, ""));
            if !result.starts_with("-1 ") {
                unsynced.note(call.trim_end(), root);
            }
        }
        let files = unsynced.files.into_iter();
        let folders = unsynced.folders.into_iter();
        unsynced
            .found
            .extend(files.map(|file| format!("the bytes of {file}")));
        unsynced
            .found
            .extend(folders.map(|(folder, call)| format!("the names in {folder}: {call}")));
        unsynced.found
    }

    fn note(&mut self, call: &str, root: &str) {
        let Some((kind, arguments)) = call.split_once('(') else {
            return;
        };
        let open = opened(arguments).filter(|path| path.starts_with(root));
        let names = named(arguments, root);
        match (kind, names.as_slice()) {
            ("openat", [path]) if arguments.contains("O_CREAT") => self.names_of(path, call),
            ("openat", [path]) if arguments.contains("O_TRUNC") => {
                self.files.insert(path.clone());
            }
            ("write" | "pwrite64" | "ftruncate" | "fallocate", _) => self.files.extend(open),
            ("fsync" | "fdatasync", _) => {
                if let Some(path) = open {
                    self.files.remove(&path);
                    self.folders.remove(&path);
                }
            }
            ("mkdir" | "mkdirat", [path]) => self.names_of(path, call),
            ("unlinkat", [path]) => {
                self.names_of(path, call);
                self.files.remove(path);
                self.folders.remove(path);
            }
            ("linkat" | "rename" | "renameat" | "renameat2", [from, to]) => {
                if self.files.contains(from) {
                    self.found
                        .push(format!("{from}, which is called {to} already"));
                }
                self.names_of(from, call);
                self.names_of(to, call);
            }
            _ => {}
        }
    }

    /// Something happened to the name of this path.
    fn names_of(&mut self, path: &str, call: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folders.insert(folder.to_owned(), call.to_owned());
        }
    }
}

/// The path of the descriptor that is a call's first argument: `7</path>, …`.
fn opened(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some(path.to_owned())
}

/// The paths beneath `root`, where the command runs, that a call names: `7</folder>, "name", …`.
fn named(arguments: &str, root: &str) -> Vec<String> {
    let arguments = arguments.trim_end_matches(')');
    let mut folder = root.to_owned();
    let mut paths = Vec::new();
    for argument in arguments.split(", ") {
        if let Some(name) = argument.strip_prefix('"') {
            let name = name.trim_end_matches('"');
            let path = if name.starts_with('/') {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            paths.push(path);
        } else if let Some(path) = opened(argument) {
            folder = path;
        }
    }
    paths.retain(|path| path.starts_with(root));
    paths
}
