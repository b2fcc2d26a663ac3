//! `/calendar`: what is due in a month, day by day, with what has passed before all; `/calendar.ics`
//! is the same as a file for calendar programs (`file`).

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Calendar, Day, Fault, Market, Paging,
    deadline::{DeadlineFilter, Window},
};
use serde::Deserialize;

pub(super) use self::file::file;
use super::{
    Frame, Link, Page,
    desk::has_desk,
    my::{DeadlineView, view},
    names::Parties,
    signed::{Signed, private},
    words,
};
use crate::{parameters::Parameters, problem::Problem};

mod file;

/// So many deadlines of a month are shown, and so many that have passed.
const MOST: u32 = 60;
const MOST_OVERDUE: u32 = 10;

/// The years that there are calendars for.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

const WEEKDAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

#[derive(Debug, Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    frame: Frame,
    trail: Vec<Link>,
    /// The month, as people write it.
    title: String,
    weekdays: [&'static str; 7],
    /// The days of the month, week by week; nothing, where another month's would be.
    weeks: Vec<[Option<DayView>; 7]>,
    overdue: Vec<DeadlineView>,
    /// Where more lies that has passed.
    more_overdue: Option<&'static str>,
    /// How much is due in the month.
    count: usize,
    /// Until when all is shown, and where the rest is.
    more: Option<(String, String)>,
    previous: Option<Link>,
    next: Option<Link>,
    this: Option<Link>,
    /// Whether the official calendar of the year is known.
    is_published: bool,
}

/// A day of a month.
#[derive(Debug)]
struct DayView {
    number: u8,
    /// The day in full, for whoever sees it out of its row.
    name: String,
    weekday: &'static str,
    date: String,
    is_today: bool,
    is_working: bool,
    /// Whether it is worked on in exchange for a day off.
    is_exchanged: bool,
    deadlines: Vec<DeadlineView>,
}

/// The query of the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    month: Option<String>,
}

/// A month, by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Month(Day);

impl Month {
    fn of(day: Day) -> Self {
        Self(day.plus(1 - i64::from(day.date().day())))
    }

    /// The month of an address, such as `2026-11`.
    fn asked(text: &str) -> Result<Self, Problem> {
        let day: Option<Day> = format!("{text}-01").parse().ok();
        let day = day.filter(|day| YEARS.contains(&day.date().year()));
        let wrong =
            || Fault::new("month", "format", "must be a month such as 2026-11, of 2000 to 2100");
        day.map(Self).ok_or_else(|| Problem::invalid(vec![wrong()]))
    }

    fn last(self) -> Day {
        self.next().0.plus(-1)
    }

    fn next(self) -> Self {
        Self(self.0.plus_months(1))
    }

    fn previous(self) -> Self {
        Self::of(self.0.plus(-1))
    }

    fn title(self) -> String {
        let date = self.0.date();
        format!("{}年{}月", date.year(), u8::from(date.month()))
    }

    fn href(self) -> String {
        let date = self.0.date();
        format!("/calendar?month={}-{:02}", date.year(), u8::from(date.month()))
    }

    /// The way to it, in years that have a calendar.
    fn link(self) -> Option<Link> {
        let is_known = YEARS.contains(&self.0.date().year());
        is_known.then(|| Link { href: self.href(), name: self.title() })
    }
}

/// The weeks of a month; each day takes its deadlines out of all.
fn weeks(
    month: Month,
    today: Day,
    calendar: &Calendar,
    mut due: Vec<(Day, DeadlineView)>,
) -> Vec<[Option<DayView>; 7]> {
    let place = |day: Day| usize::from(day.date().weekday().number_days_from_monday());
    let mut weeks: Vec<[Option<DayView>; 7]> = Vec::new();
    let days = std::iter::successors(Some(month.0), |day| Some(day.plus(1)));
    for day in days.take_while(|day| *day <= month.last()) {
        let at = place(day);
        if at == 0 || weeks.is_empty() {
            weeks.push(Default::default());
        }
        let is_working = calendar.is_working(day);
        let (own, rest): (Vec<_>, Vec<_>) = due.into_iter().partition(|(of, _)| *of == day);
        due = rest;
        let view = DayView {
            number: day.date().day(),
            name: words::day(day),
            weekday: WEEKDAYS[at],
            date: day.to_string(),
            is_today: day == today,
            is_working,
            is_exchanged: is_working && !day.is_weekday(),
            deadlines: own.into_iter().map(|(_, one)| one).collect(),
        };
        if let Some(week) = weeks.last_mut() {
            week[at] = Some(view);
        }
    }
    weeks
}

/// Deadlines of a time, each with its day, and whether there are more.
async fn found(
    market: &Market,
    signed: &Signed,
    window: Window,
    limit: u32,
) -> Result<(Vec<(Day, DeadlineView)>, bool), Problem> {
    let (filter, paging) = (DeadlineFilter { kind: None, window }, Paging { after: None, limit });
    let page = market.deadlines().list(&signed.actor, &filter, &paging).await?;
    let mut parties = Parties::new(market, &signed.actor);
    let mut views = Vec::new();
    for deadline in page.items {
        views.push((deadline.day(), view(market, signed, &deadline, &mut parties).await?));
    }
    Ok((views, page.next.is_some()))
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let today = market.env().now().day();
    let month = match asked.month.as_deref().filter(|month| !month.is_empty()) {
        Some(month) => Month::asked(month)?,
        None => Month::of(today),
    };
    let calendar = market.rules().calendar().await?;
    let (overdue, is_more) = found(&market, &signed, Window::Overdue, MOST_OVERDUE).await?;
    let days = Window::Days(Some(month.0), Some(month.last()));
    let (due, is_cut) = found(&market, &signed, days, MOST).await?;
    let last_shown = due.last().map(|(day, _)| *day).filter(|_| is_cut);
    let rest = |day: Day| (words::day(day), format!("/deadlines?from={day}&to={}", month.last()));
    let at_desk = has_desk(&signed.actor.party);
    let (href, name) = if at_desk { ("/desk", "工作台") } else { ("/my", "我的") };
    let page = Page::of(&CalendarPage {
        frame: Frame::signed(&market, format!("{}的期限", month.title()), &signed).await?,
        trail: vec![Link { href: href.to_owned(), name: name.to_owned() }],
        title: month.title(),
        weekdays: WEEKDAYS,
        count: due.len(),
        weeks: weeks(month, today, &calendar, due),
        overdue: overdue.into_iter().map(|(_, one)| one).collect(),
        more_overdue: is_more.then_some("/deadlines"),
        more: last_shown.map(rest),
        previous: month.previous().link(),
        next: month.next().link(),
        this: Some(Month::of(today)).filter(|this| *this != month).and_then(Month::link),
        is_published: calendar.covers(month.0),
    })?;
    Ok(private(page.into_response()))
}

#[cfg(test)]
mod tests {
    use market_core::DayKind;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn every_day_of_a_month_stands_below_its_weekday() {
        for (text, first, days, rows) in [
            ("2026-10", 3, 31, 5),
            ("2026-11", 6, 30, 6),
            ("2027-02", 0, 28, 4),
            ("2028-02", 1, 29, 5),
            ("2026-12", 1, 31, 5),
        ] {
            let month = Month::asked(text).unwrap();
            let weeks = weeks(month, day("2026-11-24"), &Calendar::default(), Vec::new());
            assert_eq!(weeks.len(), rows, "{text}");
            let places = weeks.iter().flatten().enumerate();
            let held: Vec<_> =
                places.filter_map(|(at, one)| Some((at, one.as_ref()?.number))).collect();
            assert_eq!(held.first(), Some(&(first, 1)), "{text}");
            assert_eq!(held.last(), Some(&(first + days - 1, u8::try_from(days).unwrap())));
            assert_eq!(held.len(), days, "{text}");
        }
    }

    #[test]
    fn days_off_and_days_worked_in_exchange_are_marked() {
        let kinds = [("2026-10-01", DayKind::Holiday), ("2026-10-10", DayKind::Workday)];
        let calendar = Calendar::new(kinds.map(|(text, kind)| (day(text), kind)));
        let weeks = weeks(Month::of(day("2026-10-24")), day("2026-10-09"), &calendar, Vec::new());
        let marked = |number: u8| {
            let mut days = weeks.iter().flatten().flatten();
            let found = days.find(|one| one.number == number).unwrap();
            (found.is_working, found.is_exchanged, found.is_today)
        };
        assert_eq!(marked(1), (false, false, false));
        assert_eq!(marked(2), (true, false, false));
        assert_eq!(marked(9), (true, false, true));
        assert_eq!(marked(10), (true, true, false));
        assert_eq!(marked(11), (false, false, false));
    }

    #[test]
    fn months_follow_one_another_and_end() {
        let month = Month::asked("2026-12").unwrap();
        assert_eq!(month.next(), Month::asked("2027-01").unwrap());
        assert_eq!(month.previous(), Month::asked("2026-11").unwrap());
        assert_eq!(
            (month.title(), month.href()),
            ("2026年12月".to_owned(), "/calendar?month=2026-12".to_owned())
        );
        assert!(Month::asked("2100-12").unwrap().next().link().is_none());
        assert!(Month::asked("2000-01").unwrap().previous().link().is_none());
        for bad in ["", "2026", "2026-13", "2026-1", "1999-12", "2101-01", "2026-11-01", "二"] {
            assert!(Month::asked(bad).is_err(), "{bad}");
        }
    }
}
