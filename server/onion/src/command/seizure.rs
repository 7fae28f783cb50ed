//! Says what this disk and this configuration would give to whoever takes them now.
//!
//! It prints and does nothing else: no file, no log, and no name, identifier or hour in what it
//! prints, so that the answer is no new leak where somebody keeps it.

mod keys;
mod machine;
#[cfg(test)]
mod tests;
mod words;

use std::time::Duration;

use knothole_intake::{FileTimes, Lengths, Seizure};
use serde_json::{Value, json};

use self::keys::TorKeys;
use self::machine::{Machine, Medium};
use super::{Failure, Out, Place};
use crate::config::{Config, Listen};
use crate::control;
use crate::data::Data;

/// All that the answer rests on.
#[derive(Debug)]
struct Found {
    store: Seizure,
    tor: TorKeys,
    machine: Machine,
    settings: SettingsFound,
}

/// What the configuration adds to what is on the disk.
#[derive(Debug)]
struct SettingsFound {
    /// Whether the onions are those of a Tor in front, whose keys lie elsewhere.
    behind_another_tor: bool,
    batch: Duration,
    grace: Duration,
    tor_log: bool,
    /// Whether a running server answers.
    runs: bool,
}

pub(super) fn seizure(place: &Place, out: &Out) -> Result<(), Failure> {
    let (config, data) = place.open()?;
    let found = Found::look(&config, &data)?;
    out.answer(&words::report(&found), &found.json())
}

impl Found {
    fn look(config: &Config, data: &Data) -> Result<Self, Failure> {
        Ok(Self {
            store: Seizure::look(&data.store()).map_err(Failure::refused)?,
            tor: TorKeys::look(data).map_err(Failure::unlucky)?,
            machine: Machine::look(data).map_err(Failure::unlucky)?,
            settings: SettingsFound {
                behind_another_tor: config.listen != Listen::Tor,
                batch: config.batch.length(),
                grace: config.grace,
                tor_log: config.danger_tor_log.is_some(),
                // One that does not answer is as good as none for whoever asks here.
                runs: control::ask(data).is_ok_and(|status| status.is_some()),
            },
        })
    }

    fn json(&self) -> Value {
        let store = &self.store;
        let mut drops = lengths(&store.drops);
        add(&mut drops, "waiting", store.waiting);
        add(&mut drops, "signed_off", store.signed_off);
        add(&mut drops, "damaged", store.damaged);
        add(&mut drops, "epochs", store.epochs);
        add(&mut drops, "files", times(&store.drop_times));
        let mut unfinished = lengths(&store.unfinished);
        add(&mut unfinished, "bytes_here", store.unfinished_bytes);
        add(&mut unfinished, "files", times(&store.unfinished_times));
        let mut receipts = lengths(&store.receipts);
        add(&mut receipts, "burned_epochs", store.burned);
        add(&mut receipts, "grace_days", store.grace_days);
        json!({
            "drops": drops,
            "unfinished": unfinished,
            "upload_addresses": store.addresses,
            "trash": store.trash,
            "receipts": receipts,
            "replies": { "count": store.replies, "days": store.reply_days },
            "couriers": store.couriers,
            "newsroom": store.newsroom,
            "charter": store.charter,
            "sheets": store.sheets,
            "time_of_start": store.clock,
            "unexplained": store.unexplained,
            "onion_keys": self.tor.identities,
            "tor_secrets": self.tor.secrets,
            "tor_guards": self.tor.guards,
            "running": self.settings.runs,
            "batch_seconds": self.settings.batch.as_secs(),
            "grace_seconds": self.settings.grace.as_secs(),
            "danger_tor_log": self.settings.tor_log,
            "swap": self.machine.swap,
            "encrypted": self.machine.medium == Medium::Encrypted,
            "in_memory": self.machine.medium == Medium::Memory,
            "file_system": self.machine.file_system.name(),
            "free_bytes": self.machine.free,
            "private": self.machine.private,
            "journal_on_disk": self.machine.journal,
        })
    }
}

fn lengths(lengths: &Lengths) -> Value {
    json!({
        "count": lengths.count,
        "least_bytes": lengths.least,
        "most_bytes": lengths.most,
        "bytes": lengths.sum,
    })
}

fn times(times: &FileTimes) -> Value {
    let (first, last) = times.written().unzip();
    json!({
        "first_day": first.map(|day| day.to_string()),
        "last_day": last.map(|day| day.to_string()),
        "hours": times.hours(),
    })
}

fn add(object: &mut Value, key: &str, value: impl Into<Value>) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value.into());
    }
}
