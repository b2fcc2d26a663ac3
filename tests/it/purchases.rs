//! Purchases over HTTP: every mode to its completed order, bad input, strangers, the last moment,
//! many at once.

use market_core::{Timestamp, draw::Proof, purchase, sha256_hex};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    harness::{TestApp, on_both},
    purchase::{MODES, Parties, Story, code, notice, quote, told},
    trade::{INSPECTION, open},
    world::{World, due},
};

pub(crate) const PURCHASES: &str = "/api/v1/purchases";

/// A week from now.
pub(crate) fn in_a_week(app: &TestApp) -> String {
    app.market.env().now().plus_seconds(7 * 24 * 60 * 60).to_string()
}

pub(crate) async fn case(app: &TestApp, parties: &Parties) -> String {
    open(app, &parties.applicant, "open-restaurant").await
}

/// A draft of a purchase, with the path of its purchase.
pub(crate) async fn draft(app: &TestApp, parties: &Parties, mode: &str) -> (Value, String) {
    let case = case(app, parties).await;
    let notice = notice(mode, &in_a_week(app));
    let new = json!({ "case_id": case, "item": INSPECTION, "notice": notice });
    let drafted = app.post(PURCHASES, &new).by(&parties.applicant).gives(201).await;
    assert_eq!(drafted.headers["etag"], "\"1\"");
    let path = drafted.headers["location"].to_str().unwrap().to_owned();
    (new, path)
}

/// The path of a published purchase.
pub(crate) async fn published(app: &TestApp, parties: &Parties, mode: &str) -> String {
    let (_, path) = draft(app, parties, mode).await;
    let code = json!({ "opening_code": code(0) });
    app.post(&format!("{path}/submit"), &code).by(&parties.applicant).gives(200).await;
    path
}

pub(crate) async fn register(app: &TestApp, path: &str, token: &str) {
    let path = format!("{path}/registration");
    app.put(&path, &json!({ "practitioners": [] })).by(token).gives(200).await;
}

/// The id at the end of a path.
pub(crate) fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

on_both! {
    async fn every_mode_comes_to_a_completed_order_and_a_proof(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let begin = app.market.env().now();
        let mut modes = MODES.to_vec();
        modes.dedup();
        for (number, mode) in modes.iter().enumerate() {
            app.market.env().set(begin);
            let case = case(app, &parties).await;
            let story = Story::new(app, &parties, &case, mode, number);
            let id = story.run(&in_a_week(app)).await;

            let path = format!("{PURCHASES}/{id}");
            let timeline = app.get(&format!("{path}/timeline")).gives(200).await.json;
            let told = told(&timeline);
            for event in ["purchase_published", "registration_closed", "award_published",
                "award_stands", "award_confirmed"]
            {
                assert_eq!(told.get(event), Some(&1), "{mode}: {event} in {told:?}");
            }
            let proof = app.get(&format!("/api/v1/draws/{id}/proof")).gives(200).await;
            let tag = format!("\"{}\"", sha256_hex(proof.text.as_bytes()));
            assert_eq!(proof.headers["etag"], tag.as_str());
            assert_eq!(proof.headers["content-type"], "application/json");
            assert!(proof.headers["cache-control"].to_str().unwrap().contains("immutable"));
            let again = app.get(&format!("/api/v1/draws/{id}/proof"));
            again.header("if-none-match", &tag).gives(304).await;
            let proof = Proof::from_bytes(proof.text.as_bytes()).unwrap();
            assert!(purchase::verify(&proof).unwrap().followed_rule, "{mode}");
        }
        let draws = app.get("/api/v1/draws").gives(200).await.json;
        assert_eq!(draws["items"].as_array().unwrap().len(), modes.len());
        for (mode, draw) in modes.iter().rev().zip(draws["items"].as_array().unwrap()) {
            assert_eq!(draw["mode"], *mode);
        }
    }

    async fn bad_input_is_told_with_its_place(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let (good, path) = draft(app, &parties, "lowest_price").await;
        let owner = &parties.applicant;
        let long = "x".repeat(4001);
        for (place, value) in [
            ("/title", json!("")),
            ("/title", json!("x".repeat(101))),
            ("/title", json!(7)),
            ("/content", json!(long)),
            ("/mode", json!("auction")),
            ("/price", json!({ "kind": "amount", "low": "1", "high": "0.00" })),
            ("/price/low", json!("-5.00")),
            ("/price/high", json!("a lot")),
            ("/price/kind", json!("gift")),
            ("/service_days", json!(0)),
            ("/service_days", json!(3651)),
            ("/closes_at", json!("tomorrow")),
            ("/contact/phone", json!("1")),
            ("/contact/name", json!("")),
            ("/complaint_phone", json!("x".repeat(41))),
            ("/practitioners", json!(101)),
            ("/rounds", json!(2)),
            ("/long_list", json!(3)),
            ("/criteria", json!([{ "key": "a", "name": "b", "weight": 100 }])),
            ("/beacon", json!("某日收盘价")),
            ("/beacon", json!({ "name": "收盘价", "known_at": "2026-01-01T00:00:00Z", "decimals": 2 })),
            ("/beacon", json!({ "name": "收盘价", "known_at": "soon", "decimals": 2 })),
            ("/witnesses", json!(vec![json!({ "name": "王", "phone": "12345" }); 4])),
            ("/favourite", json!("the cousin's firm")),
        ] {
            let mut notice = good["notice"].clone();
            match notice.pointer_mut(place) {
                Some(old) => *old = value,
                None => notice[&place[1..]] = value,
            }
            let asked = app.post(&format!("{path}/revise"), &notice).by(owner);
            let problem = asked.meets(422, "invalid").await.json;
            let first = problem["errors"][0]["pointer"].as_str().unwrap();
            assert!(first.starts_with(place) || place.starts_with(first), "{place}: {problem}");
            let mut new = good.clone();
            new["notice"] = notice;
            let problem = app.post(PURCHASES, &new).by(owner).meets(422, "invalid").await.json;
            let second = problem["errors"][0]["pointer"].as_str().unwrap();
            assert_eq!(second, format!("/notice{first}"), "{problem}");
        }
        let short = json!({ "opening_code": "abc" });
        let submit = app.post(&format!("{path}/submit"), &short).by(owner);
        let problem = submit.meets(422, "invalid").await.json;
        assert_eq!(problem["errors"][0]["pointer"], "/opening_code");
        assert!(!problem.to_string().contains("abc"), "{problem}");
        for weak in ["0".repeat(64), "0123456789abcdef".repeat(4)] {
            let submission = json!({ "opening_code": weak });
            let submit = app.post(&format!("{path}/submit"), &submission).by(owner);
            let problem = submit.meets(422, "invalid").await.json;
            let fault = &problem["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("/opening_code"), &json!("weak")));
            assert!(!problem.to_string().contains(&weak[..16]), "{problem}");
        }
        for step in ["submit", "open"] {
            let number = json!({ "opening_code": 8_765_432_109_876_543_210_u64 });
            let asked = app.post(&format!("{path}/{step}"), &number).by(owner);
            let problem = asked.meets(422, "invalid").await.json;
            assert_eq!(problem["errors"][0]["pointer"], "/opening_code");
            assert_eq!(problem["errors"][0]["code"], "type");
            assert!(!problem.to_string().contains("8765432109876543210"), "{problem}");
        }
        let state = app.get("/api/v1/purchases?state=asleep").meets(422, "invalid").await;
        assert_eq!(state.text_at("/errors/0/pointer"), "state");
    }

    async fn a_window_shorter_than_the_rules_ask_is_refused(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let (good, path) = draft(app, &parties, "random").await;
        let mut notice = good["notice"].clone();
        notice["closes_at"] = json!(app.market.env().now().plus_seconds(24 * 60 * 60));
        app.post(&format!("{path}/revise"), &notice).by(&parties.applicant).gives(200).await;
        let submit = app.post(&format!("{path}/submit"), &json!({ "opening_code": code(0) }));
        submit.by(&parties.applicant).meets(409, "window-too-short").await;
    }

    async fn strangers_learn_and_do_nothing(app: &TestApp) {
        let parties = Parties::gather(app, 2).await;
        let (bidder, other) = (&parties.bidders[0].token, &parties.bidders[1].token);
        let stranger = app.applicant("stranger").await;
        let (_, drafted) = draft(app, &parties, "lowest_price").await;
        app.get(&drafted).meets(404, "not-found").await;
        for token in [&stranger, bidder, &parties.fire, &parties.operator] {
            app.get(&drafted).by(token).meets(404, "not-found").await;
        }
        let why = json!({ "reason": "不买了" });
        app.post(&format!("{drafted}/void"), &why).by(&stranger).meets(404, "not-found").await;

        let path = published(app, &parties, "lowest_price").await;
        let public = app.get(&path).gives(200).await.json;
        assert_eq!(public["state"]["state"], "open");
        app.post(&format!("{path}/void"), &why).by(&stranger).meets(409, "other-side").await;
        app.post(&format!("{path}/void"), &why).meets(401, "anonymous").await;
        let none = json!({ "practitioners": [] });
        let registration = format!("{path}/registration");
        app.put(&registration, &none).by(&stranger).meets(403, "agencies-only").await;
        app.put(&registration, &none).meets(401, "anonymous").await;
        app.post(&format!("{path}/quote"), &quote("lowest_price", 0, 0)).by(bidder)
            .meets(409, "not-registered").await;
        register(app, &path, bidder).await;
        app.get(&registration).by(other).meets(404, "not-found").await;
        for token in [&parties.applicant, &parties.operator] {
            // Nobody learns who registered before the quotes are open.
            let list = app.get(&format!("{path}/registrations")).by(token);
            list.meets(409, "purchase-not-opening").await;
        }
        let open = json!({ "opening_code": code(0) });
        let ask = |token: &str| app.post(&format!("{path}/open"), &open).by(token);
        ask(&stranger).meets(409, "not-a-participant").await;
        ask(bidder).meets(409, "not-a-participant").await;
        ask(&parties.applicant).meets(409, "purchase-not-opening").await;
        app.get(&format!("{path}/deposit")).by(&parties.fire).meets(404, "not-found").await;
        app.get(&format!("/api/v1/draws/{}/proof", id(&path))).meets(404, "not-found").await;

        let purchase = World::time_passes(app, id(&path)).await;
        assert_eq!(purchase["state"]["failure"], "too_few_registrants", "nobody quoted");
    }

    async fn questions_are_answered_in_public_and_their_askers_hidden(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let path = published(app, &parties, "random").await;
        let ask = json!({ "text": "是否需要夜间检测？" });
        let questions = format!("{path}/questions");
        let asked = app.post(&questions, &ask).by(&parties.bidders[0].token).gives(201).await;
        let answer = format!("{questions}/{}/answer", asked.text_at("/id"));
        let text = json!({ "text": "不需要" });
        app.post(&answer, &text).by(&parties.bidders[0].token).meets(409, "other-side").await;
        app.post(&answer, &text).by(&parties.applicant).gives(200).await;
        app.post(&answer, &text).by(&parties.applicant).meets(409, "already-replied").await;
        let shown = app.get(&questions).gives(200).await;
        assert_eq!(shown.text_at("/items/0/answered/text"), "不需要");
        let agency = parties.bidders[0].agency.to_string();
        assert!(!shown.text.contains(&agency), "{}", shown.text);
    }

    async fn a_quote_is_late_by_a_microsecond(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let path = published(app, &parties, "lowest_price").await;
        let bidder = &parties.bidders[0].token;
        register(app, &path, bidder).await;
        let closes = due(&app.get(&path).gives(200).await.json);
        let quote = |at: i64| {
            app.market.env().set(Timestamp::from_micros(closes.micros() + at));
            app.post(&format!("{path}/quote"), &quote("lowest_price", 0, 0)).by(bidder)
        };
        quote(-1).gives(200).await;
        quote(0).meets(409, "registration-closed").await;
        quote(1).meets(409, "registration-closed").await;
        let withdraw = app.delete(&format!("{path}/registration")).by(bidder);
        withdraw.meets(409, "registration-closed").await;
        assert_eq!(app.market.purchases().run_due().await.unwrap(), 1);
        assert_eq!(app.market.purchases().run_due().await.unwrap(), 0);
    }

    async fn twenty_agencies_register_and_quote_at_once(app: &TestApp) {
        let parties = Parties::gather(app, 20).await;
        let path = published(app, &parties, "lowest_price").await;
        let none = json!({ "practitioners": [] });
        let mut asking = JoinSet::new();
        for bidder in &parties.bidders {
            let ask = app.put(&format!("{path}/registration"), &none).by(&bidder.token);
            asking.spawn(ask.gives(200));
        }
        let registered: Vec<_> = asking.join_all().await;
        assert_eq!(registered.len(), 20);
        let mut asking = JoinSet::new();
        for (number, bidder) in parties.bidders.iter().enumerate() {
            let quote = quote("lowest_price", number, 0);
            asking.spawn(app.post(&format!("{path}/quote"), &quote).by(&bidder.token).gives(200));
        }
        asking.join_all().await;
        World::time_passes(app, id(&path)).await;
        let open = json!({ "opening_code": code(0) });
        let won = app.post(&format!("{path}/open"), &open).by(&parties.applicant).gives(200).await;
        assert_eq!(won.text_at("/state/award/quote/amount"), "9000.00");
        let cheapest = parties.bidders[0].agency.to_string();
        assert_eq!(won.text_at("/state/award/agency_id"), cheapest);
        let listed = app.get(&format!("{path}/registrations")).by(&parties.applicant);
        let listed = listed.gives(200).await.json;
        let listed = listed["items"].as_array().unwrap();
        assert_eq!(listed.len(), 20);
        assert!(listed.iter().all(|one| one["quotes"][0]["quote"].is_object()), "{listed:?}");
    }

    async fn a_withheld_code_fails_the_purchase_and_a_wrong_one_opens_nothing(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let path = published(app, &parties, "random").await;
        for bidder in &parties.bidders {
            register(app, &path, &bidder.token).await;
        }
        World::time_passes(app, id(&path)).await;
        let wrong = json!({ "opening_code": code(1) });
        let ask = app.post(&format!("{path}/open"), &wrong).by(&parties.applicant);
        ask.meets(409, "wrong-opening-code").await;
        let purchase = World::time_passes(app, id(&path)).await;
        assert_eq!(purchase["state"]["failure"], "not_opened", "{purchase}");
    }
}
