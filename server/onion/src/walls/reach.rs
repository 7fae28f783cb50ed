//! Which files, ports and processes the server reaches: Landlock.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
    make_bitflags, path_beneath_rules,
};

use super::{Ground, Neighbours, WallsError};

/// What the dynamic loader reads besides the libraries.
const LOADER: [&str; 2] = ["/etc/ld.so.cache", "/etc/ld.so.preload"];
/// What arti looks up whenever a client begins: which group is the user's own; and where SQLite, in
/// which it keeps the network's papers, takes chance from.
const LOOKED_UP: [&str; 4] = [
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/dev/urandom",
];

/// What a transport needs to know the names and the certificates of the world.
const NAMES: [&str; 4] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/ssl",
    "/usr/share/ca-certificates",
];

/// How much of Landlock the kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landlock {
    /// None, or not what the server needs of it.
    Absent,
    /// Files (Linux 5.19).
    Files,
    /// Files and TCP ports (Linux 6.7).
    FilesAndPorts,
}

impl Landlock {
    /// That of the running kernel. No wall is raised.
    pub(crate) fn of_this_kernel() -> Self {
        let strict = || Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let has = |rules: Result<Ruleset, RulesetError>| rules.and_then(Ruleset::create).is_ok();
        if !has(strict().handle_access(AccessFs::Refer)) {
            Self::Absent
        } else if !has(strict().handle_access(AccessNet::BindTcp)) {
            Self::Files
        } else {
            Self::FilesAndPorts
        }
    }
}

/// Whether arti can begin again behind the walls. They are of the files that there were: where one was
/// replaced, as the list of users is when a package is installed, the new one is out of reach.
///
/// # Errors
/// Why one of them cannot be read.
pub(crate) fn let_it_begin_anew() -> io::Result<()> {
    for file in LOOKED_UP {
        match File::open(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Raises the wall around this thread, and says whether the kernel has one to raise.
///
/// # Errors
/// [`WallsError::Code`], [`WallsError::Ground`], [`WallsError::Landlock`].
pub(super) fn limit(ground: &Ground<'_>) -> Result<bool, WallsError> {
    // What cannot be opened now is missed here rather than at the first drop.
    let needed = [
        Some((ground.data, kept())),
        ground.sockets.map(|folder| (folder, sockets())),
    ]
    .into_iter()
    .flatten()
    .map(|(folder, access)| Ok(PathBeneath::new(PathFd::new(folder)?, access)))
    .collect::<Result<Vec<_>, _>>()
    .map_err(WallsError::Ground)?;
    let code = own_code().map_err(WallsError::Code)?;
    enforce(ground, needed, &code).map_err(WallsError::Landlock)
}

fn enforce(
    ground: &Ground<'_>,
    needed: Vec<PathBeneath<PathFd>>,
    code: &BTreeSet<PathBuf>,
) -> Result<bool, RulesetError> {
    let mut ruleset = Ruleset::default()
        // The first Landlock, of Linux 5.13, lets nobody move a file into another folder, which
        // every commit does: rather none.
        .set_compatibility(CompatLevel::SoftRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        // No signal to a process outside, and no socket of theirs that has no place in the file system.
        .scope(Scope::from_all(ABI::V6))?;
    let ports = ports(&ground.neighbours);
    if !ports.is_empty() {
        ruleset = ruleset.handle_access(ports)?;
    }
    let read: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let mut rules = ruleset
        .create()?
        .add_rules(needed.into_iter().map(Ok::<_, RulesetError>))?
        .add_rules(path_beneath_rules(ground.configuration, read))?
        .add_rules(path_beneath_rules(
            ground.readable,
            read | AccessFs::ReadDir,
        ))?;
    let runs = AccessFs::Execute | AccessFs::ReadFile;
    if ground.neighbours != Neighbours::Tor {
        rules = rules
            .add_rules(path_beneath_rules(code, runs))?
            // A library may have been replaced meanwhile.
            .add_rules(path_beneath_rules(folders_of_libraries(code), read))?
            .add_rules(path_beneath_rules(LOADER, read))?
            .add_rules(path_beneath_rules(LOOKED_UP, read))?;
    }
    if let Neighbours::Transports(programs) = &ground.neighbours {
        rules = rules
            .add_rules(path_beneath_rules(programs, runs))?
            .add_rules(path_beneath_rules(NAMES, read | AccessFs::ReadDir))?
            .add_rules(path_beneath_rules(
                ["/dev/null"],
                read | AccessFs::WriteFile,
            ))?;
    }
    let status = rules.restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// What is done in the data folder: nothing runs there, and there are no devices, pipes and links.
fn kept() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{
        ReadFile | WriteFile | Truncate | ReadDir | MakeReg | MakeDir | MakeSock | RemoveFile
            | RemoveDir | Refer
    })
}

/// What is done in the folder of the sockets.
fn sockets() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{ReadDir | MakeSock | RemoveFile})
}

/// The uses of TCP that have no rule, and so are refused. arti waits at no port; a transport does,
/// on loopback.
fn ports(neighbours: &Neighbours) -> BitFlags<AccessNet> {
    match neighbours {
        Neighbours::Tor => AccessNet::from_all(ABI::V4),
        Neighbours::Relays => AccessNet::BindTcp.into(),
        Neighbours::Transports(_) => BitFlags::EMPTY,
    }
}

/// The files whose code is in this process: the program, the loader, the libraries.
fn own_code() -> io::Result<BTreeSet<PathBuf>> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    Ok(maps
        .lines()
        .filter_map(code_of)
        .map(PathBuf::from)
        .collect())
}

/// The file of a line of `/proc/PID/maps` (proc(5)), if its bytes are run.
fn code_of(line: &str) -> Option<&str> {
    let mut words = line.splitn(6, ' ');
    words.nth(1)?.contains('x').then_some(())?;
    let file = words.last()?.trim_start();
    file.starts_with('/').then_some(file)
}

/// Where the libraries lie. The program's own folder is nobody's business.
fn folders_of_libraries(code: &BTreeSet<PathBuf>) -> BTreeSet<&Path> {
    let program = std::env::current_exe().ok();
    code.iter()
        .filter(|file| Some(file.as_path()) != program.as_deref())
        .filter_map(|file| file.parent())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_run_counts_as_code() {
        let line =
            "7f00-7f01 r-xp 00028000 fe:00 1234                       /usr/lib/with space.so";
        assert_eq!(code_of(line), Some("/usr/lib/with space.so"));
        for other in [
            "7f00-7f01 r--p 00000000 fe:00 1234                       /usr/lib/libc.so.6",
            "7f00-7f01 r-xp 00000000 00:00 0                          [vdso]",
            "7f00-7f01 rw-p 00000000 00:00 0 ",
        ] {
            assert_eq!(code_of(other), None);
        }
        let code = own_code().unwrap();
        assert!(code.contains(&std::env::current_exe().unwrap()), "{code:?}");
    }
}
