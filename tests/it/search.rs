use serde_json::{Value, json};

use crate::{
    harness::{TestApp, on_both},
    trade::{INSPECTION, trade},
};

on_both! {
    async fn an_empty_market_has_nothing_to_find(app: &TestApp) {
        app.market.search().catch_up().await.unwrap();
        let found = app.get("/api/v1/search?text=%E7%8E%AF%E8%AF%84").gives(200).await;
        assert_eq!(found.json, json!({ "items": [], "next": null, "total": 0, "relaxed": false }));
    }

    async fn what_is_sold_is_found_until_its_agency_is_suspended(app: &TestApp) {
        let trade = trade(app).await;
        let found = async |query: &str| {
            app.market.search().catch_up().await.unwrap();
            let path = format!("/api/v1/search?region=330282&limit=100&{query}");
            app.get(&path).gives(200).await.json
        };
        let holds = |hits: &Value| {
            let id = json!(trade.listing.id);
            hits["items"].as_array().unwrap().iter().any(|hit| hit["id"] == id)
        };
        let by_item = found(&format!("item={INSPECTION}")).await;
        assert!(holds(&by_item), "{by_item}");
        let by_words = found("text=%E6%B6%88%E9%98%B2%E6%A3%80%E6%B5%8B").await;
        assert!(by_words["total"].as_i64().unwrap() > 0);
        assert_eq!(found("q=%E6%B6%88%E9%98%B2%E6%A3%80%E6%B5%8B").await, by_words);
        assert!(!holds(&found(&format!("item={INSPECTION}&max_price=0.01")).await));

        let suspend = format!("/api/v1/agencies/{}/suspend", trade.agency_id());
        let why = json!({ "months": 3, "reason": "虚假材料" });
        app.post(&suspend, &why).by(&trade.operator).gives(200).await;
        assert!(!holds(&found(&format!("item={INSPECTION}")).await));
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
