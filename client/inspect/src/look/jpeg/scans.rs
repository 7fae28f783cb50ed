//! The frame of a JPEG and its scans: each adds something to the picture that was not there before.

use super::tables::Slot;

/// A bit of a coefficient that is not known yet.
const NOTHING: u8 = u8::MAX;

/// A component: how it is sampled, which steps it has, and how many of the lowest bits of each
/// coefficient are still missing.
struct Component {
    name: u8,
    across: u8,
    down: u8,
    steps: u8,
    missing: [u8; 64],
}

/// The picture as its head describes it.
pub(super) struct Frame {
    progressive: bool,
    across: u32,
    down: u32,
    components: Vec<Component>,
}

/// A scan that adds something.
pub(super) struct Scan {
    /// Its head, made anew.
    pub(super) head: Vec<u8>,
    /// What it needs.
    pub(super) slots: Vec<Slot>,
    /// So many units it has.
    pub(super) units: u32,
}

impl Frame {
    /// Takes a frame that browsers show (ITU-T T.81, B.2.2): baseline, extended or progressive.
    pub(super) fn of(marker: u8, body: &[u8]) -> Option<Self> {
        let ([depth, a, b, c, d, count], rest) = body.split_first_chunk::<6>()?;
        let (parts, behind) = rest.as_chunks::<3>();
        let across = u32::from(u16::from_be_bytes([*c, *d]));
        let down = u32::from(u16::from_be_bytes([*a, *b]));
        let whole = parts.len() == usize::from(*count) && behind.is_empty();
        let deep = *depth == 8 || (marker == 0xc1 && *depth == 12);
        if !whole || !deep || across == 0 || down == 0 || !named(parts) {
            return None;
        }
        let components = parts.iter().map(|[name, samples, steps]| {
            let (across, down) = (samples.wrapping_shr(4), samples & 15);
            let fits = (1..=4).contains(&across) && (1..=4).contains(&down) && *steps <= 3;
            fits.then_some(Component {
                name: *name,
                across,
                down,
                steps: *steps,
                missing: [NOTHING; 64],
            })
        });
        Some(Self {
            progressive: marker == 0xc2,
            across,
            down,
            components: components.collect::<Option<_>>()?,
        })
    }

    /// Takes the head of a scan (B.2.3), if it adds to the picture what it does not have.
    pub(super) fn scan(&mut self, body: &[u8]) -> Option<Scan> {
        let (count, rest) = body.split_first()?;
        let (chosen, rest) = rest.split_at_checked(usize::from(*count).checked_mul(2)?)?;
        let (chosen, _) = chosen.as_chunks::<2>();
        let [first, last, bits] = *rest.first_chunk::<3>().filter(|_| rest.len() == 3)?;
        let (high, low) = (bits.wrapping_shr(4), bits & 15);
        let (first, last, high, low) = if self.progressive {
            (first, last, high, low)
        } else {
            (0, 63, 0, 0)
        };
        let range = if first == 0 {
            last == 0 || !self.progressive
        } else {
            last <= 63 && first <= last && *count == 1
        };
        if !range || low > 13 || chosen.is_empty() {
            return None;
        }
        let mut head = vec![*count];
        let mut slots = Vec::new();
        let mut at = 0_usize;
        for [name, tables] in chosen {
            let (differences, details) = (tables.wrapping_shr(4), tables & 15);
            let rest = self.components.get_mut(at..)?;
            let place = rest.iter().position(|one| one.name == *name)?;
            at = at.checked_add(place)?.checked_add(1)?;
            let component = rest.get_mut(place)?;
            component.add(first, last, high, low)?;
            slots.push(Slot::Steps(component.steps));
            let has_differences = first == 0 && high == 0;
            let has_details = last > 0;
            if has_differences {
                slots.push(Slot::Differences(differences));
            }
            if has_details {
                slots.push(Slot::Details(details));
            }
            let named = if has_differences { differences } else { 0 };
            head.push(*name);
            head.push(named.wrapping_shl(4) | if has_details { details } else { 0 });
        }
        head.extend([first, last, high.wrapping_shl(4) | low]);
        let units = self.units(chosen)?;
        Some(Scan { head, slots, units })
    }

    /// Whether all of the picture is there, as far as it can be shown.
    pub(super) fn is_whole(&self) -> bool {
        let mut all = self.components.iter();
        all.all(|component| component.missing.first() != Some(&NOTHING))
    }

    /// How many units a scan of these components has (A.2).
    fn units(&self, chosen: &[[u8; 2]]) -> Option<u32> {
        let most = |of: fn(&Component) -> u8| self.components.iter().map(of).max().map(u32::from);
        let (wide, high) = (most(|one| one.across)?, most(|one| one.down)?);
        let count = |all: u32, own: u32, most: u32| {
            let samples = all.checked_mul(own)?.div_ceil(most);
            Some(samples.div_ceil(8))
        };
        let (across, down) = match chosen {
            [[name, _]] => {
                let one = self.components.iter().find(|one| one.name == *name)?;
                (
                    count(self.across, u32::from(one.across), wide)?,
                    count(self.down, u32::from(one.down), high)?,
                )
            }
            _ => (
                self.across.div_ceil(wide.checked_mul(8)?),
                self.down.div_ceil(high.checked_mul(8)?),
            ),
        };
        across.checked_mul(down)
    }
}

impl Component {
    /// Notes that these coefficients are known up to so many bits now, which were so many before.
    fn add(&mut self, first: u8, last: u8, before: u8, now: u8) -> Option<()> {
        // Details come after the brightness that they are of.
        if first > 0 && self.missing.first() == Some(&NOTHING) {
            return None;
        }
        let range = usize::from(first)..=usize::from(last);
        for missing in self.missing.get_mut(range)? {
            let refines = before > 0 && *missing == before && before == now.saturating_add(1);
            let begins = before == 0 && *missing == NOTHING;
            if !refines && !begins {
                return None;
            }
            *missing = now;
        }
        Some(())
    }
}

/// Whether the components have names that readers know: numbers from zero or one, or colours.
fn named(parts: &[[u8; 3]]) -> bool {
    let names: Vec<u8> = parts.iter().map(|[name, ..]| *name).collect();
    let known: [&[u8]; 4] = [&[0, 1, 2, 3], &[1, 2, 3, 4], b"RGB", b"CMYK"];
    !names.is_empty() && known.iter().any(|known| known.starts_with(&names))
}
