//! The calendar of deadlines by a browser, and as the file that calendar programs read.

use std::collections::{BTreeMap, BTreeSet};

use market_core::Party;
use serde_json::json;

use crate::{
    browsing::Browser,
    harness::{TestApp, on_both},
    portal::has,
    trade::trade,
};

/// The cell of a day in the table of a month.
fn cell<'h>(html: &'h str, day: &str) -> &'h str {
    let (_, rest) =
        html.split_once(&format!("datetime=\"{day}\"")).unwrap_or_else(|| panic!("{html}"));
    rest.split_once("</td>").unwrap().0
}

/// A text of a file as it was meant; anything that RFC 5545 does not allow in one fails.
fn unescaped(value: &str) -> String {
    let (mut text, mut chars) = (String::new(), value.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(c @ ('\\' | ';' | ',')) => text.push(c),
                other => panic!("a backslash before {other:?}: {value}"),
            },
            ';' | ',' => panic!("{c} is not escaped: {value}"),
            c => text.push(c),
        }
    }
    text
}

/// The events of a file, each by the names of its properties; anything that RFC 5545 does not allow
/// fails.
fn events(file: &str) -> Vec<BTreeMap<String, String>> {
    let whole = file.strip_suffix("\r\n").expect("the last line is ended, too");
    assert_eq!(file.matches('\r').count(), file.matches("\r\n").count());
    assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
    for line in whole.split("\r\n") {
        assert!((1..=75).contains(&line.len()), "{} octets: {line}", line.len());
    }
    let unfolded = whole.replace("\r\n ", "");
    let (mut events, mut open, mut calendar) = (Vec::new(), Vec::new(), BTreeMap::new());
    for line in unfolded.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no value: {line}"));
        let is_name = |c: char| c.is_ascii_uppercase() || c == '-' || c == ';' || c == '=';
        assert!(name.chars().all(is_name) && !value.chars().any(char::is_control), "{line}");
        match name {
            "BEGIN" => {
                let inside: &[&str] = if value == "VEVENT" { &["VCALENDAR"] } else { &[] };
                assert_eq!(open, inside, "{line}");
                open.push(value);
                if value == "VEVENT" {
                    events.push(BTreeMap::new());
                }
            }
            "END" => assert_eq!(open.pop(), Some(value)),
            _ => {
                let of = match open.as_slice() {
                    ["VCALENDAR"] => &mut calendar,
                    ["VCALENDAR", "VEVENT"] => events.last_mut().unwrap(),
                    _ => panic!("outside of everything: {line}"),
                };
                let is_text = ["SUMMARY", "DESCRIPTION", "UID", "CATEGORIES"].contains(&name);
                let value = if is_text { unescaped(value) } else { value.to_owned() };
                assert_eq!(of.insert(name.to_owned(), value), None, "{name} twice");
            }
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    assert_eq!(calendar["VERSION"], "2.0");
    assert!(!calendar["PRODID"].is_empty());
    for event in &events {
        let is = |text: &str, shape: &str| {
            let same = |(c, of): (char, char)| if of == '9' { c.is_ascii_digit() } else { c == of };
            text.len() == shape.len() && text.chars().zip(shape.chars()).all(same)
        };
        assert!(is(&event["DTSTAMP"], "99999999T999999Z"), "{event:?}");
        let (day, at) = (event.get("DTSTART;VALUE=DATE"), event.get("DTSTART"));
        let end = event.get("DTEND;VALUE=DATE");
        assert!(day.is_some() != at.is_some() && day.is_some() == end.is_some(), "{event:?}");
        assert!(day.into_iter().chain(end).all(|day| is(day, "99999999")), "{event:?}");
        assert!(at.is_none_or(|at| is(at, "99999999T999999Z")), "{event:?}");
        assert!(!event["UID"].is_empty() && !event["SUMMARY"].is_empty());
    }
    let ids: BTreeSet<_> = events.iter().map(|event| &event["UID"]).collect();
    assert_eq!(ids.len(), events.len(), "each event is called otherwise");
    events
}

/// The events of the file that somebody is given.
async fn file(browser: &Browser<'_>) -> Vec<BTreeMap<String, String>> {
    let answer = browser.get("/calendar.ics", 200).await;
    assert_eq!(answer.headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"calendar.ics\"");
    assert_eq!(answer.headers["cache-control"], "no-store");
    events(&answer.text)
}

on_both! {
    async fn a_month_shows_what_is_due_day_by_day(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        Browser::nobody(app).get("/calendar", 303).await;
        let buyer = Browser::signed_in(app, "applicant").await;
        has(&buyer.see("/my").await, &["href=\"/calendar\""]);
        let month = buyer.see("/calendar").await;
        has(&month, &[
            "<h1>2026年11月的期限</h1>", "<caption", "<th scope=\"col\">",
            "href=\"/calendar?month=2026-10\"", "href=\"/calendar?month=2026-12\"",
            "href=\"/calendar.ics\"",
        ]);
        // Two working days from Tuesday.
        let thursday = cell(&month, "2026-11-26");
        has(thursday, &[&*format!("href=\"/orders/{order}\""), "订单：等", "2026年11月26日前"]);
        assert!(!thursday.contains("等您办理"), "the agency takes it on");
        assert!(!cell(&month, "2026-11-25").contains(&order));
        assert!(!cell(&month, "2026-11-01").contains("<li>"));
        has(cell(&month, "2026-11-24"), &["今天"]);
        has(cell(&month, "2026-11-28"), &["休"]);
        assert!(!cell(&month, "2026-11-27").contains("休"));
        let october = buyer.see("/calendar?month=2026-10").await;
        has(&october, &["这个月没有要按期办的", "回到本月"]);
        has(cell(&october, "2026-10-07"), &["休"]);
        has(cell(&october, "2026-10-10"), &["调休上班"]);
        assert!(!october.contains("还没有公布"));
        has(&buyer.see("/calendar?month=2027-05").await, &["放假安排还没有公布"]);
        for bad in ["2026-13", "2026", "soon", "2026-11-01", "1999-01"] {
            buyer.get(&format!("/calendar?month={bad}"), 422).await;
        }
        buyer.get("/calendar?day=2026-11-01", 422).await;
        let day = buyer.see("/deadlines?from=2026-11-26&to=2026-11-26").await;
        has(&day, &[&*format!("href=\"/orders/{order}\"")]);
        assert!(!buyer.see("/deadlines?from=2026-11-27&to=").await.contains(&order));

        let seller = Browser::acting(app, "seller", Party::Agency(trade.listing.agency_id)).await;
        has(cell(&seller.see("/calendar").await, "2026-11-26"), &["订单：等您办理"]);
        app.applicant("stranger").await;
        let stranger = Browser::signed_in(app, "stranger").await;
        has(&stranger.see("/calendar").await, &["这个月没有要按期办的"]);
        assert_eq!(file(&stranger).await, []);

        // What has passed comes before all.
        app.market.env().set("2026-12-01T02:00:00Z".parse().unwrap());
        let seller = Browser::signed_in(app, "seller").await;
        let month = seller.see("/calendar").await;
        let (overdue, table) = month.split_once("<table").unwrap();
        has(overdue, &["已经过期的", &*format!("href=\"/orders/{order}\""), "2026年12月的期限"]);
        assert!(!table.contains(&order), "it was due in November");
        let before = seller.see("/calendar?month=2026-11").await;
        has(cell(&before, "2026-11-26"), &["（已过期）"]);
    }

    async fn a_desk_has_its_own_calendar(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        trade.deliver(app, &order, "检测报告").await;
        let department = Party::Department("fire-rescue".parse().unwrap());
        for (login, party) in [("officer", department), ("operating", Party::Operator)] {
            let desk = Browser::acting(app, login, party).await;
            has(&desk.see("/desk").await, &["href=\"/calendar\""]);
            let month = desk.see("/calendar").await;
            has(&month, &["href=\"/desk\">工作台"]);
            let rest = desk.see("/calendar?month=2026-12").await;
            let all = format!("{month}{rest}");
            has(&all, &[&*format!("href=\"/desk/cases/{}", trade.case)]);
            let events = file(&desk).await;
            assert!(!events.is_empty());
            assert!(events.iter().all(|one| one["URL"].contains("/deadlines?from=")), "{events:?}");
        }
    }

    async fn the_file_is_what_calendars_read(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        let title = "面馆,总店;二楼\\东侧，一个名称很长、要折成好几行的店面装修改造工程";
        let new = json!({ "matter": "open-restaurant", "title": title, "region": "330282",
            "fund": "social" });
        let case = app.post("/api/v1/cases", &new).by(&trade.applicant).gives(201).await;
        let buyer = Browser::signed_in(app, "applicant").await;
        let events = file(&buyer).await;
        let of = |id: &str| events.iter().find(|one| one["UID"].contains(id)).unwrap();
        let ordered = of(&order);
        assert_eq!(ordered["DTSTART;VALUE=DATE"], "20261126");
        assert_eq!(ordered["DTEND;VALUE=DATE"], "20261127");
        assert_eq!(ordered["DTSTAMP"], "20261124T020000Z");
        assert_eq!(ordered["SUMMARY"], "订单：开一家面馆");
        assert!(ordered["DESCRIPTION"].contains("2026年11月26日前\n到期以后：视为机构不接单"));
        assert!(ordered["URL"].ends_with(&format!("/orders/{order}")), "{ordered:?}");
        let step = of(case.text_at("/id"));
        assert_eq!(step["SUMMARY"], format!("办件环节：{title}"));
        let all = app.get("/api/v1/deadlines?limit=100").by(&trade.applicant).gives(200).await;
        assert_eq!(events.len(), all.json["items"].as_array().unwrap().len());
    }
}
