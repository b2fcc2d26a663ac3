//! Changing one's own password by a browser.

use crate::{
    browsing::{Browser, form},
    harness::{PASSWORD, TestApp, on_both},
    portal::has,
};

const PAGE: &str = "/account/password";
const NEW: &str = "battery staple";

on_both! {
    async fn a_password_is_changed_and_everybody_signs_in_anew(app: &TestApp) {
        app.applicant("wang").await;
        let wang = Browser::signed_in(app, "wang").await;
        let other = Browser::signed_in(app, "wang").await;
        has(&wang.see("/account").await, &["href=\"/account/password\""]);
        let asked = form(&wang.see(PAGE).await);
        let filled = |current: &str, new: &str, again: &str| {
            asked.clone().with("password", current).with("password-new", new).with("password-again", again)
        };
        for (current, new, again, wrong) in [
            ("", "", "", ["id=\"password-wrong\"", "id=\"password-new-wrong\"", "请填写"]),
            ("wrong horse", NEW, NEW, ["href=\"#password\"", "id=\"password-wrong\"", "密码不正确"]),
            (PASSWORD, "short", "short", ["href=\"#password-new\"", "id=\"password-new-wrong\"", "8 至 128 个字"]),
            (PASSWORD, NEW, "else", ["href=\"#password-again\"", "id=\"password-again-wrong\"", "不一样"]),
        ] {
            let told = wang.back(&filled(current, new, again), 422).await;
            has(&told, &wrong);
            for typed in [current, new, again].into_iter().filter(|one| !one.is_empty()) {
                assert!(!told.contains(typed), "{typed} is shown again");
            }
        }
        let done = wang.post(&filled(PASSWORD, NEW, NEW), 303).await;
        assert_eq!(done.headers["location"], "/sign-in?next=/account&changed=yes");
        wang.get("/account", 303).await;
        other.get("/account", 303).await;

        let mut nobody = Browser::nobody(app);
        let page = nobody.get("/sign-in?next=/account&changed=yes", 200).await;
        has(&page.text, &["密码已经更改，请用新密码登录"]);
        nobody.keep(&page, "__Host-market-form");
        let signing = form(&page.text).with("login", "wang");
        nobody.post(&signing.clone().with("password", PASSWORD), 401).await;
        nobody.post(&signing.with("password", NEW), 303).await;
    }
}
