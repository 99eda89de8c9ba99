// SPDX-License-Identifier: Apache-2.0
//! Where in the file stands what a finding is about: the parser keeps no lines.

/// Number of the line, from 1; `None` for a finding about what is missing.
///
/// A finding begins with `MESSAGE:`, `MESSAGE.signal:`, `MESSAGE id`, `VERSION`, or with the word of a statement and `of id N`.
pub(crate) fn line_of(text: &str, finding: &str) -> Option<usize> {
    let words: Vec<&str> = finding.split([' ', ',', ';']).collect();
    match words.as_slice() {
        ["VERSION", ..] => statement(text, "VERSION", &[]),
        [word, "of", "id", id, "signal", signal, ..] => statement(text, word, &[id, signal]),
        [word, "of", "id", id, ..] => statement(text, word, &[id]),
        [subject, ..] => definition(text, subject.trim_end_matches(':')),
        [] => None,
    }
}

/// The first statement with a word that names all of these.
fn statement(text: &str, word: &str, names: &[&str]) -> Option<usize> {
    let says = |line: &str| {
        let words: Vec<&str> = line.split([' ', ':', ';']).collect();
        words.first() == Some(&word) && names.iter().all(|name| words.contains(name))
    };
    text.lines().position(says).map(|index| index + 1)
}

/// The last definition of a message, or of a signal in it: of two with one name the later one is the wrong one.
fn definition(text: &str, subject: &str) -> Option<usize> {
    let (message, signal) =
        subject.split_once('.').map_or((subject, None), |(name, signal)| (name, Some(signal)));
    let mut is_in_message = false;
    let mut found = None;
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (words.as_slice(), signal) {
            (["BO_", _, name, ..], _) => {
                is_in_message = name.trim_end_matches(':') == message;
                if is_in_message && signal.is_none() {
                    found = Some(index + 1);
                }
            }
            (["SG_", name, ..], Some(signal)) if is_in_message && *name == signal => found = Some(index + 1),
            _ => {}
        }
    }
    found
}
