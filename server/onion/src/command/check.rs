//! Looks at a server and the machine beneath it, and says which page it would serve.

use knothole_intake::{UnixSeconds, page_hashes};
use serde_json::json;

use super::{Failure, Out, Place};
use crate::config::{Config, Listen};
use crate::control;
use crate::look::{self, ClockSigns, Finding, Kernel, Subject, Verdict};
use crate::run::addresses;
use crate::status::{Reach, Status};
use crate::walls::Landlock;

/// Prints what was found. It ends with 0 when nothing must be done, for monitoring.
pub(super) fn check(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let mut found = look(place)?;
    // What must be done stands first.
    found.sort_by_key(|finding| finding.verdict);
    let must = found
        .iter()
        .filter(|finding| finding.verdict == Verdict::Must)
        .count();
    let mut lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.push(match must {
        0 => "nothing must be done".to_owned(),
        1 => "one thing must be done".to_owned(),
        more => format!("{more} things must be done"),
    });
    lines.push("the page, file by file (SHA-256):".to_owned());
    let page = page_hashes();
    lines.push(page.trim_end().to_owned());
    let files: serde_json::Map<_, _> = page
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, name)| (name.to_owned(), hash.into()))
        .collect();
    let found = serde_json::to_value(&found).map_err(Failure::unlucky)?;
    out.answer(
        &lines.join("\n"),
        &json!({ "must": must, "found": found, "page": files }),
    )?;
    match must {
        0 => Ok(()),
        _ => Err(Failure::refusal("")),
    }
}

fn look(place: &Place) -> Result<Vec<Finding>, Failure> {
    let (config, data, desk) = place.desk()?;
    let folder = data.folder();
    let running = control::ask(&data).map_err(Failure::unlucky)?;
    let kernel = Kernel::running();
    let mut found = vec![look::data(folder).map_err(Failure::unlucky)?];
    found.extend(look::configuration(&place.config, folder).map_err(Failure::unlucky)?);
    let room = data.room().map_err(Failure::unlucky)?;
    let percent = running.as_ref().map_or(0, |status| status.percent_full);
    found.push(look::space(room.free, percent.max(room.percent_used)));
    let signs = ClockSigns {
        running: running.as_ref().map(|status| status.clock),
        noted: desk.clock_noted().map_err(Failure::refused)?,
    };
    found.push(look::clock(UnixSeconds::from_system(), &signs));
    let machine = [
        look::swap(&kernel),
        look::hibernation(&kernel),
        look::encryption(&kernel, folder).map_err(Failure::unlucky)?,
        look::snapshots(&kernel, folder).map_err(Failure::unlucky)?,
    ];
    found.extend(
        machine
            .into_iter()
            .map(|finding| finding.accepting(&config.accepted)),
    );
    found.push(enclosure(Landlock::of_this_kernel(), &config));
    let known = addresses(&config, &data).map_err(Failure::refused)?;
    found.extend([
        held(
            Subject::Onions,
            known.public.is_some() && known.collection.is_some(),
            "both onions' addresses are known",
            "the onions' addresses are not known: run init, or set public_onion and \
             collection_onion",
        ),
        held(
            Subject::Trust,
            desk.trusted().map_err(Failure::refused)?.is_some(),
            "a newsroom is trusted",
            "no newsroom is trusted yet: run trust FINGERPRINT",
        ),
        held(
            Subject::Couriers,
            !desk.couriers().map_err(Failure::refused)?.is_empty(),
            "a courier is let in",
            "no courier is let in yet: run courier add CARD",
        ),
        held(
            Subject::Charter,
            desk.holds_charter().map_err(Failure::refused)?,
            "a charter is held",
            "no charter is held yet: the courier brings it with its first push",
        ),
    ]);
    for name in desk.spoiled_cards().map_err(Failure::refused)? {
        let says = format!(
            "{name} among the couriers is damaged, or no card: whoever it was for is shut out. Run \
             courier revoke {name}, and add that courier again"
        );
        found.push(Finding::new(Subject::Couriers, Verdict::Must, says));
    }
    match &running {
        Some(status) => found.extend(of_the_running(status)),
        None => found.push(Finding::new(
            Subject::Reach,
            Verdict::Must,
            "the server does not run: start it, and look at its log if it ends again",
        )),
    }
    Ok(found)
}

/// What stands around the running server on this kernel. Behind sockets seccomp leaves it no port.
fn enclosure(landlock: Landlock, config: &Config) -> Finding {
    let has_network = config.listen == Listen::Tor || !config.tor.is_empty();
    let (verdict, says) = match landlock {
        Landlock::Files if has_network => (
            Verdict::Mind,
            "Landlock and seccomp stand around the running server; but whoever took it over could wait \
             at a port of this machine where nothing else forbids it, as SocketBindDeny of the unit \
             does: Landlock knows ports from Linux 6.7 on",
        ),
        Landlock::Files | Landlock::FilesAndPorts => (
            Verdict::Well,
            "Landlock and seccomp stand around the running server",
        ),
        Landlock::Absent => (
            Verdict::Mind,
            "Landlock is off in this kernel (or it is older than Linux 5.19): seccomp alone stands \
             around the running server",
        ),
    };
    Finding::new(Subject::Walls, verdict, says)
}

fn held(subject: Subject, is_so: bool, well: &str, must: &str) -> Finding {
    match is_so {
        true => Finding::new(subject, Verdict::Well, well),
        false => Finding::new(subject, Verdict::Must, must),
    }
}

/// What the running server says of itself.
fn of_the_running(status: &Status) -> Vec<Finding> {
    let (verdict, says) = match status.reach {
        Reach::Ready if status.probed => (Verdict::Well, "the server answers its own probe"),
        Reach::Ready => (
            Verdict::Untold,
            "the server runs behind its sockets, and nobody probes",
        ),
        Reach::Starting if status.restarts.count > 0 => (
            Verdict::Must,
            "the server has started anew by itself and does not answer its own probe yet: if that \
             lasts, look at this machine's line and clock",
        ),
        Reach::Starting => (
            Verdict::Mind,
            "the server is starting, and its own probe was not answered yet",
        ),
        Reach::Lost => (
            Verdict::Must,
            "the server no longer answers its own probe: it starts anew by itself, but not for hours \
             while others are served; if that does not help, look at this machine's line and clock",
        ),
    };
    let mut found = vec![Finding::new(Subject::Reach, verdict, says)];
    if status.sheets == 0 && status.charter_held {
        let says = "no keys are held, so sources cannot send: have the newsroom sync";
        found.push(Finding::new(Subject::Charter, Verdict::Must, says));
    }
    if status.drops_damaged > 0 {
        let says = "drops in the store are damaged: keep the disk as it is, and look at it";
        found.push(Finding::new(Subject::Drops, Verdict::Must, says));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn landlock_without_ports_is_told_where_the_server_has_a_network() {
        let verdict = |landlock, lines: &str| {
            let text = format!("data = \"data\"\n{lines}");
            let config = Config::parse(&text, Path::new("/etc/knothole")).unwrap();
            enclosure(landlock, &config).verdict
        };
        let behind = "listen = \"unix:/run/knothole\"";
        let probed = format!("{behind}\ntor = \"arti.toml\"");
        for lines in ["", &probed] {
            assert_eq!(verdict(Landlock::Files, lines), Verdict::Mind, "{lines}");
        }
        assert_eq!(verdict(Landlock::Files, behind), Verdict::Well);
        for lines in ["", behind] {
            assert_eq!(verdict(Landlock::FilesAndPorts, lines), Verdict::Well);
            assert_eq!(verdict(Landlock::Absent, lines), Verdict::Mind);
        }
    }
}
