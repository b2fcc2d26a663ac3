//! Who holds what until when, over HTTP.

use crate::harness::{TestApp, on_both};

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
}
