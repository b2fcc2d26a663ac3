//! The steps of a purchase beside its main path: review, correction, withdrawal, the next in line.

use serde_json::{Value, json};

use crate::{
    harness::{TestApp, on_both},
    purchase::{Parties, code, notice},
    purchases::{PURCHASES, draft, id, in_a_week, published, register},
    trade::INSPECTION,
    world::World,
};

/// The words of what a caller may do.
async fn allowed(app: &TestApp, path: &str, token: &str) -> Vec<String> {
    let actions = app.get(&format!("{path}/actions")).by(token).gives(200).await.json;
    let actions = actions["items"].as_array().unwrap().iter();
    let allowed = actions.filter(|action| action["allowed"] == true);
    allowed.map(|action| action["name"].as_str().unwrap().to_owned()).collect()
}

/// A purchase by lot or credit whose agencies are registered, after its opening.
async fn opened(app: &TestApp, parties: &Parties, mode: &str) -> (String, Value) {
    let path = published(app, parties, mode).await;
    for bidder in &parties.bidders {
        register(app, &path, &bidder.token).await;
    }
    World::time_passes(app, id(&path)).await;
    let open = json!({ "opening_code": code(0) });
    let opened = app.post(&format!("{path}/open"), &open).by(&parties.applicant).gives(200).await;
    (path, opened.json)
}

on_both! {
    async fn with_fiscal_money_the_operator_publishes(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let case = json!({ "matter": "open-restaurant", "title": "机关食堂", "region": "330282",
            "fund": "fiscal" });
        let case = app.post("/api/v1/cases", &case).by(&parties.applicant).gives(201).await;
        let new = json!({ "case_id": case.json["id"], "item": INSPECTION,
            "notice": notice("random", &in_a_week(app)) });
        let made = app.post(PURCHASES, &new).by(&parties.applicant).gives(201).await;
        let path = made.headers["location"].to_str().unwrap();
        let submit = || {
            let code = json!({ "opening_code": code(0) });
            app.post(&format!("{path}/submit"), &code).by(&parties.applicant)
        };
        assert_eq!(submit().gives(200).await.text_at("/state/state"), "in_review");
        app.get(path).meets(404, "not-found").await;
        assert_eq!(allowed(app, path, &parties.operator).await, ["approve", "send-back"]);
        let approve = |token: &str| app.post(&format!("{path}/approve"), &json!({})).by(token);
        approve(&parties.applicant).meets(403, "operator-only").await;
        let why = json!({ "reason": "内容不完整" });
        let back = app.post(&format!("{path}/send-back"), &why).by(&parties.operator);
        assert_eq!(back.gives(200).await.text_at("/state/returned"), "内容不完整");
        submit().gives(200).await;
        let published = approve(&parties.operator).gives(200).await;
        assert_eq!(published.text_at("/state/state"), "open");
        approve(&parties.operator).meets(409, "purchase-not-in-review").await;
        app.get(path).gives(200).await;
    }

    async fn a_correction_gives_time_to_read_it(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let (new, path) = draft(app, &parties, "random").await;
        let code = json!({ "opening_code": code(0) });
        app.post(&format!("{path}/submit"), &code).by(&parties.applicant).gives(200).await;
        let correct = |notice: &Value| {
            app.post(&format!("{path}/correct"), notice).by(&parties.applicant)
        };
        let mut notice = new["notice"].clone();
        notice["price"]["amount"] = json!("9000.00");
        correct(&notice).meets(409, "notice-fixed").await;
        let mut notice = new["notice"].clone();
        notice["content"] = json!("检测消防设施并出具报告，含喷淋系统");
        let revise = app.post(&format!("{path}/revise"), &notice).by(&parties.applicant);
        revise.meets(409, "purchase-not-draft").await;
        let before = app.get(&path).gives(200).await.text_at("/state/closes_at").to_owned();
        app.market.env().set(app.market.env().now().plus_seconds(6 * 24 * 60 * 60));
        let corrected = correct(&notice).gives(200).await;
        assert!(corrected.text_at("/state/closes_at") > before.as_str(), "{}", corrected.text);
        assert_eq!(corrected.json["notice_number"], 2);
        let at = |number: i64| app.get(&format!("{path}/notices/{number}"));
        let (first, second) = (at(1).gives(200).await, at(2).gives(200).await);
        assert_eq!(first.json["content"], new["notice"]["content"]);
        assert_eq!(second.json["content"], notice["content"]);
        at(3).meets(404, "not-found").await;
    }

    async fn who_withdraws_is_not_on_the_list_and_may_come_back(app: &TestApp) {
        let parties = Parties::gather(app, 2).await;
        let path = published(app, &parties, "random").await;
        let (stays, leaves) = (&parties.bidders[0].token, &parties.bidders[1].token);
        let registration = format!("{path}/registration");
        let withdraw = || app.delete(&registration).by(leaves);
        withdraw().meets(409, "not-registered").await;
        assert!(allowed(app, &path, leaves).await.contains(&"register".to_owned()));
        for token in [stays, leaves] {
            register(app, &path, token).await;
        }
        assert_eq!(withdraw().gives(200).await.text_at("/state"), "withdrawn");
        withdraw().meets(409, "not-registered").await;
        register(app, &path, leaves).await;
        assert!(allowed(app, &path, leaves).await.contains(&"withdraw".to_owned()));
        withdraw().gives(200).await;

        World::time_passes(app, id(&path)).await;
        let open = json!({ "opening_code": code(0) });
        let won = app.post(&format!("{path}/open"), &open).by(&parties.applicant).gives(200).await;
        assert_eq!(won.json["state"]["award"]["ranking"].as_array().unwrap().len(), 1);
        let own = app.get("/api/v1/registrations").by(leaves).gives(200).await.json;
        assert_eq!(own["items"][0]["state"], "withdrawn");
        let own = app.get("/api/v1/registrations").by(stays).gives(200).await.json;
        assert_eq!(own["items"][0]["state"], "won");
    }

    async fn who_is_next_in_line_follows_a_winner_who_declines(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let (path, first) = opened(app, &parties, "random").await;
        let token = |award: &Value| {
            let is_it = |one: &&crate::purchase::Bidder| award["agency_id"] == one.agency.to_string();
            parties.bidders.iter().find(is_it).unwrap().token.clone()
        };
        let winner = token(&first["state"]["award"]);
        let why = json!({ "reason": "人手不足" });
        let decline = |token: &str| app.post(&format!("{path}/decline"), &why).by(token);
        decline(&winner).meets(409, "purchase-not-awarded").await;
        World::time_passes(app, id(&path)).await;
        let loser = parties.bidders.iter().find(|one| one.token != winner).unwrap();
        decline(&loser.token).meets(409, "other-side").await;
        decline(&parties.applicant).meets(403, "agencies-only").await;
        let second = decline(&winner).gives(200).await.json;
        assert_eq!(second["state"]["state"], "publicity");
        assert_eq!(second["state"]["award"]["place"], 1);
        assert_ne!(second["state"]["award"]["agency_id"], first["state"]["award"]["agency_id"]);

        // Who keeps silent, drops out too.
        World::time_passes(app, id(&path)).await;
        let third = World::time_passes(app, id(&path)).await;
        assert_eq!(third["state"]["award"]["place"], 2, "{third}");
        World::time_passes(app, id(&path)).await;
        let none = World::time_passes(app, id(&path)).await;
        assert_eq!(none["state"]["failure"], "nobody_left", "{none}");

        // Then the same may be bought again, as a purchase that says what it repeats.
        let new = json!({ "case_id": none["case_id"], "item": INSPECTION,
            "notice": notice("random", &in_a_week(app)), "predecessor": none["id"] });
        let again = app.post(PURCHASES, &new).by(&parties.applicant).gives(201).await;
        assert_eq!(again.json["predecessor"], none["id"]);
    }

    async fn what_was_given_up_is_bought_again_by_its_owner(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let path = published(app, &parties, "random").await;
        let (owner, other) = (&parties.applicant, &parties.bidders[0].token);
        let again = |token: &str| app.post(&format!("{path}/repurchase"), &json!({})).by(token);
        again(owner).meets(409, "purchase-not-failed").await;
        assert!(!allowed(app, &path, owner).await.contains(&"repurchase".to_owned()));
        let why = json!({ "reason": "需求有变" });
        app.post(&format!("{path}/void"), &why).by(owner).gives(200).await;
        assert!(allowed(app, &path, owner).await.contains(&"repurchase".to_owned()));
        again(other).meets(409, "other-side").await;
        let made = again(owner).gives(201).await.json;
        assert_eq!(made["predecessor"], id(&path));
        again(owner).meets(409, "purchase-repeated").await;
        let list = format!("{PURCHASES}?predecessor={}", id(&path));
        let own = app.get(&list).by(owner).gives(200).await.json;
        assert_eq!(own["items"][0]["id"], made["id"]);
        assert_eq!(app.get(&list).gives(200).await.json["items"], json!([]));
    }

    async fn an_owner_picks_of_its_short_list_only(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let (path, opened) = opened(app, &parties, "credit_preferred").await;
        let candidates = opened["state"]["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), 2);
        let listed = app.get(&format!("{path}/registrations")).by(&parties.applicant);
        let listed = listed.gives(200).await.json;
        let ids = listed["items"].as_array().unwrap().iter().map(|one| &one["id"]);
        let other = ids.filter(|id| !candidates.contains(id)).collect::<Vec<_>>()[0];
        let choose = |body: Value| app.post(&format!("{path}/choose"), &body);
        let body = |id: &Value| json!({ "registration_id": id, "reason": "最熟悉" });
        let owner = &parties.applicant;
        choose(body(other)).by(owner).meets(409, "not-a-candidate").await;
        choose(body(&candidates[0])).by(&parties.fire).meets(409, "other-side").await;
        let unsaid = json!({ "registration_id": candidates[0], "reason": "" });
        let problem = choose(unsaid).by(owner).meets(422, "invalid").await;
        assert_eq!(problem.text_at("/errors/0/pointer"), "/reason");
        let chosen = choose(body(&candidates[0])).by(owner).gives(200).await;
        assert_eq!(chosen.json["state"]["award"]["reason"], "最熟悉");
    }

    async fn lists_show_what_is_asked_for(app: &TestApp) {
        let parties = Parties::gather(app, 1).await;
        let drawn = published(app, &parties, "random").await;
        let priced = published(app, &parties, "lowest_price").await;
        let (_, drafted) = draft(app, &parties, "random").await;
        register(app, &priced, &parties.bidders[0].token).await;
        let list = async |query: &str, token: Option<&str>| {
            let asked = app.get(&format!("{PURCHASES}?{query}"));
            let asked = match token {
                Some(token) => asked.by(token),
                None => asked,
            };
            let page = asked.gives(200).await.json;
            let items = page["items"].as_array().unwrap().iter();
            items.map(|one| format!("{PURCHASES}/{}", one["id"].as_str().unwrap())).collect()
        };
        let is = |found: Vec<String>, wanted: &[&String]| {
            assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
        };
        let owner = Some(parties.applicant.as_str());
        is(list("", None).await, &[&priced, &drawn]);
        is(list("mode=random", None).await, &[&drawn]);
        is(list("state=draft", None).await, &[]);
        is(list("state=draft", owner).await, &[&drafted]);
        is(list("own=true", owner).await, &[&drafted, &priced, &drawn]);
        is(list("own=true", Some(&parties.bidders[0].token)).await, &[&priced]);
        is(list("item=drainage-water-testing", owner).await, &[]);
        let case = app.get(&drawn).gives(200).await.json["case_id"].clone();
        is(list(&format!("case_id={}", case.as_str().unwrap()), None).await, &[&drawn]);
        let first = app.get(&format!("{PURCHASES}?limit=1")).gives(200).await.json;
        let next = first["next"].as_str().unwrap();
        is(list(&format!("limit=1&after={next}"), None).await, &[&drawn]);
    }
}
