//! How far something has come: a bar, a line now and then, or events.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::{Style, Voice, size, span, time_for};

/// Plain lines tell the progress once for so many percent.
const PLAIN_STEP: u64 = 5;

/// Shows how far something has come.
#[derive(Debug)]
pub(crate) struct Progress<'v> {
    voice: &'v Voice,
    what: &'static str,
    total: u64,
    bar: Option<ProgressBar>,
    last_step: Option<u64>,
}

impl<'v> Progress<'v> {
    pub(super) fn begin(voice: &'v Voice, what: &'static str, total: u64) -> Self {
        let bar = (voice.style == Style::People && voice.terminal).then(|| bar(what, total));
        Self {
            voice,
            what,
            total,
            bar,
            last_step: None,
        }
    }

    /// Shows that `done` bytes are through, at `rate` bytes a second.
    pub(crate) fn show(&mut self, done: u64, rate: Option<u64>) {
        let left = self.total.checked_sub(done).filter(|left| *left > 0);
        let left = left.zip(rate).and_then(|(left, rate)| time_for(left, rate));
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(format!(
                "{} of {}{}",
                size(done),
                size(self.total),
                tail(rate, left)
            ));
            return;
        }
        match self.voice.style {
            Style::People => self.show_plainly(done, rate, left),
            Style::Events => self.voice.event(&json!({
                "event": "progress",
                "what": self.what,
                "done": done,
                "total": self.total,
                "rate": rate,
                "seconds_left": left.map(|left| left.as_secs()),
            })),
            Style::Quiet => {}
        }
    }

    /// Tells a sentence without tearing the bar.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.voice.say(text)),
            None => self.voice.say(text),
        }
    }

    fn show_plainly(&mut self, done: u64, rate: Option<u64>, left: Option<Duration>) {
        let percent = percent(done, self.total);
        let step = percent.checked_div(PLAIN_STEP).unwrap_or(0);
        if self.last_step.replace(step) == Some(step) {
            return;
        }
        self.voice.say(&format!(
            "{} {percent} %: {} of {}{}",
            self.what,
            size(done),
            size(self.total),
            tail(rate, left)
        ));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {prefix} {percent} % {wide_bar} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_prefix(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn tail(rate: Option<u64>, left: Option<Duration>) -> String {
    match (rate, left) {
        (Some(rate), Some(left)) => format!(", {}/s, about {} left", size(rate), span(left)),
        (Some(rate), None) => format!(", {}/s", size(rate)),
        _ => String::new(),
    }
}

fn percent(done: u64, total: u64) -> u64 {
    done.saturating_mul(100).checked_div(total).unwrap_or(100)
}
