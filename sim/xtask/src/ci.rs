// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask ci`: every check and test, the same on a desk and in continuous integration.

use crate::project::Project;
use crate::stage::{Obstacle, Report};
use crate::{
    Options, boards, clients, cost, firmware, generated, host, lock, lockstep, model, overlays, record,
    signed, soup, text,
};

/// All stages; later ones run even when earlier ones failed, so that one run shows everything.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    let locks = lock::Snapshot::take(project)?;
    let mut report = Report::default();
    report.stage("format", || host::format(project));
    report.stage("clippy", || host::clippy(project));
    report.stage("no panic path", || host::panic_free(project));
    report.stage("documentation", || host::documentation(project));
    report.stage("examples in documentation", || host::doctests(project));
    report.stage("tests", || host::tests(project));
    report.stage("recorded ECG", || host::recorded_ecg(project));
    report.stage("figures of the world", || clients::world_figures(project));
    report.stage("demonstration", || host::demonstration(project));
    report.stage("campaign, ten minutes", || host::campaign(project));
    report.stage("recordings", || Ok(record::check(project)?));
    report.stage("model of the pair", || Ok(model::check(project)?));
    report.stage("cost", || cost::check(project));
    report.stage("text", || Ok(text::check(project)?));
    report.stage("commits of tables", || generated::check(project));
    report.stage("soup list", || Ok(soup::check(project)?));
    report.stage("outside clients", || clients::run_tests(project));
    let wanted =
        || if options.has("--host-only") { Err(Obstacle::NotRun("--host-only".into())) } else { Ok(()) };
    report.stage("firmware", || wanted().and_then(|()| firmware::suites(project, false, &[])));
    report.stage("boards", || wanted().and_then(|()| boards::check(project)));
    report.stage("signed images, of the host", || wanted().and_then(|()| signed::check(project, true)));
    report.stage("bad overlays, one in eight", || wanted().and_then(|()| overlays::check(project, true)));
    report.stage("lockstep", || wanted().and_then(|()| lockstep::check(project, true)));
    report.stage("firmware clippy", || wanted().and_then(|()| firmware::clippy(project)));
    report.stage("lock files", || Ok(lock::check(project, &locks)?));
    report.finish()
}
