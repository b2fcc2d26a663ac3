//! Who holds what until when, over HTTP.

use crate::{
    harness::{TestApp, on_both},
    trade::trade,
};

on_both! {
    async fn deadlines_are_narrowed_and_paged(app: &TestApp) {
        app.get("/api/v1/deadlines").meets(401, "anonymous").await;
        let operator = app.operator().await;
        let all = app.get("/api/v1/deadlines").by(&operator).gives(200).await.json;
        assert!(all["items"].is_array());
        for (query, name) in [
            ("within_hours=0", "within_hours"),
            ("within_hours=87601", "within_hours"),
            ("overdue=true&within_hours=5", "within_hours"),
            ("from=2026-11-24&overdue=true", "from"),
            ("to=2026-11-24&within_hours=5", "to"),
            ("from=2026-11-25&to=2026-11-24", "to"),
            ("from=tomorrow", "from"),
            ("kind=meeting", "kind"),
            ("limit=0", "limit"),
            ("overdue=perhaps", "overdue"),
            ("after=nonsense", "after"),
        ] {
            let path = format!("/api/v1/deadlines?{query}");
            let wrong = app.get(&path).by(&operator).meets(422, "invalid").await;
            assert!(wrong.text.contains(name), "{query}: {}", wrong.text);
        }
    }

    async fn deadlines_of_some_days_are_those_that_pass_on_them(app: &TestApp) {
        let trade = trade(app).await;
        trade.place(app).await;
        let of = async |query: &str| {
            let path = format!("/api/v1/deadlines?{query}");
            let found = app.get(&path).by(&trade.agency).gives(200).await;
            found.json["items"].as_array().unwrap().len()
        };
        let all = app.get("/api/v1/deadlines").by(&trade.agency).gives(200).await;
        // Two working days from Tuesday, until the end of Thursday.
        assert_eq!(all.text_at("/items/0/until"), "2026-11-26T16:00:00Z");
        assert_eq!(of("from=2026-11-26&to=2026-11-26").await, 1);
        assert_eq!(of("from=2026-11-26").await, 1);
        assert_eq!(of("to=2026-11-26&kind=order").await, 1);
        assert_eq!(of("to=2026-11-25").await, 0);
        assert_eq!(of("from=2026-11-27&to=2026-12-31").await, 0);
    }
}
