//! What is printed of what others have written: somebody who has taken over the server writes into its
//! data folder and answers at its socket, and an administrator's terminal obeys what stands in a text.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// The same text with a mark in place of everything that a terminal would obey. In JSON it means the
/// same.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() && letter != '\n' {
            plain.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// Writes a value, if there is one, as a person reads it.
pub(crate) fn serialize<T: Display, S: Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => to.serialize_some(&value.to_string()),
        None => to.serialize_none(),
    }
}

/// Reads such a text back into a value: nothing else than a value of this type comes of it.
pub(crate) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let value = text.map(|text| text.parse());
    value
        .transpose()
        .map_err(|_| D::Error::custom("a text is not what it should be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left_in_a_text() {
        assert_eq!(plain("two\nlines, ö"), "two\nlines, ö");
        let clipboard = "\u{1b}]52;c;aGk=\u{7}\r\u{8}\t\u{7f}\u{9b}2J";
        let said = plain(clipboard);
        assert_eq!(
            said,
            r"\u001b]52;c;aGk=\u0007\u000d\u0008\u0009\u007f\u009b2J"
        );
        // Some of these JSON leaves as they are.
        let json = serde_json::to_string(clipboard).unwrap();
        let back: String = serde_json::from_str(&plain(&json)).unwrap();
        assert_eq!(back, clipboard);
    }
}
