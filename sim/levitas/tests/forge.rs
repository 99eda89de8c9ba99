// SPDX-License-Identifier: Apache-2.0
//! Ten thousand forged frames against two units that pump; docs/commands.md has a million.

use levitas::forge::{Forged, forge};
use levitas::remote::Forgery;
use levitas_core::link::LinkRefusal;

const FRAMES: u64 = 10_000;

fn count(refused: &[u64], refusal: LinkRefusal) -> u64 {
    refused[refusal as usize]
}

#[test]
fn no_forged_frame_is_carried_out_each_is_counted_and_the_drive_does_what_it_does_without() {
    let mut shares = Vec::new();
    let forged: Forged = forge(FRAMES, 3, &mut |share| shares.push(share)).unwrap();
    assert_eq!(forged.findings(), Vec::<String>::new());
    assert_eq!(forged.sent(), FRAMES);
    assert!(shares.is_sorted() && (shares.last().unwrap() - 1.0).abs() < 1e-9);
    let refused = &forged.direct.refused;
    let sent = |kind: Forgery| forged.rows[kind as usize].sent;
    // Each kind is refused for what it is, and for nothing else.
    assert_eq!(count(refused, LinkRefusal::TooLong), sent(Forgery::TooLong));
    assert_eq!(count(refused, LinkRefusal::Session), sent(Forgery::Session));
    let tags = sent(Forgery::Tag) + sent(Forgery::Bit);
    let relabelled = count(refused, LinkRefusal::Authentication) - tags;
    assert!(relabelled <= 2, "under the id of the other unit's commands: {relabelled}");
    let late = count(refused, LinkRefusal::Expired) + count(refused, LinkRefusal::Sequence);
    assert_eq!(late, sent(Forgery::Expired) + sent(Forgery::Replay));
    assert!(count(refused, LinkRefusal::Sequence) > 0, "some are replayed within their time");
    assert!(count(refused, LinkRefusal::Version) > 0 && count(refused, LinkRefusal::Counter) > 0);
    assert_eq!(count(refused, LinkRefusal::Flood), 0);
}

/// The same result shows what would be found if it were otherwise.
#[test]
fn what_does_not_hold_is_found() {
    let forged = forge(1000, 1, &mut |_| {}).unwrap();
    let found = |change: &dyn Fn(&mut Forged)| {
        let mut other = forged.clone();
        change(&mut other);
        other.findings().join("; ")
    };
    assert_eq!(found(&|_| {}), "");
    for (change, finding) in [
        (&(|it: &mut Forged| it.direct.executed += 1) as &dyn Fn(&mut Forged), "carried out"),
        (&|it| it.direct.executed -= 1, "genuine command was not carried out"),
        (&|it| it.bus.executed = it.bus.genuine + 1, "over the bus: a forged command was carried out"),
        (&|it| it.rows[4].refused -= 1, "not every frame was refused"),
        (&|it| it.direct.therapy.differing_ticks = 1, "did not do what it does without"),
        (&|it| it.bus.therapy.takeovers = 1, "the drive felt it"),
        (&|it| it.bus.is_alarmed = false, "no alarm"),
    ] {
        assert!(found(change).contains(finding), "{finding}: {}", found(change));
    }
}
