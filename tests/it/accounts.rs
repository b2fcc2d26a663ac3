use market_core::Party;
use serde_json::json;

use crate::harness::{PASSWORD, TestApp, on_both};

fn wang() -> serde_json::Value {
    json!({
        "login": "wang",
        "name": "王小明",
        "password": PASSWORD,
        "applicant": { "kind": "natural", "name": "慈溪某某餐饮店", "phone": "13800000000" },
    })
}

on_both! {
    async fn a_person_signs_up_signs_in_and_signs_out(app: &TestApp) {
        let made = app.post("/api/v1/sign-up", &wang()).gives(201).await;
        let applicant = made.text_at("/applicant/id");
        let credentials = json!({ "login": "wang", "password": PASSWORD });
        let session = app.post("/api/v1/sessions", &credentials).gives(201).await;
        assert_eq!(session.json["party"], json!({ "kind": "applicant", "id": applicant }));
        assert_eq!(session.json["expires_at"], "2026-11-24T02:15:00Z");

        let token = session.text_at("/token");
        let me = app.get("/api/v1/me").by(token).gives(200).await;
        assert_eq!((me.text_at("/login"), &me.json["party"]), ("wang", &session.json["party"]));
        let path = format!("/api/v1/applicants/{applicant}");
        let seen = app.get(&path).by(token).gives(200).await;
        assert_eq!(seen.text_at("/phone"), "13800000000");
        app.delete("/api/v1/sessions/current").by(token).gives(204).await;
        app.get("/api/v1/me").by(token).meets(401, "anonymous").await;
    }

    async fn a_wrong_password_and_an_unknown_login_look_the_same(app: &TestApp) {
        app.post("/api/v1/sign-up", &wang()).gives(201).await;
        let wrong = json!({ "login": "wang", "password": "battery staple" });
        let unknown = json!({ "login": "zhao", "password": PASSWORD });
        let wrong = app.post("/api/v1/sessions", &wrong).meets(401, "wrong-login").await;
        let unknown = app.post("/api/v1/sessions", &unknown).meets(401, "wrong-login").await;
        assert_eq!(wrong.text, unknown.text);
    }

    async fn a_sign_up_says_everything_that_is_wrong_with_it(app: &TestApp) {
        let mut body = wang();
        body["login"] = json!("Wang Xiaoming");
        body["password"] = json!("short");
        body["applicant"]["phone"] = json!("call me");
        let problem = app.post("/api/v1/sign-up", &body).meets(422, "invalid").await;
        let faults = problem.json["errors"].as_array().unwrap();
        let places: Vec<_> = faults.iter().map(|fault| &fault["pointer"]).collect();
        assert_eq!(places, ["/login", "/password", "/applicant/phone"]);
        app.post("/api/v1/sign-up", &wang()).gives(201).await;
        app.post("/api/v1/sign-up", &wang()).meets(409, "login-taken").await;
    }

    async fn the_operator_gives_accounts_and_people_make_tokens(app: &TestApp) {
        let operator = app.operator().await;
        let robot = json!({ "login": "robot", "name": "导入程序", "password": PASSWORD });
        let person = app.post("/api/v1/people", &robot).by(&operator).gives(201).await;
        let path = person.headers["location"].to_str().unwrap().to_owned();
        let party = json!({ "party": { "kind": "operator" } });
        app.post(&format!("{path}/parties"), &party).by(&operator).gives(204).await;
        let new = json!({ "party": { "kind": "operator" }, "label": "import" });
        let foreign = app.post(&format!("{path}/tokens"), &new).by(&operator);
        foreign.meets(403, "tokens-for-oneself").await;
        let known = json!({ "login": "robot", "password": PASSWORD });
        let robot = app.post("/api/v1/sessions", &known).gives(201).await;
        let robot = app.post(&format!("{path}/tokens"), &new).by(robot.text_at("/token"));
        let issued = robot.gives(201).await;
        let token = issued.text_at("/token");
        app.get("/api/v1/people?limit=1").by(token).gives(200).await;
        let listed = app.get(&format!("{path}/tokens")).by(&operator).gives(200).await;
        assert!(!listed.text.contains(token), "{}", listed.text);

        let id = issued.text_at("/id");
        app.delete(&format!("/api/v1/tokens/{id}")).by(&operator).gives(204).await;
        app.get("/api/v1/me").by(token).meets(401, "anonymous").await;
        let me = app.get("/api/v1/me").by(&operator).gives(200).await;
        let own = format!("/api/v1/people/{}/parties", me.text_at("/id"));
        let fire = json!({ "party": { "kind": "department", "id": "fire-rescue" } });
        app.post(&own, &fire).by(&operator).meets(403, "not-for-oneself").await;
        app.delete(&format!("{path}/parties/operator")).by(&operator).gives(204).await;
        let seen = app.get(&path).by(&operator).gives(200).await;
        assert_eq!(seen.json["parties"], json!([]));
        app.post(&format!("{path}/disable"), &json!({})).by(&operator).gives(200).await;
    }

    async fn the_people_are_listed_page_by_page(app: &TestApp) {
        let operator = app.operator().await;
        for login in ["d", "b", "c", "a"] {
            app.person(&format!("p-{login}"), Party::Operator).await;
        }
        let mut seen = Vec::new();
        let mut path = "/api/v1/people?limit=2".to_owned();
        loop {
            let page = app.get(&path).by(&operator).gives(200).await;
            let items = page.json["items"].as_array().unwrap();
            seen.extend(items.iter().map(|person| person["login"].as_str().unwrap().to_owned()));
            match page.json["next"].as_str() {
                Some(next) => path = format!("/api/v1/people?limit=2&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, ["operator", "p-a", "p-b", "p-c", "p-d"]);
    }

    async fn others_manage_nobody(app: &TestApp) {
        let token = app.applicant("wang").await;
        app.get("/api/v1/people").by(&token).meets(403, "operator-only").await;
        let robot = json!({ "login": "robot", "name": "导入程序" });
        app.post("/api/v1/people", &robot).by(&token).meets(403, "operator-only").await;
        app.post("/api/v1/people", &robot).meets(401, "anonymous").await;
        let stranger = "/api/v1/people/01890000-0000-7000-8000-000000000000";
        app.get(stranger).by(&token).meets(404, "not-found").await;
    }

    async fn whoever_changes_their_password_signs_in_anew(app: &TestApp) {
        let token = app.applicant("wang").await;
        let change = json!({ "current": PASSWORD, "new": "battery staple" });
        app.put("/api/v1/me/password", &change).by(&token).gives(204).await;
        app.get("/api/v1/me").by(&token).meets(401, "anonymous").await;
        let credentials = json!({ "login": "wang", "password": "battery staple" });
        app.post("/api/v1/sessions", &credentials).gives(201).await;
    }
}
