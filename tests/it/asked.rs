//! What is asked of search, and what people are told of by what they saved.

use market_core::saved_search::MAX_SAVED;
use serde_json::{Value, json};

use crate::{
    harness::{Place, TestApp, on_both},
    server::{Client, Server, Site},
    trade::{INSPECTION, trade},
};

const SAVED: &str = "/api/v1/saved-searches";

/// 消防检测
const FIRE: &str = "%E6%B6%88%E9%98%B2%E6%A3%80%E6%B5%8B";

on_both! {
    async fn what_is_asked_and_bought_is_hot(app: &TestApp) {
        let trade = trade(app).await;
        app.market.search().catch_up().await.unwrap();
        for _ in 0..2 {
            app.get(&format!("/api/v1/search?q={FIRE}&item={INSPECTION}")).gives(200).await;
            let page = app.get(&format!("/api/v1/search?text={FIRE}&limit=1")).gives(200).await;
            let next = page.text_at("/next").to_owned();
            app.get(&format!("/api/v1/search?text={FIRE}&limit=1&after={next}")).gives(200).await;
            app.get("/api/v1/search?text=qqqq").gives(200).await;
        }
        app.get(&format!("/search?q={FIRE}")).gives(200).await;
        app.get("/search?q=13800000000").gives(200).await;
        trade.place(app).await;
        app.market.asked().flush().await.unwrap();

        let hot = app.get("/api/v1/search/hot?days=1").gives(200).await.json;
        assert_eq!(hot["queries"], json!([{ "text": "消防检测", "times": 5 }]));
        let first = &hot["items"][0];
        assert_eq!((&first["item"], &first["orders"]), (&json!(INSPECTION), &json!(1)), "{hot}");
        assert!(first["searches"].as_i64().unwrap() >= 2, "{hot}");
        assert!(!hot.to_string().contains("138"), "{hot}");

        let path = "/api/v1/search/misses";
        let missed = app.get(path).by(&trade.operator).gives(200).await;
        assert_eq!(missed.json["items"], json!([{ "text": "qqqq", "times": 2 }]));
        app.get(path).meets(401, "anonymous").await;
        app.get(path).by(&trade.applicant).meets(403, "operator-only").await;
        for wrong in ["hot?days=0", "hot?days=91", "hot?limit=101"] {
            app.get(&format!("/api/v1/search/{wrong}")).meets(422, "invalid").await;
        }
    }

    async fn a_saved_search_tells_its_owner_of_what_is_new(app: &TestApp) {
        let trade = trade(app).await;
        let new = json!({ "name": "消防检测", "query": { "item": [INSPECTION], "region": ["330282"] } });
        let save = || app.post(SAVED, &new).by(&trade.applicant).header("idempotency-key", "s-1");
        let saved = save().gives(201).await;
        assert_eq!(save().gives(201).await.text, saved.text);
        assert_eq!(saved.json["query"]["item"], json!([INSPECTION]));
        let listed = app.get(SAVED).by(&trade.applicant).gives(200).await;
        assert_eq!(listed.json["items"], json!([saved.json]));

        let mut terms = serde_json::to_value(&trade.listing.terms).unwrap();
        terms["title"] = json!("新的消防检测");
        let listing = json!({ "code": "brand-new", "item": INSPECTION, "terms": terms });
        let listing = app.post("/api/v1/listings", &listing).by(&trade.agency).gives(201).await;
        let publish = format!("/api/v1/listings/{}/publish", listing.text_at("/id"));
        app.post(&publish, &json!({})).by(&trade.agency).gives(200).await;
        app.market.saved_searches().catch_up().await.unwrap();

        let unread = async |token: &str| {
            app.get("/api/v1/notices?unread=true").by(token).gives(200).await.json["items"].clone()
        };
        let notices = unread(&trade.applicant).await;
        assert_eq!(notices.as_array().unwrap().len(), 1, "{notices}");
        let notice = &notices[0];
        assert_eq!(
            (&notice["kind"], &notice["object"], &notice["name"], &notice["read_at"]),
            (&json!("listing"), &listing.json["id"], &json!("消防检测"), &Value::Null)
        );
        let read = format!("/api/v1/notices/{}/read", notice["id"].as_str().unwrap());
        app.post(&read, &json!({})).by(&trade.agency).meets(404, "not-found").await;
        let done = app.post(&read, &json!({})).by(&trade.applicant).gives(200).await;
        assert!(done.json["read_at"].is_string());
        assert_eq!(unread(&trade.applicant).await, json!([]));
        assert_eq!(unread(&trade.agency).await, json!([]));

        let one = format!("{SAVED}/{}", saved.text_at("/id"));
        app.delete(&one).by(&trade.agency).meets(404, "not-found").await;
        app.delete(&one).by(&trade.applicant).gives(204).await;
        app.delete(&one).by(&trade.applicant).meets(404, "not-found").await;
    }

    async fn what_is_saved_has_limits(app: &TestApp) {
        let token = app.applicant("wang").await;
        let save = |name: &str, query: &Value| {
            app.post(SAVED, &json!({ "name": name, "query": query })).by(&token)
        };
        app.post(SAVED, &json!({ "name": "a", "query": {} })).meets(401, "anonymous").await;
        for (name, query, pointer) in [
            ("", json!({}), "/name"),
            ("a", json!({ "item": ["unheard-of"] }), "/query/item"),
            ("a", json!({ "within": [] }), "/query/within"),
            ("a", json!({ "kind": "people" }), "/query/kind"),
        ] {
            let problem = save(name, &query).meets(422, "invalid").await;
            assert_eq!(problem.json["errors"][0]["pointer"], pointer, "{}", problem.text);
        }
        let both = json!({ "name": "a", "query": {}, "purchases": {} });
        for (wrong, pointer) in [
            (json!({ "name": "a" }), "/query"),
            (both, "/purchases"),
            (json!({ "name": "a", "purchases": { "colour": "red" } }), "/purchases/colour"),
            (json!({ "name": "a", "purchases": { "mode": ["auction"] } }), "/purchases/mode/0"),
            (json!({ "name": "a", "purchases": { "item": ["gone"] } }), "/purchases/item/0"),
        ] {
            let problem = app.post(SAVED, &wrong).by(&token).meets(422, "invalid").await;
            assert_eq!(problem.text_at("/errors/0/pointer"), pointer, "{}", problem.text);
        }
        let purchases = json!({ "mode": ["random"], "max_amount": "50000.00" });
        let new = json!({ "name": "采购", "purchases": purchases });
        let saved = app.post(SAVED, &new).by(&token).gives(201).await.json;
        assert_eq!(saved["purchases"]["max_amount"], "50000.00");
        assert!(saved.get("query").is_none(), "{saved}");
        let listed = app.get(SAVED).by(&token).gives(200).await.json;
        assert_eq!(listed["items"][0], saved);
        let gone = format!("{SAVED}/{}", saved["id"].as_str().unwrap());
        app.delete(&gone).by(&token).gives(204).await;
        for _ in 0..MAX_SAVED {
            save("a", &json!({ "kind": "agencies" })).gives(201).await;
        }
        save("a", &json!({})).meets(409, "too-many-saved-searches").await;
    }
}

/// A server that ends writes what it was asked.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_outlives_the_server() {
    let site = Site::prepare(Place::postgres().await, 1).await;
    for hot in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::over(&site.place, &folder).await;
        let client = Client::of(&server);
        let shown = client.read("/api/v1/search/hot", "").await;
        let expected =
            if hot { json!([{ "text": "消防检测", "times": 3 }]) } else { json!([]) };
        assert_eq!(shown["queries"], expected);
        for _ in 0..3 {
            client.read(&format!("/api/v1/search?q={FIRE}"), "").await;
        }
        server.terminate();
        assert_eq!(server.code(), Some(0));
    }
    site.place.remove().await;
}
