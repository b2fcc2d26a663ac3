//! Who acts for a party, by a browser: inviting, joining, roles, leaving.

use market_core::Party;

use crate::{
    browsing::{Browser, Form, form},
    harness::{PASSWORD, TestApp, on_both},
    identity::party_of,
    portal::{first, has},
    providers::also,
};

const FORM: &str = "__Host-market-form";

/// Has somebody invite somebody, as something; the code that is shown once.
async fn invited(browser: &Browser<'_>, name: &str, role: &str) -> String {
    let ask = form(&browser.see("/members/invite").await).with("name", name).with("role", role);
    let made = browser.post(&ask, 200).await;
    assert_eq!(made.headers["cache-control"], "no-store");
    let (_, rest) = made.text.split_once("id=\"secret\" class=\"code\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// What somebody is shown who gives a code.
async fn given(browser: &mut Browser<'_>, code: &str, status: u16) -> String {
    let opened = browser.get("/join", 200).await;
    if !browser.cookies.contains(FORM) {
        also(browser, &opened, FORM);
    }
    let shown = browser.post(&form(&opened.text).with("code", code), status).await;
    assert_eq!(shown.headers["cache-control"], "no-store");
    crate::portal::keeps_to_itself(&shown.text);
    shown.text
}

async fn member_page(browser: &Browser<'_>, name: &str, step: &str) -> String {
    let list = browser.see("/members").await;
    let (before, _) = list.split_once(&format!("/role\"><strong>{name}")).unwrap();
    format!("/members/{}/{step}", before.rsplit('/').next().unwrap())
}

on_both! {
    async fn somebody_new_is_invited_and_joins(app: &TestApp) {
        app.applicant("wang").await;
        let wang = Browser::signed_in(app, "wang").await;
        has(&wang.see("/account").await, &["href=\"/members\"", "href=\"/join\""]);
        has(&wang.see("/members").await, &["王小明（您）", "管理员", "没有等答复的邀请"]);
        let ask = form(&wang.see("/members/invite").await);
        let bad = wang.back(&ask.clone().with("days", "soon"), 422).await;
        has(&bad, &["href=\"#name\"", "href=\"#role\"", "href=\"#days\"", "格式不对"]);
        let bad = ask.with("name", "李明<b>").with("role", "member").with("days", "31");
        has(&wang.back(&bad, 422).await, &["id=\"days-wrong\"", "应在 1 至 30 之间"]);
        let code = invited(&wang, "李明<b>", "member").await;
        let list = wang.see("/members").await;
        has(&list, &["李明&#60;b&#62;", "2026年12月1日", "以前可以接受"]);
        assert!(!list.contains(&code));

        let mut li = Browser::nobody(app);
        let wrong = given(&mut li, "mkti_none", 422).await;
        has(&wrong, &["href=\"#code\"", "没有这个邀请码"]);
        let shown = given(&mut li, &format!(" {code} "), 200).await;
        has(&shown, &["慈溪某某餐饮店", "经办人", "李明&#60;b&#62;", "登录以后接受"]);
        let join = form(&shown);
        assert_eq!((&*join.action, join.get("code")), ("/join/new", &*code));
        let bad = join.with("login", "Li").with("name", "李明").with("password", "short7");
        let bad = li.back(&bad, 422).await;
        has(&bad, &["href=\"#login\"", "href=\"#password\"", "慈溪某某餐饮店"]);
        assert!(!bad.contains("short7"));
        let taken = form(&bad).with("login", "wang").with("password", PASSWORD);
        let taken = li.back(&taken, 409).await;
        let right = form(&taken).with("login", "li").with("password", PASSWORD);
        let joined = li.post(&right, 303).await;
        assert_eq!(joined.headers["location"], "/my");
        // Sent twice, it makes nobody else.
        has(&li.back(&right.with("login", "li2"), 409).await, &["邀请已被接受"]);
        li.keep(&joined, "__Host-market");
        let account = li.see("/account").await;
        has(&account, &["慈溪某某餐饮店", "经办人", "现在代表"]);
        assert!(!account.contains("href=\"/members\""));
        let list = wang.see("/members").await;
        has(&list, &["李明", "没有等答复的邀请"]);
        has(&given(&mut Browser::nobody(app), &code, 409).await, &["邀请已被接受"]);
    }

    async fn who_has_an_account_signs_in_and_answers(app: &TestApp) {
        app.applicant("wang").await;
        app.applicant("li").await;
        let wang = Browser::signed_in(app, "wang").await;
        let code = invited(&wang, "李明", "viewer").await;
        let mut li = Browser::nobody(app);
        let shown = given(&mut li, &code, 200).await;
        let pairs = vec![
            ("proof".to_owned(), form(&shown).get("proof").to_owned()),
            ("code".to_owned(), code.clone()),
        ];
        assert!(shown.contains("action=\"/join/sign-in\""));
        let first = Form { action: "/join/sign-in".to_owned(), pairs };
        li.post(&first.clone().with("proof", "0"), 403).await;
        let sign_in = form(&li.post(&first, 200).await.text);
        let wrong = sign_in.with("login", "li").with("password", "battery staple");
        let again = li.post(&wrong, 401).await;
        let resumed = li.post(&form(&again.text).with("password", PASSWORD), 200).await;
        li.keep(&resumed, "__Host-market");
        let accept = li.back(&form(&resumed.text), 200).await;
        has(&accept, &["接受邀请", "慈溪某某餐饮店", "查看人", "谢绝"]);
        let accept = form(&accept);
        li.post(&accept.clone().with("proof", "0").with("step", "do"), 403).await;
        for _ in 0..2 {
            assert_eq!(li.done(&accept).await, "/account");
        }
        let account = li.see("/account").await;
        assert_eq!(account.matches("查看人").count(), 1);
        has(&wang.see("/members").await, &["没有等答复的邀请"]);

        // Somebody who is signed in answers at once: they are there already, and decline another.
        let (twice, other) =
            (invited(&wang, "李明", "member").await, invited(&wang, "李明", "admin").await);
        let again = form(&given(&mut li, &twice, 200).await);
        has(&li.back(&again.with("step", "do"), 409).await, &["已是该主体的经办人"]);
        let declined = form(&given(&mut li, &other, 200).await).with("step", "decline");
        for _ in 0..2 {
            assert_eq!(li.post(&declined, 303).await.headers["location"], "/account");
        }
        has(&given(&mut li, &other, 409).await, &["邀请已被接受、谢绝"]);
        li.post(&declined.with("code", "mkti_none"), 404).await;
    }

    async fn members_are_kept_by_whoever_manages_them(app: &TestApp) {
        let token = app.applicant("wang").await;
        let of = party_of(app, &token).await;
        let party: Party = of.strip_prefix("/api/v1/parties/").unwrap().parse().unwrap();
        let wang = Browser::signed_in(app, "wang").await;
        let leave = form(&wang.see("/account/leave").await).with("step", "check");
        has(&wang.back(&leave, 409).await, &["单位至少要有一名管理员"]);
        let li = Browser::acting(app, "li", party).await;
        has(&li.see("/members").await, &["王小明", "li（您）"]);
        let role = member_page(&wang, "li", "role").await;
        let change = form(&wang.see(&role).await);
        has(&wang.back(&change.clone().with("role", "chief"), 422).await, &["href=\"#role\""]);
        let check = wang.back(&change.with("role", "member").with("step", "check"), 200).await;
        for _ in 0..2 {
            assert_eq!(wang.done(&form(&check)).await, "/members");
        }
        // Who does not manage sees no way there, and is refused.
        assert!(!li.see("/account").await.contains("href=\"/members\""));
        let code = invited(&wang, "赵强", "member").await;
        let take_back = first(&wang.see("/members").await, "/members/invitations/");
        let remove = role.replace("/role", "/remove");
        for path in ["/members", "/members/invite", &role, &remove, &take_back] {
            has(&li.get(path, 403).await.text, &["仅本单位管理员可办理"]);
        }
        // Another party's people and invitations are not there.
        app.applicant("zhao").await;
        let zhao = Browser::signed_in(app, "zhao").await;
        assert!(!zhao.see("/members").await.contains("账号 li，"), "another party's people");
        for path in [&role, &remove, &take_back, &role.replace("/role", "/nonsense")] {
            zhao.get(path, 404).await;
        }
        wang.get(&role.replace("/role", "/nonsense"), 404).await;
        let sure = form(&wang.see(&take_back).await);
        for _ in 0..2 {
            assert_eq!(wang.done(&sure).await, "/members");
        }
        has(&wang.see(&take_back).await, &["邀请已被接受、谢绝、撤销或过期"]);
        has(&given(&mut Browser::nobody(app), &code, 409).await, &["撤销"]);

        // Everybody may leave, and is out at once; so is whoever is removed.
        let check = li.back(&form(&li.see("/account/leave").await).with("step", "check"), 200).await;
        assert_eq!(li.done(&form(&check)).await, "/sign-in");
        li.get("/account", 303).await;
        wang.get(&remove, 404).await;
    }
}
