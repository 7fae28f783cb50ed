//! What people call the drops: as many digits of their names as tell them apart.

use core::ops::Bound;

use knothole_envelope::DropId;

use super::State;

impl State {
    /// The shortest name by which people can tell this drop from all others.
    #[must_use]
    pub fn short(&self, id: &DropId) -> String {
        let full = id.to_string();
        // In their order, the most alike are neighbours.
        let before = self.drops.range(..*id).next_back();
        let after = self.drops.range((Bound::Excluded(*id), Bound::Unbounded));
        let alike = before
            .into_iter()
            .chain(after.take(1))
            .map(|(other, _)| shared(&full, &other.to_string()))
            .max()
            .unwrap_or(0);
        let digits = [8, 16, 32].into_iter().find(|digits| *digits > alike);
        let digits = digits.unwrap_or(64);
        full.get(..digits).unwrap_or(&full).to_owned()
    }

    /// The drops whose names begin so; a person means one of them.
    #[must_use]
    pub fn named(&self, beginning: &str) -> Vec<DropId> {
        let beginning = beginning.to_ascii_lowercase();
        self.drops
            .keys()
            .filter(|id| !beginning.is_empty() && id.to_string().starts_with(&beginning))
            .copied()
            .collect()
    }
}

/// How many digits two names begin with alike.
fn shared(one: &str, other: &str) -> usize {
    one.bytes()
        .zip(other.bytes())
        .take_while(|(one, other)| one == other)
        .count()
}
