// SPDX-License-Identifier: Apache-2.0
//! Stages of a run: each says its name, how long it took and how it ended, and the table at the end repeats it.
//!
//! A stage that did not run is never shown as passed: it has its own word and its reason.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Why a stage is not ok.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It could not be tried here; the reason.
    NotRun(String),
    /// It was tried and something is wrong; what.
    Failed(String),
}

/// How a stage ended.
pub(crate) type Outcome = Result<(), Obstacle>;

impl Obstacle {
    /// The same as one line for the terminal, of a subcommand.
    pub(crate) fn of(self, subcommand: &str) -> String {
        match self {
            Self::NotRun(reason) => format!("{subcommand}: not run: {reason}"),
            Self::Failed(reason) => format!("{subcommand}: failed: {reason}"),
        }
    }
}

impl From<String> for Obstacle {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// Everything that ran, in order.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    outcome: Outcome,
    duration: Duration,
}

impl Report {
    /// Runs one stage, and says so before and after.
    pub(crate) fn stage(&mut self, name: &'static str, body: impl FnOnce() -> Outcome) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = body();
        let line = Line { name, outcome, duration: start.elapsed() };
        println!("== {name}: {}, {}", line.verdict(), line.time());
        self.lines.push(line);
    }

    /// The table of all stages.
    pub(crate) fn table(&self) -> String {
        let width = self.lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for line in &self.lines {
            let _ = writeln!(text, "  {:width$}  {:>8}  {}", line.name, line.time(), line.verdict());
        }
        text
    }

    /// How many stages passed, failed and did not run.
    fn counts(&self) -> (usize, usize, usize) {
        let failed =
            self.lines.iter().filter(|line| matches!(line.outcome, Err(Obstacle::Failed(_)))).count();
        let not_run =
            self.lines.iter().filter(|line| matches!(line.outcome, Err(Obstacle::NotRun(_)))).count();
        (self.lines.len() - failed - not_run, failed, not_run)
    }

    /// Prints table and count; an error when a stage failed.
    pub(crate) fn finish(&self) -> Result<(), String> {
        let (passed, failed, not_run) = self.counts();
        println!("\n{}\nstages: {passed} passed, {failed} failed, {not_run} skipped", self.table());
        if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} stages failed", self.lines.len())) }
    }
}

impl Line {
    fn verdict(&self) -> String {
        match &self.outcome {
            Ok(()) => "ok".into(),
            Err(Obstacle::NotRun(reason)) => format!("not run: {reason}"),
            Err(Obstacle::Failed(reason)) => format!("FAILED: {reason}"),
        }
    }

    fn time(&self) -> String {
        format!("{:.1} s", self.duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_did_not_run_is_neither_passed_nor_failed() {
        let mut report = Report::default();
        report.stage("format", || Ok(()));
        report.stage("firmware", || Err(Obstacle::NotRun("no Zephyr tree".into())));
        assert_eq!(report.counts(), (1, 0, 1));
        assert!(report.table().contains("not run: no Zephyr tree"), "{}", report.table());
        assert_eq!(report.finish(), Ok(()));
    }

    #[test]
    fn one_failure_fails_the_run() {
        let mut report = Report::default();
        report.stage("tests", || Err(Obstacle::Failed("cargo test: exit status: 101".into())));
        report.stage("docs", || Ok(()));
        assert_eq!(report.finish(), Err("1 of 2 stages failed".into()));
    }
}
