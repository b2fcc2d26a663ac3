//! Working days.

use std::{collections::BTreeMap, sync::Arc};

use super::time::Day;
use crate::store::text_enum;

text_enum! {
    /// What an official notice says of a day.
    pub enum DayKind {
        /// Off (放假).
        Holiday = "holiday",
        /// A day of work in exchange for one off (调休上班).
        Workday = "workday",
    }
}

/// The working-day calendar (工作日历): Monday to Friday, except as official notices say.
///
/// A year without any notice is reckoned by weekdays alone, and [`Calendar::covers`] says so.
#[derive(Debug, Clone, Default)]
pub struct Calendar(Arc<BTreeMap<Day, DayKind>>);

impl Calendar {
    /// A calendar of the given exceptions.
    pub fn new(days: impl IntoIterator<Item = (Day, DayKind)>) -> Self {
        Self(Arc::new(days.into_iter().collect()))
    }

    /// Whether work is done on a day.
    pub fn is_working(&self, day: Day) -> bool {
        match self.0.get(&day) {
            Some(kind) => *kind == DayKind::Workday,
            None => day.is_weekday(),
        }
    }

    /// Whether the official notice of the day's year is known.
    pub fn covers(&self, day: Day) -> bool {
        let year = day.date().year();
        self.0.keys().any(|known| known.date().year() == year)
    }

    /// The last day of a period of `days` working days; the day it starts on is not counted.
    pub fn after(&self, start: Day, days: u32) -> Day {
        let mut day = start;
        let mut left = days;
        while left > 0 {
            day = day.plus(1);
            left -= u32::from(self.is_working(day));
        }
        day
    }

    /// How many working days lie after one day, up to and with another.
    pub fn between(&self, after: Day, until: Day) -> u32 {
        let days = std::iter::successors(Some(after.plus(1)), |day| Some(day.plus(1)));
        let days = days.take_while(|day| *day <= until).filter(|day| self.is_working(*day));
        u32::try_from(days.count()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// National Day 2026: off from 1 to 7 October, worked on 20 September and 10 October.
    fn calendar() -> Calendar {
        let off = (1..=7).map(|n| (day(&format!("2026-10-0{n}")), DayKind::Holiday));
        let on = ["2026-09-20", "2026-10-10"].map(|text| (day(text), DayKind::Workday));
        Calendar::new(off.chain(on))
    }

    #[test]
    fn holidays_do_not_count_and_make_up_days_do() {
        let calendar = calendar();
        assert_eq!(calendar.after(day("2026-09-30"), 1), day("2026-10-08"));
        assert_eq!(calendar.after(day("2026-09-30"), 3), day("2026-10-10"));
        assert_eq!(calendar.after(day("2026-09-19"), 1), day("2026-09-20"));
        assert_eq!(calendar.after(day("2026-09-30"), 0), day("2026-09-30"));
    }

    #[test]
    fn days_between_are_the_period_that_ends_there() {
        let calendar = calendar();
        for days in 0..8 {
            let end = calendar.after(day("2026-09-28"), days);
            assert_eq!(calendar.between(day("2026-09-28"), end), days);
        }
        assert_eq!(calendar.between(day("2026-10-10"), day("2026-10-08")), 0);
    }

    #[test]
    fn an_unknown_year_is_reckoned_by_weekdays() {
        let calendar = calendar();
        assert!(calendar.covers(day("2026-01-01")) && !calendar.covers(day("2027-01-01")));
        assert_eq!(calendar.after(day("2027-01-01"), 1), day("2027-01-04"));
    }
}
