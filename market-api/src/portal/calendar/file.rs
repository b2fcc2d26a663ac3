//! What is due as a file for calendar programs (iCalendar, RFC 5545).

use axum::{
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use market_core::{
    Day, Market, Paging, Party, Timestamp,
    deadline::{Deadline, DeadlineFilter},
};

use crate::{
    portal::{
        desk::has_desk,
        my::DeadlineView,
        names::Parties,
        said,
        signed::{Signed, private},
    },
    problem::Problem,
};

/// The most pages of deadlines that a file holds.
const PAGES: usize = 10;

/// The most octets of a line.
const LINE: usize = 75;

/// A file as it is written, line by line.
#[derive(Debug)]
struct File(String);

impl File {
    fn begin() -> Self {
        let mut file = Self(String::new());
        for (name, value) in [
            ("BEGIN", "VCALENDAR"),
            ("VERSION", "2.0"),
            ("PRODID", "-//Market//Deadlines//ZH"),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", "PUBLISH"),
        ] {
            file.line(name, value);
        }
        file.line("X-WR-CALNAME", "办理期限");
        file
    }

    /// A line, folded where it is too long: the next begins with a blank, and no character is cut.
    fn line(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if octets + c.len_utf8() > LINE {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.line(name, &escaped(text));
    }

    /// A deadline as an event, of the day or of the time at which it passes.
    fn event(&mut self, deadline: &Deadline, view: &DeadlineView, url: &str, now: Timestamp) {
        let part = deadline.part.as_deref().unwrap_or_default();
        self.line("BEGIN", "VEVENT");
        self.text("UID", &format!("{}-{}-{part}@market", deadline.kind, deadline.id));
        self.line("DTSTAMP", &instant(now));
        if deadline.is_whole_day() {
            self.line("DTSTART;VALUE=DATE", &date(deadline.day()));
            self.line("DTEND;VALUE=DATE", &date(deadline.day().plus(1)));
        } else {
            self.line("DTSTART", &instant(deadline.until));
        }
        self.text("SUMMARY", &format!("{}：{}", view.kind, view.title));
        let held = view.holder();
        let then = view.then.map(|then| format!("\n到期以后：{then}")).unwrap_or_default();
        self.text("DESCRIPTION", &format!("{held}，{}前{then}", view.until));
        self.text("CATEGORIES", view.kind);
        self.line("URL", url);
        self.line("TRANSP", "TRANSPARENT");
        self.line("END", "VEVENT");
    }

    fn end(mut self) -> String {
        self.line("END", "VCALENDAR");
        self.0
    }
}

/// A text as a value has it.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => value.extend(['\\', c]),
            '\n' => value.push_str("\\n"),
            c if c.is_control() => {}
            c => value.push(c),
        }
    }
    value
}

fn date(day: Day) -> String {
    day.to_string().replace('-', "")
}

/// An instant in UTC, to the second.
fn instant(at: Timestamp) -> String {
    let (seconds, micros) = (at.micros().div_euclid(1_000_000), 1_000_000);
    let text = Timestamp::from_micros(seconds * micros).to_string();
    text.replace(['-', ':'], "")
}

/// Where the thing is that has a deadline; of what has no page of its own for whoever asks, the
/// deadlines of the day.
fn place(deadline: &Deadline, party: &Party) -> String {
    let own = said::deadline_at(deadline, party).filter(|_| !has_desk(party));
    let day = deadline.day();
    own.unwrap_or_else(|| format!("/deadlines?from={day}&to={day}"))
}

pub(in crate::portal) async fn file(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let (filter, now) = (DeadlineFilter::default(), market.env().now());
    let (party, site) = (&signed.actor.party, market.publisher().url.trim_end_matches('/'));
    let mut parties = Parties::new(&market, &signed.actor);
    let (mut file, mut after) = (File::begin(), None);
    for _ in 0..PAGES {
        let paging = Paging { after: after.take(), limit: 100 };
        let page = market.deadlines().list(&signed.actor, &filter, &paging).await?;
        for deadline in page.items {
            let view = DeadlineView::of(&deadline, party, &mut parties).await?;
            let url = format!("{site}{}", place(&deadline, party));
            file.event(&deadline, &view, &url, now);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let headers = [
        (CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"calendar.ics\""),
    ];
    Ok(private((headers, file.end()).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        for text in
            ["期".repeat(200), "a期".repeat(90), "x".repeat(75), "x".repeat(400), "😀".repeat(60)]
        {
            let mut file = File(String::new());
            file.line("SUMMARY", &text);
            let folded = file.0.strip_suffix("\r\n").unwrap();
            for line in folded.split("\r\n") {
                assert!(line.len() <= 75, "{} octets: {line}", line.len());
            }
            assert_eq!(folded.replace("\r\n ", ""), format!("SUMMARY:{text}"));
        }
        let mut short = File(String::new());
        short.line("X", &"y".repeat(73));
        assert_eq!(short.0.matches("\r\n").count(), 1, "75 octets are no more than a line has");
    }

    #[test]
    fn what_would_be_read_as_something_else_is_escaped() {
        assert_eq!(escaped("a;b,c\\d\ne\r\u{7}"), "a\\;b\\,c\\\\d\\ne");
    }

    #[test]
    fn instants_are_in_utc_to_the_second() {
        let at: Timestamp = "2026-11-24T02:00:00.5Z".parse().unwrap();
        assert_eq!(instant(at), "20261124T020000Z");
        assert_eq!(date("2026-11-24".parse().unwrap()), "20261124");
    }
}
