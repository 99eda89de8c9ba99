// SPDX-License-Identifier: Apache-2.0
//! A progress bar on standard error, only when that is a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Cells of the bar.
const WIDTH: usize = 32;
/// Time after which the time left can be told [s].
const TELL_S: f64 = 2.0;
/// Time between two drawings.
const PERIOD: Duration = Duration::from_millis(80);

/// See the [module](self).
#[derive(Debug)]
pub struct Progress {
    label: String,
    total: f64,
    unit: &'static str,
    /// When something was first shown, and how far it was then.
    began: Option<(Instant, f64)>,
    drawn: Option<Instant>,
    visible: bool,
}

impl Progress {
    /// A bar that is full at `total`.
    #[must_use]
    pub fn new(label: &str, total: f64, unit: &'static str, quiet: bool) -> Self {
        let visible = !quiet && stderr().is_terminal();
        Self { label: label.to_owned(), total, unit, began: None, drawn: None, visible }
    }

    /// Shows how far it is.
    pub fn show(&mut self, done: f64) {
        if !self.visible || self.drawn.is_some_and(|drawn| drawn.elapsed() < PERIOD) {
            return;
        }
        let now = Instant::now();
        self.drawn = Some(now);
        let (began, first) = *self.began.get_or_insert((now, done));
        let left = left(now.duration_since(began).as_secs_f64(), done - first, self.total - done);
        let _ = write!(stderr(), "\r{}{left}\x1b[K", bar(&self.label, done, self.total, self.unit));
    }

    /// Takes the bar off the terminal.
    pub fn finish(&mut self) {
        if self.visible && self.drawn.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn bar(label: &str, done: f64, total: f64, unit: &str) -> String {
    let fraction = (done / total).clamp(0.0, 1.0);
    let full = (fraction * WIDTH as f64) as usize;
    let (full, empty) = ("=".repeat(full), " ".repeat(WIDTH - full));
    format!("{label} [{full}{empty}] {:3.0} %  {done:.1} of {total:.1} {unit}", fraction * 100.0)
}

/// How long it takes still, when that can be told.
fn left(elapsed_s: f64, done: f64, to_do: f64) -> String {
    if done <= 0.0 || elapsed_s < TELL_S {
        return String::new();
    }
    let left_s = elapsed_s / done * to_do.max(0.0);
    if left_s < 100.0 { format!(", {left_s:.0} s left") } else { format!(", {:.0} min left", left_s / 60.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_goes_by_what_was_done_here() {
        assert_eq!(left(10.0, 0.0, 5.0), "");
        assert_eq!(left(1.0, 2.0, 4.0), "");
        assert_eq!(left(10.0, 2.0, 4.0), ", 20 s left");
        assert_eq!(left(600.0, 1.0, 2.0), ", 20 min left");
        assert_eq!(left(600.0, 1.0, -2.0), ", 0 s left");
    }

    #[test]
    fn the_bar_keeps_its_width_at_both_ends() {
        assert_eq!(bar("run", 0.0, 6.0, "s").len(), bar("run", 6.0, 6.0, "s").len());
        assert!(bar("run", 9.0, 6.0, "s").contains(&"=".repeat(WIDTH)));
    }
}
