//! The answer in plain words. Every line stands for something that was found.

use std::time::Duration;

use knothole_intake::{FileTimes, Lengths};

use super::Found;
use super::machine::{FileSystem, Medium};

const DAY: Duration = Duration::from_secs(86_400);

/// The whole answer: what there is, what there is not, what the machine adds, what would be less.
pub(super) fn report(found: &Found) -> String {
    let sections = [
        (
            "Whoever takes this machine now has:",
            [sealed(found), told(found), powers(found)].concat(),
        ),
        ("This program has put none of these here:", absent(found)),
        ("What this machine and its settings add:", added(found)),
        ("What would leave less here:", less(found)),
    ];
    let mut lines = Vec::new();
    for (title, section) in sections {
        if !section.is_empty() {
            lines.push(title.to_owned());
            lines.extend(section.into_iter().map(|line| format!("- {line}")));
        }
    }
    lines.join("\n")
}

/// Drops and uploads.
fn sealed(found: &Found) -> Vec<String> {
    let store = &found.store;
    let mut lines = Vec::new();
    if store.drops.count == 0 {
        lines.push("no sealed drop".to_owned());
    } else {
        lines.push(format!(
            "{}, {}. A large one is nearly unique in its size",
            counted(store.drops.count, "sealed drop", "sealed drops"),
            lengths(&store.drops),
        ));
        lines.push(format!(
            "of them {} for the end of the batch, and {} signed off, until the grace is over",
            waits(store.waiting),
            are(store.signed_off),
        ));
        lines.push(format!("of their files {}", times(&store.drop_times)));
    }
    if store.damaged > 0 {
        let damaged = counted(store.damaged, "drop", "drops");
        lines.push(format!("{damaged} more, not whole"));
    }
    if store.unfinished.count > 0 {
        lines.push(format!(
            "{}, {}, of which {} bytes have come. Of their files {}: that tells when they came",
            counted(
                store.unfinished.count,
                "unfinished upload or lane",
                "unfinished uploads and lanes"
            ),
            lengths(&store.unfinished),
            grouped(store.unfinished_bytes),
            times(&store.unfinished_times),
        ));
    }
    if store.epochs > 0 {
        let epochs = counted(store.epochs, "epoch", "epochs");
        lines.push(format!(
            "of all of these, from their headers, the {epochs} (weeks) to which they are sealed"
        ));
    }
    if store.addresses > 0 {
        lines.push(format!(
            "{}: who has such an address, from a source's machine, can tell which upload is its own",
            counted(
                store.addresses,
                "hash of an upload's address",
                "hashes of uploads' addresses"
            )
        ));
    }
    if store.trash > 0 {
        let trash = counted(store.trash, "thing", "things");
        lines.push(format!("{trash} on the way out"));
    }
    lines
}

/// What the newsroom's papers, receipts and replies tell.
fn told(found: &Found) -> Vec<String> {
    let store = &found.store;
    let mut lines = Vec::new();
    if store.receipts.count > 0 {
        lines.push(format!(
            "{}: of each drop that was opened or refused its identifier, hash and size ({} bytes in \
             all), and which editors signed",
            counted(store.receipts.count, "receipt", "receipts"),
            grouped(store.receipts.sum),
        ));
    }
    if store.burned > 0 {
        let epochs = counted(store.burned, "epoch", "epochs");
        lines.push(format!("that the keys of {epochs} were burned"));
    }
    if store.grace_days > 0 {
        lines.push(format!(
            "the {} on which receipts came whose grace is not over",
            counted(store.grace_days, "day", "days")
        ));
    }
    if store.replies > 0 {
        lines.push(format!(
            "{}, erased ones and decoys among them, all alike: their order, and the {} on which they \
             came. Until a day is over, the times of files name what was erased on it",
            counted(store.replies, "reply", "replies"),
            counted(store.reply_days, "day", "days"),
        ));
    }
    if store.couriers > 0 {
        lines.push(format!(
            "of {} the discovery key and the hash of its ticket: nobody can fetch with them",
            counted(store.couriers, "courier", "couriers")
        ));
    }
    if store.newsroom {
        let charter = if store.charter { ", its charter" } else { "" };
        let sheets = match store.sheets {
            0 => String::new(),
            sheets => format!(" and {}", counted(sheets, "epoch sheet", "epoch sheets")),
        };
        lines.push(format!(
            "the newsroom's fingerprint{charter}{sheets}, which every source is shown"
        ));
    }
    if store.clock {
        lines.push("when this server was started, or a day began, to the second".to_owned());
    }
    lines
}

/// What lets somebody act.
fn powers(found: &Found) -> Vec<String> {
    let mut lines = Vec::new();
    if found.settings.behind_another_tor {
        lines.push(
            "the way to the Tor in front, whose keys are not in this folder: if it runs on this \
             machine, they are taken too, and give the power to pose as this drop-box"
                .to_owned(),
        );
    }
    if found.tor.identities > 0 {
        lines.push(format!(
            "the {}: the power to pose as this drop-box from anywhere, and to show sources another \
             page",
            counted(
                found.tor.identities,
                "identity key of an onion",
                "identity keys of onions"
            )
        ));
    }
    if found.tor.guards > 0 {
        lines.push("which relays this server's Tor goes through first".to_owned());
    }
    if found.settings.runs {
        lines.push(
            "the memory of the running server: what it is serving at that moment, a mailbox that is \
             asked for among it"
                .to_owned(),
        );
    }
    lines
}

/// What is not here, as far as all that lies in the store is this program's own.
fn absent(found: &Found) -> Vec<String> {
    let mut lines = vec![
        "a key that opens a drop or a reply".to_owned(),
        "a name, a word, a true size, an address of a source".to_owned(),
        "anything that tells which drops are one source's, or which replies one mailbox's"
            .to_owned(),
    ];
    if !found.store.unexplained.is_empty() {
        lines.push(format!(
            "but these lie among what it keeps, and it does not know what they are: {}",
            found.store.unexplained.join(", ")
        ));
    }
    lines
}

fn added(found: &Found) -> Vec<String> {
    let (machine, settings) = (&found.machine, &found.settings);
    let mut lines = Vec::new();
    lines.extend(match machine.medium {
        Medium::Memory => None,
        Medium::Encrypted => Some(
            "the disk is encrypted: whoever takes the machine while it runs has all the same"
                .to_owned(),
        ),
        Medium::NotKnown => Some(
            "the disk is not known to be encrypted: whoever takes it, switched off, reads all of this"
                .to_owned(),
        ),
    });
    if machine.swap {
        lines.push("swap is on: memory may lie on a disk".to_owned());
    }
    if machine.medium != Medium::Memory {
        lines.push(format!(
            "{} bytes are free here and may still hold drops that were removed, sealed as they were",
            grouped(machine.free)
        ));
    }
    lines.extend(kept_by(machine.file_system).map(str::to_owned));
    if !machine.private {
        lines.push("others on this machine may look into the data folder".to_owned());
    }
    if machine.journal {
        lines.push(
            "systemd keeps its journal on the disk: each line of the log with its time, and when the \
             server started and stopped"
                .to_owned(),
        );
    }
    if settings.tor_log {
        lines.push("danger_tor_log is set: the log may name relays".to_owned());
    }
    if settings.batch < DAY {
        lines.push(format!(
            "a batch is shorter than a day: the newsroom's listing tells to {} minutes when a drop \
             came",
            settings.batch.as_secs().div_ceil(60)
        ));
    }
    lines.push(
        "whatever the hosting company keeps, snapshots above all: that cannot be seen from here"
            .to_owned(),
    );
    lines
}

/// What a file system keeps of what was changed or removed, which this look does not see.
fn kept_by(file_system: FileSystem) -> Option<&'static str> {
    match file_system {
        FileSystem::Memory => None,
        FileSystem::Ext => Some(
            "ext3 and ext4 have a journal: for a while it keeps names and times of what was changed \
             last",
        ),
        FileSystem::Xfs => {
            Some("XFS has a journal: for a while it keeps names and times of what was changed last")
        }
        FileSystem::Copying(_) => Some(
            "this file system copies on writing and can keep snapshots: what was erased may be there",
        ),
        FileSystem::Layers | FileSystem::Other => {
            Some("what the file system beneath keeps of what was removed is not known here")
        }
    }
}

fn less(found: &Found) -> Vec<String> {
    let (store, machine, settings) = (&found.store, &found.machine, &found.settings);
    let mut lines = Vec::new();
    if store.drops.count > store.signed_off {
        lines.push(
            "a newsroom that syncs, opens and signs more often: a drop goes by its receipt alone"
                .to_owned(),
        );
    }
    if store.signed_off > 0 && settings.grace > Duration::ZERO {
        lines.push(format!(
            "a grace shorter than {}. But within it a receipt that was signed under force can be \
             undone",
            counted(days(settings.grace), "day", "days")
        ));
    }
    if machine.swap {
        lines.push("swap turned off, or encrypted".to_owned());
    }
    if machine.medium == Medium::NotKnown {
        lines.push("a disk that is encrypted, for a machine that is switched off".to_owned());
    }
    if !machine.private {
        lines.push("chmod 700 of the data folder".to_owned());
    }
    if machine.journal {
        lines.push("Storage=volatile in journald.conf".to_owned());
    }
    if settings.tor_log {
        lines.push("danger_tor_log taken out".to_owned());
    }
    if settings.batch < DAY {
        lines.push("a batch of a day".to_owned());
    }
    lines
}

fn lengths(lengths: &Lengths) -> String {
    if lengths.count == 1 {
        return format!("padded to {} bytes", grouped(lengths.sum));
    }
    format!(
        "padded to {} to {} bytes, {} in all",
        grouped(lengths.least),
        grouped(lengths.most),
        grouped(lengths.sum)
    )
}

fn times(times: &FileTimes) -> String {
    let hours = counted(times.hours(), "different hour", "different hours");
    match times.written() {
        Some((first, last)) => format!(
            "the days of writing, {first} to {last}, and birth, writing and change in {hours}, of \
             which those tell when something came that are no batch boundaries"
        ),
        None => format!("birth, writing and change in {hours}"),
    }
}

fn waits(count: usize) -> String {
    match count {
        1 => "1 waits".to_owned(),
        count => format!("{count} wait"),
    }
}

fn are(count: usize) -> String {
    match count {
        1 => "1 is".to_owned(),
        count => format!("{count} are"),
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {more}"),
    }
}

fn days(time: Duration) -> usize {
    usize::try_from(time.as_secs().div_ceil(DAY.as_secs())).unwrap_or(usize::MAX)
}

/// A number with a comma before every third digit from the right.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
