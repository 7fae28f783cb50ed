//! Slips: 128 bits of an epoch's key that are on paper alone, so that burning paper is burning keys.

use core::fmt;
use std::collections::BTreeMap;

use bip39::{Language, Mnemonic};
use knothole_envelope::EpochNumber;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const SLIP_LEN: usize = 16;
const WORDS: usize = 12;

/// What was typed is no slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlipError {
    /// Another number of words.
    Count(usize),
    /// This word, counted from 1, does not stand in the list.
    Word(usize),
    /// The words do not belong together.
    Together,
    /// The file for new slips would lie on a disk that may keep it.
    Disk,
}

impl fmt::Display for SlipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(words) => write!(f, "a slip has {WORDS} words, and these are {words}"),
            Self::Word(place) => write!(f, "word {place} is on no slip: look at it again"),
            Self::Disk => f.write_str(
                "slips are written to memory or an encrypted disk only, for they are to be burned: \
                 name a file in /dev/shm",
            ),
            Self::Together => f.write_str(
                "these words do not belong together: one of them is misread, or stands in another \
                 place",
            ),
        }
    }
}

impl core::error::Error for SlipError {}

/// The slip of one epoch of one vault.
pub struct Slip(Zeroizing<[u8; SLIP_LEN]>);

impl Slip {
    /// A random slip.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; SLIP_LEN]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// The twelve words of a slip (BIP 39, English), however they are spaced and in either case.
    ///
    /// # Errors
    /// [`SlipError`] says which word is wrong.
    pub fn parse(text: &str) -> Result<Self, SlipError> {
        let mut line = Zeroizing::new(String::with_capacity(text.len()));
        let mut count = 0_usize;
        for word in text.split_whitespace() {
            if count > 0 {
                line.push(' ');
            }
            line.extend(word.chars().flat_map(char::to_lowercase));
            count = count.saturating_add(1);
        }
        if count != WORDS {
            return Err(SlipError::Count(count));
        }
        let words =
            Mnemonic::parse_in_normalized(Language::English, &line).map_err(
                |error| match error {
                    bip39::Error::UnknownWord(place) => SlipError::Word(place.saturating_add(1)),
                    _ => SlipError::Together,
                },
            )?;
        let (bytes, _) = words.to_entropy_array();
        let bytes = Zeroizing::new(bytes);
        let slip = bytes.first_chunk().ok_or(SlipError::Together)?;
        Ok(Self(Zeroizing::new(*slip)))
    }

    /// The twelve words.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        // The longest word has 8 letters: reserved at once, so that growing leaves no copies.
        let mut text = Zeroizing::new(String::with_capacity(128));
        if let Ok(words) = Mnemonic::from_entropy_in(Language::English, self.0.as_slice()) {
            for word in words.words() {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(word);
            }
        }
        text
    }

    /// The 128 bits.
    #[must_use]
    pub fn expose(&self) -> &[u8; SLIP_LEN] {
        &self.0
    }
}

impl fmt::Debug for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slip(..)")
    }
}

/// The slips of a vault that are at hand.
#[derive(Debug, Default)]
pub struct Slips(BTreeMap<EpochNumber, Slip>);

impl Slips {
    /// None: the epochs are wrapped under the vault alone.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A new slip for each of these epochs.
    #[must_use]
    pub fn generate(
        epochs: impl IntoIterator<Item = EpochNumber>,
        rng: &mut impl CryptoRng,
    ) -> Self {
        Self(
            epochs
                .into_iter()
                .map(|epoch| (epoch, Slip::generate(rng)))
                .collect(),
        )
    }

    /// The slip of an epoch.
    #[must_use]
    pub fn get(&self, epoch: EpochNumber) -> Option<&Slip> {
        self.0.get(&epoch)
    }

    /// All of them, in the order of the epochs.
    pub fn iter(&self) -> impl Iterator<Item = (EpochNumber, &Slip)> {
        self.0.iter().map(|(epoch, slip)| (*epoch, slip))
    }

    pub(super) fn add(&mut self, epoch: EpochNumber, slip: Slip) {
        self.0.insert(epoch, slip);
    }

    pub(super) fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZEROS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                         abandon abandon about";

    #[test]
    fn a_slip_is_twelve_words_and_they_are_read_back_however_they_are_typed() {
        let slip = Slip(Zeroizing::new([0; SLIP_LEN]));
        assert_eq!(slip.words().as_str(), ZEROS);
        let typed = ZEROS.to_uppercase().replace(' ', " \u{3000}");
        assert_eq!(Slip::parse(&typed).unwrap().expose(), slip.expose());
    }

    #[test]
    fn a_slip_that_was_misread_says_where() {
        let of = |text: &str| Slip::parse(text).unwrap_err();
        assert_eq!(of("abandon about"), SlipError::Count(2));
        assert_eq!(
            of(&ZEROS.replacen("abandon", "abandom", 1)),
            SlipError::Word(1)
        );
        assert_eq!(of(&ZEROS.replace("about", "able")), SlipError::Together);
    }

    #[test]
    fn a_slip_does_not_print_itself() {
        assert_eq!(format!("{:?}", Slip(Zeroizing::new([7; 16]))), "Slip(..)");
    }
}
