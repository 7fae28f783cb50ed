//! A codename as words: twelve of a BIP39 list, and a thirteenth that shows a slip.

mod list;
mod slip;

use std::fmt;

use bip39::{Language, Mnemonic};
use knothole_envelope::{CODENAME_LEN, Codename};
use zeroize::Zeroizing;

pub(crate) use self::list::Tongue;
use self::list::{List, tokens};
pub use self::slip::Slips;

/// How many words there are.
pub(crate) const WORDS: usize = 13;
const WITHOUT_CHECK: usize = 12;

/// The words of a codename in this language, in their order.
#[expect(
    clippy::expect_used,
    reason = "sixteen bytes are an entropy of BIP39, and eleven bits a place in its list"
)]
pub(crate) fn spelled(codename: &Codename, tongue: Tongue) -> Vec<&'static str> {
    let language = tongue.language();
    let twelve = Mnemonic::from_entropy_in(language, codename.expose()).expect("128 bits");
    let check = usize::from(codename.check_word());
    let check = language.word_list().get(check).expect("eleven bits");
    twelve.words().chain([*check]).collect()
}

/// How many words these are, whichever they are.
pub(crate) fn count(text: &str) -> usize {
    tokens(text).len()
}

/// Reads words back, however they are spelled. Two lists share words: should the words be right in
/// both, there is a codename for each.
///
/// # Errors
/// [`WordsError`] says what is wrong, and where.
pub(crate) fn read(text: &str) -> Result<Vec<Codename>, WordsError> {
    let typed = tokens(text);
    if typed.is_empty() {
        return Err(WordsError::None);
    }
    if typed.len() > WORDS || typed.len() < WITHOUT_CHECK {
        return Err(WordsError::Count(typed.len()));
    }
    let lists = List::all();
    let found: Vec<Found<'_>> = lists
        .iter()
        .map(|list| Found {
            list,
            places: typed.iter().map(|word| list.place_of(word)).collect(),
        })
        .collect();
    let whole: Vec<Vec<u16>> = found.iter().filter_map(Found::whole).collect();
    if whole.is_empty() {
        return Err(WordsError::Slips(Slips::among(&typed, &found)));
    }
    if typed.len() < WORDS {
        return Err(WordsError::NoThirteenth);
    }
    let right: Vec<Codename> = found
        .iter()
        .filter_map(|found| right(found.list.language(), &found.whole()?))
        .collect();
    if right.is_empty() {
        return Err(WordsError::Together);
    }
    Ok(right)
}

/// What stands in a list of what was typed.
struct Found<'l> {
    list: &'l List,
    places: Vec<Option<u16>>,
}

impl Found<'_> {
    /// The places of all the words, if all of them are in the list.
    fn whole(&self) -> Option<Vec<u16>> {
        self.places.iter().copied().collect()
    }

    fn known(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

/// The codename of thirteen words, if BIP39's checksum and the thirteenth word are right.
fn right(language: Language, places: &[u16]) -> Option<Codename> {
    let (check, twelve) = places.split_last()?;
    let mut phrase = Zeroizing::new(String::with_capacity(256));
    for place in twelve {
        let word = language.word_list().get(usize::from(*place))?;
        phrase.push_str(word);
        phrase.push(' ');
    }
    let twelve = Mnemonic::parse_in_normalized(language, phrase.trim_end()).ok()?;
    let (entropy, length) = twelve.to_entropy_array();
    let entropy = Zeroizing::new(entropy);
    let entropy = entropy.get(..length)?.first_chunk::<CODENAME_LEN>()?;
    let codename = Codename::from_bytes(*entropy);
    (codename.check_word() == *check).then_some(codename)
}

/// Why words lead nowhere.
#[derive(Debug)]
#[non_exhaustive]
pub enum WordsError {
    /// There are no words.
    None,
    /// There are so many, not thirteen.
    Count(usize),
    /// There are twelve right words, and the thirteenth is missing.
    NoThirteenth,
    /// These words stand in no list.
    Slips(Slips),
    /// Each word stands in a list, but they do not belong together.
    Together,
}

impl fmt::Display for WordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("there are no words"),
            Self::Count(1) => write!(f, "this is one word, and there are {WORDS}"),
            Self::Count(count) => write!(f, "these are {count} words, and there are {WORDS}"),
            Self::NoThirteenth => {
                f.write_str("the thirteenth word is missing: it shows whether the others are right")
            }
            Self::Slips(slips) => slips.fmt(f),
            Self::Together => f.write_str(
                "each of these words can be one of yours, but not together: one of them was another \
                 word, or they stood in another order",
            ),
        }
    }
}

impl std::error::Error for WordsError {}

#[cfg(test)]
mod tests;
