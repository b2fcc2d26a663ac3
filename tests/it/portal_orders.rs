//! The pages of cases and orders: buying, what comes next, and what nobody else sees.

use serde_json::json;

use crate::{
    browsing::{Browser, Form, form},
    harness::{TestApp, on_both},
    portal::has,
    trade::{INSPECTION, Trade, step, trade},
};

async fn buyer(app: &TestApp) -> (Trade, Browser<'_>) {
    let trade = trade(app).await;
    app.market.search().catch_up().await.unwrap();
    let browser = Browser::signed_in(app, "applicant").await;
    (trade, browser)
}

on_both! {
    async fn a_service_is_bought_checked_and_evaluated(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let item = &trade.listing.item;
        let case = format!("/cases/{}", trade.case);
        has(&browser.see(&case).await, &[&format!("href=\"{case}/needs/{item}\"")]);
        let offers = browser.see(&format!("{case}/needs/{item}")).await;
        let buy = format!("{case}/buy/{}", trade.listing.id);
        has(&offers, &["选它", "能做这项服务的机构", "发布采购公告"]);
        let page = browser.see(&buy).await;
        has(&page, &["确认下单", "人民币", &trade.listing.terms.title]);
        has(&browser.back(&form(&page), 422).await, &["请确认并勾选"]);
        let agreed = form(&page).with("agreed", "yes");
        let placed = browser.done(&agreed).await;
        assert_eq!(browser.done(&agreed).await, placed);
        let path = placed.strip_suffix("?placed").unwrap().to_owned();
        let id = path.strip_prefix("/orders/").unwrap().to_owned();
        has(&browser.see(&placed).await, &["已下单", &id, "待接单", "取消订单", "现在还不能办的"]);
        has(&browser.see("/orders").await, &[&path, "待接单"]);
        has(&browser.see("/orders?state=placed").await, &[&path]);
        assert!(!browser.see("/orders?state=completed").await.contains(&path));
        browser.get("/orders?state=nonsense", 422).await;
        has(&browser.see(&buy).await, &["该项服务已有在办或已完成的订单"]);

        step(app, &id, "accept", &trade.agency, None).await;
        let contract = form(&browser.see(&format!("{path}/record-contract")).await)
            .with("number", "HT-1")
            .with("signed_on", "2026-11-24")
            .with("starts_on", "2026-11-25")
            .with("ends_on", "2026-11-20");
        let late = browser.back(&contract.clone().with("step", "check"), 422).await;
        has(&late, &["服务结束日期：结束日期早于开始日期", "value=\"HT-1\""]);
        let right = contract.with("ends_on", "2026-12-31").with("step", "check");
        let check = browser.back(&right, 200).await;
        has(&check, &["2026年12月31日", "HT-1"]);
        assert_eq!(browser.done(&form(&check)).await, path);
        has(&browser.see(&path).await, &["待确认合同", "HT-1", "人民币"]);
        step(app, &id, "confirm-contract", &trade.agency, None).await;
        trade.deliver(app, &id, "检测报告").await;

        let shown = browser.see(&path).await;
        has(&shown, &["待验收", "下载 report.txt", "aria-current=\"step\"", "验收成果"]);
        let file = format!("/api/v1/orders/{id}/deliverables/1/content");
        assert_eq!(browser.get(&file, 200).await.text, "检测报告");
        let rework = form(&browser.see(&format!("{path}/return-for-rework")).await);
        let bad = rework.clone().with("note", " ").with("code", "ugly");
        has(&browser.back(&bad, 422).await, &["哪里不对：格式不对"]);
        browser.done(&rework.with("code", "incomplete").with("note", "缺附件")).await;
        has(&browser.see(&path).await, &["返工中", "内容不完整：缺附件"]);
        trade.deliver(app, &id, "检测报告二").await;
        browser.done(&form(&browser.see(&format!("{path}/sign-off")).await)).await;

        let pay = form(&browser.see(&format!("{path}/pay")).await);
        let too_much = pay.clone().with("amount", "999999999").with("reference", "P-1");
        let too_much = too_much.with("step", "check");
        has(&browser.back(&too_much, 409).await, &["付款合计超过合同金额", "value=\"P-1\""]);
        let some = pay.with("amount", "10.5").with("reference", "P-1").with("step", "check");
        let check = browser.back(&some, 200).await;
        has(&check, &["人民币壹拾元伍角"]);
        browser.done(&form(&check)).await;
        browser.done(&form(&check)).await;
        let shown = browser.see(&path).await;
        assert_eq!(shown.matches("凭证 P-1").count(), 1);
        has(&shown, &["￥10.50", "待机构确认"]);

        step(app, &id, "use", &trade.fire, None).await;
        let mut marks = form(&browser.see(&format!("{path}/evaluate")).await);
        has(&browser.back(&marks, 422).await, &["请填写"]);
        let asked = browser.see(&format!("{path}/evaluate")).await;
        let ids = asked.split("id=\"marks/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let names: Vec<_> =
            ids.filter(|id| !id.contains('-')).map(|id| format!("marks/{id}")).collect();
        assert!(!names.is_empty());
        for name in &names {
            marks = marks.with(name, "5");
        }
        let told = marks.clone().with("comment", "电话 13800000000");
        has(&browser.back(&told, 422).await, &["不能含有电话号码"]);
        browser.done(&marks.with("comment", "报告规范")).await;
        has(&browser.see(&path).await, &["您评价", "报告规范", "已完成"]);
        has(&browser.see(&case).await, &["已满足"]);
    }

    async fn what_changed_meanwhile_loses_nothing_typed(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let id = trade.place(app).await;
        let cancel = form(&browser.see(&format!("/orders/{id}/cancel")).await)
            .with("reason", "不办了，\r\n店面没租下来");
        step(app, &id, "accept", &trade.agency, None).await;
        let again = browser.back(&cancel, 412).await;
        has(&again, &["内容已被他人更改", "店面没租下来"]);
        assert_ne!(form(&again).get("version"), cancel.get("version"));
        assert_eq!(browser.done(&form(&again)).await, format!("/orders/{id}"));
        has(&browser.see(&format!("/orders/{id}")).await, &["已取消", "不办了， 店面没租下来"]);
        let late = browser.see(&format!("/orders/{id}/cancel")).await;
        has(&late, &["订单已结束"]);
        has(&browser.back(&form(&late).with("reason", "再取消"), 409).await, &["订单已结束"]);
        browser.get(&format!("/orders/{id}/accept"), 404).await;
        browser.get(&format!("/orders/{id}/nonsense"), 404).await;
    }

    async fn what_is_seen_is_what_is_bought(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let buy = format!("/cases/{}/buy/{}", trade.case, trade.listing.id);
        let seen = form(&browser.see(&buy).await).with("agreed", "yes");
        let mut terms = json!(trade.listing.terms);
        terms["title"] = json!("新的服务名称");
        let path = format!("/api/v1/listings/{}/terms", trade.listing.id);
        app.put(&path, &terms).by(&trade.agency).gives(200).await;
        let again = browser.back(&seen, 409).await;
        has(&again, &["服务内容或价格已变更", "新的服务名称"]);
        browser.done(&form(&again)).await;
    }

    async fn what_is_anothers_is_not_there(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let id = trade.place(app).await;
        let own = form(&browser.see(&format!("/orders/{id}/cancel")).await).with("reason", "不办");
        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        let proof = form(&li.see("/applicants/new").await).get("proof").to_owned();
        for path in [
            format!("/cases/{}", trade.case),
            format!("/cases/{}/withdraw", trade.case),
            format!("/cases/{}/needs/{}", trade.case, trade.listing.item),
            format!("/cases/{}/buy/{}", trade.case, trade.listing.id),
            format!("/orders/{id}"),
            format!("/orders/{id}/cancel"),
            format!("/orders/{id}/pay"),
        ] {
            let page = li.get(&path, 404).await;
            has(&page.text, &["没有找到这个页面"]);
            let away = Browser::nobody(app).get(&path, 303).await;
            assert!(away.headers["location"].to_str().unwrap().starts_with("/sign-in?next="));
        }
        li.post(&own.clone().with("proof", &proof), 404).await;
        has(&browser.see(&format!("/orders/{id}")).await, &["待接单"]);
        assert!(!li.see("/orders").await.contains(&id));
        assert!(!li.see("/deadlines").await.contains(&id));
    }

    async fn a_case_is_given_up_and_deadlines_are_told(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let id = trade.place(app).await;
        let deadlines = browser.see("/deadlines").await;
        has(&deadlines, &[&format!("/orders/{id}"), "到期以后：视为机构不接单"]);
        has(&browser.see("/my").await, &["快到期的", "最近的办件"]);
        has(&browser.see("/inbox").await, &["没有通知"]);
        let withdraw = format!("/cases/{}/withdraw", trade.case);
        let given_up = form(&browser.see(&withdraw).await).with("reason", "不开了");
        has(&browser.back(&given_up, 409).await, &["办件尚有在办订单", "不开了"]);
        browser.done(&form(&browser.see(&format!("/orders/{id}/cancel")).await).with("reason", "不买了"))
            .await;
        let fresh = form(&browser.see(&withdraw).await).with("reason", "不开了");
        browser.done(&fresh).await;
        has(&browser.see(&format!("/cases/{}", trade.case)).await, &["已撤回", "办件已办结"]);
    }

    async fn a_notice_is_read_once(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let new = json!({ "name": "消防检测", "query": { "item": [INSPECTION] } });
        app.post("/api/v1/saved-searches", &new).by(&trade.applicant).gives(201).await;
        let mut terms = json!(trade.listing.terms);
        terms["title"] = json!("新的消防检测");
        let listing = json!({ "code": "brand-new", "item": INSPECTION, "terms": terms });
        let listing = app.post("/api/v1/listings", &listing).by(&trade.agency).gives(201).await;
        let publish = format!("/api/v1/listings/{}/publish", listing.text_at("/id"));
        app.post(&publish, &json!({})).by(&trade.agency).gives(200).await;
        app.market.saved_searches().catch_up().await.unwrap();
        has(&browser.see("/my").await, &["通知（1 条未读）"]);
        let inbox = browser.see("/inbox").await;
        has(&inbox, &["新的消防检测", "订阅“消防检测”", "标为已读", "全部标为已读"]);
        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        let proof = form(&li.see("/applicants/new").await).get("proof").to_owned();
        li.post(&form(&inbox).with("proof", &proof), 404).await;
        for _ in 0..2 {
            assert_eq!(browser.done(&form(&inbox)).await, "/inbox");
        }
        let inbox = browser.see("/inbox").await;
        assert!(inbox.contains("已读</span>") && !inbox.contains("标为已读"));
    }

    async fn all_notices_are_read_at_once(app: &TestApp) {
        let (trade, browser) = buyer(app).await;
        let id = trade.place(app).await;
        step(app, &id, "accept", &trade.agency, None).await;
        step(app, &id, "record-contract", &trade.agency, Some(trade.contract())).await;
        app.market.notices().catch_up().await.unwrap();
        let inbox = browser.see("/inbox").await;
        has(&inbox, &["订单：", &format!("/orders/{id}"), "全部标为已读"]);
        assert!(inbox.matches(">标为已读").count() > 1);
        let latest = inbox.split_once("read-to-").unwrap().1.split('"').next().unwrap();
        let all = form(&inbox).with("key", "all").with("notice", latest);
        let all = Form { action: "/inbox/read".to_owned(), ..all };
        browser.post(&all.clone().with("notice", "x").with("key", "bad"), 422).await;
        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        let proof = form(&li.see("/applicants/new").await).get("proof").to_owned();
        li.post(&all.clone().with("proof", &proof), 404).await;
        for _ in 0..2 {
            assert_eq!(browser.done(&all).await, "/inbox");
        }
        assert!(!browser.see("/inbox").await.contains("标为已读"));
    }
}
