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
    let scale = 1400_usize.checked_div(modules).unwrap_or(MODULE).max(1);
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
    let words = [
        (
            70,
            "Drop-box (with Tor Browser, or with knothole-send):".to_owned(),
        ),
        (52, address.onion().to_string()),
        (70, "Fingerprint of the newsroom:".to_owned()),
    ];
    let grouped = address.fingerprint().grouped();
    let groups: Vec<&str> = grouped.split(' ').collect();
    let rows = groups.chunks(7).map(|groups| (70, groups.join(" ")));
    let mut y = 240_usize;
    for (height, words) in words.into_iter().chain(rows) {
        let face = if words.contains(' ') && words.ends_with(':') {
            "sans-serif"
        } else {
            "monospace"
        };
        write!(
            lines,
            "<text x=\"1050\" y=\"{y}\" font-family=\"{face}\" font-size=\"{height}\" \
             text-anchor=\"middle\">{words}</text>"
        )
        .map_err(|_| PosterError)?;
        y = y.saturating_add(130);
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"210mm\" height=\"297mm\" \
         viewBox=\"0 0 2100 2970\"><title>{address}</title>\
         <rect width=\"2100\" height=\"2970\" fill=\"#fff\"/>{lines}\
         <path transform=\"translate({left} {y})\" fill=\"#000\" d=\"{path}\"/></svg>\n"
    ))
}

#[cfg(test)]
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

    #[test]
    fn a_poster_as_text_holds_an_address_that_can_be_read_again() {
        let text = text(&address());
        let line = text.lines().find(|line| line.starts_with("knothole:"));
        assert_eq!(line.unwrap().parse::<DropAddress>(), Ok(address()));
        assert!(text.contains(&address().fingerprint().grouped()));
    }
}
