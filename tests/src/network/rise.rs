//! How a network comes up.
//!
//! The authorities vote by the clock, and what a node told them later is missing for an hour. So
//! their first vote is put off until each of them knows every node, however long that takes, and
//! is then called.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::keys::Identity;
use super::settings::{FIRST_INTERVAL, Site, name};
use super::slot::Slot;
use super::{AUTHORITIES, LOOK, NODES, NetworkError, Node, PATIENCE, cannot, control, launch, now};

/// Seconds for the exchange of votes, and as many for that of signatures; two are the least that
/// tor takes. A busy machine may need more, so another vote is called where one failed.
const EXCHANGE: [u64; 3] = [2, 4, 8];
/// Seconds between the call and the first vote.
const LEAD: u64 = 1;
/// How much later than planned a consensus may come.
const LATENESS: Duration = Duration::from_secs(3);
/// How long a node may go without a consensus before it is told to ask again.
const REMIND: Duration = Duration::from_millis(1500);

/// One attempt: all nodes started at once, and waited for.
pub(super) fn bring_up(
    folder: &Path,
    slot: &Slot,
    identities: &[Identity],
    slowed: bool,
) -> Result<(Site, Vec<Node>), NetworkError> {
    let site = Site::new(folder, slot, identities, seconds(), slowed);
    site.write_node_settings(identities)?;
    let mut nodes = Vec::with_capacity(NODES);
    for place in 0..NODES {
        let process = Some(launch(&site, place)?);
        let name = name(place);
        nodes.push(Node { name, process });
    }
    await_descriptors(&site, &mut nodes)?;
    vote(&site, &mut nodes)?;
    spread(&site, &mut nodes)?;
    Ok((site, nodes))
}

/// Waits until every authority has the descriptors of all nodes.
fn await_descriptors(site: &Site, nodes: &mut [Node]) -> Result<(), NetworkError> {
    let start = Instant::now();
    loop {
        all_run(site, nodes)?;
        let mut authorities = nodes.iter().take(AUTHORITIES);
        let Some(waiting) = authorities.find(|node| site.described(&node.name) < NODES) else {
            return Ok(());
        };
        if start.elapsed() > PATIENCE {
            let why = format!("not all nodes were known to {}", waiting.name);
            return Err(NetworkError::NotReady(why));
        }
        thread::sleep(LOOK);
    }
}

/// Has the authorities vote until one of them has a consensus with all nodes in it.
fn vote(site: &Site, nodes: &mut [Node]) -> Result<(), NetworkError> {
    for exchange in EXCHANGE {
        let consensus = call_vote(site, nodes, exchange)?;
        loop {
            all_run(site, nodes)?;
            let mut found = nodes
                .iter()
                .take(AUTHORITIES)
                .filter_map(|node| site.listed(&node.name));
            match found.next() {
                Some(NODES) => return Ok(()),
                Some(fewer) => {
                    let why = format!("the consensus has {fewer} nodes only");
                    return Err(NetworkError::NotReady(why));
                }
                None => {}
            }
            if Instant::now() > consensus {
                break;
            }
            thread::sleep(LOOK);
        }
    }
    Err(NetworkError::NotReady(
        nodes
            .first()
            .map(|node| site.last_words(&node.name))
            .unwrap_or_default(),
    ))
}

/// Sets the time of the first vote, and says when a consensus is there at the latest.
fn call_vote(site: &Site, nodes: &[Node], exchange: u64) -> Result<Instant, NetworkError> {
    let wait = exchange
        .saturating_mul(2)
        .saturating_add(LEAD)
        // The time of day has no fractions of seconds here.
        .saturating_add(1);
    let offset = seconds()
        .saturating_add(wait)
        .checked_rem(FIRST_INTERVAL)
        .unwrap_or_default();
    let changes = format!(
        "TestingV3AuthVotingStartOffset={offset} \
         TestingV3AuthInitialVoteDelay={exchange} TestingV3AuthInitialDistDelay={exchange}"
    );
    for node in nodes.iter().take(AUTHORITIES) {
        control::change(site, &node.name, &changes)?;
    }
    let wait = Duration::from_secs(wait).saturating_add(LATENESS);
    Instant::now()
        .checked_add(wait)
        .ok_or_else(|| NetworkError::NotReady("the clock is at its end".into()))
}

/// Waits until every node knows the network.
///
/// Those that asked the authorities before there was a consensus got a 404, and wait longer each
/// time before they ask again, up to minutes. SIGHUP makes a tor forget its failed downloads and
/// ask at once.
fn spread(site: &Site, nodes: &mut [Node]) -> Result<(), NetworkError> {
    let start = Instant::now();
    let mut reminded: Option<Instant> = None;
    loop {
        all_run(site, nodes)?;
        let without: Vec<&Node> = nodes
            .iter()
            .filter(|node| !control::knows_network(site, &node.name))
            .collect();
        if without.is_empty() {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let names: Vec<&str> = without.iter().map(|node| node.name.as_str()).collect();
            let why = format!("no consensus came to {}", names.join(", "));
            return Err(NetworkError::NotReady(why));
        }
        if reminded.is_none_or(|before| before.elapsed() > REMIND) {
            for process in without.iter().filter_map(|node| node.process.as_ref()) {
                process.reload().map_err(cannot("remind a node"))?;
            }
            reminded = Some(Instant::now());
        }
        thread::sleep(LOOK);
    }
}

fn all_run(site: &Site, nodes: &mut [Node]) -> Result<(), NetworkError> {
    for node in nodes {
        let ended = match &mut node.process {
            Some(process) => process.ended().map_err(cannot("look at a node"))?,
            None => None,
        };
        if ended.is_some() {
            return Err(NetworkError::NotReady(site.last_words(&node.name)));
        }
    }
    Ok(())
}

/// The time in seconds since 1970.
fn seconds() -> u64 {
    now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
