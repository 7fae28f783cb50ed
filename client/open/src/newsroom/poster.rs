//! What a newsroom prints: its address, its fingerprint, and a code for telephones.

use core::fmt;
use core::fmt::Write as _;

use knothole_envelope::DropAddress;
use qrcode::{Color, EcLevel, QrCode};

/// The code could not be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PosterError;

impl fmt::Display for PosterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the QR code could not be drawn: write the poster as text, to a name in .txt")
    }
}

impl core::error::Error for PosterError {}

/// A code needs a border of so many modules to be read.
const BORDER: usize = 4;
/// The side of a module, in the units of the page.
const MODULE: usize = 8;
/// A page of A4 in tenths of a millimetre.
const WIDTH: usize = 2100;
/// The code takes so much of it.
const CODE: usize = 1200;
/// The whole address has 124 letters: four rows of them.
const ROW: usize = 31;
const HEADING: usize = 64;
const LETTERS: usize = 76;

/// The poster as text.
#[must_use]
pub fn text(address: &DropAddress) -> String {
    format!(
        "Drop-box: {}\n\nFingerprint of the newsroom:\n{}\n\nBoth in one, for knothole-send:\n{}\n",
        address.onion(),
        address.fingerprint().grouped(),
        address
    )
}

/// The poster as a page of A4 in SVG.
///
/// # Errors
/// [`PosterError`].
pub fn page(address: &DropAddress) -> Result<String, PosterError> {
    let code = QrCode::with_error_correction_level(address.to_string(), EcLevel::Q)
        .map_err(|_| PosterError)?;
    let side = code.width();
    let modules = side.saturating_add(BORDER.saturating_mul(2));
    let scale = CODE.checked_div(modules).unwrap_or(MODULE).max(1);
    let size = modules.saturating_mul(scale);
    let left = WIDTH.saturating_sub(size) / 2;
    let mut path = String::new();
    for (row, line) in code.to_colors().chunks(side.max(1)).enumerate() {
        for (column, color) in line.iter().enumerate() {
            if *color == Color::Dark {
                let x = column.saturating_add(BORDER).saturating_mul(scale);
                let y = row.saturating_add(BORDER).saturating_mul(scale);
                write!(path, "M{x} {y}h{scale}v{scale}h-{scale}z").map_err(|_| PosterError)?;
            }
        }
    }
    let mut lines = String::new();
    let mut y = 100_usize;
    for (face, height, words) in words(address) {
        // A heading stands closer to what it heads than to what is above it.
        let before: usize = if face == SANS { 70 } else { 30 };
        y = y.saturating_add(height).saturating_add(before);
        write!(
            lines,
            "<text x=\"1050\" y=\"{y}\" font-family=\"{face}\" font-size=\"{height}\" \
             text-anchor=\"middle\">{words}</text>"
        )
        .map_err(|_| PosterError)?;
    }
    y = y.saturating_add(60);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" height=\"297mm\" \
         viewBox=\"0 0 2100 2970\"><title>{address}</title>\
         <rect width=\"2100\" height=\"2970\" fill=\"#fff\"/>{lines}\
         <path transform=\"translate({left} {y})\" fill=\"#000\" d=\"{path}\"/></svg>\n"
    ))
}

const SANS: &str = "sans-serif";
const MONO: &str = "monospace";

/// The lines of the page: their face, their height, and what they say.
fn words(address: &DropAddress) -> Vec<(&'static str, usize, String)> {
    let heading = |words: &str| (SANS, HEADING, words.to_owned());
    let grouped = address.fingerprint().grouped();
    let groups: Vec<&str> = grouped.split(' ').collect();
    let whole = rows(address);
    let count = whole.len();
    let mut words = vec![
        heading("Drop-box, for Tor Browser:"),
        (MONO, 50, address.onion().to_string()),
        heading("Fingerprint of the newsroom:"),
    ];
    words.extend(
        groups
            .chunks(7)
            .map(|groups| (MONO, LETTERS, groups.join(" "))),
    );
    words.push(heading("Both in one, for knothole-send."));
    words.push((
        SANS,
        HEADING,
        format!("Type the {count} rows as one line, without blanks:"),
    ));
    words.extend(whole.into_iter().map(|row| (MONO, LETTERS, row)));
    words
}

/// The whole address in rows that fit the page. Joined without blanks they are the address again.
fn rows(address: &DropAddress) -> Vec<String> {
    let letters: Vec<char> = address.to_string().chars().collect();
    letters.chunks(ROW).map(String::from_iter).collect()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests {
    use knothole_envelope::{Fingerprint, OnionAddress};

    use super::*;

    fn address() -> DropAddress {
        let onion = OnionAddress::from_identity(&[7; 32]);
        DropAddress::new(onion, Fingerprint::from_bytes([9; 32]))
    }

    #[test]
    fn a_poster_shows_address_fingerprint_and_a_code() {
        let page = page(&address()).unwrap();
        assert!(page.contains(&address().onion().to_string()));
        for group in address().fingerprint().grouped().split(' ') {
            assert!(page.contains(group));
        }
        assert!(page.matches("h1").count() + page.matches("h2").count() > 500);
        assert!(!page.contains("href") && !page.contains("script"));
    }

    /// What a person reads on the page, line by line.
    fn read(page: &str) -> Vec<&str> {
        let texts = page.split("<text ").skip(1);
        let read = texts.map(|text| text.split_once('>').unwrap().1);
        read.map(|text| text.split_once("</text>").unwrap().0)
            .collect()
    }

    #[test]
    fn the_rows_that_a_person_reads_on_the_page_are_the_whole_address() {
        let page = page(&address()).unwrap();
        let lines = read(&page);
        let first = lines.iter().position(|line| line.starts_with("knothole:"));
        let rows = &lines[first.unwrap()..];
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| row.len() <= ROW));
        assert_eq!(rows.concat().parse::<DropAddress>(), Ok(address()));
    }

    #[test]
    fn nothing_on_the_page_lies_outside_of_it() {
        let page = page(&address()).unwrap();
        let code = page.split("translate(").nth(1).unwrap();
        let (left, rest) = code.split_once(' ').unwrap();
        let top: usize = rest.split_once(')').unwrap().0.parse().unwrap();
        assert!(left.parse::<usize>().unwrap() >= (WIDTH - CODE) / 2);
        assert!(top + CODE <= 2970);
        // A letter of such a face is not wider than six tenths of its height.
        for (face, height, words) in words(&address()) {
            let tenths = if face == MONO { 6 } else { 5 };
            assert!(words.len() * height * tenths / 10 < WIDTH - 200, "{words}");
        }
    }

    #[test]
    fn a_poster_as_text_holds_an_address_that_can_be_read_again() {
        let text = text(&address());
        let line = text.lines().find(|line| line.starts_with("knothole:"));
        assert_eq!(line.unwrap().parse::<DropAddress>(), Ok(address()));
        assert!(text.contains(&address().fingerprint().grouped()));
    }
}
