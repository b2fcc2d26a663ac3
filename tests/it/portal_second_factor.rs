//! The second factor by a browser: setting it up, signing in with it, giving it up.

use market_core::{
    Actor, Call, Env, Market, Options, Party,
    account::{Identity, NewPerson, PartyKind, Password},
    sealing::ServerKey,
};
use ring::hmac;

use crate::{
    browsing::{Browser, form},
    harness::{NOW, PASSWORD, Place, TestApp, on_both},
    portal::{first, has},
};

const ENROL: &str = "/account/second-factor/enrol";
const END: &str = "/account/second-factor/give-up";

/// What stands in a page between two texts.
fn between<'h>(html: &'h str, from: &str, to: &str) -> &'h str {
    let (_, rest) = html.split_once(from).unwrap_or_else(|| panic!("no {from} in {html}"));
    rest.split_once(to).unwrap().0
}

/// The secret that a page shows, as somebody types it.
fn secret(html: &str) -> String {
    between(html, "<dt>密钥</dt><dd class=\"lines\">", "</dd>").replace(' ', "")
}

/// What an authenticator shows for a secret so many steps after now (RFC 6238).
fn code(secret: &str, steps: u64) -> String {
    let value = |c: u8| u32::from(if c.is_ascii_digit() { c - b'2' + 26 } else { c - b'A' });
    let bits: Vec<_> = secret.bytes().map(|c| format!("{:05b}", value(c))).collect();
    let bits = bits.concat();
    let bytes = bits.as_bytes().chunks_exact(8);
    let bytes =
        bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes.collect::<Vec<_>>());
    let now: market_core::Timestamp = NOW.parse().unwrap();
    let step = u64::try_from(now.micros() / 30_000_000).unwrap() + steps;
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(mac.as_ref()[19] & 15);
    let word = u32::from_be_bytes(mac.as_ref()[at..at + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// What the QR code of a page says, read as a camera does.
fn scanned(html: &str) -> String {
    const MODULE: usize = 4;
    let side: usize = between(html, "<svg class=\"qr\" viewBox=\"0 0 ", " ").parse().unwrap();
    let mut dark = vec![vec![false; side]; side];
    for run in between(html, "<path d=\"M", "\"").split('M') {
        let (at, rest) = run.split_once('h').unwrap();
        let (x, y) = at.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let width: usize = rest.split_once("v1").unwrap().0.parse().unwrap();
        dark[y][x..x + width].fill(true);
    }
    let mut seen =
        rqrr::PreparedImage::prepare_from_greyscale(side * MODULE, side * MODULE, |x, y| {
            if dark[y / MODULE][x / MODULE] { 0 } else { 255 }
        });
    seen.detect_grids()[0].decode().unwrap().1
}

/// Has somebody signed in set up a second factor; its secret and the recovery codes.
async fn enrolled(browser: &Browser<'_>) -> (String, Vec<String>) {
    let asked = form(&browser.see(ENROL).await).with("password", PASSWORD);
    let shown = browser.post(&asked, 200).await;
    assert_eq!(shown.headers["cache-control"], "no-store");
    let secret = secret(&shown.text);
    let confirm = form(&shown.text).with("code", &code(&secret, 0));
    let codes = browser.post(&confirm, 200).await;
    assert_eq!(codes.headers["cache-control"], "no-store");
    let list = between(&codes.text, "<ol class=\"steps\">", "</ol>");
    let codes = list.split("<span class=\"code\">").skip(1);
    (secret, codes.map(|one| one.split('<').next().unwrap().to_owned()).collect())
}

/// Signs somebody in by the page for that, with a code; the page that says why not.
async fn signs_in(app: &TestApp, login: &str, code: &str, status: u16) -> String {
    let mut browser = Browser::nobody(app);
    let first = browser.get("/sign-in", 200).await;
    browser.keep(&first, "__Host-market-form");
    let filled = form(&first.text).with("login", login).with("password", PASSWORD);
    browser.post(&filled.with("code", code), status).await.text
}

/// Another server of the same market, which asks whoever acts for the operator for a second factor.
async fn strict(app: &TestApp) -> TestApp {
    let identity = Identity {
        second_factor_for: vec![PartyKind::Operator],
        server_key: Some(ServerKey::new(&Env::real())),
        ..Identity::default()
    };
    let options = Options { identity, ..TestApp::options(&app.url()) };
    TestApp::around(Place::sqlite(), Market::open(options).await.unwrap())
}

/// Makes an account that acts for the operator.
async fn operating(app: &TestApp, login: &str) {
    let (accounts, call) = (app.market.accounts(), Call::from(Actor::system()));
    let password = Some(Password::new(PASSWORD));
    let new = NewPerson { login: login.to_owned(), name: login.to_owned(), password };
    let person = accounts.create_person(&call, new).await.unwrap().id;
    accounts.grant(&call, person, Party::Operator).await.unwrap();
}

on_both! {
    async fn a_second_factor_is_set_up_asked_for_and_given_up(app: &TestApp) {
        app.applicant("wang").await;
        let wang = Browser::signed_in(app, "wang").await;
        let account = wang.see("/account").await;
        has(&account, &["第二重验证：未启用"]);
        assert_eq!(first(&account, "/account/second-factor"), ENROL);
        wang.back(&form(&wang.see(END).await).with("code", "123456"), 409).await;

        let asked = form(&wang.see(ENROL).await);
        let wrong = wang.back(&asked.clone().with("password", "battery staple"), 422).await;
        has(&wrong, &["href=\"#password\"", "密码不正确", "id=\"password-wrong\""]);
        assert!(!wrong.contains("battery staple"));
        has(&wang.back(&asked.clone().with("password", ""), 422).await, &["请填写"]);
        let shown = wang.back(&asked.with("password", PASSWORD), 200).await;
        let typed = secret(&shown);
        assert_eq!(typed.len(), 32);
        let uri = format!("otpauth://totp/Market:wang?secret={typed}&issuer=Market");
        assert_eq!(scanned(&shown), uri);
        has(&shown, &["role=\"img\" aria-label=\"验证器扫描的二维码"]);
        // Nothing is asked for yet; a wrong code changes that as little as a missing one.
        signs_in(app, "wang", "", 303).await;
        let confirm = form(&shown);
        let wrong = wang.back(&confirm.clone().with("code", "000000"), 422).await;
        has(&wrong, &["id=\"code-wrong\"", "动态验证码不正确或已使用"]);
        assert!(!wrong.contains(&typed) && !wrong.contains("class=\"qr\""), "it is shown once");
        has(&wang.back(&confirm.clone().with("code", " "), 422).await, &["请填写"]);
        let right = form(&wrong).with("code", &code(&typed, 0));
        wang.back(&right.clone().with("step", "check"), 422).await;
        has(&wang.see("/account").await, &["第二重验证：未启用"]);

        let other = Browser::signed_in(app, "wang").await;
        let done = wang.post(&right, 200).await;
        assert_eq!(done.headers["cache-control"], "no-store");
        crate::portal::keeps_to_itself(&done.text);
        assert_eq!(done.text.matches("<li><span class=\"code\">").count(), 10);
        has(&wang.back(&right, 409).await, &["已启用动态验证码"]);
        other.get("/account", 303).await;
        has(&wang.see("/account").await, &["已启用", "恢复码还有 10 个", "停用第二重验证"]);
        has(&wang.see(ENROL).await, &["已启用动态验证码"]);

        has(&signs_in(app, "wang", "", 401).await, &["请输入动态验证码", "aria-invalid=\"true\""]);
        has(&signs_in(app, "wang", &code(&typed, 0), 401).await, &["动态验证码不正确或已使用"]);
        signs_in(app, "wang", &code(&typed, 1), 303).await;

        // So many tries are all for now.
        app.market.env().set("2026-11-24T02:05:00Z".parse().unwrap());
        let end = form(&wang.see(END).await);
        has(&wang.back(&end.clone().with("code", "000000"), 422).await, &["id=\"code-wrong\""]);
        let between = between(&done.text, "<li><span class=\"code\">", "<").to_owned();
        wang.back(&end.clone().with("code", &between).with("step", "check"), 422).await;
        let end = end.with("code", &between.to_lowercase());
        assert_eq!(wang.done(&end).await, "/account");
        has(&wang.back(&end, 409).await, &["尚未启用动态验证码"]);
        has(&wang.see("/account").await, &["第二重验证：未启用"]);
        signs_in(app, "wang", "", 303).await;
    }

    async fn sent_twice_at_once_it_is_set_up_once(app: &TestApp) {
        app.applicant("wang").await;
        let wang = Browser::signed_in(app, "wang").await;
        let asked = form(&wang.see(ENROL).await).with("password", PASSWORD);
        let shown = wang.back(&asked, 200).await;
        let confirm = form(&shown).with("code", &code(&secret(&shown), 0));
        let asking = || {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&confirm.pairs).finish();
            let asking = app.ask(axum::http::Method::POST, &confirm.action).bare();
            let asking = asking.body("application/x-www-form-urlencoded", body);
            asking.header("accept", crate::portal::BROWSER).header("cookie", &wang.cookies).send()
        };
        let (one, other) = tokio::join!(asking(), asking());
        let mut answered = [one.status, other.status];
        answered.sort_unstable();
        assert_eq!(answered, [200, 409]);
        has(&wang.see("/account").await, &["恢复码还有 10 个"]);
    }

    async fn whoever_must_have_one_is_led_to_it_and_goes_on(app: &TestApp) {
        operating(app, "li").await;
        let li = Browser::signed_in(app, "li").await;
        let waiting = form(&li.see("/desk/phrases/edit?phrase=%E9%9D%A2").await);
        let served = strict(app).await;
        let li = Browser { app: &served, cookies: li.cookies.clone() };
        for (path, next) in [("/my", "%2Fmy"), ("/desk?after=", "%2Fdesk%3Fafter%3D")] {
            let led = li.get(path, 303).await;
            assert_eq!(led.headers["location"], format!("{ENROL}?next={next}").as_str());
        }
        // So is whoever sends a form that was shown before it was asked for.
        let led = li.post(&waiting, 303).await;
        assert_eq!(led.headers["location"], format!("{ENROL}?next=%2Fdesk%2Fphrases%2Fedit").as_str());
        has(&li.see("/account").await, &["该主体要求第二重验证", ENROL]);
        let page = li.see(&format!("{ENROL}?next=%2Fmy")).await;
        has(&page, &["您代表的主体要求第二重验证"]);
        let shown = li.back(&form(&page).with("password", PASSWORD), 200).await;
        let confirm = form(&shown).with("code", &code(&secret(&shown), 0));
        has(&li.back(&confirm, 200).await, &["href=\"/my\">存好了，继续"]);
        assert_eq!(li.get("/my", 303).await.headers["location"], "/desk");
        li.see("/desk").await;
        // No form of another site leads elsewhere afterwards.
        let (bad, evil) = (li.see(END).await, "https://evil.example/");
        let used = code(&secret(&shown), 1);
        assert_eq!(li.done(&form(&bad).with("code", &used).with("next", evil)).await, "/account");
        let page = li.see(&format!("{ENROL}?next=https%3A%2F%2Fevil.example%2F")).await;
        assert_eq!(form(&page).get("next"), "/account");
        served.close().await;
    }
}

on_both! { vouched_sqlite vouched_postgres:
    async fn who_comes_by_a_provider_is_asked_for_the_code_too(app: &TestApp) {
        let issuer = &app.issuers[0];
        let mut wang = Browser::acting(app, "wang", Party::Operator).await;
        let page = crate::providers::links(&mut wang, issuer, "one", "subject-1").await;
        wang.done(&form(&page).with("password", PASSWORD)).await;
        let (secret, recovery) = enrolled(&wang).await;
        assert_eq!(recovery.len(), 10);
        let mut other = Browser::nobody(app);
        let address = crate::providers::departs(&mut other, "/sign-in/with/one?next=%2Fmy").await;
        let (place, page) =
            crate::providers::comes_back(&other, &issuer.approve(&address, "subject-1")).await;
        assert_eq!(place, "/sign-in/code");
        other.get("/account", 303).await;
        let opened = other.get("/sign-in/code", 200).await;
        crate::providers::also(&mut other, &opened, "__Host-market-form");
        let wrong = other.back(&form(&opened.text).with("code", "000000"), 401).await;
        has(&wrong, &["动态验证码不正确或已使用"]);
        assert!(page.contains("动态验证码或者恢复码"));
        let right = other.post(&form(&wrong).with("code", &code(&secret, 1)), 303).await;
        assert_eq!(right.headers["location"], "/my");
        other.keep(&right, "__Host-market");
        other.see("/account").await;
    }
}
