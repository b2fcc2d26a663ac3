//! The forms of the portal, whatever they are for: nothing typed is lost, nothing is done twice, and
//! nobody sends them for somebody else.

use crate::{
    browsing::{Browser, form},
    harness::{PASSWORD, TestApp, on_both},
    portal::has,
};

const START: &str = "/cases/start/open-restaurant";

/// A form that starts a case, filled in.
async fn filled(browser: &Browser<'_>, title: &str) -> crate::browsing::Form {
    form(&browser.see(START).await).with("title", title).with("region", "330282")
}

/// How many cases somebody has, by the page of them.
async fn cases(browser: &Browser<'_>) -> usize {
    browser.see("/cases").await.matches("<a href=\"/cases/").count()
}

on_both! {
    loaded:
    async fn somebody_new_registers_and_starts_a_case(app: &TestApp) {
        let mut browser = Browser::nobody(app);
        let away = browser.get(START, 303).await;
        let to = away.headers["location"].to_str().unwrap();
        assert_eq!(to, "/sign-in?next=%2Fcases%2Fstart%2Fopen-restaurant");
        let first = browser.get("/register?next=/my", 200).await;
        browser.keep(&first, "__Host-market-form");
        let bad = form(&first.text)
            .with("applicant/kind", "legal")
            .with("applicant/name", "慈溪<某某>餐饮店")
            .with("applicant/phone", "电话")
            .with("name", "王小明")
            .with("login", "wang")
            .with("password", "short");
        let again = browser.back(&bad, 422).await;
        has(&again, &["没有提交成功", "href=\"#applicant/uscc\"", "统一社会信用代码：请填写"]);
        has(&again, &["联系电话：应为 5 至 20 位数字", "密码：应为 8 至 128 个字", "aria-invalid"]);
        has(&again, &["慈溪&#60;某某&#62;餐饮店", "<title>需要修改：注册"]);
        assert!(!again.contains("value=\"short\""));
        let good = form(&again)
            .with("applicant/kind", "natural")
            .with("applicant/name", "王小明")
            .with("applicant/phone", "13800000000")
            .with("password", PASSWORD);
        let answer = browser.post(&good, 303).await;
        assert_eq!(answer.headers["location"], "/my");
        let taken = browser.back(&good, 409).await;
        has(&taken, &["登录名已被使用"]);
        browser.keep(&answer, "__Host-market");
        has(&browser.see("/my").await, &["我的办件", "现在代表：<strong>王小明"]);

        let matter = app.get("/matters/open-restaurant").gives(200).await.text;
        has(&matter, &["href=\"/cases/start/open-restaurant\">开始办这件事"]);
        let new = filled(&browser, "开一家面馆").await;
        // Whoever goes back from what came of a form finds its answers, and so does nobody else.
        for (form, status) in [(new.clone(), 200), (new.clone().with("region", "x"), 422)] {
            let answer = browser.post(&form.with("step", "check"), status).await;
            assert_eq!(answer.headers["cache-control"], "private, no-cache");
        }
        let check = browser.back(&new.clone().with("step", "check"), 200).await;
        has(&check, &["请核对", "开一家面馆", "慈溪市", "社会资金", "确认后才生效"]);
        assert_eq!(cases(&browser).await, 0);
        let edit = browser.back(&form(&check).with("step", "edit"), 200).await;
        has(&edit, &["value=\"开一家面馆\""]);
        let case = browser.done(&form(&check)).await;
        assert_eq!(browser.done(&form(&check)).await, case);
        assert_eq!(cases(&browser).await, 1);
        let shown = browser.see(&case).await;
        has(&shown, &["开一家面馆", "办理中", "下一步", "选机构", "需要的中介服务", "办理环节"]);
        has(&shown, &["还没有委托", "还未使用", "撤回办件", "办件已开启"]);
        let other = form(&check).with("title", "另一家面馆").with("step", "do");
        has(&browser.back(&other, 422).await, &["幂等键已用于另一请求", "value=\"另一家面馆\""]);
    }

    async fn a_bad_answer_comes_back_with_its_field(app: &TestApp) {
        app.applicant("wang").await;
        let browser = Browser::signed_in(app, "wang").await;
        let new = filled(&browser, "  ").await.with("region", "").with("fund", "gold");
        let again = browser.back(&new, 422).await;
        has(&again, &["在哪里办：请填写", "中介服务由谁出钱：格式不对", "id=\"region-wrong\""]);
        let nul = filled(&browser, "面\u{0}馆").await;
        has(&browser.back(&nul, 422).await, &["给这件事起个名字：不能含有看不见的控制字符"]);
        let long = filled(&browser, &"面".repeat(101)).await;
        has(&browser.back(&long, 422).await, &["给这件事起个名字：请填写，最多 100 个字"]);
        let nowhere = filled(&browser, "面馆").await.with("region", "999999");
        has(&browser.back(&nowhere, 422).await, &["在哪里办：没有这个选项"]);
        let keyless = filled(&browser, "面馆").await.with("key", "");
        browser.post(&keyless, 400).await;
        browser.get("/cases/start/no-such-matter", 404).await;
        assert_eq!(cases(&browser).await, 0);
    }

    async fn a_form_outlives_its_session(app: &TestApp) {
        app.applicant("wang").await;
        let mut browser = Browser::signed_in(app, "wang").await;
        let new = filled(&browser, "开一家面馆<&>").await;
        let later = app.market.env().now().plus_seconds(3600);
        app.market.env().set(later);
        let over = browser.post(&new, 401).await;
        has(&over.text, &["登录已经结束", "name=\"filled\""]);
        browser.keep(&over, "__Host-market-form");
        let wrong = form(&over.text).with("login", "wang").with("password", "wrong password");
        let wrong = browser.post(&wrong, 401).await;
        has(&wrong.text, &["登录名或密码不正确", "name=\"filled\""]);
        let right = form(&wrong.text).with("login", "wang").with("password", PASSWORD);
        let answer = browser.post(&right, 200).await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        browser.keep(&answer, "__Host-market");
        has(&answer.text, &["您填写的内容还在"]);
        assert_eq!(cases(&browser).await, 0);
        let back = browser.back(&form(&answer.text), 200).await;
        assert_eq!(form(&back).get("title"), "开一家面馆<&>");
        let case = browser.done(&form(&back)).await;
        has(&browser.see(&case).await, &["开一家面馆&#60;&#38;&#62;"]);
    }

    async fn only_ones_own_page_sends_a_form(app: &TestApp) {
        app.applicant("wang").await;
        app.applicant("li").await;
        let (wang, li) =
            (Browser::signed_in(app, "wang").await, Browser::signed_in(app, "li").await);
        let theirs = filled(&li, "开一家面馆").await;
        for proof in ["", "guess", theirs.get("proof")] {
            let sent = theirs.clone().with("proof", proof).with("step", "do");
            let answer = wang.post(&sent, 403).await;
            has(&answer.text, &["您填写的内容还在"]);
        }
        assert_eq!(cases(&wang).await, 0);
        // Somebody who signed in anew in another window goes on from where they were.
        let again = Browser::signed_in(app, "wang").await;
        let old = filled(&wang, "开一家面馆").await;
        let page = again.post(&old, 403).await;
        let back = again.back(&form(&page.text), 200).await;
        assert_eq!(form(&back).get("title"), "开一家面馆");
        again.done(&form(&back)).await;
        assert_eq!(cases(&again).await, 1);
        let json = app.ask(axum::http::Method::POST, START).json(&serde_json::json!({}));
        json.header("cookie", &again.cookies).meets(415, "unsupported-media-type").await;
    }

    async fn another_applicant_is_registered_once(app: &TestApp) {
        app.applicant("wang").await;
        let browser = Browser::signed_in(app, "wang").await;
        let new = form(&browser.see("/applicants/new").await)
            .with("kind", "other")
            .with("name", "二号店")
            .with("phone", "0574-00000001");
        let bad = new.clone().with("uscc", "123").with("step", "check");
        has(&browser.back(&bad, 422).await, &["统一社会信用代码：格式不对"]);
        let check = browser.back(&new.clone().with("step", "check"), 200).await;
        for _ in 0..2 {
            assert_eq!(browser.done(&form(&check)).await, "/account");
        }
        let account = browser.get("/account", 200).await.text;
        assert_eq!(account.matches("二号店").count(), 2, "{account}");
    }
}
