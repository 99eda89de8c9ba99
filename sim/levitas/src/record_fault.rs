// SPDX-License-Identifier: Apache-2.0
//! The fault `calibration_corrupt`: what the host finds at power-up in place of its calibration record.
//!
//! # Model
//! One bit of the copy is the other way round; which one is drawn from the seed. A run that brings no record has one in both
//! places beforehand, with the truth of its plant, as after a commissioning.
//!
//! # Limits and failure
//! The record is read at power-up and never again, so the fault has no other time. A copy that the run does not
//! bring cannot be corrupted and is refused.
//!
//! # Shown by
//! `tests/scenarios/3p_calibration_corrupt.toml` and `3q`; `sim/levitas/tests/commissioning.rs`.

use levitas_core::calibration::{Identity, Record};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use crate::commission::{Wiring, truth};
use crate::fault_catalogue::Broken;
use crate::input::{BadInput, Checked};
use crate::scenario::{EventAction, Scenario};

/// Stream of the generator that draws the bit; the world's own draws use others.
const STREAM: u128 = 0x6c65_7669_7461_7302;
/// Names of the copies, as in the catalogue.
const COPIES: [&str; 2] = ["a", "b"];

/// The two copies as the host finds them.
///
/// # Errors
/// A copy that is to be corrupted is not there.
pub(crate) fn copies(scenario: &Scenario, identity: &Identity) -> Checked<[Option<Vec<u8>>; 2]> {
    let mut copies = scenario.calibration.clone();
    let corrupt = corrupt(scenario);
    if corrupt == [false; 2] {
        return Ok(copies);
    }
    if copies == [None, None] {
        let values = truth(&scenario.plant, &scenario.host, &Wiring::IDEAL);
        let record = Record { sequence: 1, values }.encode(identity).to_vec();
        copies = [Some(record.clone()), Some(record)];
    }
    let mut generator = Pcg64::new(u128::from(scenario.seed), STREAM);
    for ((copy, name), corrupt) in copies.iter_mut().zip(COPIES).zip(corrupt) {
        let draw = generator.next_u64();
        if !corrupt {
            continue;
        }
        let bytes = copy.as_deref_mut().filter(|bytes| !bytes.is_empty()).ok_or_else(|| {
            let problem = format!("calibration_corrupt: there is no copy {name} to corrupt");
            BadInput::of(
                &scenario.argument,
                problem,
                "a copy that --calibration gives, or no --calibration at all",
            )
        })?;
        let bit = draw % (8 * bytes.len() as u64);
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
    }
    Ok(copies)
}

/// Which copies of the host the scenario corrupts.
fn corrupt(scenario: &Scenario) -> [bool; 2] {
    let mut corrupt = [false; 2];
    for event in &scenario.events {
        if let EventAction::Fault(injected) = event.action
            && let Broken::Record(which) = injected.broken
        {
            corrupt = [corrupt[0] || which[0], corrupt[1] || which[1]];
        }
    }
    corrupt
}
