// SPDX-License-Identifier: Apache-2.0
//! `report.html`: one self-contained page with the figures, the events and the plots of a run.
//!
//! The page carries its numbers, style, script and plotting library, so it opens from a disk, a mail or an
//! archive without a network. It depends on the scenario and the seed alone: no date, no wall-clock figure.

mod bode;
mod data;
mod moment;

use std::fmt::Write as _;

pub use bode::sensitivity_page;

use crate::metrics::{METRICS, Metric, REALTIME_FACTOR};
use crate::scenario::Scenario;
use crate::simulation::Outcome;
use crate::summary::{remark, setting, shown};

const PAGE: &str = include_str!("../report/page.html");
const STYLE: &str = include_str!("../report/style.css");
const CHART: &str = include_str!("../report/chart.js");
const SCRIPT: &str = include_str!("../report/script.js");
const UPLOT_JS: &str = include_str!("../vendor/uplot/uPlot.iife.min.js");
const UPLOT_LICENCE: &str = include_str!("../vendor/uplot/LICENSE");
const UPLOT_CSS: &str = include_str!("../vendor/uplot/uPlot.min.css");

/// Figures on top of the page: metric, what to call it.
const CARDS: [(&str, &str); 6] = [
    ("levitation.liftoff_s", "lift-off"),
    ("levitation.peak_um", "largest deviation"),
    ("levitation.orbit_peak_um", "orbit radius"),
    ("motor.speed_error_rpm_rms", "speed error rms"),
    ("flow.lpm", "flow"),
    ("pump.head_mmhg", "pump head"),
];

/// The page.
#[must_use]
pub fn page(scenario: &Scenario, outcome: &Outcome) -> String {
    let story = scenario.story();
    let moments = moment::moments(scenario, outcome, &story);
    let (verdict_class, verdict, verdict_text) = verdict(outcome);
    let parts = [
        ("title", escaped(&scenario.title)),
        ("setting", escaped(&setting(scenario))),
        ("overridden", overridden(scenario)),
        ("verdict_class", verdict_class.to_owned()),
        ("verdict", verdict.to_owned()),
        ("verdict_text", escaped(&verdict_text)),
        ("cards", cards(outcome)),
        ("figures", figures(outcome)),
        ("events", events(outcome)),
        ("moments", moments.iter().map(moment::Moment::section).collect()),
        ("definitions", definitions()),
        ("seed", scenario.seed.to_string()),
        ("data", data::json(outcome, &moments).replace("</", "<\\/")),
        ("uplot_licence", UPLOT_LICENCE.to_owned()),
        ("uplot_css", UPLOT_CSS.to_owned()),
        ("uplot_js", UPLOT_JS.to_owned()),
        ("style", STYLE.to_owned()),
        ("chart", CHART.to_owned()),
        ("script", SCRIPT.to_owned()),
    ];
    filled(PAGE, &parts)
}

/// The template with every `{{name}}` replaced, once: what is put in is not looked at again.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut page =
        String::with_capacity(template.len() + parts.iter().map(|(_, text)| text.len()).sum::<usize>());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        if let Some((_, text)) = parts.iter().find(|(part, _)| *part == name) {
            page.push_str(text);
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Text for HTML and XML, also inside of quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

fn verdict(outcome: &Outcome) -> (&'static str, &'static str, String) {
    let held = outcome.verdicts.iter().filter(|verdict| verdict.held).count();
    let mut text = match outcome.verdicts.len() {
        0 => "no expectations".to_owned(),
        count => format!("{held} of {count} expectations held"),
    };
    let broken = &outcome.metrics.invariants_broken;
    if broken.is_empty() {
        text.push_str(", no invariant broke");
    } else {
        let _ = write!(text, ", broken invariants: {}", broken.join(", "));
    }
    if outcome.passed() { ("held", "Passed.", text) } else { ("failed", "Failed.", text) }
}

fn overridden(scenario: &Scenario) -> String {
    if scenario.overridden.is_empty() {
        return String::new();
    }
    format!("<p class=\"overridden\">with {}</p>", escaped(&scenario.overridden.join(", ")))
}

/// A text of the log as a page can show it.
fn plain_words(text: &str) -> String {
    text.replace('_', " ").replace(" um", " \u{b5}m").replace(" deg", "\u{b0}").replace("N.m", "N\u{b7}m")
}

/// The unit as a page can show it.
fn symbol(unit: &'static str) -> &'static str {
    if unit == "um" { "\u{b5}m" } else { unit }
}

fn cards(outcome: &Outcome) -> String {
    let mut html = String::new();
    for (name, label) in CARDS {
        let Some((metric, value)) = METRICS
            .iter()
            .find(|metric| metric.name == name)
            .and_then(|metric| Some((metric, outcome.metrics.get(name)?)))
        else {
            continue;
        };
        // A lift-off is told in milliseconds.
        let (text, unit) = if metric.unit == "s" {
            (format!("{:.1}", value * 1e3), "ms")
        } else {
            (shown(metric, value), symbol(metric.unit))
        };
        let _ = write!(html, "<div class=\"card\"><b>{text}<i>{unit}</i></b><span>{label}</span></div>");
    }
    html
}

fn figures(outcome: &Outcome) -> String {
    let mut html = String::from(
        "<div class=\"panel\"><table><tr><th>metric</th><th></th><th></th><th>expected</th><th></th></tr>",
    );
    let mut group = "";
    for metric in METRICS.iter().filter(|metric| metric.name != REALTIME_FACTOR) {
        let Some(value) = outcome.metrics.get(metric.name) else { continue };
        let area = metric.name.split('.').next().unwrap_or_default();
        if area != group {
            if !group.is_empty() {
                html.push_str("</tbody>");
            }
            html.push_str("<tbody class=\"group\">");
            group = area;
        }
        html.push_str(&figure_row(metric, value, outcome));
    }
    for verdict in outcome.verdicts.iter().filter(|verdict| verdict.value.is_none()) {
        let (name, bounds) = (escaped(verdict.expect.metric), escaped(&verdict.expect.bounds()));
        let _ = write!(
            html,
            "<tr><td>{name}</td><td class=\"number\">absent</td><td></td><td class=\"bound\">{bounds}</td>\
             <td class=\"mark no\">not held</td></tr>"
        );
    }
    html.push_str("</tbody></table></div>");
    html
}

fn figure_row(metric: &Metric, value: f64, outcome: &Outcome) -> String {
    let expected: Vec<_> =
        outcome.verdicts.iter().filter(|verdict| verdict.expect.metric == metric.name).collect();
    let bounds: Vec<String> = expected.iter().map(|verdict| escaped(&verdict.expect.bounds())).collect();
    let (class, word) = match expected.iter().all(|verdict| verdict.held) {
        _ if expected.is_empty() => ("", ""),
        true => ("yes", "held"),
        false => ("no", "not held"),
    };
    format!(
        "<tr title=\"{}\"><td>{}</td><td class=\"number\">{}</td><td class=\"unit\">{}</td>\
         <td class=\"bound\">{}</td><td class=\"mark {class}\">{word}</td></tr>",
        escaped(metric.doc),
        breakable(metric.name),
        shown(metric, value),
        remark(metric, value).map_or(symbol(metric.unit).to_owned(), |remark| {
            format!("{}, {remark}", symbol(metric.unit))
        }),
        bounds.join("<br>"),
    )
}

/// The name with places where a narrow screen may break it.
fn breakable(name: &str) -> String {
    escaped(name).replace('.', ".<wbr>").replace('_', "_<wbr>")
}

fn events(outcome: &Outcome) -> String {
    let mut html = String::from("<div class=\"panel\"><table>");
    for event in outcome.log.events() {
        let _ = write!(
            html,
            "<tr><td><span class=\"badge\">{}</span></td><td class=\"number\">{:.3} s</td><td>{} {}</td></tr>",
            event.number,
            event.time_s,
            escaped(&event.kind.replace('_', " ")),
            escaped(&plain_words(&event.text)),
        );
    }
    html.push_str("</table></div>");
    html
}

fn definitions() -> String {
    METRICS
        .iter()
        .filter(|metric| metric.name != REALTIME_FACTOR)
        .map(|metric| format!("<dt>{}</dt><dd>{}</dd>", metric.name, escaped(metric.doc)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_once_and_text_cannot_become_markup() {
        let parts = [("a", "{{b}}".to_owned()), ("b", "x".to_owned())];
        assert_eq!(filled("<{{a}}|{{b}}|{{c}}>", &parts), "<{{b}}|x|>");
        assert_eq!(escaped("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
    }
}
