//! Recovery papers: the key of last resort as words that people can keep in a safe.

use core::fmt;

use knothole_envelope::SigningSecret;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// 256 bits of the seed and 8 of its hash, 11 bits a word.
const WORDS: usize = 24;
const WORD_BITS: [u16; 11] = [1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1];
const BYTE_BITS: [u8; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

/// What was typed is no recovery paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaperError {
    /// So many words were typed.
    Count(usize),
    /// The word in this place, from 1, is not on the list.
    Word(usize),
    /// Every word is on the list, but together they are no paper.
    Check,
}

impl fmt::Display for PaperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(words) => write!(
                f,
                "a recovery paper has {WORDS} words, and {words} were typed: type all of one \
                 paper in one line"
            ),
            Self::Word(place) => write!(
                f,
                "word {place} of what was typed stands on no recovery paper: look at the paper again"
            ),
            Self::Check => f.write_str(
                "these words are no recovery paper: one of them is another one, or two are \
                 exchanged. Look at the paper again",
            ),
        }
    }
}

impl core::error::Error for PaperError {}

/// The words of a paper, in a line.
#[must_use]
pub fn words_of(secret: &SigningSecret) -> Zeroizing<String> {
    let list = bip39::Language::English.word_list();
    // No word has more than 8 letters: reserved at once, so that growing leaves no copies.
    let mut text = Zeroizing::new(String::with_capacity(WORDS.saturating_mul(9)));
    let bits = bits_of(secret);
    for word in bits.chunks(WORD_BITS.len()) {
        let bits = word.iter().zip(WORD_BITS).filter(|(bit, _)| **bit);
        let place = bits.fold(0, |place: u16, (_, value)| place | value);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(list.get(usize::from(place)).copied().unwrap_or_default());
    }
    text
}

fn bits_of(secret: &SigningSecret) -> Zeroizing<Vec<bool>> {
    let mut bits = Zeroizing::new(Vec::with_capacity(WORDS.saturating_mul(WORD_BITS.len())));
    for byte in secret.expose().iter().copied().chain([check(secret)]) {
        bits.extend(BYTE_BITS.map(|value| byte & value != 0));
    }
    bits
}

fn check(secret: &SigningSecret) -> u8 {
    let hash: [u8; 32] = Sha256::digest(secret.expose()).into();
    let [check, ..] = hash;
    check
}

/// The key of a paper, from its words. Case and spaces are forgiven.
///
/// # Errors
/// [`PaperError`] says which word to look at.
pub fn key_of(words: &str) -> Result<SigningSecret, PaperError> {
    let list = bip39::Language::English.word_list();
    let lower = Zeroizing::new(words.to_ascii_lowercase());
    let count = lower.split_whitespace().count();
    if count != WORDS {
        return Err(PaperError::Count(count));
    }
    let mut bits = Zeroizing::new(Vec::with_capacity(WORDS.saturating_mul(WORD_BITS.len())));
    for (number, word) in (1..).zip(lower.split_whitespace()) {
        let place = list.binary_search(&word).ok();
        let place = place.and_then(|place| u16::try_from(place).ok());
        let place = place.ok_or(PaperError::Word(number))?;
        bits.extend(WORD_BITS.map(|value| place & value != 0));
    }
    let mut bytes = bits.chunks(BYTE_BITS.len()).map(|byte| {
        let bits = byte.iter().zip(BYTE_BITS).filter(|(bit, _)| **bit);
        bits.fold(0, |byte: u8, (_, value)| byte | value)
    });
    let mut seed = Zeroizing::new([0; 32]);
    for (to, from) in seed.iter_mut().zip(bytes.by_ref()) {
        *to = from;
    }
    let secret = SigningSecret::from_bytes(*seed);
    if bits_of(&secret) == bits {
        Ok(secret)
    } else {
        Err(PaperError::Check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_bip_39() {
        // The first and the last test vector of 256 bits of the reference implementation.
        let zero = SigningSecret::from_bytes([0; 32]);
        let expected = format!("{}art", "abandon ".repeat(23));
        assert_eq!(*words_of(&zero), expected);
        let full = SigningSecret::from_bytes([0xff; 32]);
        let expected = format!("{}vote", "zoo ".repeat(23));
        assert_eq!(*words_of(&full), expected);
    }

    #[test]
    fn a_key_comes_back_from_its_words_however_they_are_written() {
        for byte in 0..=255_u8 {
            let mut seed = [byte; 32];
            seed[31] = byte.wrapping_mul(7);
            let secret = SigningSecret::from_bytes(seed);
            let words = words_of(&secret);
            assert_eq!(key_of(&words).unwrap().expose(), &seed);
            let shouted = format!("  {}\t", words.to_uppercase().replace(' ', " \t "));
            assert_eq!(key_of(&shouted).unwrap().expose(), &seed);
        }
    }

    #[test]
    fn a_slip_is_noticed_and_the_word_is_named() {
        let words = words_of(&SigningSecret::from_bytes([9; 32]));
        let mut typed: Vec<_> = words.split(' ').collect();
        let error = key_of(&typed[1..].join(" ")).unwrap_err();
        assert_eq!(error, PaperError::Count(23));
        let third = typed[2];
        typed[2] = "knothole";
        let error = key_of(&typed.join(" ")).unwrap_err();
        assert_eq!(error, PaperError::Word(3));
        typed[2] = if third == "zoo" { "zone" } else { "zoo" };
        let error = key_of(&typed.join(" ")).unwrap_err();
        assert_eq!(error, PaperError::Check);
    }
}
