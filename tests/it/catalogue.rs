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
}
