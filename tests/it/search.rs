use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    asking::Answer,
    harness::{Place, TestApp, on_both},
    server::{Client, Server},
    trade::{INSPECTION, Trade, open, trade, trade_in},
};

const MONITORING: &str = "environmental-monitoring";

/// A text as it stands in an address.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
}

async fn search(app: &TestApp, query: &str) -> Value {
    app.market.search().catch_up().await.unwrap();
    app.get(&format!("/api/v1/search?{query}")).gives(200).await.json
}

fn hits(found: &Value) -> &[Value] {
    found["items"].as_array().unwrap()
}

fn holds(found: &Value, id: &Value) -> bool {
    hits(found).iter().any(|hit| hit["id"] == *id)
}

/// What a search for a case finds, all of it.
async fn for_case(app: &TestApp, trade: &Trade, case: &str, query: &str) -> Vec<Value> {
    app.market.search().catch_up().await.unwrap();
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/search?case={case}&limit=100&{query}{after}");
        let found = app.get(&path).by(&trade.applicant).gives(200).await.json;
        all.extend_from_slice(hits(&found));
        let Some(next) = found["next"].as_str() else { return all };
        after = format!("&after={next}");
    }
}

/// Services that a case needs and that nobody was asked for yet.
async fn needed(app: &TestApp, trade: &Trade, case: &str) -> Vec<Value> {
    let case = app.get(&format!("/api/v1/cases/{case}")).by(&trade.applicant).gives(200).await;
    let all = case.json["requirements"].as_array().unwrap().iter();
    all.filter(|one| one["order"].is_null()).map(|one| one["item"].clone()).collect()
}

/// Puts a listing on the shelf like the one of the trade, at another price.
async fn offer(app: &TestApp, trade: &Trade, price: &str) -> Answer {
    let mut terms = serde_json::to_value(&trade.listing.terms).unwrap();
    terms["price"] = json!(price);
    let new = json!({ "code": "another", "item": trade.listing.item, "terms": terms });
    let made = app.post("/api/v1/listings", &new).by(&trade.agency).gives(201).await;
    let publish = format!("/api/v1/listings/{}/publish", made.text_at("/id"));
    app.post(&publish, &json!({})).by(&trade.agency).gives(200).await
}

on_both! {
    async fn an_empty_market_has_nothing_to_find(app: &TestApp) {
        let found = search(app, "text=%E7%8E%AF%E8%AF%84&facets=true").await;
        let nothing = json!({
            "items": [], "next": null, "total": 0, "relaxed": false, "complete": true,
            "understood": [], "corrections": [], "nearest": [], "facets": [],
        });
        assert_eq!(found, nothing);
    }

    async fn a_search_says_what_was_meant_and_what_is_nearest(app: &TestApp) {
        trade(app).await;
        let slipped = search(app, &format!("text={}", encoded("消防设施检侧"))).await;
        assert_eq!(slipped["corrections"][0]["text"], "消防设施检测", "{slipped}");
        assert_eq!(slipped["corrections"][0]["named"]["by"], "slip");
        assert_eq!(slipped["nearest"], json!([]));
        let dear = format!("text={}&max_price=0.01", encoded("消防设施检测"));
        let nothing = search(app, &dear).await;
        assert_eq!((&nothing["total"], &nothing["corrections"]), (&json!(0), &json!([])));
        let nearest = |at: usize| (&nothing["nearest"][at]["kind"], &nothing["nearest"][at]["code"]);
        assert_eq!(nearest(0), (&json!("service_item"), &json!(INSPECTION)), "{nothing}");
        assert_eq!(nearest(1).0, "category");
    }

    async fn what_is_sold_is_found_until_its_agency_is_suspended(app: &TestApp) {
        let trade = trade(app).await;
        let found = async |query: &str| search(app, &format!("region=330282&limit=100&{query}")).await;
        let id = json!(trade.listing.id);
        let by_item = found(&format!("item={INSPECTION}")).await;
        assert!(holds(&by_item, &id), "{by_item}");
        let by_words = found("text=%E6%B6%88%E9%98%B2%E6%A3%80%E6%B5%8B").await;
        assert!(by_words["total"].as_i64().unwrap() > 0);
        assert_eq!(found("q=%E6%B6%88%E9%98%B2%E6%A3%80%E6%B5%8B").await, by_words);
        assert!(!holds(&found(&format!("item={INSPECTION}&max_price=0.01")).await, &id));

        let suspend = format!("/api/v1/agencies/{}/suspend", trade.agency_id());
        let why = json!({ "months": 3, "reason": "虚假材料" });
        app.post(&suspend, &why).by(&trade.operator).gives(200).await;
        assert!(!holds(&found(&format!("item={INSPECTION}")).await, &id));
    }

    async fn a_wrong_search_says_what_is_wrong_and_what_is_right(app: &TestApp) {
        let long = encoded(&"环".repeat(201));
        for (query, name, code, right) in [
            ("category=unheard-of", "category", "unknown", ""),
            ("item=unheard-of", "item", "unknown", ""),
            ("region=999999", "region", "unknown", ""),
            ("qualification=unheard:of", "qualification", "unknown", ""),
            ("min_price=-1", "min_price", "format", ""),
            ("min_price=2&max_price=1", "max_price", "range", "min_price"),
            ("kind=people", "kind", "choice", "all listings agencies items matters"),
            ("price=0-1000,7", "price", "choice", "0-1000 1000-5000 100000-"),
            ("turnaround=7", "turnaround", "choice", "1-5 6-10 31-"),
            ("grade=A,F", "grade", "choice", "A B C D E"),
            ("mode=lottery", "mode", "choice", "direct open_selection"),
            ("sort=payment", "sort", "choice", "relevance price days credit completed distance newest"),
            ("sort=price&kind=agencies", "sort", "sort", "listings"),
            ("sort=distance", "near", "required", "distance"),
            ("near=91,0", "near", "format", ""),
            ("eligible_on=tomorrow", "eligible_on", "format", ""),
            ("limit=0", "limit", "range", "1 100"),
            ("after=x", "after", "cursor", ""),
            ("colour=red", "colour", "unknown", "sort"),
            ("kind=items&kind=items", "kind", "duplicate", ""),
            ("text=%E7%8E%AF%00", "text", "characters", "control"),
            ("sort=price&q=%00", "q", "characters", "control"),
            (&format!("text={long}"), "text", "length", "200"),
        ] {
            let problem = app.get(&format!("/api/v1/search?{query}"));
            let problem = problem.meets(422, "invalid").await;
            let fault = &problem.json["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(name), &json!(code)), "{query}: {fault}");
            let message = fault["message"].as_str().unwrap();
            for word in right.split_whitespace() {
                assert!(message.contains(word), "{query}: {message}");
            }
        }
    }

    async fn only_what_a_case_still_needs_is_found_for_it(app: &TestApp) {
        let trade = trade(app).await;
        let path = format!("/api/v1/search?case={}", trade.case);
        app.get(&path).meets(401, "anonymous").await;
        app.get(&path).by(&app.applicant("stranger").await).meets(404, "not-found").await;
        app.get(&path).by(&trade.fire).gives(200).await;

        let mut open = needed(app, &trade, &trade.case).await;
        assert!(open.contains(&json!(INSPECTION)));
        // Each hit may be bought, and what is bought is needed no more.
        loop {
            let found = for_case(app, &trade, &trade.case, "").await;
            for hit in &found {
                assert!(open.contains(&hit["item"]), "{hit}");
                let id = hit["id"].as_str().unwrap();
                let path = format!("/api/v1/cases/{}/eligibility?listing={id}", trade.case);
                let may = app.get(&path).by(&trade.applicant).gives(200).await.json;
                assert_eq!(may["eligible"], true, "{hit}: {may}");
            }
            let Some(hit) = found.first() else { break };
            let listing = format!("/api/v1/listings/{}", hit["id"].as_str().unwrap());
            let listing = app.get(&listing).gives(200).await.json;
            let order = json!({
                "case_id": trade.case, "item": listing["item"], "listing_id": listing["id"],
                "listing_number": listing["number"], "price": listing["terms"]["price"],
            });
            app.post("/api/v1/orders", &order).by(&trade.applicant).gives(201).await;
            let item = hit["item"].clone();
            let bought = format!("item={}", item.as_str().unwrap());
            assert_eq!(for_case(app, &trade, &trade.case, &bought).await, [json!(null); 0]);
            open.retain(|needed| *needed != item);
        }
        assert!(!open.contains(&json!(INSPECTION)), "{open:?}");
        let elsewhere = "item=land-survey-of-nowhere";
        let wrong = app.get(&format!("{path}&{elsewhere}")).by(&trade.applicant);
        wrong.meets(422, "invalid").await;
    }

    async fn a_case_is_searched_for_with_its_own_money_and_place(app: &TestApp) {
        // Of what a restaurant needs, only this has no highest price.
        let trade = trade_in(app, MONITORING).await;
        let fiscal = json!({
            "matter": "open-restaurant", "title": "机关食堂", "region": "330282", "fund": "fiscal",
        });
        let fiscal = app.post("/api/v1/cases", &fiscal).by(&trade.applicant).gives(201).await;
        let dear = offer(app, &trade, "100000.00").await.json["id"].clone();
        let has = |found: &[Value], id: &Value| found.iter().any(|hit| hit["id"] == *id);
        let social = for_case(app, &trade, &trade.case, "").await;
        assert!(has(&social, &dear), "anybody may spend what is their own");
        let found = for_case(app, &trade, fiscal.text_at("/id"), "").await;
        assert!(!has(&found, &dear), "fiscal money needs an open selection from the limit on");
        assert!(has(&found, &json!(trade.listing.id)));
        let elsewhere = for_case(app, &trade, &trade.case, "region=330300").await;
        assert_eq!(elsewhere, social, "the place is the case's");

        let second = open(app, &trade.applicant, "open-restaurant").await;
        assert!(!for_case(app, &trade, &second, "").await.is_empty());
        let withdraw = format!("/api/v1/cases/{second}/withdraw");
        app.post(&withdraw, &json!({ "reason": "不办了" })).by(&trade.applicant).gives(200).await;
        assert_eq!(for_case(app, &trade, &second, "").await, [json!(null); 0]);
    }

    async fn one_search_finds_things_of_every_kind(app: &TestApp) {
        let trade = trade(app).await;
        let all = search(app, &format!("kind=all&text={}&limit=100", encoded("建筑消防设施检测"))).await;
        let first = &hits(&all)[0];
        assert_eq!((&first["kind"], &first["code"]), (&json!("service_item"), &json!(INSPECTION)));
        assert!(hits(&all).iter().any(|hit| hit["kind"] == "listing"), "{all}");
        let matter = encoded("开办餐馆");
        let all = search(app, &format!("kind=all&text={matter}")).await;
        assert_eq!(hits(&all)[0]["code"], "open-restaurant");
        for (kind, of) in [("items", "service_item"), ("matters", "matter")] {
            let found = search(app, &format!("kind={kind}&text={matter}")).await;
            assert!(!hits(&found).is_empty() && hits(&found).iter().all(|hit| hit["kind"] == of));
        }
        let needs = needed(app, &trade, &trade.case).await;
        let found = search(app, &format!("text={matter}&region=330282&limit=10")).await;
        assert!(!hits(&found).is_empty());
        for hit in hits(&found) {
            assert!(needs.contains(&hit["item"]), "{hit}");
        }
    }

    async fn every_facet_tells_how_many_there_would_be(app: &TestApp) {
        trade(app).await;
        let base = format!("text={}&limit=1", encoded("检测"));
        for kind in ["listings", "agencies"] {
            let found = search(app, &format!("kind={kind}&{base}&facets=true&explain=true")).await;
            let parts = &hits(&found)[0]["explanation"];
            let sum = |names: &[&str]| names.iter().map(|n| parts[n].as_f64().unwrap()).sum::<f64>();
            let score = hits(&found)[0]["score"].as_f64().unwrap();
            assert!((sum(&["fit", "credit", "newcomer"]) - score).abs() < 1e-3 * score, "{parts}");
            let facets = found["facets"].as_array().unwrap();
            assert!(facets.len() >= 6, "{facets:?}");
            for facet in facets {
                let by = facet["by"].as_str().unwrap();
                for value in facet["values"].as_array().unwrap().iter().take(3) {
                    let chosen = value["value"].as_str().unwrap();
                    let narrowed = search(app, &format!("kind={kind}&{base}&{by}={chosen}")).await;
                    assert_eq!(narrowed["total"], value["count"], "{kind} {by}={chosen}");
                }
            }
        }
    }
}

/// What a server answers to a request that is written to it as it is: the first line.
fn answered(server: &Server, request: Vec<u8>) -> String {
    let mut writing = TcpStream::connect(&server.address).unwrap();
    let mut reading = writing.try_clone().unwrap();
    reading.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    writing.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    // It may stop listening long before all is said.
    let said = std::thread::spawn(move || writing.write_all(&request));
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while !answer.contains(&b'\n') {
        match reading.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
        }
    }
    drop(reading);
    let _ = said.join().unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_ten_megabytes_is_refused_and_harms_nobody() {
    let place = Place::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::over(&place, &folder).await;
    for size in [70_000, 10 << 20] {
        let mut request = b"GET /api/v1/search?text=".to_vec();
        request.resize(request.len() + size, b'a');
        request.extend_from_slice(b" HTTP/1.1\r\nhost: market\r\nconnection: close\r\n\r\n");
        let answer = answered(&server, request);
        assert!(answer.starts_with("HTTP/1.1 4"), "{size}: {answer}");
    }
    let found = Client::of(&server).read("/api/v1/search?text=a", "").await;
    assert_eq!(found["total"], 0);
}
