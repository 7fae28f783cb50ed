//! A passphrase for a vault: one that is made is offered first, at a terminal.

use crate::desk::Desk;
use crate::passphrase::{Passphrase, PassphraseError};

/// How often a passphrase is asked for that was typed wrongly, or not at all.
const TRIES: u32 = 3;

const OFFER: &str = "\
Write this passphrase on paper now. It was made for this vault, and is shown only once:

";
const ADVICE: &str = "

Keep the paper away from the stick. Who has both has the vault; without the paper, the vault is
lost for you too. When you have typed it, this screen is wiped.
";

/// A passphrase from the named descriptor, or from the person at the terminal.
pub(super) fn passphrase(desk: &mut Desk) -> Result<Passphrase, PassphraseError> {
    if !desk.asker.is_terminal() {
        return desk.asker.ask("");
    }
    let made = Passphrase::generate(&mut desk.rng);
    desk.screen.show(&[OFFER, "    ", made.expose(), ADVICE])?;
    for _ in 0..TRIES {
        match desk
            .asker
            .ask("Type it (or press Enter to think of one yourself): ")
        {
            Ok(typed) if typed.is(&made) => {
                desk.screen.wipe();
                return Ok(made);
            }
            Err(PassphraseError::Empty) => {
                desk.screen.wipe();
                return own(desk);
            }
            Ok(_) => desk
                .screen
                .say("That is not what is shown above. Look at it again."),
            Err(error) => return Err(error),
        }
    }
    Err(PassphraseError::Differs)
}

/// One that the person thinks of.
fn own(desk: &mut Desk) -> Result<Passphrase, PassphraseError> {
    desk.screen.say(
        "Most people's own passphrases can be guessed by machines. Take at least six words that \
         have nothing to do with each other or with you.",
    );
    let typed = something(desk)?;
    if typed.is_short() {
        desk.screen
            .warn("this passphrase is short. Whoever takes the stick can try billions of them");
    }
    for _ in 0..TRIES {
        match desk.asker.ask("The same again: ") {
            Ok(again) if again.is(&typed) => return Ok(typed),
            Ok(_) | Err(PassphraseError::Empty) => desk.screen.say("That is not the same."),
            Err(error) => return Err(error),
        }
    }
    Err(PassphraseError::Differs)
}

/// What the person types: Enter alone is a slip, for the passphrase that was offered is wiped by
/// now.
fn something(desk: &mut Desk) -> Result<Passphrase, PassphraseError> {
    for _ in 0..TRIES {
        match desk.asker.ask("Your passphrase: ") {
            Err(PassphraseError::Empty) => desk
                .screen
                .say("Nothing was typed, and a vault needs a passphrase."),
            asked => return asked,
        }
    }
    Err(PassphraseError::Empty)
}
