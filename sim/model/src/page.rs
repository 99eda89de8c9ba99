// SPDX-License-Identifier: Apache-2.0
//! The page `docs/model.md`: everything is searched and driven anew.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::ValueEnum as _;

use crate::command_rules::{CommandBreak, Row};
use crate::commands::{Commands, FoundCommands, is_command_break_caught, search_commands};
use crate::drive::{Met, drive};
use crate::pair::Cover;
use crate::rules::{Break, Rules};
use crate::search::{Fault, Found, is_caught, search};

/// Seeds of a row of the drawn runs.
const SEEDS: u64 = 500;

const COLUMNS: &str = "\
| fault | states | depth | both drive | nobody, with backup | on an order | otherwise | states beyond the bounds |
|---|---|---|---|---|---|---|---|
";

const HEAD: &str = "\
# What two units can do

Made by `cargo xtask model`; do not edit. Searched is the protocol of the core itself, [arbitration](../src/core/src/arbitration/mod.rs),
in two units with their latches, monostables, drive lines, link and rotor ([sim/model](../sim/model/README.md)). The rules are explained in
[arbitration.md](arbitration.md).

";

const DRAWN: &str = "
## The times of the product

The same pair at 20 kHz with the times of [times.rs](../src/core/src/arbitration/times.rs), monostables of four periods and fast frames at 2 kHz. Faults that
come and go, stalls of any length, orders, lost and late frames and slips of the clock are drawn; 500 runs of 0.4 s a row
(`cargo run --release -p levitas-model -- drive --seeds 0..500 --strikes 10`).
";

const COMMANDS: &str = "
## Commands of the link

Searched are the rules of the core itself, [the gate](../src/core/src/link/commands.rs) of the link task and what
[the supervisor](../src/core/src/task/supervisor/remote.rs) adds, between a sender that does what [commands.md](commands.md) says and a link that
belongs to an attacker ([commands.rs](../sim/model/src/commands.rs)). He keeps every frame, and each reaches the unit never, late, again, in any
order, at any moment; frames of before a power-up are in time again whenever it suits him. Beside that one thing fails, up to as often as the
table says, at any moment: the sender starts anew and knows nothing, the unit does with a new session, link task, supervisor or both
stand for any time and go on, the supervisor starts anew, also between what it does and its answer. Three commands are sent, or fewer, each at any moment, void
after 90 ms or 15 ms; time has no end. Never, in no state:

- a command is handed to the supervisor, or carried out, at the moment of its expiry or later, by the clock of the link task, which counts what it has missed;
- a command of another session is carried out, or one twice;
- a command is handed on in the place of one that nobody has looked at.

And from whatever state: when nothing fails any more and what is sent arrives, the sender's next command is carried out, whatever the attacker repeats
meanwhile (`cargo run --release -p levitas-model -- commands`).

| what fails beside the link | failures | states | depth | carried out when all works, at the latest after, ms |
|---|---|---|---|---|
";

const LIMITS: &str = "
## What this does not show

- The first table knows all orders and starts but not the order of the product's times; the others know that order, but begin with a held rotor and
  one that is ready. In the first one a drill may come in the very period in which the rotor begins to be wanted, so it has no bound of its own there.
- A set of sensors that fails stays so in the searches; in the drawn runs it recovers. A unit fails more than once by hanging and losing power; its
  power stage fails once.
- Both units send their fast frames in the same period. That a frame which is doubled, replayed or older than one period is no news is for
  [freshness](../src/core/src/link/freshness.rs) and its property tests; here such a frame is lost.
- Commands are searched apart from the pair, since neither asks the other for more than orders, which the first table gives at every moment; the product of
  both would be too large. There the units, the link's fast and slow frames and their own freshness are not in it.
- The tag of a command is not computed there: the attacker has no key and cannot make a frame, only keep and show those that were sent. What has a wrong
  tag, or a right one and wrong contents, is [a million forged frames](commands.md).
- Of the commands, three are sent before all works, to one unit by one sender. A task stands whole, for a multiple of 5 ms, and where both stood the link
  task goes on first, as its priority is higher. A supervisor that goes on before a link task that stood with it, by two faults at once, is not in it: the
  clock that it finds may then be older than it allows for, and what came before can be carried out late. What the supervisor makes of a command that is in time (state, range, a command under way) is not either.
- A unit looks at four tags in a period: an attacker who fills that can keep genuine commands out, which is not in it.
- Ripple, force and displacement are seen without delay and without error, but for the rows that take them away. A healthy unit's own model is always
  right. Current is seen in the period in which it flows.
- The gate's monostable and the receiver's are one: their mismatch, on which the gap of a hand-back rests, is not in it.
- Nobody is counted as missing whom an operator has sent into service, or who does not know of the therapy.
";

/// The whole page.
///
/// # Errors
/// Something that must hold is broken, with the events that lead there.
pub fn page() -> Result<String, String> {
    let mut text = HEAD.to_owned();
    singles(&mut text)?;
    unbacked(&mut text)?;
    doubles(&mut text);
    text.push_str(DRAWN);
    drawn(&mut text, &Rules::AT_20_KHZ)?;
    drawn(&mut text, &Rules::AT_20_KHZ.again(10))?;
    commands(&mut text)?;
    breaks(&mut text)?;
    text.push_str(LIMITS);
    Ok(text)
}

fn singles(text: &mut String) -> Result<(), String> {
    text.push_str(
        "## One fault, every state\n\n\
         Every order at every moment, from every start: also when both remember that they drove. A clock slips and withholds an edge, and a frame\n\
         is lost or late, once; frames at will where the link is the fault. Lines break, stick and recover, units hang, go on, and lose power,\n\
         more than once. The times are short ones ([rules.rs](../sim/model/src/rules.rs)), in fewer states.\n",
    );
    table(text, &Rules::SHORT)?;
    text.push_str(
        "\n## From a held rotor on, with the order of the product's times\n\n\
         Here every time is to every other one as on the product, shorter or longer. The search begins with one unit that holds the rotor and one\n\
         that is ready; the orders are hand-back and drill. A hung unit may go on.\n",
    );
    table(text, &Rules::ORDERED)?;
    text.push_str("\n### A fault that comes and goes\n\n");
    table(text, &Rules::ORDERED.again(3))
}

fn table(text: &mut String, rules: &Rules) -> Result<(), String> {
    let _ = write!(
        text,
        "Bounds: both drive for at most {} periods; nobody holds the rotor for at most {} where a ready unit is known, {} where a unit lets go\n\
         on an order, {} where any unit could; no healthy unit isolates itself, so a wrong standby never wins;\n\
         a broken line alone is no reason to take the head. Failures: {}.\n\n\
         {COLUMNS}",
        rules.overlap_max(),
        rules.backed_max(),
        rules.bound(Cover::Ordered),
        rules.nobody_max,
        rules.strikes_max
    );
    let found = in_parallel(&Fault::SINGLE, |fault| search(*rules, *fault, 1));
    let mut all = 0;
    for (fault, found) in Fault::SINGLE.iter().zip(&found) {
        held(fault, found)?;
        all += found.states;
        row(text, &fault.name(), found);
    }
    let _ = writeln!(text, "\n{all} states in all.");
    Ok(())
}

fn row(text: &mut String, name: &str, found: &Found) {
    let Found { states, depth, worst: [overlap, backed, ordered, nobody], bad, .. } = found;
    let _ = writeln!(
        text,
        "| {name} | {states} | {depth} | {overlap} | {backed} | {ordered} | {nobody} | {bad} |"
    );
}

fn unbacked(text: &mut String) -> Result<(), String> {
    let _ = write!(
        text,
        "\n## Beside a unit that is not ready\n\n\
         Two faults: the unit that holds the rotor, or its line, and something of the other one that lets it hold a rotor but not offer itself. It is the last\n\
         resort, on evidence alone; where the line is cut it sees no ripple either, as with an open winding, and so believes the link. A unit whose bridges carry no current and that tells nobody is not in it: it keeps its edges, and nobody holds the rotor.\n\
         From a held rotor on; nobody holds it for at most {} periods.\n\n",
        Rules::ORDERED.unbacked_max()
    );
    text.push_str(COLUMNS);
    let found = in_parallel(&Fault::UNBACKED, |fault| search(Rules::ORDERED, *fault, 1));
    for (fault, found) in Fault::UNBACKED.iter().zip(&found) {
        held(fault, found)?;
        row(text, &fault.name(), found);
    }
    Ok(())
}

/// What must hold did, and the search has seen the head change hands.
fn held(fault: &Fault, found: &Found) -> Result<(), String> {
    if let Some((what, path)) = found.broken.first() {
        return Err(format!("{}: {what} is broken:\n{path}", fault.name()));
    }
    // The emergency drive cannot come to hold what it holds, or what it must not take.
    let changes = found.changed || matches!(fault, Fault::Unbacked(1) | Fault::LineUnbacked(_));
    if changes {
        Ok(())
    } else {
        Err(format!("{}: the emergency drive never came to hold the rotor", fault.name()))
    }
}

fn doubles(text: &mut String) {
    text.push_str(
        "\n## Link and line both lost\n\n\
         Two faults: frames are lost at will, and one line is cut or stuck for ever. Messages cannot decide this (two generals); what the rotor\n\
         and the windings show can. The lower rows take that away too: what remains are the bad cases, counted.\n\
         From a held rotor on, with the bounds above.\n\n",
    );
    text.push_str(COLUMNS);
    let jobs: Vec<(Option<Break>, Fault)> = [None, Some(Break::Blind)]
        .into_iter()
        .flat_map(|broken| Fault::DOUBLE.map(|fault| (broken, fault)))
        .collect();
    let found =
        in_parallel(&jobs, |(broken, fault)| search(Rules { broken: *broken, ..Rules::ORDERED }, *fault, 1));
    for ((broken, fault), found) in jobs.iter().zip(&found) {
        let name = fault.name() + if broken.is_some() { ", no ripple, force or rotor seen" } else { "" };
        row(text, &name, found);
    }
}

fn drawn(text: &mut String, rules: &Rules) -> Result<(), String> {
    let ms = |periods: u8| f64::from(periods) * 0.05;
    let _ = write!(
        text,
        "\nFailures: {}. Bounds: both drive for {:.2} ms; nobody holds the rotor for {:.2} ms with a backup, {:.2} ms on an order, {:.2} ms otherwise.\n\n\
         | fault | both drive, ms | nobody, with backup, ms | on an order, ms | otherwise, ms |\n|---|---|---|---|---|\n",
        rules.strikes_max,
        ms(rules.overlap_max()),
        ms(rules.backed_max()),
        ms(rules.ordered_max()),
        ms(rules.nobody_max),
    );
    let worst = in_parallel(&Fault::SINGLE, |fault| {
        (0..SEEDS).map(|seed| drive(rules, *fault, seed)).fold(Met::default(), Met::worst)
    });
    for (fault, met) in Fault::SINGLE.iter().zip(worst) {
        if !rules.holds(&met) {
            return Err(format!("{}: a bound is broken at the times of the product: {met:?}", fault.name()));
        }
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.2} | {:.2} |",
            fault.name(),
            ms(met.overlap),
            ms(met.backed),
            ms(met.ordered),
            ms(met.nobody)
        );
    }
    Ok(())
}

fn commands(text: &mut String) -> Result<(), String> {
    text.push_str(COMMANDS);
    let found = in_parallel(&Row::ALL, |row| search_commands(Commands::of(*row), 1));
    let mut all = 0;
    for (row, found) in Row::ALL.iter().zip(&found) {
        let FoundCommands { states, depth, waited_ms, broken, reached } = found;
        if let Some((what, path)) = broken.first() {
            return Err(format!("{}: {what} is broken:\n{path}", row.name()));
        }
        if !reached {
            return Err(format!("{}: no command was ever carried out", row.name()));
        }
        let bound_ms = row.served_max_ms();
        if *waited_ms != bound_ms {
            return Err(format!("{}: a sender waits {waited_ms} ms, not {bound_ms}", row.name()));
        }
        all += states;
        let _ = writeln!(text, "| {} | {} | {states} | {depth} | {waited_ms} |", row.name(), row.failures());
    }
    let _ = writeln!(text, "\n{all} states in all, none of them beyond a bound.");
    Ok(())
}

fn breaks(text: &mut String) -> Result<(), String> {
    text.push_str(
        "\n## Broken on purpose\n\n\
         A search that cannot fail proves nothing. Each line breaks the protocol in one way; the search must find it. The first four take away what\n\
         the units see, the others a condition or a wait of what they do.\n\n\
         | what is broken | under the fault | found |\n|---|---|---|\n",
    );
    let jobs = Break::value_variants();
    let found = in_parallel(jobs, |broken| is_caught(broken.rules(), broken.shown_by()));
    for (broken, what) in jobs.iter().zip(found) {
        let Some(what) = what else { return Err(format!("{broken:?} was not found")) };
        let _ = writeln!(text, "| {} | {} | not so: {what} |", broken.meaning(), broken.shown_by().name());
    }
    text.push_str(
        "\nLikewise the rules of the commands.\n\n| what is broken | what fails | found |\n|---|---|---|\n",
    );
    let jobs = CommandBreak::value_variants();
    let found = in_parallel(jobs, |broken| is_command_break_caught(*broken));
    for (broken, what) in jobs.iter().zip(found) {
        let Some(what) = what else { return Err(format!("{broken:?} was not found")) };
        let _ = writeln!(text, "| {} | {} | not so: {what} |", broken.meaning(), broken.shown_by().name());
    }
    Ok(())
}

/// Carries out all jobs on two threads; the results are in their order, whichever ends first.
fn in_parallel<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((index, job)) =
                    jobs.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed))
                {
                    let result = work(job);
                    if let Ok(mut results) = results.lock() {
                        results.push((index, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
