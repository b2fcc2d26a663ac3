//! Letters as initials, as syllables, or as both: `hjyx`, `huanjingyx`, `环jyx`.

use std::ops::Range;

use super::table::Table;
use crate::search::text::{begins_syllable, is_chinese, is_syllable, syllables};

/// So many steps are made for one text.
const MOST_STEPS: usize = 2_000;
/// The longest syllable, in letters.
const LONGEST_SYLLABLE: usize = 6;

/// Follows all ways in which a text may be initials and syllables, as far as any name goes.
pub(super) struct Walk<'a> {
    table: &'a Table,
    typed: &'a [char],
    /// The initials of the way so far.
    initials: String,
    steps: usize,
    /// What is reached: a part of the order by initials, and whether all of it fits.
    pub(super) ends: Vec<(Range<usize>, bool)>,
}

/// A place on the way.
struct Step {
    at: usize,
    /// Only full syllables so far; such a way is found by its letters.
    in_full: bool,
    /// Only initials so far.
    exact: bool,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(table: &'a Table, typed: &'a [char]) -> Self {
        Self { table, typed, initials: String::new(), steps: 0, ends: Vec::new() }
    }

    /// Follows all ways from the beginning.
    pub(super) fn begin(&mut self) {
        let all = 0..self.table.by_initials.len();
        self.go(&Step { at: 0, in_full: true, exact: true }, all);
    }

    fn go(&mut self, step: &Step, within: Range<usize>) {
        self.steps += 1;
        let Some(c) = self.typed.get(step.at) else {
            if step.exact || !step.in_full {
                self.ends.push((within, step.exact));
            }
            return;
        };
        if within.is_empty() || self.steps > MOST_STEPS {
            return;
        }
        if is_chinese(*c) {
            let mut letters: Vec<char> =
                syllables(*c).iter().filter_map(|reading| reading.chars().next()).collect();
            letters.sort_unstable();
            letters.dedup();
            if letters.is_empty() {
                letters.push(*c);
            }
            for letter in letters {
                let next = Step { at: step.at + 1, in_full: false, exact: false };
                self.with(letter, &within, &[next]);
            }
            return;
        }
        let mut next = vec![Step { at: step.at + 1, in_full: false, exact: step.exact }];
        let rest: String =
            self.typed[step.at..].iter().take_while(|c| c.is_ascii_alphabetic()).collect();
        for length in 1..=rest.len().min(LONGEST_SYLLABLE) {
            let part = &rest[..length];
            let at = step.at + length;
            let last = at == self.typed.len();
            if is_syllable(part) || (last && length > 1 && begins_syllable(part)) {
                next.push(Step { at, in_full: step.in_full, exact: false });
            } else if matches!(part, "zh" | "ch" | "sh") {
                next.push(Step { at, in_full: false, exact: false });
            }
        }
        self.with(*c, &within, &next);
    }

    /// Goes on with one more initial.
    fn with(&mut self, initial: char, within: &Range<usize>, next: &[Step]) {
        self.initials.push(initial);
        let order = &self.table.by_initials;
        let range = self.table.narrow(order, within.clone(), Table::initials, &self.initials);
        for step in next {
            self.go(step, range.clone());
        }
        self.initials.pop();
    }
}
