// SPDX-License-Identifier: Apache-2.0
//! A progress bar on standard error, only when that is a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Cells of the bar.
const WIDTH: usize = 32;
/// Time between two drawings.
const PERIOD: Duration = Duration::from_millis(80);

/// See the [module](self).
#[derive(Debug)]
pub struct Progress {
    label: String,
    total: f64,
    unit: &'static str,
    drawn: Option<Instant>,
    visible: bool,
}

impl Progress {
    /// A bar that is full at `total`.
    #[must_use]
    pub fn new(label: &str, total: f64, unit: &'static str, quiet: bool) -> Self {
        Self { label: label.to_owned(), total, unit, drawn: None, visible: !quiet && stderr().is_terminal() }
    }

    /// Shows how far it is.
    pub fn show(&mut self, done: f64) {
        if !self.visible || self.drawn.is_some_and(|drawn| drawn.elapsed() < PERIOD) {
            return;
        }
        self.drawn = Some(Instant::now());
        let _ = write!(stderr(), "\r{}", bar(&self.label, done, self.total, self.unit));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_keeps_its_width_at_both_ends() {
        assert_eq!(bar("run", 0.0, 6.0, "s").len(), bar("run", 6.0, 6.0, "s").len());
        assert!(bar("run", 9.0, 6.0, "s").contains(&"=".repeat(WIDTH)));
    }
}
