// SPDX-License-Identifier: Apache-2.0
//! The results of a campaign: a file with a line for the settings and one for each finished hour.
//!
//! # Limits and failure
//! A line is appended whole and synced before the next hour begins. A line that is cut off, because somebody pulled the plug, is no
//! result: its hour runs again, as does an hour that lacks a figure of the statements. Results of other settings are
//! refused, those of another commit do not count. Several processes may work on parts of one campaign in one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::hour::Hour;
use super::statements::STATEMENTS;
use super::table::Failure;
use super::{MINUTES_MAX, Settings};
use crate::input::{BadInput, Checked};
use crate::metrics::rounded;
use crate::outputs::check_folder;
use crate::scenario::TARGETS;

/// Name of the file.
const FILE: &str = "campaign.jsonl";
/// Decimals of the figures in it.
const DECIMALS: i32 = 6;

/// An hour's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number.
    pub hour: u32,
    /// Commit of the program that ran it.
    pub commit: String,
    /// The plant, as the corners name it.
    pub plant: String,
    /// The unit that drives.
    pub driver: String,
    /// When the drill began [s].
    pub drill_s: f64,
    /// Figures by key, in the unit of their statement, each with its instant [s].
    figures: BTreeMap<&'static str, (f64, Option<f64>)>,
}

impl Line {
    pub(super) fn of(hour: u32, done: &Hour, commit: &str) -> Self {
        let figures = STATEMENTS.iter().map(|statement| {
            let figure = (statement.of)(&done.seen);
            // JSON has no infinity; what is no number fails every bound as well.
            let value = if figure.value.is_finite() { rounded(figure.value, DECIMALS) } else { f64::MAX };
            (statement.key, (value, figure.at_s.map(|at_s| rounded(at_s, DECIMALS))))
        });
        let figures = figures.collect();
        let drill_s = rounded(done.drill_s, DECIMALS);
        let (commit, driver) = (commit.to_owned(), TARGETS[done.driver].to_owned());
        Self { hour, commit, plant: done.plant.clone(), driver, drill_s, figures }
    }

    /// The figure of a statement.
    #[must_use]
    pub fn value(&self, key: &str) -> f64 {
        self.figures.get(key).map_or(f64::NAN, |(value, _)| *value)
    }

    /// The statements that do not hold.
    #[must_use]
    pub fn failures(&self) -> Vec<Failure> {
        let fails = STATEMENTS.iter().filter(|statement| !statement.bound.holds(self.value(statement.key)));
        fails
            .map(|statement| Failure {
                hour: self.hour,
                statement,
                value: self.value(statement.key),
                at_s: self.figures.get(statement.key).and_then(|(_, at_s)| *at_s),
            })
            .collect()
    }

    fn to_json(&self) -> Value {
        let figure = |(key, (value, at_s)): (&&'static str, &(f64, Option<f64>))| {
            ((*key).to_owned(), at_s.map_or(json!(value), |at_s| json!([value, at_s])))
        };
        let figures: serde_json::Map<String, Value> = self.figures.iter().map(figure).collect();
        json!({
            "hour": self.hour,
            "commit": self.commit,
            "plant": self.plant,
            "driver": self.driver,
            "drill_s": self.drill_s,
            "figures": figures,
        })
    }

    /// The line of a text; `None` when it is cut off or lacks a figure.
    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let text_of = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
        let mut figures = BTreeMap::new();
        for statement in &STATEMENTS {
            let figure = value.get("figures")?.get(statement.key)?;
            let pair = match figure.as_array().map(Vec::as_slice) {
                Some([number, at_s]) => (number.as_f64()?, Some(at_s.as_f64()?)),
                _ => (figure.as_f64()?, None),
            };
            figures.insert(statement.key, pair);
        }
        Some(Self {
            hour: u32::try_from(value.get("hour")?.as_u64()?).ok()?,
            commit: text_of("commit")?,
            plant: text_of("plant")?,
            driver: text_of("driver")?,
            drill_s: value.get("drill_s")?.as_f64()?,
            figures,
        })
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    settings: Settings,
    commit: String,
}

impl Store {
    /// The results of these settings in a folder, which may be new.
    ///
    /// # Errors
    /// There are results of other settings, or something else, or nothing can be written.
    pub fn open(folder: &Path, settings: Settings, commit: Option<String>) -> Checked<Self> {
        check_folder(folder, "--out")?;
        let commit = commit.unwrap_or_else(|| "unknown".to_owned());
        let store = Self { folder: folder.to_path_buf(), settings, commit };
        match store.read()? {
            None => store.begin()?,
            Some(text) => store.check(&text)?,
        }
        Ok(store)
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Commit of this program.
    pub(super) fn commit(&self) -> &str {
        &self.commit
    }

    /// The hours that this program has finished, in their order.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lines(&self) -> Checked<Vec<Line>> {
        let by_hour = self.of_commit(|commit| commit == self.commit)?;
        Ok(by_hour.into_values().collect())
    }

    /// Says which hours have results of another commit alone, which do not count; `None` when there are none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn strangers(&self) -> Checked<Option<String>> {
        let mut strangers = self.of_commit(|commit| commit != self.commit)?;
        for line in self.lines()? {
            strangers.remove(&line.hour);
        }
        let commits: BTreeSet<&str> = strangers.values().map(|line| line.commit.as_str()).collect();
        let commits: Vec<&str> = commits.into_iter().collect();
        let (count, commits, mine) = (strangers.len(), commits.join(", "), &self.commit);
        let text = || format!("hours of commit {commits}, which do not count: {count}; this is {mine}");
        Ok((count > 0).then(text))
    }

    /// The finished hours of some commits, by number; of two lines of an hour the later one.
    fn of_commit(&self, is_wanted: impl Fn(&str) -> bool) -> Checked<BTreeMap<u32, Line>> {
        let text = self.read()?.unwrap_or_default();
        let lines = text.lines().skip(1).filter_map(Line::parse);
        let lines = lines.filter(|line| line.hour < self.settings.hours && is_wanted(&line.commit));
        Ok(lines.map(|line| (line.hour, line)).collect())
    }

    /// Adds a finished hour.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn append(&self, line: &Line) -> Checked<()> {
        append_line(&self.file(), &line.to_json().to_string()).map_err(|error| self.unusable(&error))
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn read(&self) -> Checked<Option<String>> {
        match fs::read_to_string(self.file()) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unusable(&error)),
        }
    }

    fn head(&self) -> Value {
        let Settings { seed, hours, minutes } = self.settings;
        json!({ "campaign": { "seed": seed, "hours": hours, "minutes": minutes } })
    }

    fn begin(&self) -> Checked<()> {
        fs::create_dir_all(&self.folder)
            .and_then(|()| append_line(&self.file(), &self.head().to_string()))
            .map_err(|error| self.unusable(&error))
    }

    fn check(&self, text: &str) -> Checked<()> {
        let head: Option<Value> = text.lines().next().and_then(|line| serde_json::from_str(line).ok());
        if head.as_ref() == Some(&self.head()) {
            return Ok(());
        }
        let number = |key: &str| head.as_ref()?.get("campaign")?.get(key)?.as_u64();
        let (problem, allowed) = match (number("seed"), number("hours"), number("minutes")) {
            (Some(seed), Some(hours), Some(minutes)) => (
                format!("its results are those of --seed {seed} --hours {hours} --minutes {minutes}"),
                "these settings, or another folder",
            ),
            _ => (format!("its {FILE} holds no results of a campaign"), "another folder"),
        };
        Err(BadInput::key("--out", "out", self.folder.display(), problem, allowed))
    }

    fn unusable(&self, error: &std::io::Error) -> BadInput {
        let problem = format!("{} cannot be used ({error})", self.file().display());
        BadInput::key("--out", "out", self.folder.display(), problem, "a folder that can be written")
    }
}

/// Appends a line with one write; what an earlier one left cut off is ended first.
fn append_line(file: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(file)?;
    let mut text = format!("{line}\n");
    if !ends_with_newline(&mut file)? {
        text.insert(0, '\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

fn ends_with_newline(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

const _: () = assert!(MINUTES_MAX == 60, "an hour of the table is an hour");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::Campaign;
    use crate::campaign::statements::{Figure, Seen};
    use crate::event_log::EventLog;

    const SETTINGS: Settings = Settings { seed: 2, hours: 3, minutes: 5 };

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("levitas-campaign-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn hour(number: u32, false_takeovers: f64) -> Line {
        let mut seen = Seen {
            drills: Figure::of(1.0),
            loss: Figure::of(0.01),
            bubble_periods: Figure::of(1.0),
            ..Seen::default()
        };
        seen.bus_load = Figure { value: 0.123_456_789_012, at_s: Some(12.0) };
        seen.false_takeovers = Figure { value: false_takeovers, at_s: Some(63.5) };
        let log = EventLog::default();
        Line::of(number, &Hour { plant: "nominal".to_owned(), driver: 1, drill_s: 70.1, seen, log }, "abc")
    }

    fn open(folder: &Path) -> Store {
        Store::open(folder, SETTINGS, Some("abc".to_owned())).unwrap()
    }

    #[test]
    fn a_line_that_is_cut_off_anywhere_is_no_hour_and_costs_no_other() {
        let folder = folder("torn");
        open(&folder).append(&hour(0, 0.0)).unwrap();
        let whole = fs::read(folder.join(FILE)).unwrap();
        let text = hour(1, 0.0).to_json().to_string();
        for length in (0..text.len()).step_by(7) {
            fs::write(folder.join(FILE), [&whole[..], &text.as_bytes()[..length]].concat()).unwrap();
            let store = open(&folder);
            assert_eq!(store.lines().unwrap(), [hour(0, 0.0)], "{length}");
            store.append(&hour(2, 0.0)).unwrap();
            assert_eq!(store.lines().unwrap(), [hour(0, 0.0), hour(2, 0.0)], "{length}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_hour_that_lacks_a_figure_is_to_run_again() {
        let folder = folder("lacks");
        let text = hour(1, 0.0).to_json().to_string().replace("\"drills\"", "\"drill\"");
        append_line(&{ open(&folder).file() }, &text).unwrap();
        assert!(open(&folder).lines().unwrap().is_empty());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_hour_of_another_commit_is_to_run_again_and_is_told() {
        let folder = folder("commit");
        let store = open(&folder);
        for number in 0..3 {
            store.append(&hour(number, 0.0)).unwrap();
        }
        assert_eq!(store.strangers().unwrap(), None);
        let changed = Store::open(&folder, SETTINGS, Some("abc-dirty".to_owned())).unwrap();
        assert!(changed.lines().unwrap().is_empty());
        let mine = Line { commit: "abc-dirty".to_owned(), ..hour(1, 0.0) };
        changed.append(&mine).unwrap();
        assert_eq!(changed.lines().unwrap(), [mine]);
        let told = changed.strangers().unwrap().unwrap();
        assert_eq!(told, "hours of commit abc, which do not count: 2; this is abc-dirty");
        assert_eq!(store.lines().unwrap(), [hour(0, 0.0), hour(1, 0.0), hour(2, 0.0)]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_does_not_hold_is_named_with_its_minute_and_the_command_that_shows_it() {
        let folder = folder("fails");
        let store = open(&folder);
        store.append(&hour(2, 1.0)).unwrap();
        let campaign = Campaign { settings: SETTINGS, lines: store.lines().unwrap() };
        let failures = campaign.failures();
        let keys: Vec<&str> = failures.iter().map(|failure| failure.statement.key).collect();
        assert_eq!(keys, ["false_takeovers", "bus_load_pct"]);
        let complaint = campaign.complaint(&failures[0]);
        assert!(
            complaint.starts_with("hour 2, minute 1.0583: false_takeovers = 1, must be none"),
            "{complaint}"
        );
        assert!(
            complaint.contains("levitas campaign --seed 2 --hours 3 --minutes 5 --only 2"),
            "{complaint}"
        );
        assert!(campaign.markdown().contains("NOT HELD: false_takeovers, bus_load_pct"));
        fs::remove_dir_all(folder).unwrap();
    }
}
