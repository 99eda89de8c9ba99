// SPDX-License-Identifier: Apache-2.0
//! Many independent tasks on a few threads; the results stand in the order of the tasks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::input::Checked;

/// Carries out all tasks on `jobs` threads; `done` hears of each that is finished.
///
/// # Errors
/// The first task, in their order, that was refused.
pub(crate) fn carry_out<T: Sync, R: Send>(
    tasks: &[T],
    jobs: usize,
    work: &(dyn Fn(&T) -> Checked<R> + Sync),
    done: &(dyn Fn() + Sync),
) -> Checked<Vec<R>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0..tasks.len()).map(|_| None).collect::<Vec<Option<Checked<R>>>>());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(index) else { break };
                    let result = work(task);
                    if let Ok(mut results) = results.lock() {
                        results[index] = Some(result);
                    }
                    done();
                }
            });
        }
    });
    results.into_inner().unwrap_or_default().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::BadInput;

    #[test]
    fn order_does_not_depend_on_threads_and_the_first_refusal_wins() {
        let tasks: Vec<u32> = (0..100).collect();
        let doubled = |task: &u32| Ok(task * 2);
        for jobs in [0, 1, 3] {
            let results = carry_out(&tasks, jobs, &doubled, &|| {}).unwrap();
            assert!(results.iter().zip(&tasks).all(|(result, task)| *result == task * 2));
        }
        let refused = |task: &u32| {
            if *task > 5 { Err(BadInput::of("t", task, "")) } else { Ok(()) }
        };
        assert!(carry_out(&tasks, 3, &refused, &|| {}).unwrap_err().to_string().contains('6'));
    }
}
