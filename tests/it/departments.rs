//! Departments over HTTP: what they say of themselves.

use market_core::{Env, Party, sealing::SupervisorKey};
use serde_json::{Value, json};

use crate::{
    fixtures::load_packs,
    harness::{TestApp, on_both},
};

const FIRE: &str = "/api/v1/departments/fire-rescue";
const KEY: &str = "/api/v1/departments/fire-rescue/opening-key";

fn fresh_key() -> Value {
    json!({ "opening_key": SupervisorKey::new(&Env::real()).public() })
}

async fn acting_for(app: &TestApp, department: &str) -> String {
    app.person(department, Party::Department(department.parse().unwrap())).await
}

on_both! {
    loaded:

    async fn a_department_registers_its_opening_key(app: &TestApp) {
        let fire = acting_for(app, "fire-rescue").await;
        app.market.number().await.unwrap();
        let last = app.get("/api/v1/feed?limit=1").gives(200).await.json["last"].clone();
        let before = app.get(FIRE).gives(200).await;
        assert_eq!(before.json["opening_key"], Value::Null);
        assert_eq!(before.headers["etag"], "\"1\"");
        let key = fresh_key();
        let put = || app.put(KEY, &key).by(&fire).header("if-match", "\"1\"");
        let set = put().gives(200).await;
        assert_eq!(set.json["opening_key"], key["opening_key"]);
        assert_eq!(set.headers["etag"], "\"2\"");
        put().meets(412, "stale").await;
        let seen = app.get(FIRE).gives(200).await;
        assert_eq!((&seen.json, &seen.headers["etag"]), (&set.json, &set.headers["etag"]));
        let listed = app.get("/api/v1/departments").gives(200).await.json;
        assert!(listed["items"].as_array().unwrap().contains(&set.json));

        // The operator loads the departments again, and the key is still there.
        load_packs(&app.market).await;
        assert_eq!(app.get(FIRE).gives(200).await.json, set.json);

        app.market.number().await.unwrap();
        let told = app.get(&format!("/api/v1/feed?after={last}")).gives(200).await.json;
        assert_eq!(told["items"].as_array().unwrap().len(), 1);
        let told = &told["items"][0];
        assert_eq!(told["event"], "department_opening_key_set");
        assert_eq!((&told["object"], &told["data"]), (&json!("fire-rescue"), &key));
    }

    async fn nobody_else_registers_it(app: &TestApp) {
        let (key, applicant) = (fresh_key(), app.applicant("wang").await);
        let (operator, other) = (app.operator().await, acting_for(app, "civil-affairs").await);
        app.put(KEY, &key).meets(401, "anonymous").await;
        app.put(KEY, &key).by(&applicant).meets(403, "departments-only").await;
        app.put(KEY, &key).by(&operator).meets(403, "departments-only").await;
        app.put(KEY, &key).by(&other).meets(403, "other-department").await;
        assert_eq!(app.get(FIRE).gives(200).await.json["opening_key"], Value::Null);
    }

    async fn what_is_no_key_is_refused(app: &TestApp) {
        let fire = acting_for(app, "fire-rescue").await;
        let weak = format!("x25519:{}", "A".repeat(43));
        for (bad, why) in [
            ("", "must begin with x25519:"),
            ("x25519:AAAA", "43 characters"),
            (weak.as_str(), "is a weak key"),
        ] {
            let refused = app.put(KEY, &json!({ "opening_key": bad })).by(&fire);
            let refused = refused.meets(422, "invalid").await;
            assert_eq!(refused.text_at("/errors/0/pointer"), "/opening_key");
            assert!(refused.text_at("/errors/0/message").contains(why), "{}", refused.text);
        }
        app.put(KEY, &json!({})).by(&fire).meets(422, "invalid").await;
    }
}
