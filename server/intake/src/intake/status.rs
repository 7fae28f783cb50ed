//! What the administrator may know about a store.

/// Figures about the store: counts only, no names, sizes or times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
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
