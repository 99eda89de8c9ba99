// SPDX-License-Identifier: Apache-2.0
//! How long something has been wrong, by a count that leaks: two up in a period that is wrong, one down in one that is right.
//!
//! # Limits and failure
//! What is wrong without a break stands after its periods; what is wrong in every other one after four times as many. What is wrong in a
//! third of the periods or less never stands.

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    count: u32,
    most: u32,
}

impl Trouble {
    /// Stands after so many periods.
    pub(super) const fn after(periods: u32) -> Self {
        Self { count: 0, most: periods.saturating_mul(2) }
    }

    /// One period; true when it stands.
    pub(super) fn step(&mut self, is_wrong: bool) -> bool {
        let next = if is_wrong { self.count.saturating_add(2) } else { self.count.saturating_sub(1) };
        self.count = next.min(self.most);
        self.stands()
    }

    pub(super) const fn stands(&self) -> bool {
        self.count >= self.most
    }

    /// Nothing was wrong, or it has leaked out.
    pub(super) const fn is_over(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods until it stands, when the first `wrong` of each `of` periods are wrong.
    fn stands_after(wrong: u32, of: u32) -> Option<u32> {
        let mut trouble = Trouble::after(10);
        (1..=1000).find(|period| trouble.step((period - 1) % of < wrong))
    }

    #[test]
    fn what_comes_and_goes_is_found_when_it_is_there_for_more_than_a_third() {
        assert_eq!(stands_after(1, 1), Some(10));
        assert_eq!(stands_after(1, 2), Some(37));
        assert!(stands_after(2, 5).is_some());
        assert_eq!(stands_after(1, 3), None);
        let mut trouble = Trouble::after(10);
        (0..1000).for_each(|_| assert!(!trouble.step(false)));
        (0..1000).for_each(|_| {
            trouble.step(true);
        });
        assert!((0..20).map(|_| trouble.step(false)).all(|stands| !stands) && trouble.is_over());
    }
}
