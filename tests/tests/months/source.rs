//! The sources.

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Writes every week, and comes back for the answers.
    Regular,
    /// Writes every second week, and comes back too.
    Rare,
    /// Leaves no way back.
    Once,
}

impl Source {
    pub(crate) const ALL: [Self; 3] = [Self::Regular, Self::Rare, Self::Once];

    /// The two who write in a week.
    pub(crate) const fn of_week(week: u32) -> [Self; 2] {
        if week.is_multiple_of(2) {
            [Self::Regular, Self::Rare]
        } else {
            [Self::Regular, Self::Once]
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Regular => "A clerk",
            Self::Rare => "A driver",
            Self::Once => "Somebody",
        }
    }

    /// The codename: entropy of 16 bytes 7f and 80, and the check word.
    pub(crate) const fn words(self) -> Option<&'static str> {
        match self {
            Self::Regular => Some(
                "legal winner thank year wave sausage worth useful legal winner thank yellow trim",
            ),
            Self::Rare => Some(
                "letter advice cage absurd amount doctor acoustic avoid letter advice cage above \
                 spin",
            ),
            Self::Once => None,
        }
    }
}
