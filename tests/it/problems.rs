use axum::http::Method;
use serde_json::json;

use crate::harness::{TestApp, on_both};

/// Every operation that takes JSON, with something in the places of its path.
fn writes() -> Vec<(Method, String)> {
    let description = serde_json::to_value(market_api::openapi()).unwrap();
    let mut writes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.pointer("/requestBody/content/application~1json").is_none() {
                continue;
            }
            let parts = path.split('/').map(|part| match part {
                "{number}" => "1",
                "{key}" | "{step}" | "{item}" | "{code}" | "{phrase}" => "abc",
                part if part.starts_with('{') => "01890000-0000-7000-8000-000000000000",
                part => part,
            });
            let path = parts.collect::<Vec<_>>().join("/");
            writes.push((method.to_uppercase().parse().unwrap(), path));
        }
    }
    assert!(writes.len() > 40, "{}", writes.len());
    writes
}

/// `docs/problems.md` has the table of codes; `INSTA_UPDATE=always` writes it.
#[test]
fn the_page_of_problems_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/problems.md");
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(path, market_api::problems()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), market_api::problems());
}

const SIGN_UP: &str = "/api/v1/sign-up";

on_both! {
    async fn every_layer_answers_with_a_problem(app: &TestApp) {
        app.get("/nowhere").meets(404, "no-such-path").await;
        app.get("/api/v1/nowhere").meets(404, "no-such-path").await;
        app.get("/docs/nowhere.js").meets(404, "no-such-path").await;
        let wrong = app.delete(SIGN_UP).meets(405, "method-not-allowed").await;
        assert_eq!(wrong.headers["allow"], "POST");
        let picky = app.get("/api/v1/statistics").header("accept", "text/csv");
        picky.meets(406, "not-acceptable").await;
        app.get("/api/v1/statistics").header("accept", "text/csv, */*;q=0.1").gives(200).await;
        app.ask(Method::POST, SIGN_UP).meets(415, "unsupported-media-type").await;
        let text = app.ask(Method::POST, SIGN_UP).body("text/plain", "{}");
        text.meets(415, "unsupported-media-type").await;
        let long = "x".repeat((1 << 20) + 1);
        let long = app.ask(Method::POST, SIGN_UP).body("application/json", long);
        long.meets(413, "body-too-large").await;
        app.get("/api/v1/agencies/x").meets(404, "not-found").await;
        let unknown = "/api/v1/agencies/01890000-0000-7000-8000-000000000000";
        app.get(unknown).meets(404, "not-found").await;
        let me = app.get("/api/v1/me").meets(401, "anonymous").await;
        assert_eq!(me.headers["www-authenticate"], "Bearer");
        app.get("/api/v1/me").by("mkt_nothing").meets(401, "anonymous").await;
        app.get("/api/v1/agencies").by("mkt_nothing").meets(401, "anonymous").await;
    }

    async fn a_body_that_is_no_json_is_malformed(app: &TestApp) {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for body in ["", "{", "{\"login\":1,\"login\":2}", "{\"login\":1e309}", "\"\\ud800\"", &deep] {
            let ask = app.ask(Method::POST, SIGN_UP).body("application/json", body.to_owned());
            ask.meets(400, "malformed").await;
        }
        let bytes = app.ask(Method::POST, SIGN_UP).body("application/json", vec![0xff, 0xfe]);
        bytes.meets(400, "malformed").await;
    }

    async fn a_fault_is_told_with_its_place(app: &TestApp) {
        let whole = json!({
            "login": "wang", "name": "王", "password": "correct horse",
            "applicant": { "kind": "natural", "name": "店", "phone": "13800000000" },
        });
        for (place, value, pointer, code) in [
            ("/login", json!(1), "/login", "type"),
            ("/login", json!("a\u{0}b"), "/login", "characters"),
            ("/login", json!("x"), "/login", "length"),
            ("/applicant/kind", json!("alien"), "/applicant/kind", "choice"),
            ("/applicant/more", json!(1), "/applicant/more", "unknown"),
            ("/applicant/uscc", json!("123"), "/applicant/uscc", "format"),
            ("/applicant/name", json!("a\u{202e}b"), "/applicant/name", "characters"),
            ("/applicant", json!({ "kind": "natural", "name": "店" }), "/applicant/phone", "missing"),
        ] {
            let mut body = whole.clone();
            let (parent, key) = place.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[key] = value;
            let problem = app.post(SIGN_UP, &body).meets(422, "invalid").await;
            let fault = &problem.json["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)));
        }
    }

    async fn a_wrong_parameter_is_told_by_its_name(app: &TestApp) {
        for (query, name, code) in [
            ("limit=0", "limit", "range"),
            ("limit=101", "limit", "range"),
            ("limit=x", "limit", "format"),
            ("after=%21", "after", "cursor"),
            ("colour=red", "colour", "unknown"),
            ("department=A%20B", "department", "format"),
        ] {
            let path = format!("/api/v1/service-items?{query}");
            let problem = app.get(&path).meets(422, "invalid").await;
            let fault = &problem.json["errors"][0];
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(name), &json!(code)), "{query}");
        }
    }

    async fn hostile_text_is_never_our_fault(app: &TestApp) {
        let operator = app.operator().await;
        let long = "长".repeat(10_000);
        let texts = ["\u{0}", "\u{202e}abc", "\u{200b}", "e\u{301}", "é", "'; drop table people", &long];
        for text in texts {
            let body = json!({ "login": "x1", "name": text });
            let answer = app.post("/api/v1/people", &body).by(&operator).send().await;
            assert!(answer.status < 500, "{text:.20}: {}", answer.text);
            let login = json!({ "login": text, "password": text });
            let answer = app.post("/api/v1/sessions", &login).send().await;
            assert!(matches!(answer.status, 401 | 422), "{text:.20}: {}", answer.text);
        }
        for path in ["/api/v1/regions/%00", "/api/v1/matters/%ff", "/api/v1/regions?parent=%00"] {
            let answer = app.get(path).send().await;
            assert!(matches!(answer.status, 404 | 422), "{path}: {}", answer.text);
        }
    }

    async fn a_problem_speaks_the_callers_language(app: &TestApp) {
        let chinese = app.get("/nowhere").gives(404).await;
        assert_eq!(chinese.text_at("/title"), "没有该路径");
        let english = app.get("/nowhere").header("accept-language", "en").gives(404).await;
        assert_eq!(english.text_at("/title"), "There is no such path");
        assert_eq!(english.headers["content-language"], "en");
    }

    async fn control_characters_are_refused_by_their_place(app: &TestApp) {
        let operator = app.operator().await;
        for (method, path) in writes() {
            for control in ["\u{0}", "a\u{7}b", "\u{1b}[2J", "\u{7f}", "\u{85}"] {
                let body = json!({ "any": [{ "text": control }] });
                let ask = app.ask(method.clone(), &path).json(&body).by(&operator);
                let problem = ask.meets(422, "invalid").await;
                let fault = &problem.json["errors"][0];
                assert_eq!(fault["pointer"], "/any/0/text", "{method} {path}");
                assert_eq!(fault["code"], "characters", "{method} {path}");
            }
        }
        for path in ["/api/v1/search?text=a%00b", "/api/v1/search?text=%1b", "/api/v1/synonyms?q=%7f"] {
            let problem = app.get(path).meets(422, "invalid").await;
            let name = path.split(['?', '=']).nth(1).unwrap();
            assert_eq!(problem.text_at("/errors/0/pointer"), name, "{path}");
        }
    }

    async fn every_kind_of_problem_has_its_page(app: &TestApp) {
        let index = app.get("/problems").gives(200).await;
        for refusal in market_core::Refusal::ALL {
            let path = format!("/problems/{}", refusal.code());
            assert!(index.text.contains(&path), "{path}");
            let page = app.get(&path).gives(200).await;
            assert!(page.text.contains(refusal.zh()) && page.text.contains(refusal.code()));
        }
        app.get("/problems/invalid").gives(200).await;
        app.get("/problems/unheard-of").meets(404, "no-such-path").await;
    }

    async fn every_answer_is_guarded_and_numbered(app: &TestApp) {
        for path in ["/healthz", "/api/v1/statistics", "/nowhere", "/docs/", "/problems"] {
            let answer = app.get(path).send().await;
            assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
            assert!(answer.headers.contains_key("content-security-policy"), "{path}");
            assert_eq!(answer.headers["x-request-id"], "test", "{path}");
        }
        let odd = app.get("/healthz").header("x-request-id", "a b<script>").send().await;
        assert_eq!(odd.headers["x-request-id"].len(), 36);
    }
}
