// SPDX-License-Identifier: Apache-2.0
//! A small campaign: interrupted and resumed it ends with the same bytes as in one go, and other settings are refused.

mod common;

use std::fs;

use common::{Scratch, levitas};

const SETTINGS: [&str; 5] = ["campaign", "--hours", "2", "--minutes", "1"];

#[test]
fn a_campaign_in_parts_is_the_same_as_in_one_go() {
    let scratch = Scratch::new("campaign");
    let run = |options: &[&str]| levitas(&scratch.path, &[&SETTINGS[..], options].concat());
    let whole = run(&["--jobs", "2", "--out", "whole", "--markdown", "whole.md"]);
    assert_eq!((whole.code, whole.stderr.as_str()), (0, ""), "{}", whole.stdout);
    assert!(
        whole.stdout.ends_with("seed 1: 2 of 2 shards of 1 min, 0.03 simulated hours\n"),
        "{}",
        whole.stdout
    );

    let part = run(&["--jobs", "1", "--out", "parts", "--only", "1"]);
    assert!(part.code == 0 && part.stdout.contains("1 of 2 shards"), "{}", part.stdout);
    // The plug is pulled while hour 0 is written.
    let file = scratch.path.join("parts/campaign.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}{{\"hour\":0,\"figures\":{{\"drills\":")).unwrap();
    let rest = run(&["--jobs", "1", "--out", "parts", "--markdown", "parts.md"]);
    assert_eq!((rest.code, &rest.stdout), (0, &whole.stdout));
    let page = |name: &str| fs::read_to_string(scratch.path.join(name)).unwrap();
    assert_eq!(page("parts.md"), page("whole.md"));
    assert!(
        page("parts.md")
            .starts_with("<!-- generated: campaign, `cargo sim -- campaign --hours 2 --minutes 1` -->")
    );

    // Finished: nothing runs, and the results stay as they are.
    let before = page("parts/campaign.jsonl");
    let again = run(&["--out", "parts", "--quiet", "--json", "c.json"]);
    assert_eq!((again.code, again.stdout.as_str(), page("parts/campaign.jsonl")), (0, "", before.clone()));
    let json: serde_json::Value = serde_json::from_str(&page("c.json")).unwrap();
    assert_eq!(
        (json["done"].as_u64(), json["statements"]["drills"]["held"].as_bool()),
        (Some(2), Some(true))
    );

    let other = levitas(&scratch.path, &["campaign", "--hours", "3", "--minutes", "1", "--out", "parts"]);
    assert_eq!((other.code, other.stderr.lines().count(), page("parts/campaign.jsonl")), (2, 1, before));
    assert!(
        other.stderr.contains("--seed 1 --hours 2 --minutes 1; allowed is these settings"),
        "{}",
        other.stderr
    );
}
