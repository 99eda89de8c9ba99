// SPDX-License-Identifier: Apache-2.0
//! The loops of a function, from its instructions and where each leads.
//!
//! # Model
//! A loop is closed by a jump to an instruction that every way to the jump passes; all instructions that lead to the jump and not past
//! that first one belong to it. A jump back that closes none, as compilers lay out code, is no loop.

use std::collections::BTreeSet;

/// Where each instruction leads, by index.
pub(crate) type Ways = Vec<Vec<usize>>;

/// Indices of the instructions of each loop; `None` where a cycle has no first instruction, so that it is not known what it repeats.
pub(crate) fn loops(ways: &Ways) -> Option<Vec<BTreeSet<usize>>> {
    let from = reversed(ways);
    let passed = passed(ways, &from);
    let mut loops = Vec::new();
    let mut without: Ways = ways.clone();
    for (jump, targets) in ways.iter().enumerate() {
        for first in targets.iter().filter(|first| passed[jump].contains(first)) {
            loops.push(body(*first, jump, &from));
            without[jump].retain(|target| target != first);
        }
    }
    is_free_of_cycles(&without).then_some(loops)
}

fn reversed(ways: &Ways) -> Ways {
    let mut from = vec![Vec::new(); ways.len()];
    for (index, targets) in ways.iter().enumerate() {
        targets.iter().for_each(|target| from[*target].push(index));
    }
    from
}

/// For each instruction those that every way to it from the first one passes, itself among them; none where no way leads.
fn passed(ways: &Ways, from: &Ways) -> Vec<BTreeSet<usize>> {
    let mut passed: Vec<Option<BTreeSet<usize>>> = vec![None; ways.len()];
    if let Some(first) = passed.first_mut() {
        *first = Some([0].into());
    }
    loop {
        let mut changed = false;
        for index in 1..ways.len() {
            let known = from[index].iter().filter_map(|before| passed[*before].as_ref());
            let common = known.cloned().reduce(|one, other| one.intersection(&other).copied().collect());
            if let Some(mut common) = common {
                common.insert(index);
                if passed[index].as_ref() != Some(&common) {
                    passed[index] = Some(common);
                    changed = true;
                }
            }
        }
        if !changed {
            return passed.into_iter().map(Option::unwrap_or_default).collect();
        }
    }
}

fn body(first: usize, jump: usize, from: &Ways) -> BTreeSet<usize> {
    let mut body: BTreeSet<usize> = [first].into();
    let mut next = vec![jump];
    while let Some(index) = next.pop() {
        if body.insert(index) {
            next.extend(&from[index]);
        }
    }
    body
}

fn is_free_of_cycles(ways: &Ways) -> bool {
    let mut before: Vec<usize> = reversed(ways).iter().map(Vec::len).collect();
    let mut next: Vec<usize> = (0..ways.len()).filter(|index| before[*index] == 0).collect();
    let mut seen = 0;
    while let Some(index) = next.pop() {
        seen += 1;
        for target in &ways[index] {
            before[*target] -= 1;
            if before[*target] == 0 {
                next.push(*target);
            }
        }
    }
    seen == ways.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_back_to_what_was_passed_closes_a_loop() {
        // 0 -> 1 -> 2 -> 1, 2 -> 3
        let ways = vec![vec![1], vec![2], vec![1, 3], vec![]];
        assert_eq!(loops(&ways), Some(vec![[1, 2].into()]));
    }

    #[test]
    fn a_jump_back_to_another_way_of_a_branch_closes_none() {
        // 0 -> 1 or 3; 1 -> 2; 2 ends; 3 -> 1
        assert_eq!(loops(&vec![vec![1, 3], vec![2], vec![], vec![1]]), Some(vec![]));
    }

    #[test]
    fn a_loop_within_a_loop_is_two() {
        // 1 -> 2 -> 2, 2 -> 3 -> 1, 3 -> 4
        let ways = vec![vec![1], vec![2], vec![2, 3], vec![1, 4], vec![]];
        assert_eq!(loops(&ways), Some(vec![[2].into(), [1, 2, 3].into()]));
    }

    #[test]
    fn a_cycle_that_is_entered_at_two_places_is_not_known() {
        // 0 -> 1 or 2; 1 -> 2; 2 -> 1 or 3
        assert_eq!(loops(&vec![vec![1, 2], vec![2], vec![1, 3], vec![]]), None);
    }
}
