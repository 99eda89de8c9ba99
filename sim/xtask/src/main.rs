// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask`: the one way in for developers, the same here and in CI.
//!
//! Exit codes: 0 all asked for is well, 1 something is not, 2 the command line was not understood.

mod boards;
mod callgrind;
mod can;
mod ci;
mod clients;
mod cost;
mod cost_page;
mod disassembly;
mod fast_path;
mod firmware;
mod generated;
mod host;
mod lock;
mod lockstep;
mod loops;
mod model;
mod overlays;
mod process;
mod project;
mod record;
mod rust_std;
mod signed;
mod soup;
mod soup_firmware;
mod stacks;
mod stage;
mod text;
mod venv;
mod zephyr;

use std::process::ExitCode;

use project::Project;

/// One subcommand: name, one line for the list, options with their explanations, and what it does.
struct Subcommand {
    name: &'static str,
    summary: &'static str,
    options: &'static [(&'static str, &'static str)],
    run: fn(&Project, &Options) -> Result<(), String>,
}

/// The options that were given, all of them known to the subcommand.
pub(crate) struct Options {
    known: Vec<String>,
    /// What stood after `--`: for the program that the subcommand calls.
    pub passed_on: Vec<String>,
}

impl Options {
    /// True when the option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.iter().any(|option| option == name)
    }
}

const SUBCOMMANDS: [Subcommand; 13] = [
    Subcommand {
        name: "ci",
        summary: "all checks and tests, stage by stage, with a summary at the end",
        options: &[("--host-only", "leave out the firmware stages")],
        run: ci::run,
    },
    Subcommand {
        name: "firmware",
        summary: "the Twister suites of tests/zephyr on native_sim and QEMU, against the Zephyr tree found",
        options: &[
            ("--build-std", "make Rust's core and alloc for Arm even where they are installed"),
            ("--", "what follows goes to Twister, for example -s SUITE"),
        ],
        run: firmware::run,
    },
    Subcommand {
        name: "boards",
        summary: "build the images of both boards: warnings, budgets of their memories, calls that leave the ITCM",
        options: &[("--renew", "write the budgets and the tables of docs/boards.md from what is found now")],
        run: boards::run,
    },
    Subcommand {
        name: "overlays",
        summary: "device-tree values that make no sense do not build, and the message names node and property",
        options: &[("--short", "one in eight of them")],
        run: overlays::run,
    },
    Subcommand {
        name: "signed",
        summary: "build the boot loader and the signed image of both boards with a throw-away key, and verify them",
        options: &[("--short", "of the host alone")],
        run: signed::run,
    },
    Subcommand {
        name: "lockstep",
        summary: "two native_sim images and the world: the host killed, stopped, cut off at 20 times each",
        options: &[
            ("--short", "at two times each"),
            ("--renew", "write the table of docs/lockstep.md from what is found"),
        ],
        run: lockstep::run,
    },
    Subcommand {
        name: "zephyr",
        summary: "which Zephyr tree, modules and tools the firmware stage uses, or how to get them",
        options: &[],
        run: zephyr::run,
    },
    Subcommand {
        name: "record",
        summary: "write the recorded samples and outputs of the levitation task into tests/data",
        options: &[("--check", "write nothing, fail when the files differ from what the code does now")],
        run: record::run,
    },
    Subcommand {
        name: "cost",
        summary: "count the instructions of a step of each task, against the budgets of sim/xtask/cost.toml",
        options: &[("--renew", "write the budgets and docs/cost.md from what is counted now")],
        run: cost::run,
    },
    Subcommand {
        name: "model",
        summary: "search every state that two units can reach, and write docs/model.md",
        options: &[("--check", "write nothing, fail when something is broken or the page is out of date")],
        run: model::run,
    },
    Subcommand {
        name: "can",
        summary: "write docs/can.md, the frames of the CAN link, from can/levitas.dbc",
        options: &[],
        run: can::run,
    },
    Subcommand {
        name: "soup",
        summary: "write docs/soup.md, the list of all software that is not ours",
        options: &[("--check", "write nothing, fail when the page is out of date")],
        run: soup::run,
    },
    Subcommand {
        name: "lock-check",
        summary: "no cargo command changes a lock file or meets the registry's crate named zephyr",
        options: &[],
        run: lock::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, message)) => {
            eprintln!("{message}");
            ExitCode::from(code)
        }
    }
}

/// Runs the subcommand that the arguments name; an error is an exit code and one line.
fn dispatch(arguments: &[String]) -> Result<(), (u8, String)> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", overview());
        return Ok(());
    };
    if ["help", "--help", "-h"].contains(&name.as_str()) {
        print!("{}", overview());
        return Ok(());
    }
    let Some(subcommand) = SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name) else {
        let names: Vec<&str> = SUBCOMMANDS.iter().map(|subcommand| subcommand.name).collect();
        return Err((2, format!("cargo xtask {name}: no such command; there are {}", names.join(", "))));
    };
    if rest.iter().any(|option| option == "--help" || option == "-h") {
        print!("{}", subcommand.help());
        return Ok(());
    }
    let end = rest.iter().position(|option| option == "--" && subcommand.takes(option));
    let (known, passed_on) = match end {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (rest, &[][..]),
    };
    if let Some(unknown) = known.iter().find(|option| !subcommand.takes(option)) {
        return Err((
            2,
            format!("cargo xtask {name} {unknown}: unknown option; {}", subcommand.option_names()),
        ));
    }
    let project = Project::find().map_err(|error| (1, error))?;
    let options = Options { known: known.to_vec(), passed_on: passed_on.to_vec() };
    (subcommand.run)(&project, &options).map_err(|error| (1, error))
}

impl Subcommand {
    fn takes(&self, option: &str) -> bool {
        self.options.iter().any(|(name, _)| *name == option)
    }

    fn option_names(&self) -> String {
        match self.options {
            [] => "it takes none".into(),
            options => {
                let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
                format!("it takes {}", names.join(", "))
            }
        }
    }

    fn help(&self) -> String {
        let mut text = format!("cargo xtask {}: {}\n", self.name, self.summary);
        for (option, explanation) in self.options {
            text += &format!("  {option:<14}{explanation}\n");
        }
        text
    }
}

/// The list of all subcommands.
fn overview() -> String {
    let mut text = String::from("cargo xtask COMMAND [OPTION], from any folder of the checkout\n\n");
    for subcommand in &SUBCOMMANDS {
        text += &format!("  {:<12}{}\n", subcommand.name, subcommand.summary);
    }
    text + "\nOptions: cargo xtask COMMAND --help\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Result<(), (u8, String)> {
        dispatch(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_not_understood_is_one_line_and_exit_code_2() {
        for arguments in [&["build"][..], &["ci", "--fast"], &["zephyr", "x"], &["soup", "--"]] {
            let (code, message) = given(arguments).expect_err("not understood");
            assert_eq!(code, 2);
            assert!(
                !message.contains('\n') && message.contains(arguments.last().expect("not empty")),
                "{message}"
            );
        }
    }

    #[test]
    fn help_names_every_command_and_option() {
        for subcommand in &SUBCOMMANDS {
            assert!(overview().contains(subcommand.name));
            assert!(subcommand.options.iter().all(|(option, _)| subcommand.help().contains(option)));
            assert_eq!(given(&[subcommand.name, "--help"]), Ok(()));
        }
    }
}
