use serde_json::json;

use crate::harness::{TestApp, on_both};

on_both! {
    loaded:

    async fn the_catalogue_is_open_to_everybody(app: &TestApp) {
        let count = async |path: &str| {
            let listed = app.get(&format!("/api/v1/{path}")).gives(200).await;
            listed.json["items"].as_array().unwrap().len()
        };
        assert_eq!(count("categories").await, 17);
        assert_eq!(count("service-items?limit=100").await, 41);
        assert_eq!(count("departments").await, 18);
        assert_eq!(count("matters?limit=100").await, 50);
        assert!(count("qualification-types").await > 10);
        assert_eq!(count("regions").await, 1);
        assert!(count("regions?parent=100000").await >= 31);
        assert!(count("regions?parent=330200").await > 5);

        let statistics = app.get("/api/v1/statistics").gives(200).await.json;
        for (noun, number) in [
            ("categories", 17), ("service_items", 41), ("departments", 18), ("matters", 50),
            ("agencies", 0), ("cases", 0), ("orders", 0),
        ] {
            assert_eq!(statistics[noun], number, "{noun}");
        }
    }

    async fn items_are_filtered_and_read_page_by_page(app: &TestApp) {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/service-items?limit=9{after}");
            let page = app.get(&path).gives(200).await.json;
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["code"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), 41);
        assert!(seen.is_sorted());
        let one = app.get(&format!("/api/v1/service-items/{}", seen[0])).gives(200).await;
        assert_eq!(one.headers["etag"], "\"1\"");
        let category = one.text_at("/category");
        let some = app.get(&format!("/api/v1/service-items?category={category}&limit=100"));
        let some = some.gives(200).await.json;
        let some = some["items"].as_array().unwrap();
        assert!(!some.is_empty() && some.len() < 41);
        assert!(some.iter().all(|item| item["category"] == category));
        app.get("/api/v1/service-items/unheard-of").meets(404, "not-found").await;
    }

    async fn the_feed_tells_every_public_fact_once(app: &TestApp) {
        let mut seen = Vec::new();
        let mut after = json!(0);
        loop {
            let page = app.get(&format!("/api/v1/feed?limit=100&after={after}")).gives(200).await;
            assert!(!page.text.contains("\"person\"") && !page.text.contains("\"party\""));
            let items = page.json["items"].as_array().unwrap();
            seen.extend(items.iter().map(|entry| entry["pos"].as_i64().unwrap()));
            after = page.json["next"].clone();
            if after == page.json["last"] {
                break;
            }
        }
        assert!(seen.len() > 100 && seen.is_sorted());
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count);
        let last = app.get(&format!("/api/v1/feed?after={after}")).gives(200).await;
        assert_eq!(last.json, json!({ "items": [], "next": after, "last": after }));
    }

    async fn the_operator_withdraws_items_and_matters(app: &TestApp) {
        let (operator, applicant) = (app.operator().await, app.applicant("wang").await);
        let item = "/api/v1/service-items/fire-facility-inspection";
        let matter = "/api/v1/matters/open-restaurant";
        let why = json!({ "reason": "依据文件调整" });
        let case = json!({ "matter": "open-restaurant", "title": "面馆", "region": "330282", "fund": "social" });
        let open = || app.post("/api/v1/cases", &case).by(&applicant);
        let running = open().gives(201).await;
        let running = running.headers["location"].to_str().unwrap().to_owned();
        for path in [item, matter] {
            for verb in ["withdraw", "restore"] {
                let path = format!("{path}/{verb}");
                app.post(&path, &why).meets(401, "anonymous").await;
                app.post(&path, &why).by(&applicant).meets(403, "operator-only").await;
                let silent = app.post(&path, &json!({ "reason": "" })).by(&operator);
                assert_eq!(silent.meets(422, "invalid").await.text_at("/errors/0/pointer"), "/reason");
            }
        }
        let gone = "/api/v1/service-items/unheard-of/withdraw";
        app.post(gone, &why).by(&operator).meets(404, "not-found").await;
        let ask = |path: &str, verb: &str| app.post(&format!("{path}/{verb}"), &why).by(&operator);
        ask(item, "withdraw").meets(409, "item-needed").await;

        // Every matter that needs it first; cases go on.
        let matters = app.get("/api/v1/matters?limit=100").gives(200).await.json;
        let needs = |matter: &serde_json::Value| {
            let needs = matter["needs"].as_array().unwrap();
            needs.iter().any(|need| need["item"] == "fire-facility-inspection")
        };
        for one in matters["items"].as_array().unwrap().iter().filter(|one| needs(one)) {
            let path = format!("/api/v1/matters/{}", one["code"].as_str().unwrap());
            let stale = ask(&path, "withdraw").header("if-match", "\"7\"");
            stale.meets(412, "stale").await;
            let withdrawn = ask(&path, "withdraw").gives(200).await.json;
            assert_eq!((&withdrawn["withdrawn"], &withdrawn["version"]), (&json!(true), &json!(2)));
        }
        open().meets(409, "matter-withdrawn").await;
        let withdrawn = ask(item, "withdraw").gives(200).await.json;
        assert_eq!((&withdrawn["withdrawn"], &withdrawn["version"]), (&json!(true), &json!(2)));
        assert_eq!(ask(item, "withdraw").gives(200).await.json, withdrawn, "once");
        let mut told = app.feed().await;
        told.retain(|entry| entry["event"] == "service_item_withdrawn");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["data"]["reason"], "依据文件调整");
        let shown = app.get(&running).by(&applicant).gives(200).await.json;
        assert_eq!(shown["state"], "open");
        let need = shown["requirements"].as_array().unwrap().iter();
        let need = need.clone().find(|need| need["item"] == "fire-facility-inspection").unwrap();
        assert_eq!(need["item_version"], 1, "as it was");
        app.market.search().catch_up().await.unwrap();
        let found = app.get("/api/v1/search?kind=items&limit=100").gives(200).await.text;
        assert!(!found.contains("fire-facility-inspection"), "{found}");

        ask(matter, "restore").meets(409, "item-withdrawn").await;
        ask(item, "restore").gives(200).await;
        let restored = ask(matter, "restore").gives(200).await.json;
        assert_eq!((&restored["withdrawn"], &restored["version"]), (&json!(false), &json!(3)));
        open().gives(201).await;
    }
}
