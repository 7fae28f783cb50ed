//! Ways by which memory gets onto a disk: swap and hibernation.

use std::path::Path;

use super::kernel::{Ground, Kernel};
use super::{Finding, Subject, Verdict};

/// Judges where the kernel may write memory while it runs.
pub(crate) fn swap(kernel: &Kernel) -> Finding {
    let (verdict, says) = match swaps(kernel) {
        None => (
            Verdict::Untold,
            "whether swap is on cannot be told here: turn it off",
        ),
        Some(Swaps::None) => (Verdict::Well, "swap is off"),
        Some(Swaps::Encrypted) => (Verdict::Well, "swap is on, and encrypted or in memory"),
        Some(Swaps::Untold) => (
            Verdict::Untold,
            "swap is on, and whether it is encrypted cannot be told here: turn it off",
        ),
        Some(Swaps::Plain) => (
            Verdict::Must,
            "swap is on and not encrypted: turn it off, or encrypt it",
        ),
    };
    Finding::new(Subject::Swap, verdict, says)
}

/// Judges whether the machine can write all of its memory to a disk and go to sleep.
pub(crate) fn hibernation(kernel: &Kernel) -> Finding {
    let (verdict, says) = match kernel.read("sys/power/state") {
        Some(state) if state.split(' ').any(|way| way == "disk") => ways_to_sleep(kernel),
        _ => (Verdict::Well, "this kernel does not hibernate"),
    };
    Finding::new(Subject::Hibernation, verdict, says)
}

fn ways_to_sleep(kernel: &Kernel) -> (Verdict, &'static str) {
    if kernel
        .read("sys/power/disk")
        .is_some_and(|ways| ways.contains("[disabled]"))
    {
        return (Verdict::Well, "hibernation is switched off");
    }
    let resume = kernel.read("sys/power/resume");
    if resume.is_some_and(|device| !device.is_empty() && device != "0:0") {
        return (
            Verdict::Must,
            "the machine is set up to hibernate, which writes its memory to a disk: take resume= \
             off the kernel's line, and mask hibernate.target",
        );
    }
    match swaps(kernel) {
        Some(Swaps::None) => (Verdict::Well, "hibernation has nowhere to write to"),
        _ => (
            Verdict::Mind,
            "the machine could hibernate into its swap: mask hibernate.target",
        ),
    }
}

/// All swap together: the worst of it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Swaps {
    None,
    Encrypted,
    Untold,
    Plain,
}

fn swaps(kernel: &Kernel) -> Option<Swaps> {
    let list = kernel.read("proc/swaps")?;
    // The first line is a heading.
    let places = list.lines().skip(1);
    Some(
        places
            .map(|line| one(kernel, line))
            .max()
            .unwrap_or(Swaps::None),
    )
}

fn one(kernel: &Kernel, line: &str) -> Swaps {
    let Some(path) = line.split_whitespace().next() else {
        return Swaps::Untold;
    };
    let device = match path.strip_prefix("/dev/") {
        Some(name) if name.starts_with("zram") => return in_memory(kernel, name),
        Some(name) => kernel.device(name),
        None => match kernel.place(Path::new(path)) {
            Ok(place) if place.encrypted => return Swaps::Encrypted,
            Ok(place) => place.device,
            Err(_) => None,
        },
    };
    match device.map_or(Ground::Untold, |device| kernel.ground(&device)) {
        Ground::Encrypted => Swaps::Encrypted,
        Ground::Plain => Swaps::Plain,
        Ground::Untold => Swaps::Untold,
    }
}

/// Swap in memory, unless what is too much for it goes to a disk.
fn in_memory(kernel: &Kernel, name: &str) -> Swaps {
    match kernel.read(format!("sys/class/block/{name}/backing_dev")) {
        Some(disk) if disk != "none" => Swaps::Plain,
        _ => Swaps::Encrypted,
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::tests::Made;
    use super::*;

    const HEADING: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    fn with_swap(lines: &str) -> Made {
        let made = Made::new();
        made.device("sda2", "8:2", &[]);
        made.device("dm-0", "253:0", &["sda2"]);
        made.mapped("dm-0", "swap", "CRYPT-PLAIN-swap");
        made.device("zram0", "252:0", &[]);
        made.write("proc/swaps", &format!("{HEADING}{lines}"));
        made
    }

    fn verdict(lines: &str) -> Verdict {
        swap(&with_swap(lines).kernel()).verdict
    }

    #[test]
    fn plain_swap_must_go_and_encrypted_swap_may_stay() {
        assert_eq!(verdict(""), Verdict::Well);
        assert_eq!(verdict("/dev/sda2 partition 1 0 -2\n"), Verdict::Must);
        assert_eq!(verdict("/dev/dm-0 partition 1 0 -2\n"), Verdict::Well);
        let both = "/dev/dm-0 partition 1 0 -2\n/dev/sda2 partition 1 0 -3\n";
        assert_eq!(verdict(both), Verdict::Must);
        assert_eq!(verdict("/dev/nobody partition 1 0 -2\n"), Verdict::Untold);
        assert_eq!(swap(&Made::new().kernel()).verdict, Verdict::Untold);
    }

    #[test]
    fn swap_in_memory_is_well_until_it_has_a_disk_behind_it() {
        let made = with_swap("/dev/zram0 partition 1 0 100\n");
        assert_eq!(swap(&made.kernel()).verdict, Verdict::Well);
        made.write("sys/devices/zram0/backing_dev", "/dev/sda2\n");
        assert_eq!(swap(&made.kernel()).verdict, Verdict::Must);
    }

    #[test]
    fn a_swap_file_is_as_plain_as_the_disk_beneath_it() {
        let made = with_swap("/swapfile file 1 0 -2\n");
        assert_eq!(swap(&made.kernel()).verdict, Verdict::Untold);
        made.write("swapfile", "");
        let place = made.kernel().place(Path::new("/swapfile")).unwrap();
        // On an overlay or in memory there is no device to be told of.
        if let Some(device) = place.device {
            let number = format!("{device:?}");
            let number = number
                .trim_start_matches("Device(\"")
                .trim_end_matches("\")");
            made.device("sdz9", number, &[]);
            assert_eq!(swap(&made.kernel()).verdict, Verdict::Must);
        }
    }

    #[test]
    fn a_machine_that_is_set_up_to_hibernate_is_told() {
        let made = with_swap("/dev/sda2 partition 1 0 -2\n");
        let verdict = |made: &Made| hibernation(&made.kernel()).verdict;
        assert_eq!(verdict(&made), Verdict::Well);
        made.write("sys/power/state", "freeze mem\n");
        assert_eq!(verdict(&made), Verdict::Well);
        made.write("sys/power/state", "freeze mem disk\n");
        assert_eq!(verdict(&made), Verdict::Mind);
        made.write("sys/power/resume", "8:2\n");
        assert_eq!(verdict(&made), Verdict::Must);
        made.write("sys/power/disk", "[disabled]\n");
        assert_eq!(verdict(&made), Verdict::Well);
        let none = with_swap("");
        none.write("sys/power/state", "disk\n");
        none.write("sys/power/resume", "0:0\n");
        assert_eq!(verdict(&none), Verdict::Well);
    }
}
