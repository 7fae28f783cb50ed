//! The small parts of a PNG that say how it is drawn: numbers within their bounds (PNG, third
//! edition, 11).

use crate::look::jpeg::sides;

/// How a picture is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) across: u32,
    pub(super) down: u32,
    pub(super) depth: u8,
    pub(super) colours: u8,
    pub(super) interlaced: u8,
}

impl Head {
    /// Takes the first chunk.
    pub(super) fn of(body: &[u8; 13]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, depth, colours, 0, 0, interlaced] = *body else {
            return None;
        };
        let depths: &[u8] = match colours {
            0 => &[1, 2, 4, 8, 16],
            3 => &[1, 2, 4, 8],
            2 | 4 | 6 => &[8, 16],
            _ => return None,
        };
        let head = Self {
            across: u32::from_be_bytes([a, b, c, d]),
            down: u32::from_be_bytes([e, f, g, h]),
            depth,
            colours,
            interlaced,
        };
        let sides = head.across > 0 && head.down > 0;
        (depths.contains(&depth) && interlaced <= 1 && sides).then_some(head)
    }

    /// How many colours a palette may have.
    fn most_colours(self) -> usize {
        1_usize.wrapping_shl(u32::from(self.depth.min(8)))
    }

    /// A chunk that stays, as it stays; nothing when it says nothing that can be. The palette has so
    /// many colours.
    pub(super) fn kept(self, name: [u8; 4], body: &[u8], palette: usize) -> Option<Vec<u8>> {
        let numbers = || {
            let (numbers, rest) = body.as_chunks::<4>();
            rest.is_empty()
                .then(|| numbers.iter().map(|it| u32::from_be_bytes(*it)))
        };
        let fits = match (&name, self.colours) {
            (b"PLTE", 3) => {
                let count = body.len().checked_div(3)?;
                body.len().is_multiple_of(3) && (1..=self.most_colours()).contains(&count)
            }
            (b"tRNS", 0) => body.len() == 2,
            (b"tRNS", 2) => body.len() == 6,
            (b"tRNS", 3) => (1..=palette).contains(&body.len()),
            (b"gAMA", _) => {
                body.len() == 4 && numbers()?.all(|gamma| (1_000..=1_000_000).contains(&gamma))
            }
            (b"cHRM", _) => body.len() == 32 && numbers()?.all(|place| place <= 100_000),
            (b"sRGB", _) => body.len() == 1 && body.first()? <= &3,
            (b"cICP", _) => {
                matches!(body, [primaries, transfer, 0, range]
                    if *primaries <= 22 && *transfer <= 18 && *range <= 1)
            }
            (b"pHYs", _) => {
                let [a, b] = [body.get(..4)?, body.get(4..8)?].map(|side| {
                    let side = side.first_chunk().copied();
                    side.map_or(0, u32::from_be_bytes)
                });
                // Points that are not square are part of how the picture looks.
                let sides = sides(a, b);
                let [a, b] = sides.map(u32::to_be_bytes);
                let oblong = body.len() == 9 && sides != [1, 1];
                return oblong.then(|| [a.as_slice(), &b, &[0]].concat());
            }
            _ => false,
        };
        fits.then(|| body.to_vec())
    }
}
