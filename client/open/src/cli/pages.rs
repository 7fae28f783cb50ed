//! The help pages, in rows that fit a terminal of 80 columns.

use clap::builder::StyledStr;
use clap::{Arg, Command};

use crate::screen::{COLUMNS, hung};

/// The parser sets in the words on an option by so many columns.
const SET_IN: usize = 10;
/// What the parser adds behind them, such as a default, takes so many.
const BEHIND: usize = 4;
/// The parser's own word before a usage.
const USAGE: &str = "Usage: ";
/// The command that takes no vault, and the options that it has no use for.
const WITHOUT_VAULT: &str = "inspect";
const OF_VAULTS: [&str; 2] = ["passphrase_fd", "slip_fd"];

/// The same command line; its help fits.
pub(super) fn fitted(command: Command) -> Command {
    let hidden: Vec<Arg> = command
        .get_arguments()
        .filter(|arg| OF_VAULTS.contains(&arg.get_id().as_str()))
        .map(|arg| arg.clone().hide(true))
        .collect();
    let command = command
        .next_line_help(true)
        .mut_subcommand(WITHOUT_VAULT, |inspect| inspect.args(hidden));
    let mut built = command.clone();
    built.build();
    fit(command, &mut built)
}

/// `built` is the same command with what the parser adds to it.
fn fit(command: Command, built: &mut Command) -> Command {
    let usage = built.render_usage().to_string();
    let about = command.get_about().map(|about| rows(about, COLUMNS));
    let mut command = command.mut_args(|arg| {
        let words = COLUMNS.saturating_sub(SET_IN).saturating_sub(BEHIND);
        let help = arg.get_help().map(|help| rows(help, words));
        match help {
            Some(help) => arg.help(help),
            None => arg,
        }
    });
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(usage) = usage.strip_prefix(USAGE) {
        // An option and its value stay together.
        let glued = usage.replace(" <", "\u{a0}<");
        let columns = COLUMNS.saturating_sub(USAGE.len());
        let usage = hung(&glued, columns, 0);
        let usage = usage.replace('\n', &format!("\n{:1$}", "", USAGE.len()));
        command = command.override_usage(usage.replace('\u{a0}', " "));
    }
    command.mut_subcommands(|child| {
        let name = child.get_name().to_owned();
        match built.find_subcommand_mut(&name) {
            Some(built) => {
                let columns = COLUMNS.saturating_sub(SET_IN);
                let child = fit(child, built);
                // In the list of commands it is set in, too.
                match child.get_about().map(|about| rows(about, columns)) {
                    Some(about) => child.about(about),
                    None => child,
                }
            }
            None => child,
        }
    })
}

fn rows(words: &StyledStr, columns: usize) -> String {
    let words = words.to_string().replace('\n', " ");
    hung(&words, columns, 0)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn look(command: &mut Command, seen: &mut Vec<String>) {
        for page in [command.render_help(), command.render_long_help()] {
            for line in page.to_string().lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
        seen.push(command.render_long_help().to_string());
        for child in command.get_subcommands_mut() {
            look(child, seen);
        }
    }

    #[test]
    fn every_help_page_fits_80_columns() {
        let mut command = fitted(Cli::command());
        command.build();
        let mut seen = Vec::new();
        look(&mut command, &mut seen);
        assert!(seen.len() > 30);
        assert!(
            seen.iter()
                .any(|page| page.contains("Usage: knothole newsroom found"))
        );
    }

    #[test]
    fn the_command_line_is_sound() {
        fitted(Cli::command()).debug_assert();
    }

    #[test]
    fn a_command_without_vaults_offers_no_passphrase() {
        let mut command = fitted(Cli::command());
        command.build();
        let page = |name: &str| {
            let mut command = command.clone();
            let command = command.find_subcommand_mut(name).unwrap();
            command.render_long_help().to_string()
        };
        assert!(!page("inspect").contains("-fd"));
        assert!(page("list").contains("--passphrase-fd"));
    }
}
