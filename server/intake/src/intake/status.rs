//! What the administrator may know about a store.

/// Figures about the store: counts only, no names, sizes or times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether the administrator has closed the drop-box to new drops.
    pub closed: bool,
    /// Whether the clock has jumped within the last day, so that it is not believed yet.
    pub clock_jumped: bool,
    /// Whether a newsroom's charter is held.
    pub charter_held: bool,
    /// Epoch sheets held: 0, 1 or 2.
    pub sheets: usize,
    /// Drops that the newsroom can see.
    pub visible: usize,
    /// Drops that wait for the end of the batch.
    pub waiting: usize,
    /// Unfinished uploads.
    pub unfinished: usize,
    /// Replies that wait for their sources, a courier's decoys among them.
    pub replies: usize,
    /// Drops in the store that do not verify. They are never served and never removed.
    pub damaged: usize,
    /// How full the store is, in hundredths, rounded down.
    pub percent_full: u8,
}
