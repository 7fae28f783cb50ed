//! What a file says about whoever made it.

use std::fmt;

/// At most so many findings are told of one file.
pub const MOST_FINDINGS: usize = 64;
/// At most so many letters of the file's own words are told at once.
pub const MOST_WORDS: usize = 160;

/// Something that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub what: What,
    /// In the file's own words, or none where they are not words.
    pub words: Words,
}

impl Finding {
    /// This, in these words.
    #[must_use]
    pub fn new(what: What, words: &str) -> Self {
        Self {
            what,
            words: Words::new(words),
        }
    }
}

/// A file's own words, made fit to be shown: short, on one line, without what moves a terminal's
/// cursor or turns its writing around.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// Makes any text fit to be shown.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut out = String::new();
        let mut room = MOST_WORDS;
        for letter in text
            .trim_matches(|letter: char| letter == '\0' || letter.is_whitespace())
            .chars()
        {
            let Some(left) = room.checked_sub(1) else {
                out.push('…');
                break;
            };
            room = left;
            out.push(if letter.is_whitespace() {
                ' '
            } else if !is_visible(letter) {
                '\u{fffd}'
            } else {
                letter
            });
        }
        Self(out)
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a letter is seen as itself and leaves the others where they are: no control, nothing
/// that turns the writing around, hides, or is not assigned.
fn is_visible(letter: char) -> bool {
    if matches!(letter, '\'' | '"' | '\\') {
        return true;
    }
    // Blanks that are letters, and what only changes the letter before.
    if matches!(letter,
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{effff}')
    {
        return false;
    }
    // The standard library knows, in the middle of a word.
    let mut pair = String::from("x");
    pair.push(letter);
    pair.escape_debug().nth(1) == Some(letter)
}

/// Makes an enum whose cases have a number on the pipe and a phrase for people.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $number:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$case_doc])* $case,)* }

        impl $name {
            /// Every case.
            pub const ALL: &'static [Self] = &[$(Self::$case,)*];

            /// Its number on the pipe.
            #[must_use]
            pub fn number(self) -> u8 {
                match self { $(Self::$case => $number,)* }
            }

            /// The case of this number.
            #[must_use]
            pub fn of_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$case),)* _ => None }
            }

            /// How people say it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$case => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use numbered;

numbered! {
    /// What a finding is about.
    What {
        /// Where it was made.
        Place = 1, "where it was made";
        /// With which device.
        Device = 2, "with which device";
        /// A number that one device alone has.
        Serial = 3, "a number that only one device or program has";
        /// Who made it.
        Person = 4, "who made it";
        /// When.
        Time = 5, "when";
        /// With which program.
        Software = 6, "with which program";
        /// A smaller picture of it, which may show what was cut away.
        Preview = 7, "a smaller picture of it, which can show what was cut away later";
        /// What was cut away, and is not shown.
        CutAway = 15, "parts of it that were cut away are still in it, also in a copy without the rest";
        /// What somebody wrote about it.
        Remark = 8, "what somebody wrote into it";
        /// What changed, and who changed it.
        History = 9, "what was changed in it, and by whom";
        /// Where it lay on a disk.
        Path = 10, "where it lay";
        /// A track of measurements beside picture and sound.
        Track = 11, "measurements recorded along with it (often every place it was carried to)";
        /// Bytes behind its end.
        Tail = 12, "bytes behind its end that no viewer shows";
        /// Something that only its maker can read.
        Sealed = 13, "notes that only the maker of the device or program can read";
        /// Words in the coded picture.
        Coded = 16, "what a camera or an encoder wrote into the picture itself, also in a copy without the rest";
        /// Other words about it.
        Other = 14, "other notes";
    }
}

numbered! {
    /// Why a look shows less than the whole.
    Limit {
        /// Nobody here knows this kind.
        Unknown = 1, "this program cannot tell what this file carries";
        /// It is an archive.
        Inside = 2, "the files inside were not looked at: this program cannot tell what they carry";
        /// It is encrypted.
        Encrypted = 3, "it is encrypted: this program cannot tell what it carries";
        /// It could not be followed to its end.
        Broken = 4, "it is not built as it should be: there may be more in it than is told here";
        /// It is larger than what is looked at.
        TooLarge = 5, "only a part of it was looked at: there may be more in it than is told here";
        /// Its contents are text.
        Text = 6, "what is written in it was not judged";
        /// Only the best-known places were looked at.
        Partly = 7, "only the usual places were looked at: there may be more in it than is told here";
        /// Picture or sound is coded in a way that has places for notes, or that is not known.
        Coding = 8, "its pictures or its sound are coded in a way that has room for notes in each of them, or that this program does not know: it cannot make a copy without";
        /// What would have to be put out lies in too many places.
        Scattered = 9, "what is neither picture nor sound lies in more places of it than this program can put out";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_file_cannot_move_the_cursor_or_fill_the_screen() {
        assert_eq!(
            Words::new("a\u{1b}[2J\nb\u{202e}c\0\0").as_str(),
            "a\u{fffd}[2J b\u{fffd}c"
        );
        for hidden in [
            '\u{200b}',
            '\u{2066}',
            '\u{feff}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{9b}',
        ] {
            assert_eq!(Words::new(&format!("a{hidden}b")).as_str(), "a\u{fffd}b");
        }
        let plain = "C:\\a \"b\" 'c' 录像 е\u{301} क्षेत्र";
        assert_eq!(Words::new(plain).as_str(), plain);
        assert_eq!(
            Words::new(&"x".repeat(10_000)).as_str().chars().count(),
            MOST_WORDS + 1
        );
    }

    #[test]
    fn every_number_leads_back_to_its_case() {
        for what in What::ALL {
            assert_eq!(What::of_number(what.number()), Some(*what));
        }
        for limit in Limit::ALL {
            assert_eq!(Limit::of_number(limit.number()), Some(*limit));
        }
        assert_eq!(What::of_number(0), None);
    }
}
