//! `knothole epochs …`

mod burn;
mod extend;
mod list;

use clap::{Args, Subcommand};
use data_encoding::HEXLOWER;
use knothole_envelope::{EditorKey, EpochNumber};

use crate::archive::State;
use crate::desk::Desk;
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(crate) struct EpochsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the epochs: their days, in which vaults their keys are, their drops, and when they may
    /// be burned.
    List(list::ListArgs),
    /// Make more keys: in vaults, and for the newsroom when all editors have made them.
    Extend(extend::ExtendArgs),
    /// Erase the keys of epochs whose drops are all opened or refused, for good.
    Burn(burn::BurnArgs),
}

pub(crate) fn run(args: &EpochsArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    match &args.action {
        Action::List(args) => list::run(args, desk),
        Action::Extend(args) => extend::run(args, desk),
        Action::Burn(args) => burn::run(args, desk),
    }
}

/// Warns of vaults that may still hold the keys of burned epochs.
pub(super) fn warn_holders(state: &State, desk: &Desk) {
    let mut holders: Vec<(EditorKey, Vec<String>)> = Vec::new();
    for epoch in state.burned.epochs() {
        for editor in state.holders(epoch) {
            let number = epoch.to_string();
            match holders.iter_mut().find(|(known, _)| *known == editor) {
                Some((_, epochs)) => epochs.push(number),
                None => holders.push((editor, vec![number])),
            }
        }
    }
    for (editor, epochs) in holders {
        desk.screen.warn(&format!(
            "the vault of editor {} was not there when epochs were burned, and may still hold {}: \
             {}. Burn them there with `knothole epochs burn`",
            short(&editor),
            if epochs.len() == 1 { "one" } else { "them" },
            epochs.join(", ")
        ));
    }
}

/// The first digits of an editor's key, as people compare them.
fn short(editor: &EditorKey) -> String {
    let digits = HEXLOWER.encode(editor.as_bytes());
    digits.get(..16).unwrap_or(&digits).to_owned()
}

/// Numbers for a sentence: `3`, `3 and 4`, `3, 4 and 5`.
fn listed(epochs: &[EpochNumber]) -> String {
    let numbers: Vec<_> = epochs.iter().map(ToString::to_string).collect();
    match numbers.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}
