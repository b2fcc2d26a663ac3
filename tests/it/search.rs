use serde_json::json;

use crate::harness::{TestApp, on_both};

on_both! {
    async fn an_empty_market_has_nothing_to_find(app: &TestApp) {
        app.market.search().catch_up().await.unwrap();
        let found = app.get("/api/v1/search?text=%E7%8E%AF%E8%AF%84").gives(200).await;
        assert_eq!(found.json, json!({ "items": [], "next": null, "total": 0, "relaxed": false }));
    }

    async fn a_wrong_search_says_what_is_wrong(app: &TestApp) {
        for (query, name, code) in [
            ("category=unheard-of", "category", "unknown"),
            ("item=unheard-of", "item", "unknown"),
            ("min_price=-1", "min_price", "format"),
            ("kind=people", "kind", "choice"),
            ("limit=0", "limit", "range"),
            ("after=x", "after", "cursor"),
        ] {
            let problem = app.get(&format!("/api/v1/search?{query}"));
            let problem = problem.meets(422, "invalid").await;
            let fault = &problem.json["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(name), &json!(code)), "{query}");
        }
    }
}
