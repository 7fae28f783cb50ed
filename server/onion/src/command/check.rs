//! Looks at a server before it runs, and says which page it would serve.

use knothole_intake::page_hashes;

use super::{Failure, Out, Place};
use crate::run::addresses;
use crate::walls;

/// With less, the first video fills the disk.
const LITTLE_SPACE: u64 = 1 << 30;

/// Whether the kernel may write memory to a disk; where nobody can tell, it does not say so.
fn swap_is_on() -> bool {
    // The first line is a heading.
    std::fs::read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1)
}

pub(super) fn check(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (config, data, desk) = place.desk()?;
    let found = addresses(&config, &data).map_err(Failure::refused)?;
    let mut wanting = Vec::new();
    if !data.is_private().map_err(Failure::unlucky)? {
        wanting.push("others on this machine may look into the data folder: chmod 700");
    }
    if data.free_space().map_err(Failure::unlucky)? < LITTLE_SPACE {
        wanting.push("less than 1 GiB is free where the data folder lies");
    }
    if swap_is_on() {
        out.remark("swap is on: turn it off, or see that it is encrypted");
    }
    if !walls::kernel_has_landlock() {
        out.remark("Landlock is off in this kernel (or older than Linux 5.19): seccomp alone stands around the server");
    }
    if found.public.is_none() {
        wanting.push("the public onion's address is not known: run init, or set public_onion");
    }
    if found.collection.is_none() {
        wanting
            .push("the collection onion's address is not known: run init, or set collection_onion");
    }
    if desk.trusted().map_err(Failure::refused)?.is_none() {
        wanting.push("no newsroom is trusted yet: run trust FINGERPRINT");
    }
    if desk.couriers().map_err(Failure::refused)?.is_empty() {
        wanting.push("no courier is let in yet: run courier add CARD");
    }
    if !desk.holds_charter().map_err(Failure::refused)? {
        wanting.push("no charter is held yet: the courier brings it with its first push");
    }
    let said = if wanting.is_empty() {
        "nothing is wanting".to_owned()
    } else {
        wanting.join("\n")
    };
    let page = page_hashes();
    let lines = format!(
        "{said}\nthe page, file by file (SHA-256):\n{}",
        page.trim_end()
    );
    let files: serde_json::Map<_, _> = page
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, name)| (name.to_owned(), hash.into()))
        .collect();
    out.answer(
        &lines,
        &serde_json::json!({ "wanting": wanting, "page": files }),
    )?;
    if wanting.is_empty() {
        Ok(())
    } else {
        Err(Failure::refusal(""))
    }
}
