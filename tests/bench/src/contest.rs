//! Several ways to do the same, by turns.

use std::error::Error;

use crate::{Often, say};

/// The figures of all runs of one way: one list for each column.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    pub(crate) name: String,
    columns: Vec<Vec<f64>>,
}

/// The least, the middle and the most of some figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) middle: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// That of these figures; nothing of none.
    pub(crate) fn of(figures: &[f64]) -> Option<Self> {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let upper = *sorted.get(half)?;
        let middle = match sorted.len() % 2 {
            1 => upper,
            _ => f64::midpoint(*sorted.get(half.checked_sub(1)?)?, upper),
        };
        Some(Self {
            least: *sorted.first()?,
            middle,
            most: *sorted.last()?,
        })
    }
}

impl Runs {
    /// All figures of a column.
    pub(crate) fn figures(&self, column: usize) -> &[f64] {
        self.columns.get(column).map_or(&[], Vec::as_slice)
    }

    /// The middle of a column.
    pub(crate) fn middle(&self, column: usize) -> f64 {
        Spread::of(self.figures(column)).map_or(f64::NAN, |spread| spread.middle)
    }
}

/// Runs every way once a round, there and in the next round back again: what comes first in each would
/// have the better of it, or the worse.
///
/// `run` gives one figure for each column.
pub(crate) fn hold<Way>(
    often: &Often,
    ways: &[(String, Way)],
    mut run: impl FnMut(&Way) -> Result<Vec<f64>, Box<dyn Error>>,
) -> Result<Vec<Runs>, Box<dyn Error>> {
    let mut all: Vec<(&Way, Runs)> = ways
        .iter()
        .filter(|(name, _)| name.contains(&often.only))
        .map(|(name, way)| {
            let columns = Vec::new();
            (
                way,
                Runs {
                    name: name.clone(),
                    columns,
                },
            )
        })
        .collect();
    for round in 0..often.rounds {
        let mut turns: Vec<_> = all.iter_mut().collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (way, runs) in turns {
            let figures = run(way).map_err(|error| format!("{}: {error}", runs.name))?;
            let written: Vec<String> = figures
                .iter()
                .map(|figure| format!("{figure:.2}"))
                .collect();
            say(&format!("   {}: {}", runs.name, written.join(", ")))?;
            runs.columns.resize(figures.len(), Vec::new());
            for (column, figure) in runs.columns.iter_mut().zip(figures) {
                column.push(figure);
            }
        }
    }
    Ok(all.into_iter().map(|(_, runs)| runs).collect())
}
