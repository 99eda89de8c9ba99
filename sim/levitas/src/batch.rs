// SPDX-License-Identifier: Apache-2.0
//! What the commands that run a plan of many tasks have in common: threads, progress, where the results go.

use std::path::PathBuf;
use std::sync::Mutex;

use levitas::corners::document::Page;
use levitas::input::{BadInput, Checked};
use levitas::progress::Progress;

use super::{check_json, say, write_json};

/// Options of such a command.
#[derive(clap::Args)]
pub(crate) struct Batch {
    /// Put the tables into this page: a new file, or one that has the generated section of this command
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the result to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; only what does not hold
    #[arg(long, short)]
    quiet: bool,
}

/// Option of a command whose tasks share threads.
#[derive(clap::Args)]
pub(crate) struct Jobs {
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

/// The options, checked, of a command whose generated section has its name.
pub(crate) struct Desk<'a> {
    name: &'static str,
    options: &'a Batch,
    page: Option<Page>,
}

/// A result in its three forms.
pub(crate) struct Texts {
    pub(crate) json: String,
    pub(crate) markdown: String,
    pub(crate) plain: String,
}

impl Batch {
    /// Checks the options, before anything is spent.
    pub(crate) fn open(&self, name: &'static str) -> Checked<Desk<'_>> {
        check_json(self.json.as_deref())?;
        let page = self.markdown.as_deref().map(Page::open).transpose()?;
        page.iter().try_for_each(|page| page.check(name))?;
        Ok(Desk { name, options: self, page })
    }
}

impl Jobs {
    /// Threads that were asked for, or one per core.
    pub(crate) fn count(&self) -> Checked<usize> {
        match self.jobs {
            Some(0) => Err(BadInput::key("--jobs", "jobs", 0, "no thread would run", "1 or more")),
            Some(jobs) => Ok(jobs),
            None => Ok(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
        }
    }
}

impl Desk<'_> {
    /// Does the work, under a bar that is full at `total`.
    pub(crate) fn watch<R>(
        &self,
        total: f64,
        unit: &'static str,
        work: impl FnOnce(&(dyn Fn(f64) + Sync)) -> R,
    ) -> R {
        watch(self.name, total, unit, self.options.quiet, work)
    }

    /// Puts the result where it is wanted; `command` makes the page anew.
    pub(crate) fn publish(&self, command: &str, texts: &Texts) -> Checked<()> {
        let to_stdout = write_json(self.options.json.as_deref(), &texts.json)?;
        if let Some(page) = &self.page {
            page.write(self.name, command, &texts.markdown)?;
        }
        if !self.options.quiet && !to_stdout {
            say(&texts.plain);
        }
        Ok(())
    }
}

/// Does work that several threads share, under one bar.
pub(crate) fn watch<R>(
    label: &str,
    total: f64,
    unit: &'static str,
    quiet: bool,
    work: impl FnOnce(&(dyn Fn(f64) + Sync)) -> R,
) -> R {
    let progress = Mutex::new(Progress::new(label, total, unit, quiet));
    let result = work(&|done| {
        if let Ok(mut progress) = progress.lock() {
            progress.show(done);
        }
    });
    if let Ok(mut progress) = progress.lock() {
        progress.finish();
    }
    result
}
