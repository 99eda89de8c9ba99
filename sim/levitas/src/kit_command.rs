// SPDX-License-Identifier: Apache-2.0
//! The command `levitas kit`.

use levitas::input::{BadInput, Checked, any_of, range_text};
use levitas_core::kits::cannula::{Cannulas, DRAINAGE, FLOW_LPM, RETURN, Size};
use levitas_core::kits::date::Date;
use levitas_core::kits::registry::{Kind, Kit, Reason, Registry, Text};
use levitas_core::kits::udi::Udi;

use super::{complain, say};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas kit check '(01)09501101530003(17)271119(10)AB-123' --date 2026-11-27
  levitas kit check $']d201095011015300031027A\\x1d17271119' --date 2026-11-27
  levitas kit cannulas --drainage 25 --return 21 --flow 4

Identification, expiry and reuse of disposables, and the limits that go with cannulas; docs/kits.md.
Exit code 1 when a kit may not be used, one line on standard error each; 2 when a UDI cannot be read.";

/// Its subcommands.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read UDIs and say whether these kits may be used, one after the other in one session
    Check(CheckArguments),
    /// Show what cannulas of two sizes give, and the limits that go with them
    Cannulas(CannulaArguments),
}

/// Command line of `levitas kit check`.
#[derive(clap::Args)]
pub(crate) struct CheckArguments {
    /// GS1 element strings, as printed or as scanned; the separator is the character 29
    #[arg(value_name = "UDI", required = true)]
    udis: Vec<String>,
    /// The day on which they are to be used
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: String,
    /// What they are for: circulation, drainage_cannula, return_cannula, puncture or warming
    #[arg(long, default_value = "circulation")]
    kind: String,
    /// Why they are used all the same: emergency, no_other or inspected
    #[arg(long)]
    reason: Option<String>,
}

/// Command line of `levitas kit cannulas`.
#[derive(clap::Args)]
pub(crate) struct CannulaArguments {
    /// Size of the drainage cannula [Fr]
    #[arg(long, value_name = "FR")]
    drainage: u8,
    /// Size of the return cannula [Fr]
    #[arg(long = "return", value_name = "FR")]
    back: u8,
    /// Flow that is wanted [L/min]
    #[arg(long, value_name = "L/MIN")]
    flow: f32,
    /// The return cannula is in a vein
    #[arg(long)]
    venous: bool,
}

/// Runs it; true when every kit may be used.
pub(crate) fn run(command: &Command) -> Checked<bool> {
    match command {
        Command::Check(arguments) => check(arguments),
        Command::Cannulas(arguments) => cannulas(arguments).map(|()| true),
    }
}

fn check(arguments: &CheckArguments) -> Checked<bool> {
    let today = Date::parse(&arguments.date)
        .ok_or_else(|| BadInput::key("--date", "date", &arguments.date, "no such day", "YYYY-MM-DD"))?;
    let kind = named("--kind", "kind", &arguments.kind, Kind::of, Kind::ALL.iter().map(|kind| kind.name()))?;
    let reason = arguments.reason.as_ref().map(|reason| {
        named("--reason", "reason", reason, Reason::of, Reason::ALL.iter().map(|reason| reason.name()))
    });
    let reason = reason.transpose()?;
    let udis = (1..).zip(&arguments.udis).map(|(number, text)| read(number, text, today));
    let udis = udis.collect::<Checked<Vec<_>>>()?;
    let mut registry = Registry::new();
    let mut all = true;
    for (number, udi) in (1..).zip(&udis) {
        let added = registry.add(kind, udi, today, reason, 0);
        let verdict = added.as_ref().map_or_else(|_| "refused".to_owned(), accepted);
        say(&format!("{number}. {}\n{}   {verdict}\n", kind.name(), described(udi)));
        if let Err(refused) = added {
            complain(&format!("UDI {number}: refused: {refused}"));
            all = false;
        }
    }
    Ok(all)
}

fn read(number: u32, text: &str, today: Date) -> Checked<Udi<'_>> {
    Udi::parse(text, today).map_err(|error| BadInput::of(format!("UDI {number}"), error, ""))
}

/// The choice of a name.
fn named<T>(
    place: &str,
    key: &str,
    name: &str,
    of: fn(&str) -> Option<T>,
    names: impl Iterator<Item = &'static str>,
) -> Checked<T> {
    of(name).ok_or_else(|| BadInput::key(place, key, name, "unknown", any_of(&names.collect::<Vec<_>>())))
}

fn described(udi: &Udi<'_>) -> String {
    let date = |date: Option<Date>| date.map_or("unknown".to_owned(), |date| date.to_string());
    let text = |text: Option<&str>| text.unwrap_or("unknown").to_owned();
    [
        ("product", udi.gtin.to_owned()),
        ("lot", text(udi.lot)),
        ("serial", text(udi.serial)),
        ("produced", date(udi.produced)),
        ("expires", date(udi.expires)),
    ]
    .map(|(name, value)| format!("   {name:<9}{value}\n"))
    .concat()
}

fn accepted(kit: &Kit) -> String {
    let serial = kit.serial.as_ref().map(Text::as_str);
    let reuse = if serial.is_none() { "; without a serial number reuse cannot be told" } else { "" };
    let against: Vec<&str> = kit.objections().map(|(name, _)| name).collect();
    match kit.reason {
        Some(reason) => format!("taken although {}, reason {}{reuse}", against.join(" and "), reason.name()),
        None => format!("may be used{reuse}"),
    }
}

fn cannulas(arguments: &CannulaArguments) -> Checked<()> {
    let CannulaArguments { drainage, back, flow, venous } = *arguments;
    size("--drainage", "drainage", &DRAINAGE, drainage)?;
    size("--return", "return", &RETURN, back)?;
    if !FLOW_LPM.contains(&flow) {
        let allowed = range_text(f64::from(*FLOW_LPM.start()), f64::from(*FLOW_LPM.end()));
        return Err(BadInput::key("--flow", "flow", flow, "out of range", format!("{allowed} L/min")));
    }
    let Some(pair) = Cannulas::new(drainage, back, !venous) else { return Ok(()) };
    let mut text =
        format!("{drainage} Fr drainage, {back} Fr return, pressures with water / with blood at most\n\n");
    text += &format!(
        "{:>6}  {:>15}  {:>15}\n{:>6}  {:>15}  {:>15}\n",
        "flow", "drainage", "return", "L/min", "mmHg", "mmHg"
    );
    for flow_lpm in (1..=6).map(|flow| flow as f32) {
        // Rounded first, or nearly nothing would be -0.
        let both = |of: &dyn Fn(bool) -> f32| [of(false), of(true)].map(|mmhg| mmhg.round() as i32);
        let both = |of: &dyn Fn(bool) -> f32| both(of).map(|mmhg| mmhg.to_string()).join(" / ");
        let drainage = both(&|blood| pair.drainage_mmhg(flow_lpm, blood));
        let back = both(&|blood| pair.return_mmhg(flow_lpm, blood));
        text += &format!("{flow_lpm:>6.1}  {drainage:>15}  {back:>15}\n");
    }
    let proposal = pair.propose(flow);
    let most = proposal.flow_lpm_max;
    text += &format!("\nwithin -100 and 300 mmHg: {most:.1} L/min with blood at its worst\n");
    if flow > most {
        text += &format!("{flow:.1} L/min may be more than these cannulas give\n");
    }
    text += &format!(
        "proposed for {flow:.1} L/min:\n  levitas set drainage_pressure_mmhg_min {}\n  levitas set return_pressure_mmhg_max {}\n",
        proposal.drainage_pressure_mmhg_min, proposal.return_pressure_mmhg_max
    );
    say(&text);
    Ok(())
}

fn size(place: &str, key: &str, sizes: &[Size], wanted_fr: u8) -> Checked<()> {
    if levitas_core::kits::cannula::resistance(sizes, wanted_fr).is_some() {
        return Ok(());
    }
    let sizes: Vec<String> = sizes.iter().map(|(size, _)| size.to_string()).collect();
    Err(BadInput::key(place, key, wanted_fr, "no cannula of this size", format!("{} Fr", any_of(&sizes))))
}
