//! Signing in by another provider: who is vouched for, what is refused, and whose account it is.

use axum::http::Method;
use market_core::{
    Actor, Call, Party,
    account::{NewInvitation, Role},
};
use serde_json::json;

use crate::{
    asking::Answer,
    browsing::{Browser, cookie, form},
    harness::{TestApp, on_both},
    issuer::{Issuer, Twist},
};

const VISIT: &str = "__Host-market-visit";
const SESSION: &str = "__Host-market";

/// Keeps a cookie beside the others.
pub(crate) fn also(browser: &mut Browser<'_>, answer: &Answer, name: &str) {
    let kept = browser.cookies.split("; ").filter(|one| !one.starts_with(&format!("{name}=")));
    let kept: Vec<_> = kept.filter(|one| !one.is_empty()).map(str::to_owned).collect();
    let fresh = format!("{name}={}", cookie(answer, name));
    browser.cookies = kept.into_iter().chain([fresh]).collect::<Vec<_>>().join("; ");
}

/// What a browser keeps in a cookie.
fn cookie_of(browser: &Browser<'_>, name: &str) -> String {
    let kept = browser.cookies.split("; ").find_map(|one| one.strip_prefix(&format!("{name}=")));
    kept.unwrap().to_owned()
}

fn to(answer: &Answer) -> String {
    answer.headers["location"].to_str().unwrap().to_owned()
}

/// Sends a browser to a provider; the address to which it goes.
pub(crate) async fn departs(browser: &mut Browser<'_>, path: &str) -> String {
    let answer = browser.get(path, 303).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    also(browser, &answer, VISIT);
    to(&answer)
}

/// Somebody comes back who has something left to do: where, and the page.
pub(crate) async fn comes_back(browser: &Browser<'_>, back: &str) -> (String, String) {
    let place = to(&browser.get(back, 303).await);
    let page = browser.get(&place, 200).await;
    assert_eq!(page.headers["cache-control"], "no-store");
    (place, page.text)
}

/// Has somebody who is signed in link what an issuer calls them.
pub(crate) async fn links(
    browser: &mut Browser<'_>,
    issuer: &Issuer,
    key: &str,
    subject: &str,
) -> String {
    let address = departs(browser, &format!("/account/identities/with/{key}")).await;
    let (place, page) = comes_back(browser, &issuer.approve(&address, subject)).await;
    assert_eq!(place, "/account/identities/confirm");
    page
}

/// What is told of a sign-in that came to nothing: on the page to sign in, and nothing internal.
async fn refused(browser: &Browser<'_>, back: &str, why: &str) {
    let answer = browser.get(back, 409).await;
    assert!(answer.text.contains(why), "{why}: {}", answer.text);
    assert!(answer.text.contains("<h1>登录</h1>"), "{}", answer.text);
    for secret in ["nonce", "signature", "Claims", "127.0.0.1", "code-"] {
        assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
    }
    assert!(
        answer
            .headers
            .get("set-cookie")
            .is_none_or(|set| { !set.to_str().unwrap().starts_with(&format!("{SESSION}=")) })
    );
}

on_both! { vouched_sqlite vouched_postgres:
    async fn who_has_linked_an_identity_signs_in_by_it(app: &TestApp) {
        let issuer = &app.issuers[0];
        let listed = app.get("/api/v1/sign-in/providers").gives(200).await;
        assert_eq!(listed.json["items"][0]["path"], "/sign-in/with/one");
        let mut wang = Browser::acting(app, "wang", Party::Operator).await;
        let page = links(&mut wang, issuer, "one", "subject-1").await;
        assert!(page.contains("王小明") && page.contains("身份平台 one"), "{page}");
        let again = wang.back(&form(&page).with("password", "wrong").with("step", "do"), 401).await;
        let done = wang.done(&form(&again).with("password", crate::harness::PASSWORD)).await;
        assert_eq!(done, "/account/identities");
        assert!(wang.see("/account/identities").await.contains("身份平台 one（王小明）"));
        // Another browser, in which nobody is signed in.
        let mut other = Browser::nobody(app);
        let page = other.get("/sign-in?next=/my", 200).await;
        assert!(page.text.contains("/sign-in/with/one?next=%2Fmy"), "{}", page.text);
        let address = departs(&mut other, "/sign-in/with/one?next=%2Fmy").await;
        let answer = other.get(&issuer.approve(&address, "subject-1"), 303).await;
        assert_eq!(to(&answer), "/my");
        also(&mut other, &answer, SESSION);
        other.get("/account", 200).await;
        assert_eq!(issuer.asked(), 1, "what it says of itself is kept");
        // It is a session like others: it is listed, it ends with the identity.
        let session = cookie(&answer, SESSION);
        let of_own = |path: &str| app.get(path).header("cookie", &format!("{SESSION}={session}"));
        let sessions = of_own("/api/v1/me/sessions").gives(200).await;
        let providers: Vec<_> = sessions.json["items"].as_array().unwrap().iter().collect();
        assert!(providers.iter().any(|one| one["provider"] == "one"), "{}", sessions.text);
        let identities = of_own("/api/v1/me/identities").gives(200).await;
        let id = identities.text_at("/items/0/id");
        assert!(!identities.text.contains("subject-1"), "{}", identities.text);
        let dump = crate::secrets::dump(app).await;
        let visit = cookie_of(&other, VISIT);
        assert!(!dump.contains("subject-1") && !dump.contains(&session) && !dump.contains(&visit));
        let unlink = form(&wang.see(&format!("/account/identities/{id}/unlink")).await);
        wang.done(&unlink).await;
        of_own("/api/v1/me").meets(401, "anonymous").await;
        wang.get("/account", 200).await;
        let mut again = Browser::nobody(app);
        let address = departs(&mut again, "/sign-in/with/one").await;
        let (place, _) = comes_back(&again, &issuer.approve(&address, "subject-1")).await;
        assert_eq!(place, "/sign-in/new");
    }

    async fn whoever_signs_out_may_do_so_at_the_provider_too(app: &TestApp) {
        let issuer = &app.issuers[0];
        let mut wang = Browser::acting(app, "wang", Party::Operator).await;
        let page = links(&mut wang, issuer, "one", "subject-1").await;
        wang.done(&form(&page).with("password", crate::harness::PASSWORD)).await;
        let address = departs(&mut wang, "/sign-in/with/one").await;
        let answer = wang.get(&issuer.approve(&address, "subject-1"), 303).await;
        wang.keep(&answer, SESSION);
        let account = wang.see("/account").await;
        let (_, rest) = account.split_once("action=\"/sign-out\"").unwrap();
        let (_, proof) = rest.split_once("name=\"proof\" value=\"").unwrap();
        let proof = proof.split_once('"').unwrap().0.to_owned();
        let filled = crate::browsing::Form {
            action: "/sign-out".to_owned(),
            pairs: vec![("proof".to_owned(), proof)],
        };
        let answer = wang.post(&filled, 200).await;
        let farewell = format!("{}/sign-out?", issuer.url());
        assert!(answer.text.contains(&farewell) && answer.text.contains("client_id=market"));
        wang.get("/my", 303).await;
    }

    async fn nobody_is_signed_in_whom_nobody_vouches_for(app: &TestApp) {
        let issuer = &app.issuers[0];
        let mut wang = Browser::acting(app, "wang", Party::Operator).await;
        let page = links(&mut wang, issuer, "one", "subject-1").await;
        wang.done(&form(&page).with("password", crate::harness::PASSWORD)).await;
        for twist in [
            Twist::OtherNonce,
            Twist::NoNonce,
            Twist::OtherAudience,
            Twist::AlsoAnotherAudience,
            Twist::Expired,
            Twist::OtherIssuer,
            Twist::OtherKey,
            Twist::Altered,
            Twist::AlgNone,
            Twist::SignedWithOurSecret,
            Twist::NoToken,
        ] {
            let mut browser = Browser::nobody(app);
            let address = departs(&mut browser, "/sign-in/with/one").await;
            let back = issuer.approve_with(&address, json!({ "sub": "subject-1" }), twist);
            refused(&browser, &back, "无法核实对方返回的身份信息").await;
            let honest = browser.get(&back, 409).await;
            assert!(honest.text.contains("登录已过期"), "{twist:?} comes back once");
        }
        let mut honest = Browser::nobody(app);
        let address = departs(&mut honest, "/sign-in/with/one").await;
        honest.get(&issuer.approve(&address, "subject-1"), 303).await;
    }

    async fn only_the_browser_that_left_comes_back_and_once(app: &TestApp) {
        let (issuer, second) = (&app.issuers[0], &app.issuers[1]);
        let mut wang = Browser::acting(app, "wang", Party::Operator).await;
        let page = links(&mut wang, issuer, "one", "subject-1").await;
        wang.done(&form(&page).with("password", crate::harness::PASSWORD)).await;
        let over = "登录已过期";
        let (mut thief, mut victim) = (Browser::nobody(app), Browser::nobody(app));
        // What comes back by another browser: one that never left, and one that left for itself.
        let address = departs(&mut thief, "/sign-in/with/one").await;
        let back = issuer.approve(&address, "subject-1");
        refused(&victim, &back, over).await;
        departs(&mut victim, "/sign-in/with/one").await;
        refused(&victim, &back, over).await;
        // Another state, none, and one that is not of this provider.
        let (path, query) = back.split_once('?').unwrap();
        let (code, _) = query.split_once("&state=").unwrap();
        refused(&thief, &format!("{path}?{code}&state=0000"), over).await;
        refused(&thief, &format!("{path}?{code}"), over).await;
        refused(&thief, &back.replace("/with/one/", "/with/two/"), over).await;
        thief.get(&back.replace("/with/one/", "/with/three/"), 404).await;
        // The honest one still can, once.
        thief.get(&back, 303).await;
        refused(&thief, &back, over).await;
        // A code of one provider is worth nothing at another, nor one that says who else it is of.
        let mut mixed = Browser::nobody(app);
        let address = departs(&mut mixed, "/sign-in/with/two").await;
        let for_first = address.replace(second.url(), issuer.url());
        let back = issuer.approve(&for_first, "subject-1");
        refused(&mixed, &back, "无法核实").await;
        let address = departs(&mut mixed, "/sign-in/with/one").await;
        let back = issuer.approve(&address, "subject-1");
        refused(&mixed, &format!("{back}&iss=https%3A%2F%2Fid.example"), "无法核实").await;
        let address = departs(&mut mixed, "/sign-in/with/one").await;
        let state = address.split("state=").nth(1).unwrap().split('&').next().unwrap();
        let denied = format!("/sign-in/with/one/callback?error=access_denied&state={state}");
        refused(&mixed, &denied, "对方没有确认您的身份").await;
        // In time.
        let address = departs(&mut mixed, "/sign-in/with/one").await;
        let back = issuer.approve(&address, "subject-1");
        let env = app.market.env();
        env.set(env.now().plus_seconds(10 * 60));
        refused(&mixed, &back, over).await;
    }

    async fn an_account_is_made_by_an_invitation_or_where_the_provider_makes_them(app: &TestApp) {
        let (issuer, second) = (&app.issuers[0], &app.issuers[1]);
        // Somebody of the same name and address is somebody else.
        Browser::acting(app, "li@example.com", Party::Operator).await;
        let claims = json!({ "sub": "s-2", "name": "li", "email": "li@example.com",
            "email_verified": true, "preferred_username": "li@example.com" });
        let mut li = Browser::nobody(app);
        let address = departs(&mut li, "/sign-in/with/one?next=%2Fmy").await;
        let back = issuer.approve_with(&address, claims.clone(), Twist::Honest);
        let (place, page) = comes_back(&li, &back).await;
        assert_eq!(place, "/sign-in/new");
        assert!(page.contains("/sign-in/join") && !page.contains("/sign-in/sign-up"), "{page}");
        let opened = li.get("/sign-in/join", 200).await;
        also(&mut li, &opened, "__Host-market-form");
        let join = form(&opened.text).with("name", "李明").with("login", "li.ming");
        let again = li.back(&join.clone().with("code", "mkti_none"), 422).await;
        assert!(again.contains("邀请码"), "{again}");
        let new = NewInvitation { role: Role::Member, name: "李明".to_owned(), days: None };
        let system = Call::from(Actor::system());
        let invited = app.market.accounts().invite(&system, &Party::Operator, new).await.unwrap();
        let joined = li.post(&join.clone().with("code", &invited.code), 303).await;
        assert_eq!(to(&joined), "/my");
        li.keep(&joined, SESSION);
        li.get("/account", 200).await;
        // Who has no password keeps the identity.
        let linked = app.get("/api/v1/me/identities").header("cookie", &li.cookies).gives(200).await;
        let path = format!("/account/identities/{}/unlink", linked.text_at("/items/0/id"));
        let kept = li.back(&form(&li.see(&path).await).with("step", "do"), 409).await;
        assert!(kept.contains("至少要保留一个"), "{kept}");
        // A provider that makes none cannot be talked into it; one that does, does.
        let mut zhao = Browser::nobody(app);
        for (key, issuer, status) in [("one", issuer, 409), ("two", second, 303)] {
            let address = departs(&mut zhao, &format!("/sign-in/with/{key}")).await;
            comes_back(&zhao, &issuer.approve(&address, "s-3")).await;
            let opened = zhao.get("/sign-in/sign-up", 200).await;
            if zhao.cookies.split("; ").all(|one| !one.starts_with("__Host-market-form=")) {
                also(&mut zhao, &opened, "__Host-market-form");
            }
            let filled = form(&opened.text).with("name", "赵强").with("login", "zhao")
                .with("applicant/kind", "natural").with("applicant/name", "赵强")
                .with("applicant/phone", "13800000000");
            let answer = zhao.post(&filled, status).await;
            if status == 303 {
                zhao.keep(&answer, SESSION);
            }
        }
        zhao.get("/account", 200).await;
        // The subject of one issuer is not that of another.
        let mut other = Browser::nobody(app);
        let address = departs(&mut other, "/sign-in/with/one").await;
        let (place, _) = comes_back(&other, &issuer.approve(&address, "s-3")).await;
        assert_eq!(place, "/sign-in/new");
        // A link in a page of another site begins nothing by itself.
        let mut lured = Browser::acting(app, "victim", Party::Operator).await;
        let page = links(&mut lured, issuer, "one", "s-4").await;
        let forged = form(&page).with("proof", "0").with("password", crate::harness::PASSWORD);
        lured.post(&forged.with("step", "do"), 403).await;
        assert!(lured.see("/account/identities").await.contains("还没有关联身份"));
    }

    async fn a_provider_that_is_away_is_not_waited_for_and_nobody_asks_too_often(app: &TestApp) {
        let mut browser = Browser::nobody(app);
        browser.get("/sign-in/with/three", 404).await;
        let gone = browser.get("/sign-in/with/gone", 409).await;
        assert!(gone.text.contains("暂时无法使用这种登录方式"), "{}", gone.text);
        browser.get("/sign-in/code", 409).await;
        browser.get("/sign-in/new", 409).await;
        for _ in 0..29 {
            departs(&mut browser, "/sign-in/with/one").await;
        }
        let answer = browser.get("/sign-in/with/one", 429).await;
        assert!(answer.text.contains("尝试次数过多"), "{}", answer.text);
        assert!(answer.headers.contains_key("retry-after"));
        app.ask(Method::POST, "/sign-in/with/one").bare().gives(405).await;
    }
}
