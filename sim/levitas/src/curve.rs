// SPDX-License-Identifier: Apache-2.0
//! Measured pump curves: CSV with the columns speed [rpm], flow [L/min], head [mmHg].
//!
//! The first row may name the columns; then it must name these three in this order. `#` starts a comment line.
//! Whether the points are a curve is the world's judgement; this reader turns it into a line of the file.

use levitas_world::{CurvePoint, PumpTable};

use crate::input::{BadInput, Checked};
use crate::toml_file::Source;

/// What a curve file may hold, for messages.
const ALLOWED: &str = "rows of three numbers: rpm,L/min,mmHg (docs/scenarios.md, section Pump curves)";
/// What each column's heading must contain.
const HEADINGS: [&[&str]; 3] = [&["rpm"], &["lpm", "l/min"], &["mmhg"]];

/// Reads and checks a curve.
///
/// # Errors
/// The first row that is not three finite numbers, or the reason why the points are no curve, with the line.
pub fn read_curve(source: &Source) -> Checked<PumpTable> {
    let (points, lines) = read_points(source)?;
    PumpTable::new(&points).map_err(|error| {
        let line = lines.get(error.index).filter(|_| error.point.is_some());
        let place = line.map_or(source.name.clone(), |line| format!("{}:{line}", source.name));
        BadInput::of(place, error, ALLOWED)
    })
}

/// The points with the line of each.
///
/// # Errors
/// The first row that is not three finite numbers.
pub fn read_points(source: &Source) -> Checked<(Vec<CurvePoint>, Vec<u64>)> {
    let text = source.text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut points, mut lines) = (Vec::new(), Vec::new());
    let mut first = true;
    for record in reader.records() {
        let record = record.map_err(|error| BadInput::of(&source.name, error, ALLOWED))?;
        let line = record.position().map_or(0, csv::Position::line);
        let place = format!("{}:{line}", source.name);
        if std::mem::take(&mut first) && is_heading(&record) {
            check_heading(&record, &place)?;
            continue;
        }
        points.push(point(&record, &place)?);
        lines.push(line);
    }
    Ok((points, lines))
}

fn is_heading(record: &csv::StringRecord) -> bool {
    record.iter().all(|field| field.parse::<f64>().is_err() && field.chars().any(char::is_alphabetic))
}

fn check_heading(record: &csv::StringRecord, place: &str) -> Checked<()> {
    let fits = record.len() == HEADINGS.len()
        && record.iter().zip(HEADINGS).all(|(field, words)| {
            let field = field.to_lowercase();
            words.iter().any(|word| field.contains(word))
        });
    if fits {
        return Ok(());
    }
    let value = record.iter().collect::<Vec<_>>().join(",");
    Err(BadInput::key(place, "heading", value, "these are not the columns", "rpm,L/min,mmHg"))
}

fn point(record: &csv::StringRecord, place: &str) -> Checked<CurvePoint> {
    let columns = ["speed_rpm", "flow_lpm", "head_mmhg"];
    if record.len() != columns.len() {
        let value = record.iter().collect::<Vec<_>>().join(",");
        return Err(BadInput::key(place, "row", value, format!("{} columns", record.len()), ALLOWED));
    }
    let number = |index: usize| -> Checked<f64> {
        let field = record.get(index).unwrap_or_default();
        match field.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => Err(BadInput::key(place, columns[index], field, "this is not a finite number", ALLOWED)),
            Err(_) => {
                let field = if field.is_empty() { "(empty)" } else { field };
                Err(BadInput::key(place, columns[index], field, "this is not a number", ALLOWED))
            }
        }
    };
    Ok(CurvePoint { speed_rpm: number(0)?, flow_lpm: number(1)?, head_mmhg: number(2)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Checked<Vec<CurvePoint>> {
        read_points(&Source { name: "p.csv".to_owned(), text: text.to_owned() }).map(|(points, _)| points)
    }

    #[test]
    fn headings_comments_blanks_and_a_byte_order_mark_are_fine() {
        let read = points(
            "\u{feff}Speed [rpm], Flow [L/min], Head [mmHg]\n# note\n\n 4000 , 0, 400\r\n4000,5,352\n",
        );
        let read = read.unwrap();
        assert_eq!((read.len(), read[1].head_mmhg), (2, 352.0));
        assert_eq!(points("4000,0,400\n").unwrap().len(), 1);
    }

    #[test]
    fn refusals_name_line_and_column() {
        for (text, wanted) in [
            ("rpm,lpm,mmhg\n4000,0,400\n4000,five,352\n", "p.csv:3: flow_lpm = five"),
            ("4000,0,400\n4000,1\n", "p.csv:2: row = 4000,1: 2 columns"),
            ("flow,speed,head\n0,4000,400\n", "p.csv:1: heading = flow,speed,head"),
            ("4000,0,nan\n", "p.csv:1: head_mmhg = nan: this is not a finite number"),
            ("4000,,3\n", "p.csv:1: flow_lpm = (empty)"),
        ] {
            let error = points(text).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{error}");
        }
    }
}
