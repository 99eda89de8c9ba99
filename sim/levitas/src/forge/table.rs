// SPDX-License-Identifier: Apache-2.0
//! The result of an attack for people, for pages and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Attack, Forged, counted};
use crate::metrics::rounded;
use crate::remote::Forgery;

/// For a terminal.
#[must_use]
pub fn plain(forged: &Forged) -> String {
    let mut text = format!("{:<14} {:>9} {:>9} {:>12}\n", "forged frames", "sent", "refused", "carried out");
    for (row, kind) in forged.rows.iter().zip(Forgery::ALL) {
        let _ = writeln!(text, "{:<14} {:>9} {:>9}", kind.text().0, row.sent, row.refused);
    }
    for (way, sent, attack) in ways(forged) {
        let refused: u64 = attack.refused.iter().sum();
        let _ = writeln!(text, "{way:<14} {sent:>9} {refused:>9} {:>12}", carried_out(attack));
        let _ = writeln!(text, "  {}", felt(attack));
    }
    text
}

/// Forged commands that were carried out.
fn carried_out(attack: &Attack) -> u64 {
    attack.executed.saturating_sub(attack.genuine)
}

fn ways(forged: &Forged) -> [(&'static str, u64, &Attack); 2] {
    let direct = forged.rows.iter().map(|row| row.sent).sum();
    [("past the bus", direct, &forged.direct), ("over the bus", forged.bus_sent, &forged.bus)]
}

fn felt(attack: &Attack) -> String {
    let therapy = &attack.therapy;
    let [radius_um, twin_um] = therapy.radius_um;
    format!(
        "{} of {} genuine commands carried out in {:.1} s; ticks unlike the twin's {}, speed within {:.3} rpm of it, radius \
         {radius_um:.1} um (twin {twin_um:.1} um), flow from {:.2} L/min, {} takeovers, {} touchdowns, bus busy for {:.0} % at most",
        attack.executed.min(attack.genuine),
        attack.genuine,
        attack.simulated_s,
        therapy.differing_ticks,
        therapy.speed_rpm,
        therapy.flow_lpm_min,
        therapy.takeovers,
        therapy.touchdowns,
        100.0 * attack.bus_load
    )
}

/// For a page.
#[must_use]
pub fn markdown(forged: &Forged, commit: Option<&str>) -> String {
    let mut text =
        String::from("| kind | what it is | sent | refusals | carried out |\n|---|---|---|---|---|\n");
    for (row, kind) in forged.rows.iter().zip(Forgery::ALL) {
        let (name, doc) = kind.text();
        let _ = writeln!(text, "| {name} | {doc} | {} | {} | |", row.sent, row.refused);
    }
    for (way, sent, attack) in ways(forged) {
        let refused: u64 = attack.refused.iter().sum();
        let _ = writeln!(
            text,
            "| **{way}** | all kinds by turns | {sent} | {refused} | {} |",
            carried_out(attack)
        );
    }
    text.push('\n');
    for (way, _, attack) in ways(forged) {
        let counts: Vec<String> = counted(&attack.refused)
            .map(|(refusal, count)| format!("`{}` {count}", refusal.name()))
            .collect();
        let _ = writeln!(text, "- {way}: {}. Counted: {}.", felt(attack), counts.join(", "));
    }
    let _ = writeln!(text, "\nSeed {}, commit {}.", forged.seed, commit.unwrap_or("unknown"));
    text
}

/// For programs.
#[must_use]
pub fn to_json(forged: &Forged, commit: Option<&str>) -> String {
    let rows: Vec<Value> = forged
        .rows
        .iter()
        .zip(Forgery::ALL)
        .map(|(row, kind)| json!({"kind": kind.text().0, "sent": row.sent, "refused": row.refused}))
        .collect();
    let ways: Vec<Value> = ways(forged)
        .map(|(way, sent, attack)| {
            let therapy = &attack.therapy;
            let counts: serde_json::Map<String, Value> = counted(&attack.refused)
                .map(|(refusal, count)| (refusal.name().to_owned(), json!(count)))
                .collect();
            json!({
                "way": way, "sent": sent, "carried_out": carried_out(attack),
                "genuine_sent": attack.genuine, "genuine_carried_out": attack.executed.min(attack.genuine),
                "refused": counts, "simulated_s": rounded(attack.simulated_s, 6),
                "differing_ticks": therapy.differing_ticks, "speed_difference_rpm": rounded(therapy.speed_rpm, 6),
                "radius_um": rounded(therapy.radius_um[0], 3), "twin_radius_um": rounded(therapy.radius_um[1], 3),
                "flow_min_lpm": rounded(therapy.flow_lpm_min, 4), "takeovers": therapy.takeovers,
                "touchdowns": therapy.touchdowns, "bus_load_max": rounded(attack.bus_load, 4)
            })
        })
        .to_vec();
    let all =
        json!({"seed": forged.seed, "commit": commit, "sent": forged.sent(), "kinds": rows, "ways": ways});
    format!("{all:#}\n")
}
