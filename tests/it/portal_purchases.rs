//! The pages of purchases and complaints: drafting, publishing, answering, opening, and the proof.

use market_core::id::PurchaseId;
use serde_json::json;

use crate::{
    browsing::{Browser, Form, form},
    harness::{TestApp, on_both},
    portal::{has, page},
    town::{CODE, Town},
    trade::{INSPECTION, open},
};

/// A draft by lot, filled in.
fn filled(html: &str) -> Form {
    form(html)
        .with("title", "消防设施检测")
        .with("content", "检测消防设施\r\n并出具报告")
        .with("price/amount", "8000")
        .with("complaint_phone", "0574-00000002")
}

on_both! {
    loaded:
    async fn a_purchase_is_drafted_checked_and_published(app: &TestApp) {
        let applicant = app.applicant("wang").await;
        let case = open(app, &applicant, "open-restaurant").await;
        let browser = Browser::signed_in(app, "wang").await;
        let new = format!("/purchases/new?case={case}&item={INSPECTION}");
        has(&browser.see(&new).await, &["随机选取", "多轮竞价", "从报名的机构里摇号"]);
        let inquiry = browser.see(&format!("{new}&mode=inquiry")).await;
        has(&inquiry, &["评分项 1", "最高限价", "报名截止时间"]);
        browser.get("/purchases/new?case=x&item=y", 422).await;
        browser.get(&format!("/purchases/new?case={case}&item=land-survey"), 404).await;

        let random = browser.see(&format!("{new}&mode=random")).await;
        assert!(!random.contains("最高限价") && !random.contains("评分项"));
        let bad = filled(&random).with("price/amount", "八千").with("service_days", "0");
        let bad = bad.with("complaint_phone", "1").with("closes_at", "2026-11-24T11:00");
        let again = browser.back(&bad, 422).await;
        has(&again, &["价格（元）：格式不对", "value=\"八千\"", "检测消防设施\r\n并出具报告"]);
        let bad = form(&again).with("price/amount", "8000");
        let again = browser.back(&bad, 422).await;
        has(&again, &["多少个工作日内做完：应在 1 至 3650 之间", "投诉电话：应为 5 至 40 个字"]);

        let check = browser.back(&filled(&random).with("step", "check"), 200).await;
        has(&check, &["请核对", "人民币捌仟元整", "检测消防设施"]);
        let at = browser.done(&form(&check)).await;
        assert_eq!(browser.done(&form(&check)).await, at);
        let manage = browser.see(&at).await;
        has(&manage, &["草稿", "提交公告", "修改草稿", "开标以前，谁报名"]);
        has(&browser.see("/purchases/mine").await, &[&at, "消防设施检测"]);
        let rewrite = at.replace("/manage", "/rewrite/revise");
        let revised = form(&browser.see(&rewrite).await);
        assert_eq!(revised.get("price/amount"), "8000.00");
        let other = revised.clone().with("title", "消防检测").with("step", "check");
        browser.done(&form(&browser.back(&other, 200).await)).await;
        let stale = browser.back(&revised.with("title", "消防检查").with("step", "check"), 412).await;
        has(&stale, &["内容已被他人更改", "value=\"消防检查\""]);
        app.get(&format!("/api/v1{}", at.replace("/manage", ""))).gives(404).await;

        let submit = form(&browser.see(&format!("{at}/submit")).await);
        assert_eq!(submit.get("opening_code").len(), 64);
        has(&browser.back(&submit, 422).await, &["我已经存好开标码：请确认并勾选"]);
        let weak = submit.clone().with("opening_code", &"0".repeat(64)).with("kept", "yes");
        has(&browser.back(&weak, 422).await, &["开标码太容易被猜到"]);
        // What the tests' clock makes of chance is weak, too.
        let submit = submit.with("opening_code", CODE).with("kept", "yes");
        browser.done(&submit).await;
        browser.done(&submit).await;
        let manage = browser.see(&at).await;
        has(&manage, &["撤销采购", "消防检测"]);
        assert!(!manage.contains(submit.get("opening_code")));
        let public = at.replace("/manage", "");
        let ways = ["我是项目业主", "我是中介机构", "投诉"];
        has(&page(app, &public, 200).await, &ways);
        // Whoever is signed in is led nowhere where they may not be.
        let own = browser.see(&public).await;
        has(&own, &["消防检测", ways[0], ways[2]]);
        assert!(!own.contains(ways[1]));

        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        for path in ["", "/submit", "/void", "/open"] {
            li.get(&format!("{at}{path}"), 404).await;
        }
        li.get(&at.replace("/manage", "/rewrite/correct"), 404).await;
        let proof = form(&li.see("/applicants/new").await).get("proof").to_owned();
        let void = form(&browser.see(&format!("{at}/void")).await).with("reason", "不办了");
        li.post(&void.clone().with("proof", &proof), 404).await;
        browser.done(&void).await;
        has(&browser.see(&at).await, &["已终止", "采购项目已结束"]);

        li.get(&format!("{at}/repurchase"), 404).await;
        let again = form(&browser.see(&format!("{at}/repurchase")).await);
        li.post(&again.clone().with("proof", &proof), 404).await;
        let made = browser.done(&again).await;
        assert_eq!(browser.done(&again).await, made);
        has(&browser.see(&made).await, &["草稿", "本项目是重新采购，原项目", &at]);
        has(&browser.see(&at).await, &["本项目已重新采购，新项目", &made, "采购项目已重新采购"]);
    }

    async fn an_owner_answers_opens_and_sees_the_draw(app: &TestApp) {
        let town = Town::new(app).await;
        let id: PurchaseId = town.publish("开业前检测").await;
        let owner = town.owner.actor.party.clone();
        let browser = Browser::acting(app, "owner", owner.clone()).await;
        let at = format!("/purchases/{id}/manage");
        let bidder = app.person("bidder", town.agencies[0].actor.party.clone()).await;
        let ask = json!({ "text": "夜里能检测吗" });
        let path = format!("/api/v1/purchases/{id}/questions");
        let question = app.post(&path, &ask).by(&bidder).gives(201).await.text_at("/id").to_owned();
        has(&browser.see(&at).await, &["夜里能检测吗", "答复"]);
        let answer = format!("/purchases/{id}/questions/{question}/answer");
        let answering = form(&browser.see(&answer).await);
        has(&browser.back(&answering, 422).await, &["答复：请填写，最多 2000 个字"]);
        browser.done(&answering.clone().with("text", "可以，\r\n提前一天说")).await;
        browser.done(&answering.with("text", "可以，\r\n提前一天说")).await;
        has(&page(app, &format!("/purchases/{id}"), 200).await, &["答：可以，\n提前一天说"]);

        town.quote(id).await;
        town.wait(id).await;
        // Days have passed, and the session with them.
        let browser = Browser::signed_in(app, "owner").await;
        has(&browser.see(&at).await, &["待开标", "开标", "开标以前，谁报名"]);
        page(app, &format!("/purchases/{id}/draw"), 404).await;
        let opening = form(&browser.see(&format!("{at}/open")).await);
        let wrong = opening.clone().with("opening_code", &CODE.replace('e', "f"));
        has(&browser.back(&wrong, 409).await, &["开标码不正确"]);
        let short = opening.clone().with("opening_code", "abc");
        has(&browser.back(&short, 422).await, &["开标码：格式不对"]);
        browser.done(&opening.with("opening_code", CODE)).await;
        let opened = browser.see(&at).await;
        has(&opened, &["中选公示中", "中选机构", "报价 ￥100.01", "看选取过程和证明", "中选"]);
        let draw = page(app, &format!("/purchases/{id}/draw"), 200).await;
        has(&draw, &["已按证明从头重算一遍，结果一致", "封存名单", "项目业主（开标码）", "合成种子"]);

        let complain = format!("/purchases/{id}/complain");
        let letter = form(&browser.see(&complain).await)
            .with("facts", "评分有误")
            .with("contact/name", "赵某")
            .with("contact/phone", "0574-00000001");
        let again = browser.back(&letter.clone().with("step", "check"), 422).await;
        has(&again, &["您要求怎么处理：请填写", "评分有误"]);
        let check = browser.back(&letter.with("demand", "重新评审").with("step", "check"), 200).await;
        let filed = browser.done(&form(&check)).await;
        assert_eq!(browser.done(&form(&check)).await, filed);
        let receipt = browser.see(&filed).await;
        has(&receipt, &["投诉已提交", "回执编号", "TS2026", "待受理", "评分有误", "撤回投诉"]);
        assert_eq!(browser.see("/complaints").await.matches("href=\"/complaints/").count(), 1);
        browser.get("/complaints?after=nonsense", 422).await;
        app.applicant("li").await;
        let li = Browser::signed_in(app, "li").await;
        li.get(&filed, 404).await;
        let letter = form(&li.see(&complain).await)
            .with("facts", "x").with("demand", "y")
            .with("contact/name", "z").with("contact/phone", "12345").with("step", "check");
        li.post(&letter, 409).await;
        let withdraw = filed.replace("?filed", "/withdraw");
        browser.done(&form(&browser.see(&withdraw).await)).await;
        has(&browser.see(&filed).await, &["已撤回", "投诉已办结"]);
    }
}
