//! Sets of days: when something may be bought.

use serde::{Deserialize, Serialize};

use crate::Day;

/// Days from the first to the last, both included, counted as Julian days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Span {
    pub(super) first: i32,
    pub(super) last: i32,
}

/// A set of days, as spans in order with gaps between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Days(Vec<Span>);

/// A day as a number.
pub(super) fn number(day: Day) -> i32 {
    day.date().to_julian_day()
}

impl Days {
    /// No day.
    pub(super) const fn never() -> Self {
        Self(Vec::new())
    }

    /// Every day.
    pub(super) fn always() -> Self {
        Self(vec![Span { first: i32::MIN, last: i32::MAX }])
    }

    /// Every day after one.
    pub(super) fn after(day: Day) -> Self {
        Self(vec![Span { first: number(day) + 1, last: i32::MAX }])
    }

    /// The days from one to another, both included.
    pub(super) fn between(first: Day, last: Day) -> Self {
        let span = Span { first: number(first), last: number(last) };
        Self(if span.first <= span.last { vec![span] } else { Vec::new() })
    }

    /// The days of either set.
    #[must_use]
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.0.extend(&other.0);
        self.0.sort_unstable_by_key(|span| span.first);
        let mut joined: Vec<Span> = Vec::with_capacity(self.0.len());
        for span in self.0 {
            match joined.last_mut() {
                Some(before) if span.first <= before.last.saturating_add(1) => {
                    before.last = before.last.max(span.last);
                }
                _ => joined.push(span),
            }
        }
        Self(joined)
    }

    /// The days of both sets.
    #[must_use]
    pub(super) fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(move |b| (a, b)));
        let shared = pairs
            .map(|(a, b)| Span { first: a.first.max(b.first), last: a.last.min(b.last) })
            .filter(|span| span.first <= span.last);
        Self(shared.collect())
    }

    /// The spans, in order.
    pub(super) fn spans(&self) -> &[Span] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(spans: &[(i32, i32)]) -> Days {
        spans.iter().fold(Days::never(), |days, (first, last)| {
            days.or(&Days(vec![Span { first: *first, last: *last }]))
        })
    }

    fn holds(days: &Days, day: i32) -> bool {
        days.spans().iter().any(|span| span.first <= day && day <= span.last)
    }

    #[test]
    fn neighbours_become_one_span() {
        assert_eq!(days(&[(1, 3), (4, 5)]), days(&[(1, 5)]));
        assert_eq!(days(&[(1, 3), (5, 6)]).spans().len(), 2);
        assert_eq!(Days::always().or(&days(&[(1, 2)])), Days::always());
    }

    fn spans() -> impl Strategy<Value = Vec<(i32, i32)>> {
        prop::collection::vec((0i32..30, 0i32..6).prop_map(|(at, len)| (at, at + len)), 0..5)
    }

    proptest! {
        #[test]
        fn or_and_and_mean_what_they_say(a in spans(), b in spans()) {
            let (a, b) = (days(&a), days(&b));
            let (either, both) = (a.clone().or(&b), a.and(&b));
            for day in -1..40 {
                prop_assert_eq!(holds(&either, day), holds(&a, day) || holds(&b, day));
                prop_assert_eq!(holds(&both, day), holds(&a, day) && holds(&b, day));
            }
        }
    }
}
