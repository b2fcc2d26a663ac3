//! What is suggested while somebody types.

use serde_json::{Value, json};

use crate::{
    harness::{TestApp, on_both},
    trade::{INSPECTION, trade},
};

/// The address for what was typed.
fn typed(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    format!("/api/v1/suggestions?text={}", bytes.collect::<String>())
}

on_both! {
    async fn what_is_typed_is_completed(app: &TestApp) {
        let trade = trade(app).await;
        app.market.search().catch_up().await.unwrap();
        app.market.search().refresh_suggestions().await.unwrap();
        for text in ["消防设施", "xiaofangss", "xfss", "消fss", "ＸＦＳＳ", "消防設施"] {
            let found = app.get(&typed(text)).gives(200).await.json;
            let mut items = found["items"].as_array().unwrap().iter();
            let item = items.find(|it| it["key"] == INSPECTION).unwrap();
            let is = (&item["kind"], &item["name"], &found["next"]);
            assert_eq!(is, (&json!("service_item"), &json!("建筑消防设施检测"), &Value::Null));
            assert!(item["text"].as_str().unwrap().starts_with("消防设施"), "{item}");
            assert!(item["count"].as_u64().unwrap() >= 1, "{item}");
        }
        let agency = format!("/api/v1/agencies/{}", trade.agency_id());
        let agency = app.get(&agency).gives(200).await;
        let agencies = format!("{}&kind=agency&limit=1", typed(agency.text_at("/name")));
        let found = app.get(&agencies).gives(200).await.json;
        assert_eq!(found["items"][0]["key"], json!(trade.agency_id()));
        assert_eq!(found["items"][0]["marks"][0]["hit"], json!(true));
        let places = app.get(&format!("{}&kind=region,matter", typed("慈溪"))).gives(200).await.json;
        assert_eq!(places["items"][0]["key"], "330282");
        assert_eq!(app.get(&typed("？")).gives(200).await.json["items"], json!([]));
    }

    async fn what_cannot_be_completed_is_refused(app: &TestApp) {
        for (query, name, code) in [
            ("", "text", "missing"),
            ("text=", "text", "length"),
            ("text=%20", "text", "length"),
            (&*format!("text={}", "a".repeat(41)), "text", "length"),
            ("text=a&limit=0", "limit", "range"),
            ("text=a&limit=21", "limit", "range"),
            ("text=a&kind=people", "kind", "choice"),
            ("text=a&colour=red", "colour", "unknown"),
        ] {
            let problem = app.get(&format!("/api/v1/suggestions?{query}"));
            let problem = problem.meets(422, "invalid").await;
            let fault = &problem.json["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(name), &json!(code)), "{query}");
        }
        app.get(&format!("/api/v1/suggestions?text={}", "a".repeat(40))).gives(200).await;
    }
}
