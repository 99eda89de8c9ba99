// SPDX-License-Identifier: Apache-2.0
//! Two native_sim images and the world in lockstep: the host is killed, stopped, or cut off the bus at many times.
//!
//! Before that, sockets and worlds that are not right. Each run is made twice, with the images and with the units inside of the simulator; the figures of both must agree
//! within one levitation period.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Options;
use crate::firmware;
use crate::generated;
use crate::process::{command, output, run as run_command};
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};

/// Times at which the host fails: all of them, and those of continuous integration.
const TIMES: u32 = 20;
const TIMES_SHORT: u32 = 2;
/// The first and the last time (s) lie within this span: from a rotor that has just been lifted to one at full speed.
const FIRST_S: f64 = 0.25;
const LAST_S: f64 = 1.25;
/// How long each run goes on, in seconds.
const AFTER_S: f64 = 0.3;
/// What figures may differ by: one period of the levitation task, in microseconds.
const PERIOD_US: f64 = 50.0;
/// Wall time in which a run of 2 s must be over, on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);
/// How often the world is looked at.
const POLL: Duration = Duration::from_millis(20);

/// What happens to the host, by scenario, and how often the emergency drive takes over.
const CASES: [(&str, &str, f64); 3] = [
    ("killed", "4a_power_loss", 1.0),
    ("stopped", "4b_hang", 1.0),
    // The drive line says that the host drives: an alarm, and nothing to take over.
    ("CAN closed", "4g_link_cut", 0.0),
];

/// Figures that are compared and shown.
const TOTAL: &str = "takeover.total_us";
const NOBODY: &str = "takeover.nobody_us";
const COUNT: &str = "takeover.count";
const TOUCHDOWNS: &str = "levitation.touchdowns";
const PEAK: &str = "levitation.peak_um";

/// The page with the table, and the name of its part.
const PAGE: &str = "docs/lockstep.md";
const PART: &str = "lockstep";

/// Folders of the images' builds.
pub(crate) const HOST: &str = "lockstep-host";
const DRIVE: &str = "lockstep-drive";

/// `cargo xtask lockstep`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    let is_short = options.has("--short");
    let cases = compare_all(project, is_short).map_err(|obstacle| obstacle.of("lockstep"))?;
    if options.has("--renew") {
        let command =
            if is_short { "cargo xtask lockstep --short --renew" } else { "cargo xtask lockstep --renew" };
        generated::renew(project, PAGE, PART, command, &table(&cases))?;
    }
    Ok(())
}

/// Builds both images and makes all runs; not run where the Zephyr tree or its tools are missing.
pub(crate) fn check(project: &Project, is_short: bool) -> Outcome {
    compare_all(project, is_short).map(|_| ())
}

/// What was found of one case, run by run.
struct Case {
    what: &'static str,
    runs: Vec<Found>,
}

/// A run.
struct Found {
    at_s: f64,
    /// From the failure to the end of the takeover, and how long nobody drove, with the images, in us.
    total_us: Option<f64>,
    nobody_us: Option<f64>,
    peak_um: f64,
    /// The larger one of the differences to the simulator, in us.
    apart_us: f64,
    wall_s: f64,
}

/// All runs; the first figure that is wrong ends them.
fn compare_all(project: &Project, is_short: bool) -> Result<Vec<Case>, Obstacle> {
    let bench = Bench::new(project)?;
    println!(
        "{:<11} {:>8} {:>10} {:>11} {:>9} {:>6}",
        "host", "at s", "total us", "nobody us", "peak um", "wall s"
    );
    let times = if is_short { TIMES_SHORT } else { TIMES };
    let mut cases = Vec::new();
    for (what, scenario, takeovers) in CASES {
        let mut runs = Vec::new();
        for index in 0..times {
            // Phases of the rotor, of the schedule and within the period differ from time to time.
            let share = (f64::from(index) + 0.5) / f64::from(times);
            let at_s = FIRST_S + (LAST_S - FIRST_S) * share + 137e-6 * f64::from(index);
            runs.push(bench.compare(what, scenario, at_s, takeovers)?);
        }
        cases.push(Case { what, runs });
    }
    println!("{} runs: figures of both within {PERIOD_US} us, no touchdown", CASES.len() as u32 * times);
    Ok(cases)
}

/// For the page: the range of each figure over the runs of a case.
fn table(cases: &[Case]) -> String {
    let mut text = String::from(
        "| host | runs | at, s | total, us | nobody, us | peak, um, at most | apart from the simulator, us, at most | wall time of a run, s |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for Case { what, runs } in cases {
        let of = |figure: &dyn Fn(&Found) -> Option<f64>, digits: usize| {
            range(runs.iter().filter_map(figure), digits)
        };
        let most = |figure: &dyn Fn(&Found) -> f64| runs.iter().map(figure).fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "| {what} | {} | {} | {} | {} | {:.1} | {} | {} |",
            runs.len(),
            of(&|run| Some(run.at_s), 3),
            of(&|run| run.total_us, 0),
            of(&|run| run.nobody_us, 0),
            most(&|run| run.peak_um),
            most(&|run| run.apart_us),
            of(&|run| Some(run.wall_s), 1),
        );
    }
    text
}

/// The lowest to the highest one, or one of them when they are the same, or a dash when there is none.
fn range(figures: impl Iterator<Item = f64>, digits: usize) -> String {
    let ends = figures.fold(None, |ends: Option<(f64, f64)>, figure| {
        Some(ends.map_or((figure, figure), |(low, high)| (low.min(figure), high.max(figure))))
    });
    let Some((low, high)) = ends else { return "-".into() };
    let (low, high) = (format!("{low:.digits$}"), format!("{high:.digits$}"));
    if low == high { low } else { format!("{low} to {high}") }
}

/// The program, the two images and where they run.
struct Bench<'a> {
    project: &'a Project,
    levitas: PathBuf,
    images: [PathBuf; 2],
    folder: PathBuf,
}

/// A process that ends with this value.
struct Running(Child);

impl Running {
    /// How it has ended, if it has.
    fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

impl<'a> Bench<'a> {
    fn new(project: &'a Project) -> Result<Self, Obstacle> {
        let build = firmware::Build::new(project)?;
        let host = build.image(HOST, &["-DSNIPPET=levitas-lockstep"])?;
        let role = "-DCONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE=y";
        let drive = build.image(DRIVE, &["-DSNIPPET=levitas-lockstep", role])?;
        run_command(build.python().arg("tests/lockstep/bad_worlds.py").arg(&host))?;
        run_command(command(project, "cargo").args(["build", "--release", "-p", "levitas"]))?;
        let folder = project.target.join("lockstep");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let levitas = project.target.join("release/levitas");
        Ok(Self { project, levitas, images: [host, drive], folder })
    }

    /// One run with the images and one without.
    fn compare(&self, what: &str, scenario: &str, at_s: f64, takeovers: f64) -> Result<Found, String> {
        let started = Instant::now();
        let settings = [format!("event.3.at_s={at_s:.6}"), format!("duration_s={:.6}", at_s + AFTER_S)];
        let remote = self.with_images(scenario, &settings)?;
        let wall_s = started.elapsed().as_secs_f64();
        let local = self.folder.join("local.json");
        let mut command = self.program("run", scenario, &settings, &local);
        output(&mut command)?;
        let local = metrics(&local)?;
        let pair = |name: &str| (figure(&remote, name), figure(&local, name));
        let (total, nobody) = (pair(TOTAL), pair(NOBODY));
        let peak_um = figure(&remote, PEAK).ok_or_else(|| format!("{what} at {at_s:.6} s: no {PEAK}"))?;
        println!(
            "{what:<11} {at_s:>8.5} {:>10} {:>11} {:>9.1} {wall_s:>6.1}",
            shown(total),
            shown(nobody),
            peak_um,
        );
        // A figure that only one of them has is apart without end.
        let apart_us = |(remote, local): (Option<f64>, Option<f64>)| match (remote, local) {
            (Some(remote), Some(local)) => (remote - local).abs(),
            (None, None) => 0.0,
            _ => f64::INFINITY,
        };
        let apart_us = apart_us(total).max(apart_us(nobody));
        if figure(&remote, TOUCHDOWNS) != Some(0.0) || figure(&remote, COUNT).unwrap_or(0.0) != takeovers {
            return Err(format!("{what} at {at_s:.6} s: a touchdown, or not {takeovers} takeovers"));
        }
        if apart_us > PERIOD_US {
            return Err(format!(
                "{what} at {at_s:.6} s: more than {PERIOD_US} us between images and simulator"
            ));
        }
        let ((total_us, _), (nobody_us, _)) = (total, nobody);
        Ok(Found { at_s, total_us, nobody_us, peak_um, apart_us, wall_s })
    }

    /// The figures of a run of the world with both images.
    fn with_images(&self, scenario: &str, settings: &[String]) -> Result<Value, String> {
        let (socket, json) = (self.folder.join("socket"), self.folder.join("remote.json"));
        // A file that an earlier world has left must not look like the socket of this one.
        remove(&socket)?;
        let mut world = self.program("world", scenario, settings, &json);
        let mut world = spawn(world.arg("--socket").arg(&socket), &self.folder.join("world.log"))?;
        let told = |what: &str| format!("levitas world {scenario}: {what}; see {}", self.folder.display());
        let since = Instant::now();
        while !socket.exists() && since.elapsed() < LIMIT && world.ended().is_none() {
            sleep(POLL);
        }
        let mut units = Vec::new();
        for (image, name) in self.images.iter().zip(["host", "drive"]) {
            let mut unit = command(self.project, image);
            unit.arg(format!("--socket={}", socket.display()));
            unit.arg(format!("--flash={}", self.folder.join(name).with_extension("flash").display()));
            units.push(spawn(&mut unit, &self.folder.join(name).with_extension("log"))?);
        }
        while since.elapsed() < LIMIT {
            if let Some(status) = world.ended() {
                return if status.success() { metrics(&json) } else { Err(told(&status.to_string())) };
            }
            // The world would wait for it for ever, or measure its loss.
            if let Some(status) = units.iter_mut().filter_map(Running::ended).find(has_failed) {
                return Err(told(&format!("a unit ended by itself: {status}")));
            }
            sleep(POLL);
        }
        Err(told(&format!("not over within {} s", LIMIT.as_secs())))
    }

    fn program(&self, subcommand: &str, scenario: &str, settings: &[String], json: &Path) -> Command {
        let mut program = command(self.project, &self.levitas);
        program.args([subcommand, scenario, "--quiet"]);
        for setting in settings {
            program.args(["--set", setting]);
        }
        program.arg("--json").arg(json).arg("--out").arg(self.folder.join(subcommand));
        program
    }
}

/// Starts a program with all that it says in a file.
fn spawn(program: &mut Command, log: &Path) -> Result<Running, String> {
    let told = |error: std::io::Error| format!("{}: {error}", log.display());
    let file = File::create(log).map_err(told)?;
    let errors = file.try_clone().map_err(told)?;
    program.stdout(file).stderr(errors).spawn().map(Running).map_err(told)
}

/// The end of a unit that neither the end of the run nor the world's SIGKILL explains.
fn has_failed(status: &ExitStatus) -> bool {
    const SIGKILL: i32 = 9;
    !status.success() && status.signal() != Some(SIGKILL)
}

/// Removes a file, if there is one.
fn remove(file: &Path) -> Result<(), String> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(format!("{}: {error}", file.display())),
        _ => Ok(()),
    }
}

fn metrics(file: &Path) -> Result<Value, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = fs::read_to_string(file).map_err(|error| told(&error))?;
    serde_json::from_str(&text).map_err(|error| told(&error))
}

/// A figure of a run; none where there was nothing to measure.
fn figure(metrics: &Value, name: &str) -> Option<f64> {
    metrics.get(name).and_then(Value::as_f64)
}

/// What the images and the simulator measured; one number when they agree.
fn shown((remote, local): (Option<f64>, Option<f64>)) -> String {
    let one = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
    if remote == local { one(remote) } else { format!("{}/{}", one(remote), one(local)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_range_of_each_figure() {
        let run = |at_s, total_us, nobody_us, wall_s| Found {
            at_s,
            total_us,
            nobody_us,
            peak_um: 10.0 * at_s,
            apart_us: 0.0,
            wall_s,
        };
        let cases = [
            Case {
                what: "killed",
                runs: vec![
                    run(0.275, Some(300.0), Some(250.0), 3.2),
                    run(1.2, Some(300.0), Some(297.0), 4.8),
                ],
            },
            Case { what: "CAN closed", runs: vec![run(0.5, None, None, 4.0)] },
        ];
        let rows: Vec<String> = table(&cases).lines().skip(2).map(str::to_owned).collect();
        assert_eq!(
            rows,
            [
                "| killed | 2 | 0.275 to 1.200 | 300 | 250 to 297 | 12.0 | 0 | 3.2 to 4.8 |",
                "| CAN closed | 1 | 0.500 | - | - | 5.0 | 0 | 4.0 |",
            ]
        );
    }

    #[test]
    fn only_a_unit_that_ends_by_itself_has_failed() {
        // The wait status of Linux: exit code in the second byte, signal in the first.
        let failed = [0, 9, 1 << 8, 11].map(|raw| has_failed(&ExitStatus::from_raw(raw)));
        assert_eq!(failed, [false, false, true, true]);
    }

    #[test]
    fn figures_are_shown_once_when_they_agree() {
        assert_eq!(shown((Some(300.0), Some(300.0))), "300");
        assert_eq!(shown((Some(300.0), Some(250.0))), "300/250");
        assert_eq!(shown((None, None)), "-");
    }
}
