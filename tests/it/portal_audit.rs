//! The audit log, as a page, as a file and over HTTP.

use market_core::{Party, webhook::event::Event};

use crate::{
    browsing::Browser,
    harness::{TestApp, on_both},
    portal::{first, has},
    town::Town,
};

/// What stands in strong type on a page.
fn strong(html: &str) -> Vec<&str> {
    let (_, list) = html.split_once("<ul class=\"rows\">").unwrap_or_default();
    let found = list.split("<strong>").skip(1).filter_map(|rest| rest.split("</strong>").next());
    found.collect()
}

on_both! {
    loaded:
    async fn who_did_what_is_read_narrowed_and_taken_away(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        town.quote(id).await;
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        app.market.feed().catch_up_parties().await.unwrap();
        has(&desk.see("/desk").await, &["href=\"/desk/audit\"", "审计日志"]);
        let mut at = "/desk/audit".to_owned();
        let mut pages = Vec::new();
        loop {
            let page = desk.see(&at).await;
            let (_, next) = page.split_once("rel=\"next\" href=\"").unwrap_or_default();
            at = next.split('"').next().unwrap_or_default().replace("&#38;", "&");
            pages.push(page);
            if at.is_empty() {
                break;
            }
        }
        let named = pages.iter().flat_map(|page| strong(page)).collect::<Vec<_>>();
        assert!(named.len() > 20, "{named:?}");
        assert!(named.iter().all(|name| !name.contains('_')), "not in words: {named:?}");
        let published = Event::named(market_core::Kind::Purchase, "purchase_published").unwrap().zh;
        assert!(named.contains(&published) && named.contains(&"开立账号"), "{named:?}");
        let whole = pages.concat();
        let registered = Event::named(market_core::Kind::Registration, "agency_registered").unwrap().zh;
        assert!(!whole.contains(registered) && !whole.contains("13812345678"));

        let of_one = desk.see(&format!("/desk/audit?kind=purchase&object={id}&person=&since=")).await;
        assert!(strong(&of_one).contains(&published));
        has(&of_one, &["报名中", "该主体的其他记录", "申请人 ", &format!("object={id}")]);
        let party = first(&of_one, "/desk/audit?party=applicant");
        has(&desk.see(&party).await, &[published]);
        let person = first(&of_one, "/desk/audit?person=");
        has(&desk.see(&person).await, &[published]);
        let day = app.market.env().now().day();
        let later = format!("/desk/audit?since={}", day.plus(1));
        has(&desk.see(&later).await, &["没有这样的记录"]);
        has(&desk.see(&format!("/desk/audit?since={day}&until={day}")).await, &["<strong>"]);

        let bad = desk.get("/desk/audit?object=x", 422).await.text;
        has(&bad, &["href=\"#kind\"", "事项的种类：请填写", "aria-invalid=\"true\""]);
        let bad = desk.get("/desk/audit?since=2026-12-01&until=2026-11-01", 422).await.text;
        has(&bad, &["href=\"#until\"", "结束日期早于开始日期"]);
        for wrong in ["kind=nonsense", "person=somebody", "party=nobody", "since=soon", "after=x"] {
            desk.get(&format!("/desk/audit?{wrong}"), 422).await;
        }

        let file = desk.get(&format!("/desk/audit.csv?kind=purchase&object={id}"), 200).await;
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        assert!(file.text.trim_start_matches('\u{feff}').starts_with("序号,时间,发生了什么"));
        has(&file.text, &[published, "purchase_published", &id.to_string()]);
        let all = desk.get("/desk/audit.csv", 200).await.text;
        assert_eq!(all.lines().count(), named.len().min(5_000) + 1, "the file holds what the pages hold");

        let lead = Party::Department("market-regulation".parse().unwrap());
        let lead = Browser::acting(app, "lead", lead).await;
        let own = lead.see("/desk/audit").await;
        has(&own, &["审计日志", published]);
        assert!(!own.contains("经办人"), "{own}");
        let person = person.replace("/desk/audit", "");
        lead.get(&format!("/desk/audit{person}"), 403).await;
        lead.get(&format!("/desk/audit.csv{person}"), 403).await;
        app.applicant("wang").await;
        let applicant = Browser::signed_in(app, "wang").await;
        for path in ["/desk/audit", "/desk/audit.csv"] {
            applicant.get(path, 404).await;
            Browser::nobody(app).get(path, 303).await;
        }
    }

    async fn programs_read_the_audit_log(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        app.market.feed().catch_up_parties().await.unwrap();
        let operator = app.person("operating", Party::Operator).await;
        let path = format!("/api/v1/audit?kind=purchase&object={id}&limit=1");
        let page = app.get(&path).by(&operator).gives(200).await;
        assert_eq!(page.text_at("/items/0/event"), "purchase_published");
        assert_eq!(page.text_at("/items/0/party/kind"), "applicant");
        assert!(page.json["items"][0].get("data").is_none(), "details are read at the thing");
        for (query, at) in [
            ("party=nobody", "party"), ("object=x", "kind"), ("limit=101", "limit"),
            ("since=2026-12-01&until=2026-11-01", "until"), ("after=x", "after"),
        ] {
            let wrong = app.get(&format!("/api/v1/audit?{query}")).by(&operator);
            let wrong = wrong.meets(422, "invalid").await;
            assert!(wrong.text.contains(&format!("\"{at}\"")) || wrong.text.contains(&format!("/{at}\"")),
                "{query}: {}", wrong.text);
        }
        let buyer = app.person("buyer", town.owner.actor.party.clone()).await;
        app.get("/api/v1/audit").by(&buyer).meets(403, "supervisors-only").await;
        app.get("/api/v1/audit").meets(401, "anonymous").await;
    }
}
