// SPDX-License-Identifier: Apache-2.0
//! The command of `levitas-model`.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use levitas_model::command_rules::{CommandBreak, Row};
use levitas_model::commands::{Commands, FoundCommands, search_commands};
use levitas_model::drive::{Met, drive};
use levitas_model::page::page;
use levitas_model::rules::{Break, Rules};
use levitas_model::search::{Fault, Found, search};

/// Every state that two units can reach: the protocol of the core against its hardware, lines, link and rotor.
/// Exit code 1: something that must hold was found broken.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Searches every state under each single fault, on short times.
    Search {
        /// Break the protocol on purpose: the search must find it.
        #[arg(long = "break", value_name = "WAY")]
        broken: Option<Break>,
        /// Only the faults whose name contains this.
        #[arg(long, value_name = "TEXT", default_value = "")]
        fault: String,
        /// The order of the product's times, from a held rotor on.
        #[arg(long)]
        ordered: bool,
        /// How often the fault strikes.
        #[arg(long)]
        strikes: Option<u8>,
        /// Threads.
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
    /// Runs the pair with the times of the product, faults and orders drawn from seeds.
    Drive {
        /// Seeds, for each fault.
        #[arg(long, default_value = "0..1000", value_parser = seeds)]
        seeds: (u64, u64),
        /// How often the fault strikes.
        #[arg(long, default_value_t = 1)]
        strikes: u8,
    },
    /// Searches every state that commands of the link can reach: sender, attacker, gate and supervisor.
    Commands {
        /// Break the rules on purpose: the search must find it.
        #[arg(long = "break", value_name = "WAY")]
        broken: Option<CommandBreak>,
        /// Only with this failing beside the link.
        #[arg(long, value_name = "WHAT")]
        fault: Option<Row>,
        /// Threads.
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
    /// Prints docs/model.md.
    Page,
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let range = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    range.filter(|(from, to)| from < to).ok_or_else(|| "expected FROM..TO with FROM below TO".into())
}

fn main() -> ExitCode {
    let holds = match Arguments::parse().command {
        Command::Search { broken, fault, ordered, strikes, threads } => {
            let rules = if ordered { Rules::ORDERED } else { Rules::SHORT };
            let rules = rules.again(strikes.unwrap_or(rules.strikes_max));
            search_all(Rules { broken, ..rules }, &fault, threads)
        }
        Command::Drive { seeds: (from, to), strikes } => drive_all(from, to, strikes),
        Command::Commands { broken, fault, threads } => search_all_commands(broken, fault, threads),
        Command::Page => match page() {
            Ok(page) => {
                print!("{page}");
                true
            }
            Err(broken) => {
                eprintln!("{broken}");
                false
            }
        },
    };
    ExitCode::from(u8::from(!holds))
}

fn search_all(rules: Rules, part: &str, threads: usize) -> bool {
    let mut holds = true;
    // On the short times a start takes longer than the evidence of the last resort, so that table has its bound for the others alone.
    let unbacked = Fault::UNBACKED.into_iter().filter(|_| rules.times == Rules::ORDERED.times);
    let faults = Fault::SINGLE.into_iter().chain(unbacked).chain(Fault::DOUBLE);
    for fault in faults.filter(|fault| fault.name().contains(part)) {
        let started = Instant::now();
        let Found { states, depth, worst: [overlap, backed, ordered, nobody], bad, broken, .. } =
            search(rules, fault, threads);
        println!(
            "{}: {states} states, {depth} events deep; both drive {overlap}, nobody {backed} with backup, \
             {ordered} on an order, {nobody} without [periods]; {bad} bad states; {:.1} s",
            fault.name(),
            started.elapsed().as_secs_f64()
        );
        for (what, path) in &broken {
            println!("BROKEN: {what}\n{path}");
        }
        holds &= broken.is_empty() || Fault::DOUBLE.contains(&fault);
    }
    holds
}

fn search_all_commands(broken: Option<CommandBreak>, only: Option<Row>, threads: usize) -> bool {
    let mut holds = true;
    for row in Row::ALL.into_iter().filter(|row| only.is_none_or(|only| only == *row)) {
        let started = Instant::now();
        let FoundCommands { states, depth, waited_ms, broken: found, .. } =
            search_commands(Commands { broken, ..Commands::of(row) }, threads);
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{}: {states} states, {depth} events deep; served after {waited_ms} ms; {seconds:.1} s",
            row.name()
        );
        for (what, path) in &found {
            println!("BROKEN: {what}\n{path}");
        }
        holds &= found.is_empty();
    }
    holds
}

fn drive_all(from: u64, to: u64, strikes: u8) -> bool {
    let rules = Rules::AT_20_KHZ.again(strikes);
    let mut holds = true;
    for fault in Fault::SINGLE {
        let mut worst = Met::default();
        for seed in from..to {
            let met = drive(&rules, fault, seed);
            if !rules.holds(&met) {
                println!("{}: seed {seed} breaks a bound: {met:?} [periods of 50 us]", fault.name());
                holds = false;
            }
            worst = worst.worst(met);
        }
        println!("{}: {} runs, worst {worst:?} [periods of 50 us]", fault.name(), to - from);
    }
    holds
}
