//! The steps of a command, and the cuts at each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::copy;
use crate::synced::Unsynced;

/// The calls that change files, or wait until they are on the medium.
const CHANGES: [&str; 14] = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fallocate",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlinkat",
    "mkdir",
    "mkdirat",
];
/// The calls that touch a stick besides.
const TOUCHES: [&str; 5] = ["read", "pread64", "getdents64", "newfstatat", "statx"];
/// Of the steps every so manieth is taken, and the last.
const EVERY: usize = 31;

/// A command whose steps are cut.
pub(crate) struct Case<'a> {
    base: &'a Path,
    line: String,
    input: Vec<String>,
}

/// One call of the program.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    call: String,
    /// How many calls of this kind the program has made by then, this one included.
    nth: usize,
    text: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.call, self.nth, self.text)
    }
}

impl<'a> Case<'a> {
    /// A command that is run in a copy of the folder `base`, with these passphrases.
    pub(crate) fn new(base: &'a Path, line: &str, passphrases: &[&str]) -> Self {
        Self {
            base,
            line: line.to_owned(),
            input: passphrases.iter().map(|&line| line.to_owned()).collect(),
        }
    }

    /// Kills the program at each step that changes a file beneath its folder, and has `then` look at
    /// what is left.
    pub(crate) fn kill_everywhere(&self, then: impl Fn(&Path, &Step)) {
        let place = self.place();
        let steps = self.synced_steps(place.path());
        let root = place.path().to_str().unwrap();
        let of_ours = |step: &Step| changes(&step.text) && step.text.contains(root);
        let steps: Vec<Step> = steps.into_iter().filter(of_ours).collect();
        self.tell("changes to files", &steps);
        for step in chosen(&steps) {
            let place = self.place();
            let (call, nth) = (&step.call, step.nth);
            let injected = [
                "-e".to_owned(),
                format!("trace={call}"),
                "-e".to_owned(),
                format!("inject={call}:signal=KILL:when={nth}"),
            ];
            let ended = self.beneath(place.path(), &injected);
            assert_eq!(ended.status.signal(), Some(9), "{step}: {ended:?}");
            then(place.path(), step);
        }
    }

    /// Runs the command once, and looks whether all that it made is on the medium when it ends.
    pub(crate) fn is_on_the_medium(&self) {
        let place = self.place();
        let steps = self.synced_steps(place.path());
        let changed = steps.iter().any(|step| step.call == "fsync");
        assert!(changed, "{}: it has put nothing there", self.line);
    }

    /// The calls of a run that leaves nothing unsynced.
    fn synced_steps(&self, at: &Path) -> Vec<Step> {
        let steps = self.steps(at, &CHANGES, &[]);
        let calls = steps.iter().map(|step| step.text.as_str());
        let unsynced = Unsynced::of(calls, at.to_str().unwrap());
        assert!(unsynced.is_empty(), "{}: {unsynced:#?}", self.line);
        steps
    }

    /// Has each call on the files of the folder `stick` fail from the first on, from the second on,
    /// and so on. `then` looks at what is left, and is told whether the program said that all went
    /// well.
    pub(crate) fn pull_everywhere(&self, stick: &str, then: impl Fn(&Path, &Step, bool)) {
        let calls: Vec<&str> = CHANGES.iter().chain(&TOUCHES).copied().collect();
        let place = self.place();
        let root = place.path().to_str().unwrap().to_owned();
        let all = self.steps(place.path(), &calls, &[]);
        let beneath = format!("{root}/{stick}");
        let mut files = BTreeSet::from([stick.to_owned(), beneath.clone()]);
        files.extend(all.iter().flat_map(|step| names(&step.text, &beneath)));
        let on_it: Vec<String> = files
            .iter()
            .flat_map(|file| {
                let short = file.strip_prefix(&format!("{root}/")).unwrap_or(file);
                [file.clone(), short.to_owned()]
            })
            .collect();
        let fresh = self.place();
        let steps = self.steps(fresh.path(), &calls, &moved(&on_it, &root, fresh.path()));
        self.tell(stick, &steps);
        for step in chosen(&steps) {
            let place = self.place();
            let mut injected = moved(&on_it, &root, place.path());
            injected.extend(["-e".to_owned(), format!("trace={}", calls.join(","))]);
            let position = steps.iter().position(|found| found.nth_is(step)).unwrap();
            for call in &calls {
                let before = steps[..position].iter().filter(|step| step.call == **call);
                let next = before.count() + 1;
                injected.extend([
                    "-e".to_owned(),
                    format!("inject={call}:error=EIO:when={next}+"),
                ]);
            }
            let ended = self.beneath(place.path(), &injected);
            // It says what it could not do, and breaks nowhere.
            let code = ended.status.code();
            assert!(code.is_some_and(|code| code < 7), "{step}: {ended:?}");
            // Without any of the stick nothing goes well; if it does, the stick was not pulled.
            assert!(position > 0 || code != Some(0), "{step}: {ended:?}");
            then(place.path(), step, code == Some(0));
        }
    }

    /// Says how many steps are taken: a command without any would prove nothing.
    fn tell(&self, what: &str, steps: &[Step]) {
        assert!(steps.len() > 3, "{}: {steps:?}", self.line);
        let taken = chosen(steps).count();
        println!("{taken} of {} calls ({what}): {}", steps.len(), self.line);
    }

    /// A folder as it is before the command.
    fn place(&self) -> TempDir {
        let place = tempfile::tempdir_in("/dev/shm").unwrap();
        copy(&self.base.join("."), place.path());
        place
    }

    /// The calls of these kinds that a run makes which nobody cuts, and which ends well.
    fn steps(&self, at: &Path, calls: &[&str], more: &[String]) -> Vec<Step> {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut arguments = more.to_vec();
        for argument in ["-y", "-s", "4096", "-o"] {
            arguments.push(argument.to_owned());
        }
        arguments.push(log.path().to_str().unwrap().to_owned());
        arguments.extend(["-e".to_owned(), format!("trace={}", calls.join(","))]);
        let ended = self.beneath(at, &arguments);
        assert!(ended.status.success(), "{}: {ended:?}", self.line);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let log = fs::read_to_string(log.path()).unwrap();
        let steps = log.lines().filter_map(|line| {
            let (_pid, text) = line.split_once(' ')?;
            let text = text.trim_start();
            let (call, _) = text.split_once('(')?;
            if !calls.contains(&call) {
                return None;
            }
            let count = counts.entry(call.to_owned()).or_default();
            *count += 1;
            Some(Step {
                call: call.to_owned(),
                nth: *count,
                text: text.to_owned(),
            })
        });
        steps.collect()
    }

    /// Runs the program beneath strace, with the passphrases on its standard input.
    fn beneath(&self, at: &Path, strace: &[String]) -> Output {
        let mut input = tempfile::tempfile().unwrap();
        for line in &self.input {
            std::io::Write::write_all(&mut input, format!("{line}\n").as_bytes()).unwrap();
        }
        std::io::Seek::rewind(&mut input).unwrap();
        let mut command = Command::new("strace");
        command.args(["-f", "-qq"]).args(strace);
        command.arg(env!("CARGO_BIN_EXE_knothole"));
        command.args(self.line.split(' '));
        for _ in &self.input {
            command.args(["--passphrase-fd", "0"]);
        }
        command.current_dir(at).stdin(input).output().unwrap()
    }
}

impl Step {
    fn nth_is(&self, other: &Self) -> bool {
        self.call == other.call && self.nth == other.nth
    }
}

/// Whether a call changes a file: what only reads opens one too.
fn changes(text: &str) -> bool {
    !text.starts_with("openat(")
        || ["O_CREAT", "O_WRONLY", "O_RDWR"]
            .iter()
            .any(|flag| text.contains(flag))
}

/// The files beneath this folder that a call names, or has open.
fn names(text: &str, beneath: &str) -> Vec<String> {
    let open = text.split('<').skip(1);
    let open = open.filter_map(|rest| rest.split_once('>').map(|(path, _)| path.to_owned()));
    open.filter(|path| path.starts_with(beneath)).collect()
}

/// strace's words for these files, as they are called in another place.
fn moved(files: &[String], from: &str, to: &Path) -> Vec<String> {
    let to = to.to_str().unwrap();
    let words = files.iter();
    words
        .flat_map(|file| ["-P".to_owned(), file.replace(from, to)])
        .collect()
}

/// The steps that are taken.
fn chosen(steps: &[Step]) -> impl Iterator<Item = &Step> {
    let every = std::env::var("KNOTHOLE_EVERY").map_or(EVERY, |every| every.parse().unwrap());
    let last = steps.len() - 1;
    let taken = move |(at, _): &(usize, &Step)| at.is_multiple_of(every) || *at == last;
    steps.iter().enumerate().filter(taken).map(|(_, step)| step)
}
