//! A word that stands in no list, and what it may have been.

use std::cmp::Reverse;
use std::fmt;

use zeroize::Zeroizing;

use super::{Found, WORDS, right};
use crate::voice::shown;

/// Words that differ in more letters are not taken for slips of each other.
const MOST_SLIPS: usize = 2;
/// So many words are named as what was meant.
const MOST_NAMED: usize = 3;
/// More letters than any word has are no slip.
const MOST_LETTERS: usize = 24;

/// The words that stand in no list. They are never shown but to the source.
pub struct Slips(Vec<Slip>);

struct Slip {
    /// Its place among the words, from 1.
    place: usize,
    typed: Zeroizing<String>,
    may_be: Vec<&'static str>,
}

impl Slips {
    /// Looks in the lists in which most of the words stand for what the others may have been.
    pub(super) fn among(typed: &[Zeroizing<String>], found: &[Found<'_>]) -> Self {
        let most = found.iter().map(Found::known).max().unwrap_or(0);
        let nearest: Vec<&Found<'_>> = found.iter().filter(|found| found.known() == most).collect();
        let missing = |place: usize| {
            nearest
                .iter()
                .any(|found| matches!(found.places.get(place), Some(None)))
        };
        let slips = (0..)
            .zip(typed)
            .filter(|(place, _)| missing(*place))
            .map(|(place, typed)| Slip {
                place: place.saturating_add(1),
                typed: typed.clone(),
                may_be: may_be(place, typed, &nearest),
            });
        Self(slips.collect())
    }
}

/// What a word may have been: first what makes all the words right, then what looks like it.
fn may_be(place: usize, typed: &str, nearest: &[&Found<'_>]) -> Vec<&'static str> {
    let mut named: Vec<(Reverse<bool>, usize, &'static str)> = Vec::new();
    for found in nearest {
        if !matches!(found.places.get(place), Some(None)) {
            continue;
        }
        let words = found.list.language().word_list();
        for ((index, word), bare) in (0..).zip(words).zip(found.list.bare()) {
            let fits = fits(found, place, index);
            let like = found.list.is_alphabetic().then(|| distance(typed, bare));
            let like = like
                .flatten()
                .filter(|distance| *distance < typed.chars().count());
            if fits || like.is_some() {
                named.push((Reverse(fits), like.unwrap_or(usize::MAX), word));
            }
        }
    }
    named.sort();
    let mut words: Vec<&'static str> = named.iter().map(|(.., word)| *word).collect();
    words.dedup();
    words.truncate(MOST_NAMED);
    words
}

/// Whether all the words are right with this one in the one place that is open.
fn fits(found: &Found<'_>, place: usize, index: u16) -> bool {
    if found.places.len() != WORDS || found.known().saturating_add(1) != WORDS {
        return false;
    }
    let mut places: Vec<u16> = found
        .places
        .iter()
        .map(|place| place.unwrap_or(0))
        .collect();
    if let Some(open) = places.get_mut(place) {
        *open = index;
    }
    right(found.list.language(), &places).is_some()
}

/// How many letters are wrong, missing, too many, or exchanged with the next one; nothing when
/// these are too many.
fn distance(typed: &str, word: &str) -> Option<usize> {
    let typed: Vec<char> = typed.chars().collect();
    let word: Vec<char> = word.chars().collect();
    if typed.len() > MOST_LETTERS || typed.len().abs_diff(word.len()) > MOST_SLIPS {
        return None;
    }
    // Row by row: each cell is the distance of the beginnings that end there.
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (index, letter) in typed.iter().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        for (column, other) in word.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
            let replaced = at(&row, column).saturating_add(usize::from(letter != other));
            let dropped = at(&row, column.saturating_add(1)).saturating_add(1);
            let added = at(&next, column).saturating_add(1);
            let mut least = replaced.min(dropped).min(added);
            if let (Some(i), Some(j)) = (index.checked_sub(1), column.checked_sub(1))
                && typed.get(i) == Some(other)
                && word.get(j) == Some(letter)
            {
                least = least.min(at(&before, j).saturating_add(1));
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|count| *count <= MOST_SLIPS)
}

impl fmt::Display for Slips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, slip) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(". ")?;
            }
            let the = if number > 0 { "The" } else { "the" };
            write!(
                f,
                "{the} word in place {}, \"{}\", is in no list",
                slip.place,
                shown(&slip.typed)
            )?;
            for (number, word) in slip.may_be.iter().enumerate() {
                f.write_str(match number {
                    0 => "; it may have been ",
                    _ => " or ",
                })?;
                f.write_str(word)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Slips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slips(..)")
    }
}
