//! Signing in with a browser: cookies, forms, and what other sites cannot do.

use market_api::{App, Web};
use serde_json::json;

use crate::{
    asking::{Answer, Asking},
    harness::{PASSWORD, TestApp, on_both},
};

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const FORM: &str = "application/x-www-form-urlencoded";

/// The value of a cookie that an answer sets, by its name.
fn cookie(answer: &Answer, name: &str) -> String {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let found = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = found.map(|rest| rest.split(';').next().unwrap().to_owned()).next();
    value.unwrap_or_else(|| panic!("no cookie {name} in {:?}", answer.headers))
}

/// The proof in a page's forms.
fn proof(page: &Answer) -> String {
    let after = page.text.split_once("name=\"proof\" value=\"").unwrap().1;
    after.split_once('"').unwrap().0.to_owned()
}

fn page(app: &TestApp, path: &str, cookies: &str) -> Asking {
    app.get(path).header("accept", BROWSER).header("cookie", cookies)
}

fn form(app: &TestApp, path: &str, cookies: &str, body: String) -> Asking {
    let ask = app.ask(axum::http::Method::POST, path).body(FORM, body);
    ask.header("accept", BROWSER).header("cookie", cookies)
}

/// The cookies of a browser in which somebody new is signed in.
async fn signed_in(app: &TestApp, login: &str) -> String {
    app.applicant(login).await;
    let first = app.get("/sign-in").header("accept", BROWSER).gives(200).await;
    let secret = format!("__Host-market-form={}", cookie(&first, "__Host-market-form"));
    let body =
        format!("proof={}&login={login}&password=correct+horse&code=&next=/search", proof(&first));
    let answer = form(app, "/sign-in", &secret, body).gives(303).await;
    assert_eq!(answer.headers["location"], "/search");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let line = answer.headers["set-cookie"].to_str().unwrap();
    assert!(line.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{line}");
    format!("__Host-market={}", cookie(&answer, "__Host-market"))
}

on_both! {
    async fn a_browser_signs_in_and_out(app: &TestApp) {
        let away = app.get("/account").header("accept", BROWSER).gives(303).await;
        assert_eq!(away.headers["location"], "/sign-in?next=/account");
        let session = signed_in(app, "wang").await;
        let account = page(app, "/account", &session).gives(200).await;
        assert!(account.text.contains("王小明（wang）") && account.text.contains("慈溪某某餐饮店"));
        assert_eq!(account.headers["cache-control"], "no-store");
        assert!(!account.text.contains(session.split_once('=').unwrap().1));
        page(app, "/sign-in", &session).gives(303).await;
        let out = form(app, "/sign-out", &session, format!("proof={}", proof(&account)));
        let out = out.gives(303).await;
        assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        page(app, "/account", &session).gives(303).await;
        page(app, "/", &session).gives(200).await;
    }

    async fn a_wrong_password_comes_back_with_the_form(app: &TestApp) {
        app.applicant("wang").await;
        for elsewhere in ["/%09/evil", "//evil"] {
            let path = format!("/sign-in?next={elsewhere}");
            let page = app.get(&path).header("accept", BROWSER).gives(200).await;
            assert!(page.text.contains("name=\"next\" value=\"/account\""), "{elsewhere}");
        }
        let first = app.get("/sign-in").header("accept", BROWSER).gives(200).await;
        let secret = format!("__Host-market-form={}", cookie(&first, "__Host-market-form"));
        let body = |login: &str| format!("proof={}&login={login}&password=wrong", proof(&first));
        for _ in 0..5 {
            let again = form(app, "/sign-in", &secret, body("wang%3Cb%3E")).gives(401).await;
            assert!(again.text.contains("登录名或密码不正确"), "{}", again.text);
            assert!(!again.text.contains("<b>") && again.headers.get("set-cookie").is_none());
        }
        let often = form(app, "/sign-in", &secret, body("wang%3Cb%3E")).gives(429).await;
        assert_eq!(often.headers["retry-after"], "60");
        assert!(often.text.contains("尝试次数过多"));
        form(app, "/sign-in", &secret, body("wang%00")).gives(401).await;
    }

    async fn another_site_signs_nobody_in_or_out(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let other = signed_in(app, "li").await;
        let theirs = proof(&page(app, "/account", &other).gives(200).await);
        for body in [String::new(), "proof=".to_owned(), format!("proof={theirs}")] {
            form(app, "/sign-out", &session, body).gives(403).await;
        }
        page(app, "/account", &session).gives(200).await;
        let body = format!("proof={theirs}&login=wang&password=correct+horse");
        form(app, "/sign-in", "", body.clone()).gives(403).await;
        form(app, "/sign-in", "__Host-market-form=planted", body).gives(403).await;
        let json = app.post("/sign-out", &json!({ "proof": theirs })).header("cookie", &session);
        json.meets(415, "unsupported-media-type").await;
    }

    async fn a_cookie_reads_but_changes_nothing_without_proof(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let me = app.get("/api/v1/me").header("cookie", &session).gives(200).await;
        assert_eq!(me.text_at("/login"), "wang");
        let shop = json!({ "kind": "other", "name": "二号店", "phone": "0574-00000001" });
        let post = || app.post("/api/v1/applicants", &shop).header("cookie", &session);
        post().meets(403, "forged").await;
        post().header("x-csrf-token", "guess").meets(403, "forged").await;
        let proof = proof(&page(app, "/account", &session).gives(200).await);
        post().header("x-csrf-token", &proof).gives(201).await;
        app.delete("/api/v1/sessions/current").header("cookie", &session).meets(403, "forged").await;
        let listings = app.get("/api/v1/listings").header("cookie", "__Host-market=mktb_old");
        listings.gives(200).await;
        let bad = app.get("/api/v1/me").header("cookie", "__Host-market=mktb_old");
        bad.meets(401, "anonymous").await;
        let both = app.get("/api/v1/me").header("cookie", &session).by("mkt_wrong");
        both.meets(401, "anonymous").await;
    }

    async fn what_programs_act_with_opens_no_page(app: &TestApp) {
        let token = app.applicant("wang").await;
        let expires_at = app.market.env().now().plus_seconds(24 * 60 * 60);
        let new = json!({ "name": "订单同步", "scopes": ["read"], "expires_at": expires_at });
        let made = app.post("/api/v1/api-keys", &new).by(&token).gives(201).await;
        let session = json!({ "login": "wang", "password": PASSWORD });
        let session = app.post("/api/v1/sessions", &session).gives(201).await;
        for token in [&token, made.text_at("/key"), session.text_at("/token")] {
            app.get("/api/v1/listings").by(token).gives(200).await;
            let planted = format!("__Host-market={token}");
            let away = page(app, "/account", &planted).gives(303).await;
            assert_eq!(away.headers["location"], "/sign-in?next=/account");
            let proof = market_core::sha256_hex(format!("market csrf v1 {token}").as_bytes());
            let body = format!("proof={proof}&party=operator");
            form(app, "/account/switch", &planted, body).gives(401).await;
            let me = app.get("/api/v1/me").header("cookie", &planted);
            me.meets(401, "anonymous").await;
        }
    }

    async fn a_browser_switches_between_parties(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let proof_1 = proof(&page(app, "/account", &session).gives(200).await);
        let shop = json!({ "kind": "other", "name": "二号店", "phone": "0574-00000001" });
        let made = app.post("/api/v1/applicants", &shop).header("cookie", &session);
        let made = made.header("x-csrf-token", &proof_1).gives(201).await;
        let body = format!("proof={proof_1}&party=applicant:{}", made.text_at("/id"));
        let switched = form(app, "/account/switch", &session, body).gives(303).await;
        let next = format!("__Host-market={}", cookie(&switched, "__Host-market"));
        let account = page(app, "/account", &next).gives(200).await;
        assert!(account.text.contains("现在代表：<strong>二号店</strong>"), "{}", account.text);
        page(app, "/account", &session).gives(303).await;
        let body = format!("proof={}&party=operator", proof(&account));
        form(app, "/account/switch", &next, body).gives(403).await;
        let body = format!("proof={}&party=nonsense", proof(&account));
        form(app, "/account/switch", &next, body).gives(403).await;
    }

    async fn on_this_machine_alone_cookies_need_no_tls(app: &TestApp) {
        let web = Web { secure_cookies: false };
        let plain = market_api::router(App::new(app.market.clone()).reached(web));
        let first = app.get("/sign-in").header("accept", BROWSER).at(&plain).gives(200).await;
        let line = first.headers["set-cookie"].to_str().unwrap();
        assert!(line.starts_with("market-form=") && !line.contains("Secure"), "{line}");
        assert_eq!(PASSWORD, "correct horse");
    }
}
