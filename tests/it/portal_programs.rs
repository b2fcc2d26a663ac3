//! The pages of what a party has for its programs: keys, and addresses that are told what happens.

use serde_json::json;

use crate::{
    browsing::{Browser, form},
    harness::{TestApp, on_both},
    portal::has,
};

/// The secret that a page shows this once.
fn secret(html: &str) -> String {
    let (_, rest) = html.split_once("id=\"secret\" class=\"code\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

on_both! {
    async fn a_key_is_made_shown_once_and_revoked(app: &TestApp) {
        app.applicant("wang").await;
        let browser = Browser::signed_in(app, "wang").await;
        has(&browser.see("/keys").await, &["还没有密钥", "生成密钥"]);
        let new = form(&browser.see("/keys/new").await);
        let bad = browser.back(&new.clone().with("name", " "), 422).await;
        has(&bad, &["可以查看本单位能看的：请确认并勾选"]);
        browser.back(&new.clone().with("name", "x").with("expires_at", "9999"), 422).await;
        let new = new.with("name", "订单同步<b>").with("scopes/read", "yes");
        let made = browser.post(&new.with("step", "do"), 200).await;
        assert_eq!(made.headers["cache-control"], "no-store");
        let key = secret(&made.text);
        let me = app.get("/api/v1/me").by(&key).gives(200).await;
        assert_eq!(me.text_at("/login"), "wang");
        let shop = json!({ "kind": "other", "name": "二号店", "phone": "0574-00000001" });
        app.post("/api/v1/applicants", &shop).by(&key).gives(403).await;

        let list = browser.see("/keys").await;
        has(&list, &["订单同步&#60;b&#62;", "可用", "查看本单位能看的"]);
        assert!(!list.contains(&key));
        let revoke = crate::portal::first(&list, "/keys/0");
        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        assert!(!li.see("/keys").await.contains("订单同步"));
        li.get(&revoke, 404).await;
        let sure = form(&browser.see(&revoke).await);
        for _ in 0..2 {
            assert_eq!(browser.done(&sure).await, "/keys");
        }
        has(&browser.see("/keys").await, &["已停用"]);
        app.get("/api/v1/me").by(&key).meets(401, "anonymous").await;
    }

    async fn a_webhook_is_registered_stopped_and_removed(app: &TestApp) {
        app.applicant("wang").await;
        let browser = Browser::signed_in(app, "wang").await;
        has(&browser.see("/webhooks").await, &["还没有登记推送地址"]);
        let new = form(&browser.see("/webhooks/new").await);
        let bad = browser.back(&new.clone().with("url", "http://127.0.0.1/"), 422).await;
        has(&bad, &["地址："]);
        let made = browser.post(&new.with("url", "https://receiver.example/hooks"), 200).await;
        assert_eq!(made.headers["cache-control"], "no-store");
        let first = secret(&made.text);
        assert!(first.starts_with("whsec_"));
        let list = browser.see("/webhooks").await;
        has(&list, &["https://receiver.example/hooks", "推送中", "本单位参与的事"]);
        let disable = crate::portal::first(&list, "/webhooks/0");
        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        li.get(&disable, 404).await;
        let page = browser.see(&disable).await;
        has(&page, &["换签名密钥", "删除"]);
        let stop = form(&page);
        for _ in 0..2 {
            assert_eq!(browser.done(&stop).await, "/webhooks");
        }
        has(&browser.see("/webhooks").await, &["已停用", "本单位停用"]);
        let rotate = form(&browser.see(&disable.replace("disable", "rotate")).await);
        let rotated = browser.post(&rotate.with("step", "do"), 200).await;
        assert_ne!(secret(&rotated.text), first);
        let remove = form(&browser.see(&disable.replace("disable", "remove")).await);
        for _ in 0..2 {
            assert_eq!(browser.done(&remove).await, "/webhooks");
        }
        has(&browser.see("/webhooks").await, &["还没有登记推送地址"]);
        browser.get(&disable.replace("disable", "nonsense"), 404).await;
    }
}
