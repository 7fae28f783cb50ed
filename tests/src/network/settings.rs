//! The settings files of the nodes and of those who use the network.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use super::keys::Identity;
use super::slot::{CONTROL_PORT, DIR_PORT, OR_PORT, SLOWED_PORT, Slot, at};
use super::{AUTHORITIES, NODES, NetworkError, RelayName, cannot};

/// Seconds between two consensuses once there is one: longer than any run.
const VOTING_INTERVAL: u32 = 3600;
/// In testing mode C tor ties the period of onion service descriptors to 24 voting rounds; arti
/// reads it, in minutes, from the consensus. Both must look in the same place.
const HSDIR_INTERVAL: u32 = 24 * VOTING_INTERVAL / 60;

/// Seconds between two votes until there is a consensus: half an hour, the most that tor takes.
/// The first time is put off so far that it is set anew before.
pub(super) const FIRST_INTERVAL: u64 = 1800;
/// Seconds from the start to a first vote that nobody called.
const PUT_OFF: u64 = 1500;

/// The name of the node at `place`.
pub(super) fn name(place: usize) -> RelayName {
    RelayName(match place.checked_sub(AUTHORITIES) {
        None => format!("auth{place}"),
        Some(relay) => format!("relay{relay}"),
    })
}

/// One run's folder, addresses and directory.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) folder: PathBuf,
    addresses: Vec<Ipv4Addr>,
    /// The lines that every C tor on this network has.
    common: String,
    /// The lines that authorities have besides.
    voting: String,
    arti: String,
    /// Whether somebody else listens at the nodes' ports, and sends on what comes.
    slowed: bool,
}

impl Site {
    pub(super) fn new(
        folder: &Path,
        slot: &Slot,
        identities: &[Identity],
        seconds_since_1970: u64,
        slowed: bool,
    ) -> Self {
        let addresses: Vec<Ipv4Addr> = slot.addresses().collect();
        let known: Vec<(Ipv4Addr, &Identity)> = addresses.iter().copied().zip(identities).collect();
        Self {
            folder: folder.to_owned(),
            common: common(&known),
            voting: voting(seconds_since_1970),
            arti: arti(&known),
            addresses,
            slowed,
        }
    }

    pub(super) fn arti_settings(&self) -> PathBuf {
        self.folder.join("arti.toml")
    }

    pub(super) fn tor_settings(&self) -> PathBuf {
        self.folder.join("tor-client.torrc")
    }

    pub(super) fn node_folder(&self, name: &RelayName) -> PathBuf {
        self.folder.join("nodes").join(name.as_str())
    }

    /// Where a node's control port is, and the file with its cookie.
    pub(super) fn control(&self, name: &RelayName) -> Option<(SocketAddrV4, PathBuf)> {
        let place = (0..NODES).find(|place| self::name(*place) == *name)?;
        let address = at(*self.addresses.get(place)?, CONTROL_PORT);
        Some((address, self.node_folder(name).join("control_auth_cookie")))
    }

    /// A map of no country: reading the real ones is most of what a node does at its start.
    fn geoip(&self) -> PathBuf {
        self.folder.join("geoip")
    }

    pub(super) fn write_client_settings(&self) -> Result<(), NetworkError> {
        write(&self.arti_settings(), &self.arti)?;
        write(&self.tor_settings(), &self.common)
    }

    /// Every node gets a new folder with a copy of its keys and its settings.
    pub(super) fn write_node_settings(&self, identities: &[Identity]) -> Result<(), NetworkError> {
        write(&self.geoip(), "")?;
        for ((place, address), identity) in self.addresses.iter().enumerate().zip(identities) {
            let name = name(place);
            let home = self.node_folder(&name);
            if home.exists() {
                std::fs::remove_dir_all(&home).map_err(cannot("remove a node's old folder"))?;
            }
            let keys = home.join("keys");
            std::fs::create_dir_all(&keys).map_err(cannot("make a node's folder"))?;
            for file in std::fs::read_dir(identity.folder.join("keys"))
                .map_err(cannot("read the folder of keys"))?
            {
                let file = file.map_err(cannot("read the folder of keys"))?;
                std::fs::copy(file.path(), keys.join(file.file_name()))
                    .map_err(cannot("copy a key"))?;
            }
            write(&home.join("torrc"), &self.torrc(place, *address, &home))?;
        }
        Ok(())
    }

    fn torrc(&self, place: usize, address: Ipv4Addr, home: &Path) -> String {
        let mut text = format!(
            "{common}\
             Nickname {name}\n\
             DataDirectory {home}\n\
             PidFile {home}/pid\n\
             Log notice file {home}/log\n\
             Address {address}\n\
             OutboundBindAddress {address}\n\
             {or}\
             ControlPort {control}\n\
             CookieAuthentication 1\n\
             SocksPort 0\n\
             AssumeReachable 1\n\
             ExitRelay 0\n\
             ExitPolicy reject *:*\n\
             NumCPUs 1\n\
             GeoIPFile {geoip}\n\
             GeoIPv6File {geoip}\n\
             ShutdownWaitLength 0\n\
             __OwningControllerProcess {owner}\n",
            common = self.common,
            name = name(place),
            home = home.display(),
            or = self.or_ports(address),
            control = at(address, CONTROL_PORT),
            owner = std::process::id(),
            geoip = self.geoip().display(),
        );
        if place < AUTHORITIES {
            line(&mut text, format_args!("DirPort {}", at(address, DIR_PORT)));
            text.push_str(&self.voting);
        }
        text
    }

    /// Where a node listens, and where it says that it does.
    fn or_ports(&self, address: Ipv4Addr) -> String {
        let told = at(address, OR_PORT);
        match self.slowed {
            false => format!("ORPort {told}\n"),
            true => format!(
                "ORPort {} NoAdvertise\nORPort {told} NoListen\n",
                at(address, SLOWED_PORT)
            ),
        }
    }

    /// Of how many nodes an authority has descriptors.
    pub(super) fn described(&self, name: &RelayName) -> usize {
        let mut nodes = BTreeSet::new();
        for file in ["cached-descriptors", "cached-descriptors.new"] {
            let path = self.node_folder(name).join(file);
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let routers = text
                .lines()
                .filter_map(|line| line.strip_prefix("router ")?.split(' ').next());
            nodes.extend(routers.map(str::to_owned));
        }
        nodes.len()
    }

    /// How many nodes a node's consensus lists as running, fit for guards and for onion service
    /// directories; nothing while it has none.
    pub(super) fn listed(&self, name: &RelayName) -> Option<usize> {
        let file = self.node_folder(name).join("cached-microdesc-consensus");
        let text = std::fs::read_to_string(file).ok()?;
        // While it is being written, its end is not there.
        text.contains("-----END SIGNATURE-----").then_some(())?;
        let flags = ["Guard", "HSDir", "Running", "V2Dir", "Valid"];
        let fit = text
            .lines()
            .filter_map(|line| line.strip_prefix("s "))
            .filter(|line| {
                flags
                    .iter()
                    .all(|flag| line.split(' ').any(|word| word == *flag))
            });
        Some(fit.count())
    }

    /// The last lines of a node's log.
    pub(super) fn last_words(&self, name: &RelayName) -> String {
        let log = std::fs::read_to_string(self.node_folder(name).join("log")).unwrap_or_default();
        let mut lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.reverse();
        format!("{name}: {}", lines.join("\n"))
    }
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), NetworkError> {
    // Not durable on purpose: the folder is gone with the network.
    File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(cannot("write a settings file"))
}

/// Adds a line; writing to a `String` cannot fail.
fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _infallible = text.write_fmt(arguments);
    text.push('\n');
}

fn common(known: &[(Ipv4Addr, &Identity)]) -> String {
    let mut text = String::from(
        "TestingTorNetwork 1\n\
         PathsNeededToBuildCircuits 0.67\n\
         TestingDirConnectionMaxStall 30 seconds\n\
         TestingClientDownloadInitialDelay 0\n\
         TestingServerDownloadInitialDelay 0\n\
         TestingClientConsensusDownloadInitialDelay 0\n\
         TestingServerConsensusDownloadInitialDelay 0\n",
    );
    for (place, (address, identity)) in known.iter().enumerate().take(AUTHORITIES) {
        let voting = identity.voting.as_deref().unwrap_or_default();
        line(
            &mut text,
            format_args!(
                "DirAuthority {} orport={OR_PORT} no-v2 v3ident={voting} {} {}",
                name(place),
                at(*address, DIR_PORT),
                identity.rsa
            ),
        );
    }
    text
}

fn voting(seconds_since_1970: u64) -> String {
    let offset = seconds_since_1970
        .saturating_add(PUT_OFF)
        .checked_rem(FIRST_INTERVAL)
        .unwrap_or_default();
    format!(
        "AuthoritativeDirectory 1\n\
         V3AuthoritativeDirectory 1\n\
         ContactInfo none\n\
         V3AuthVotingInterval {VOTING_INTERVAL}\n\
         V3AuthVoteDelay 2\n\
         V3AuthDistDelay 2\n\
         TestingV3AuthInitialVotingInterval {FIRST_INTERVAL}\n\
         TestingV3AuthInitialVoteDelay 2\n\
         TestingV3AuthInitialDistDelay 2\n\
         TestingV3AuthVotingStartOffset {offset}\n\
         TestingDirAuthVoteGuard *\n\
         TestingDirAuthVoteHSDir *\n\
         TestingDirAuthVoteExit *\n\
         TestingMinExitFlagThreshold 0\n\
         TestingMinFastFlagThreshold 0\n\
         MinUptimeHidServDirectoryV2 0\n\
         AuthDirMaxServersPerAddr 0\n\
         AuthDirTestReachability 0\n\
         ConsensusParams cbtmintimeout=2000 hsdir_interval={HSDIR_INTERVAL} \
         guard-hs-l2-number=4 guard-hs-l3-number=6\n"
    )
}

fn arti(known: &[(Ipv4Addr, &Identity)]) -> String {
    let mut text = String::from(
        "# A private Tor network on loopback. Where state and cache are kept is not said here:\n\
         # every program has its own folder.\n\
         [address_filter]\n\
         allow_local_addrs = true\n\n\
         # The folders of a test lie beneath temporary ones that others may write to.\n\
         [storage.permissions]\n\
         dangerously_trust_everyone = true\n\n\
         [tor_network]\n\
         fallback_caches = [\n",
    );
    for (address, identity) in known {
        line(
            &mut text,
            format_args!(
                "  {{ rsa_identity = \"{}\", ed_identity = \"{}\", orports = [\"{}\"] }},",
                identity.rsa,
                identity.ed25519,
                at(*address, OR_PORT)
            ),
        );
    }
    text.push_str("]\n\n[tor_network.authorities]\nv3idents = [\n");
    for (_, identity) in known.iter().take(AUTHORITIES) {
        let voting = identity.voting.as_deref().unwrap_or_default();
        line(&mut text, format_args!("  \"{voting}\","));
    }
    text.push_str("]\n");
    text
}
