use serde_json::json;

use crate::{
    fixtures::{admitted_agency, new_agency, terms},
    harness::{TestApp, on_both},
};

on_both! {
    loaded:

    async fn an_agency_applies_and_is_admitted(app: &TestApp) {
        let operator = app.operator().await;
        let applicant = app.applicant("agent").await;
        let made = app.post("/api/v1/agencies", &new_agency()).by(&applicant).gives(201).await;
        let path = made.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(made.text_at("/state/state"), "applying");
        app.get(&path).meets(404, "not-found").await;
        app.post(&format!("{path}/admit"), &json!({})).by(&applicant).meets(403, "operator-only").await;
        let twice = app.post("/api/v1/agencies", &new_agency()).by(&applicant);
        twice.meets(409, "agency-exists").await;

        let admitted = app.post(&format!("{path}/admit"), &json!({})).by(&operator).gives(200).await;
        assert_eq!(admitted.text_at("/state/state"), "admitted");
        let again = app.post(&format!("{path}/admit"), &json!({})).by(&operator);
        again.meets(409, "agency-not-applying").await;
        let seen = app.get(&path).gives(200).await;
        assert_eq!(seen.json.get("actions"), None);
        let seen = app.get(&path).by(&operator).gives(200).await;
        let actions = seen.json["actions"].as_array().unwrap();
        let of = |name: &str| actions.iter().find(|action| action["name"] == name).unwrap();
        assert_eq!(of("suspend")["allowed"], true);
        assert_eq!(of("admit")["refusal"], "agency-not-applying");
    }

    async fn an_agency_is_suspended_and_reinstated(app: &TestApp) {
        let operator = app.operator().await;
        let (path, _) = admitted_agency(app, &operator).await;
        let step = |name: &str, body| app.post(&format!("{path}/{name}"), &body).by(&operator);
        let wrong = step("suspend", json!({ "months": 3, "reason": "" })).meets(422, "invalid").await;
        assert_eq!(wrong.json["errors"][0]["pointer"], "/reason");
        let reason = json!({ "months": 3, "reason": "超时限未交付" });
        let suspended = step("suspend", reason).gives(200).await;
        assert_eq!(suspended.text_at("/state/until"), "2027-02-24");
        let listed = app.get("/api/v1/agencies?state=suspended").gives(200).await;
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
        step("reinstate", json!({})).gives(200).await;
        step("leave", json!({ "reason": "业务调整" })).gives(200).await;
    }

    async fn a_listing_is_drafted_published_changed_and_taken_off(app: &TestApp) {
        let operator = app.operator().await;
        let (path, token) = admitted_agency(app, &operator).await;
        let items = app.get("/api/v1/service-items?limit=100").gives(200).await.json;
        let items = items["items"].as_array().unwrap();
        let free = items.iter().find(|item| item["price_cap"].is_null()).unwrap();
        let new = json!({ "code": "l1", "item": free["code"], "terms": terms("12000.00") });
        let made = app.post("/api/v1/listings", &new).by(&token).gives(201).await;
        let listing = made.headers["location"].to_str().unwrap().to_owned();
        app.get(&listing).meets(404, "not-found").await;
        app.post("/api/v1/listings", &new).by(&token).meets(409, "listing-exists").await;
        app.post("/api/v1/listings", &new).by(&operator).meets(403, "agencies-only").await;

        app.post(&format!("{listing}/publish"), &json!({})).by(&token).gives(200).await;
        let tag = app.get(&listing).gives(200).await.headers["etag"].to_str().unwrap().to_owned();
        let change = || app.put(&format!("{listing}/terms"), &terms("11000.00")).by(&token);
        let changed = change().header("if-match", &tag).gives(200).await;
        assert_eq!((&changed.json["number"], changed.text_at("/terms/price")), (&json!(2), "11000.00"));
        change().header("if-match", &tag).meets(412, "stale").await;
        let before = app.get(&format!("{listing}/terms/1")).gives(200).await;
        assert_eq!(before.text_at("/terms/price"), "12000.00");

        let agency = path.rsplit('/').next().unwrap();
        let listed = app.get(&format!("/api/v1/listings?agency={agency}")).gives(200).await;
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
        app.post(&format!("{listing}/take-off-shelf"), &json!({})).by(&token).gives(200).await;
        let again = app.post(&format!("{listing}/take-off-shelf"), &json!({})).by(&token);
        again.meets(409, "listing-not-published").await;
    }
}
