//! `courier add`, `revoke` and `list`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use knothole_envelope::{CourierCard, Signed};
use knothole_intake::CourierName;
use knothole_onion::discovery_key_text;

use super::{Failure, Out, Place};
use crate::config::Listen;
use crate::control;
use crate::run::addresses;

/// A courier's card is far shorter.
const MOST_CARD_BYTES: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(super) enum CourierCommand {
    /// Lets the courier of this card in, and prints the address for its `pair`.
    Add {
        /// The file that `knothole-courier init` wrote.
        card: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Shuts a courier out, at once.
    Revoke {
        /// Its name, as `courier list` prints it.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Prints the name of every courier.
    List(Place),
}

pub(super) fn run(command: &CourierCommand, out: &mut Out) -> Result<(), Failure> {
    match command {
        CourierCommand::Add { card, place } => add(card, place, out),
        CourierCommand::Revoke { name, place } => revoke(name, place, out),
        CourierCommand::List(place) => list(place, out),
    }
}

fn add(card: &Path, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (config, data, desk) = place.desk()?;
    let courier = desk
        .add_courier(&read_card(card)?)
        .map_err(Failure::refused)?;
    let collection = addresses(&config, &data)
        .map_err(Failure::refused)?
        .collection
        .map(|onion| onion.to_string());
    out.remark(&format!("courier {} is let in", courier.name));
    let key = discovery_key_text(*courier.card.discovery_key().as_bytes());
    if let Listen::Unix { .. } = config.listen {
        out.remark(
            "the tor in front must know its discovery key too: put this line into a file of \
             the collection service's authorized_clients folder, with the ending .auth",
        );
        out.remark(&key);
    } else if control::ask(&data).is_ok_and(|status| status.is_some()) {
        out.remark("the running server takes a minute or two until the courier can find it");
    }
    out.answer(
        collection.as_deref().unwrap_or(
            "not known yet: set collection_onion to the name that the tor in front made",
        ),
        &serde_json::json!({
            "courier": courier.name.to_string(),
            "collection": collection,
            "discovery_key": key,
        }),
    )
}

fn read_card(path: &Path) -> Result<Signed<CourierCard>, Failure> {
    let not_a_card = || {
        Failure::refusal(format!(
            "{} is not a courier's card; ask for the file that knothole-courier init wrote",
            path.display()
        ))
    };
    let unreadable = |error: std::io::Error| {
        Failure::refusal(format!("{} cannot be read: {error}", path.display()))
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_CARD_BYTES {
        return Err(not_a_card());
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Signed::decode(&bytes).map_err(|_| not_a_card())
}

fn revoke(name: &str, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let name: CourierName = name.parse().map_err(Failure::refused)?;
    let (config, _, desk) = place.desk()?;
    desk.revoke_courier(&name).map_err(Failure::refused)?;
    out.remark("the courier is shut out");
    if let Listen::Unix { .. } = config.listen {
        out.remark("remove its file from the authorized_clients folder of the tor in front too");
    }
    Ok(())
}

fn list(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (_, _, desk) = place.desk()?;
    let couriers: Vec<(String, String)> = desk
        .couriers()
        .map_err(Failure::refused)?
        .iter()
        .map(|courier| {
            let key = discovery_key_text(*courier.card.discovery_key().as_bytes());
            (courier.name.to_string(), key)
        })
        .collect();
    if couriers.is_empty() {
        out.remark("there is no courier yet; `courier add CARD` lets one in");
        if !out.json {
            return Ok(());
        }
    }
    let lines: Vec<String> = couriers
        .iter()
        .map(|(name, key)| format!("{name}  {key}"))
        .collect();
    let objects: Vec<_> = couriers
        .iter()
        .map(|(name, key)| serde_json::json!({ "courier": name, "discovery_key": key }))
        .collect();
    out.answer(
        &lines.join("\n"),
        &serde_json::json!({ "couriers": objects }),
    )
}
