//! The lists of words, and how a typed word is found in one.

use std::borrow::Cow;

use bip39::{Language, Mnemonic};
use clap::ValueEnum;
use zeroize::Zeroizing;

/// So many first letters say which word it is, in the lists whose makers saw to that.
const TELLING_LETTERS: usize = 4;

/// The language of new words. Reading them back needs no language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tongue {
    #[default]
    English,
    ChineseSimplified,
    ChineseTraditional,
    Czech,
    French,
    Italian,
    Japanese,
    Korean,
    Portuguese,
    Spanish,
}

impl Tongue {
    /// All of them, each with its own name for itself.
    pub(crate) const ALL: [(Self, &str); 10] = [
        (Self::English, "English"),
        (Self::ChineseSimplified, "简体中文"),
        (Self::ChineseTraditional, "繁體中文"),
        (Self::Czech, "Čeština"),
        (Self::French, "Français"),
        (Self::Italian, "Italiano"),
        (Self::Japanese, "日本語"),
        (Self::Korean, "한국어"),
        (Self::Portuguese, "Português"),
        (Self::Spanish, "Español"),
    ];

    pub(crate) const fn language(self) -> Language {
        match self {
            Self::English => Language::English,
            Self::ChineseSimplified => Language::SimplifiedChinese,
            Self::ChineseTraditional => Language::TraditionalChinese,
            Self::Czech => Language::Czech,
            Self::French => Language::French,
            Self::Italian => Language::Italian,
            Self::Japanese => Language::Japanese,
            Self::Korean => Language::Korean,
            Self::Portuguese => Language::Portuguese,
            Self::Spanish => Language::Spanish,
        }
    }
}

/// One list, ready to be searched.
pub(super) struct List {
    language: Language,
    /// Each word as it is compared.
    folded: Vec<Zeroizing<String>>,
    /// Each word without its accents.
    bare: Vec<String>,
}

impl List {
    /// The ten lists.
    pub(super) fn all() -> Vec<Self> {
        Tongue::ALL
            .iter()
            .map(|(tongue, _)| Self::of(tongue.language()))
            .collect()
    }

    fn of(language: Language) -> Self {
        let folded: Vec<_> = language
            .word_list()
            .iter()
            .map(|word| folded(word))
            .collect();
        let bare = folded.iter().map(|word| without_accents(word)).collect();
        Self {
            language,
            folded,
            bare,
        }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// Whether its words are made of letters; those of Chinese stand for themselves.
    pub(super) fn is_alphabetic(&self) -> bool {
        !matches!(
            self.language,
            Language::SimplifiedChinese | Language::TraditionalChinese
        )
    }

    /// The words without their accents, in the list's order.
    pub(super) fn bare(&self) -> &[String] {
        &self.bare
    }

    /// Which word was typed: as it is, else without its accents, else by its first letters.
    pub(super) fn place_of(&self, typed: &str) -> Option<u16> {
        if let Some(place) = self.folded.iter().position(|word| word.as_str() == typed) {
            return u16::try_from(place).ok();
        }
        let typed = Zeroizing::new(without_accents(typed));
        self.only(|word| *word == *typed)
            .or_else(|| self.by_first_letters(&typed))
    }

    fn by_first_letters(&self, typed: &str) -> Option<u16> {
        let promised = !matches!(
            self.language,
            Language::SimplifiedChinese
                | Language::TraditionalChinese
                | Language::Japanese
                | Language::Korean
        );
        let enough = typed.chars().count() >= TELLING_LETTERS;
        (promised && enough)
            .then(|| self.only(|word| word.starts_with(typed)))
            .flatten()
    }

    /// The place of the one word for which this is true.
    fn only(&self, fits: impl Fn(&String) -> bool) -> Option<u16> {
        let mut fitting = (0..).zip(&self.bare).filter(|(_, word)| fits(word));
        let (place, _) = fitting.next()?;
        fitting.next().is_none().then_some(place)
    }
}

/// The words of a text, as they are compared. Whatever is no letter stands between words, so that
/// numbers, commas and any kind of blank do no harm; a Chinese character is a word.
pub(super) fn tokens(text: &str) -> Vec<Zeroizing<String>> {
    let text = folded(text);
    let mut tokens = Vec::new();
    let mut token = Zeroizing::new(String::with_capacity(64));
    for letter in text.chars() {
        let belongs = letter.is_alphabetic() || is_accent(letter) || is_voicing(letter);
        if !belongs || is_ideograph(letter) {
            end(&mut tokens, &mut token);
        }
        if belongs {
            token.push(letter);
        }
        if is_ideograph(letter) {
            end(&mut tokens, &mut token);
        }
    }
    end(&mut tokens, &mut token);
    tokens
}

fn end(tokens: &mut Vec<Zeroizing<String>>, token: &mut Zeroizing<String>) {
    if !token.is_empty() {
        tokens.push(std::mem::replace(
            token,
            Zeroizing::new(String::with_capacity(64)),
        ));
    }
}

/// Decomposed (NFKD), in small letters, and katakana as hiragana.
fn folded(text: &str) -> Zeroizing<String> {
    let mut text = Cow::Borrowed(text);
    Mnemonic::normalize_utf8_cow(&mut text);
    let text = Zeroizing::new(text.into_owned());
    let mut folded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(2)));
    for letter in text.chars().flat_map(char::to_lowercase) {
        folded.push(hiragana(letter));
    }
    folded
}

/// U+30A1 … U+30F6 lie in the same order as U+3041 … U+3096.
fn hiragana(letter: char) -> char {
    let moved = match letter {
        '\u{30a1}'..='\u{30f6}' => u32::from(letter).checked_sub(0x60),
        _ => None,
    };
    moved.and_then(char::from_u32).unwrap_or(letter)
}

fn without_accents(folded: &str) -> String {
    folded
        .chars()
        .filter(|letter| !is_accent(*letter))
        .collect()
}

fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// The marks that make another letter of a kana: they are never left out.
fn is_voicing(letter: char) -> bool {
    matches!(letter, '\u{3099}' | '\u{309a}')
}

fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}
