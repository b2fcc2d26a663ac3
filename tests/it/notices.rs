//! What people are told over HTTP, and what they say of that.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    harness::{TestApp, on_both},
    trade::trade,
};

const NOTICES: &str = "/api/v1/notices";
const PREFERENCES: &str = "/api/v1/notices/preferences";

/// What somebody is told, newest first.
async fn told(app: &TestApp, token: &str) -> Vec<Value> {
    app.market.notices().catch_up().await.unwrap();
    let page = app.get(&format!("{NOTICES}?limit=100")).by(token).gives(200).await;
    page.json["items"].as_array().unwrap().clone()
}

async fn unread(app: &TestApp, token: &str) -> i64 {
    let counted = app.get(&format!("{NOTICES}/unread")).by(token).gives(200).await;
    counted.json["unread"].as_i64().unwrap()
}

on_both! {
    async fn people_are_told_of_what_happens_and_say_of_what(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        let all = told(app, &trade.agency).await;
        let placed = all.iter().find(|one| one["event"] == "order_placed").unwrap();
        assert_eq!((&placed["topic"], &placed["kind"]), (&json!("event"), &json!("order")));
        assert_eq!(placed["object"], json!(order));
        // Who did it knows.
        let own = told(app, &trade.applicant).await;
        assert!(own.iter().all(|one| one["event"] != "order_placed"), "{own:?}");
        assert_eq!(unread(app, &trade.agency).await, i64::try_from(all.len()).unwrap());
        app.get(&format!("{NOTICES}/unread")).meets(401, "anonymous").await;

        let newest = all[0]["id"].as_str().unwrap();
        let (path, nothing) = (format!("{NOTICES}/{newest}"), json!({}));
        app.get(&path).by(&trade.applicant).meets(404, "not-found").await;
        let seen = app.get(&path).by(&trade.agency).gives(200).await;
        assert_eq!(seen.json["actions"][1]["name"], "read_up_to");
        let up_to = format!("{path}/read-up-to");
        app.post(&up_to, &nothing).by(&trade.applicant).meets(404, "not-found").await;
        let bare = app.post(&up_to, &nothing).by(&trade.agency).bare();
        bare.meets(400, "idempotency-key-missing").await;
        let rehearsed = app.post(&format!("{up_to}?validate_only=true"), &nothing);
        assert_eq!(rehearsed.by(&trade.agency).gives(200).await.json["unread"], 0);
        assert!(unread(app, &trade.agency).await > 0);
        let left = app.post(&up_to, &nothing).by(&trade.agency).gives(200).await;
        assert_eq!((&left.json["unread"], unread(app, &trade.agency).await), (&json!(0), 0));

        let prefer = |said: Value| app.ask(Method::PUT, PREFERENCES).json(&said);
        let of_order = |page: &Value| {
            let kinds = page["items"].as_array().unwrap();
            kinds.iter().find(|one| one["kind"] == "order").unwrap()["told"].clone()
        };
        let usual = app.get(PREFERENCES).by(&trade.agency).gives(200).await;
        assert_eq!(of_order(&usual.json), json!(true));
        let no = json!([{ "kind": "order", "told": false }]);
        let rehearsed = app.ask(Method::PUT, &format!("{PREFERENCES}?validate_only=true")).json(&no);
        let rehearsed = rehearsed.by(&trade.agency).gives(200).await;
        assert_eq!(of_order(&rehearsed.json), json!(false));
        let kept = app.get(PREFERENCES).by(&trade.agency).gives(200).await;
        assert_eq!(kept.json, usual.json);
        let said = prefer(no.clone()).by(&trade.agency).gives(200).await;
        assert_eq!(said.json, rehearsed.json);
        prefer(no).meets(401, "anonymous").await;
        for (wrong, pointer) in [
            (json!([{ "kind": "account", "told": true }]), "/0/kind"),
            (json!([{ "kind": "order", "told": true }, { "kind": "order", "told": true }]), "/1/kind"),
            (json!([{ "kind": "nothing", "told": true }]), "/0/kind"),
            (json!([{ "kind": "order" }]), "/0/told"),
            (json!([{ "kind": "order", "told": true, "more": 1 }]), "/0/more"),
        ] {
            let answer = prefer(wrong).by(&trade.agency).meets(422, "invalid").await;
            assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{}", answer.text);
        }
        let before = told(app, &trade.agency).await.len();
        let cancelled = app.post(&format!("/api/v1/orders/{order}/cancel"), &json!({ "reason": "不办了" }));
        cancelled.by(&trade.applicant).gives(200).await;
        assert_eq!(told(app, &trade.agency).await.len(), before, "they do not want to be told");
    }
}
