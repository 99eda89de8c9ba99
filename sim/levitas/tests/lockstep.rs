// SPDX-License-Identifier: Apache-2.0
//! `levitas world` against real processes: what is killed or stopped, what misbehaves, and what never gets in.

mod common;
mod lockstep_unit;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use common::{Scratch, levitas};
use levitas_lockstep::VERSION;
use lockstep_unit::Behaviour::{Babbles, Ends, FallsSilent, Good, OtherVersion};
use lockstep_unit::{Behaviour, UnitProcess, be_a_unit};

/// Time for what takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test: the process of a unit.
#[test]
#[ignore = "the process of a unit, which the other tests start"]
fn a_unit() {
    be_a_unit();
}

/// A scenario with a lifted rotor and an event of the host.
fn scenario(scratch: &Scratch, event: &str) -> PathBuf {
    let text = format!(
        "title = \"lockstep\"\nduration_s = 0.2\nunits = \"both\"\n\
         [[event]]\nat_s = 0.02\ndo = \"lift_off\"\n\
         [[event]]\nat_s = 0.06\ndo = \"set_mode\"\nmode = \"speed\"\nvalue = 1500\n{event}"
    );
    let file = scratch.path.join("lockstep.toml");
    fs::write(&file, text).unwrap();
    file
}

fn fault(name: &str, more: &str) -> String {
    format!("[[event]]\nat_s = 0.10013\ndo = \"fault\"\ntarget = \"host\"\nfault = \"{name}\"\n{more}")
}

/// A process that ends with this value.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A world that runs.
struct World {
    child: Ending,
    errors: BufReader<ChildStderr>,
    /// What it has said so far.
    said: String,
    socket: PathBuf,
    scratch: Scratch,
}

impl World {
    fn start(name: &str, event: &str) -> Self {
        let scratch = Scratch::new(name);
        scenario(&scratch, event);
        Self::with(scratch, &[])
    }

    /// Runs the scenario of a folder, until it waits for its units.
    fn with(scratch: Scratch, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_levitas"))
            .args(["world", "lockstep.toml", "--socket", "s", "--out", "remote"])
            .args(more)
            .current_dir(&scratch.path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let socket = scratch.path.join("s");
        let mut world = Self { child: Ending(child), errors, said: String::new(), socket, scratch };
        world.wait_for("waiting at s for:");
        world
    }

    /// Reads what it says until a line has this in it.
    fn wait_for(&mut self, text: &str) {
        while !self.said.contains(text) {
            let count = self.errors.read_line(&mut self.said).unwrap();
            assert!(count > 0, "no {text:?} in {:?}", self.said);
        }
    }

    fn unit(&self, set: usize, behaviour: Behaviour) -> UnitProcess {
        UnitProcess::start(set, behaviour, &self.socket)
    }

    /// Waits for the end of the run, which must be good; what it said, and the folder.
    fn end(mut self) -> (String, Scratch) {
        self.errors.read_to_string(&mut self.said).unwrap();
        let status = self.child.0.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said);
        assert!(!self.socket.exists(), "the socket is left over");
        (self.said, self.scratch)
    }
}

fn file(scratch: &Scratch, name: &str) -> String {
    fs::read_to_string(scratch.path.join(name)).unwrap()
}

/// A figure of a run.
fn metric(scratch: &Scratch, name: &str) -> f64 {
    let metrics: serde_json::Value = serde_json::from_str(&file(scratch, "remote/metrics.json")).unwrap();
    metrics[name].as_f64().unwrap()
}

/// What the run left is what the units in the program would have left.
fn assert_same_in_process(scratch: &Scratch) {
    let run = levitas(&scratch.path, &["run", "lockstep.toml", "--out", "local"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let both = |name: &str| ["remote", "local"].map(|folder| file(scratch, &format!("{folder}/{name}")));
    let [remote, local] = both("trace.csv");
    assert!(remote == local, "trace.csv differs");
    // A process keeps to itself what its link has counted and answered, the name of its state, and what its circulation task makes of the
    // blood; it has no battery.
    let events = both("events.jsonl").map(|text| {
        let events = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let shared = events.filter(|event| event["kind"] != "link_refused" && event["kind"] != "unit_state");
        shared
            .map(|event| (event["time_s"].clone(), event["kind"].clone(), event["text"].clone()))
            .collect::<Vec<_>>()
    });
    assert_eq!(events[0], events[1]);
    let figures = both("metrics.json").map(|text| {
        let own = [
            "realtime_factor",
            "\"commands.",
            "\"frames.",
            "\"exposure.",
            "\"power.",
            "\"pressure.return_over_s",
        ];
        let kept = |line: &&str| !own.iter().any(|it| line.contains(it));
        text.lines().filter(kept).collect::<Vec<_>>().join("\n")
    });
    assert_eq!(figures[0], figures[1]);
}

/// The emergency drive took over, and the rotor did not touch.
fn assert_taken_over(scratch: &Scratch) {
    assert_eq!(metric(scratch, "takeover.count"), 1.0);
    assert_eq!(metric(scratch, "levitation.touchdowns"), 0.0);
}

#[test]
fn a_host_that_is_killed_or_stopped_gives_the_takeover_of_the_program() {
    for (name, more) in [("power_loss", ""), ("hang", ""), ("thread_stall", "duration_s = 0.05\n")] {
        let world = World::start(&format!("lockstep-{name}"), &fault(name, more));
        let mut units = [world.unit(0, Good), world.unit(1, Good)];
        let (_, scratch) = world.end();
        assert_same_in_process(&scratch);
        assert_taken_over(&scratch);
        let since = Instant::now();
        while !units.iter_mut().all(UnitProcess::has_ended) {
            assert!(since.elapsed() < PATIENCE, "{name}: a process goes on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn units_whose_clocks_drift_step_each_at_its_own_instant() {
    let scratch = Scratch::new("lockstep-clocks");
    let file = scenario(&scratch, &fault("hang", ""));
    fs::write(&file, format!("clock_ppm = 100\n{}", fs::read_to_string(&file).unwrap())).unwrap();
    let world = World::with(scratch, &[]);
    let _units = [world.unit(0, Good), world.unit(1, Good)];
    let (_, scratch) = world.end();
    assert_same_in_process(&scratch);
    assert_taken_over(&scratch);
}

#[test]
fn a_host_that_starts_again_is_a_new_process() {
    for (name, more) in [("reboot", "boot_s = 0.02\n"), ("hang", "duration_s = 0.05\n")] {
        let world = World::start(&format!("lockstep-again-{name}"), &fault(name, more));
        let (mut first, _drive) = (world.unit(0, Good), world.unit(1, Good));
        let since = Instant::now();
        while !first.has_ended() {
            assert!(since.elapsed() < PATIENCE, "{name}: the host is not killed");
            std::thread::sleep(Duration::from_millis(5));
        }
        // The world waits for the host; whoever else comes in the middle of the run is refused.
        let intruder = world.unit(1, Good).said();
        assert!(intruder.contains("refused: there is a drive already"), "{intruder}");
        let second = world.unit(0, Good);
        let (_, scratch) = world.end();
        assert_taken_over(&scratch);
        assert!(second.said().contains("over"), "{name}: the second process saw the end of the run");
    }
}

#[test]
fn a_process_that_ends_or_babbles_has_lost_its_power() {
    for (name, behaviour, reason) in [
        ("ends", Ends(2000), "host: the process has ended"),
        ("babbles", Babbles(2000), "host: a lockstep message with content that does not exist"),
    ] {
        let world = World::start(&format!("lockstep-{name}"), "");
        let _units = [world.unit(0, behaviour), world.unit(1, Good)];
        let (_, scratch) = world.end();
        assert_taken_over(&scratch);
        let events = file(&scratch, "remote/events.jsonl");
        let lost: Vec<&str> = events.lines().filter(|line| line.contains("unit_lost")).collect();
        assert!(lost.len() == 1 && lost[0].contains(reason) && lost[0].contains("0.1"), "{lost:?}");
    }
}

#[test]
fn a_silent_process_counts_as_stopped_from_that_step_on() {
    let world = World::start("lockstep-silent", "");
    let _units = [world.unit(0, FallsSilent(2000)), world.unit(1, Good)];
    let (_, scratch) = world.end();
    assert_taken_over(&scratch);
    assert!(file(&scratch, "remote/events.jsonl").contains("host: silent for 2 s: stopped"));
}

#[test]
fn who_is_not_wanted_hears_why_and_changes_nothing() {
    let mut world = World::start("lockstep-refused", &fault("power_loss", ""));
    let stranger = world.unit(0, OtherVersion).said();
    let refused = format!("refused: version {} of the lockstep messages; allowed is {VERSION}", VERSION + 1);
    assert!(stranger.contains(&refused), "{stranger}");
    let host = world.unit(0, Good);
    world.wait_for("host: process");
    let second = world.unit(0, Good).said();
    assert!(second.contains("refused: there is a host already"), "{second}");
    let drive = world.unit(1, Good);
    let (said, scratch) = world.end();
    assert_same_in_process(&scratch);
    for line in [refused.as_str(), "there is a host already"] {
        assert_eq!(said.lines().filter(|other| other.contains(line)).count(), 1, "{said}");
    }
    drop((host, drive));
}

#[test]
fn a_second_world_and_a_path_that_is_no_socket_are_refused_in_one_line() {
    let world = World::start("lockstep-taken", "");
    let run = levitas(&world.scratch.path, &["world", "lockstep.toml", "--socket", "s", "--out", "other"]);
    assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{}", run.stderr);
    assert!(
        run.stderr.contains("--socket: socket = s: taken: another program listens there"),
        "{}",
        run.stderr
    );
    fs::write(world.scratch.path.join("letter"), "keep me").unwrap();
    let arguments = ["world", "lockstep.toml", "--socket", "letter", "--out", "other"];
    let run = levitas(&world.scratch.path, &arguments);
    assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{}", run.stderr);
    assert_eq!(file(&world.scratch, "letter"), "keep me");
    let _units = [world.unit(0, Good), world.unit(1, Good)];
    world.end();
}

#[test]
fn a_socket_that_nobody_serves_any_more_is_replaced() {
    let scratch = Scratch::new("lockstep-left-over");
    let socket = scratch.path.join("s");
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    scenario(&scratch, "");
    let world = World::with(scratch, &[]);
    let _units = [world.unit(0, Good), world.unit(1, Good)];
    world.end();
}

#[test]
fn what_images_cannot_do_is_refused_before_anyone_waits() {
    let scratch = Scratch::new("lockstep-cannot");
    let run = |arguments: &[&str]| {
        let all = [&["world", "--socket", "s", "--out", "o"], arguments].concat();
        let run = levitas(&scratch.path, &all);
        assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{}", run.stderr);
        assert!(scratch.names().is_empty(), "{:?}", scratch.names());
        run.stderr
    };
    let text = run(&["4a_power_loss", "--set", "config.host.speed_rpm_max=4000"]);
    assert!(text.contains("it changes the configuration of a unit that is a process"), "{text}");
    assert!(run(&["3p_calibration_corrupt"]).contains("it is about the calibration record"));
    let folder = Scratch::new("lockstep-forged");
    let forged = scenario(&folder, &fault("can_forgery", "rate_hz = 100"));
    for scenario in ["4k_commands", forged.to_str().unwrap()] {
        let text = run(&[scenario]);
        assert!(
            text.contains("a process has no command key; allowed is a scenario without command"),
            "{text}"
        );
    }
    assert!(run(&["1a_levitation", "--units", "host,drive"]).contains("no emergency drive"));
    assert!(run(&["1a_levitation", "--units", "nobody"]).contains("no such unit"));
    let long = "x".repeat(200);
    let all = ["world", "--socket", &long, "--out", "o", "4a_power_loss"];
    let refused = levitas(&scratch.path, &all);
    assert_eq!((refused.code, refused.stderr.lines().count()), (2, 1), "{}", refused.stderr);
}

#[test]
fn a_unit_that_is_left_out_runs_in_the_program() {
    let scratch = Scratch::new("lockstep-one");
    scenario(&scratch, &fault("power_loss", ""));
    let world = World::with(scratch, &["--units", "host"]);
    let refused = world.unit(1, Good).said();
    assert!(refused.contains("refused: the drive of this run is no process; see --units"), "{refused}");
    let _host = world.unit(0, Good);
    let (_, scratch) = world.end();
    assert_same_in_process(&scratch);
}
