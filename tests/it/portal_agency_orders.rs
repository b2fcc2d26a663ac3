//! The pages by which agencies take, do and hand over orders, and answer evaluations.

use market_core::{Party, agency::AgencyFilter, id::AgencyId, sha256_hex};
use serde_json::json;

use crate::{
    asking::Answer,
    browsing::{Browser, Form, form},
    harness::{TestApp, on_both},
    portal::has,
    trade::{step, trade},
};

fn goes(answer: &Answer) -> &str {
    answer.headers["location"].to_str().unwrap()
}

/// The form of a page, whose own key somebody else sends with their own proof.
async fn stolen(form: &Form, by: &Browser<'_>) -> Form {
    let own = crate::browsing::form(&by.see("/applicants/new").await);
    form.clone().with("proof", own.get("proof"))
}

/// A browser before which somebody acts for another agency.
async fn rival(app: &TestApp, own: AgencyId) -> Browser<'_> {
    let paging = market_core::Paging::default();
    let all = app.market.agencies().list(None, &AgencyFilter::default(), &paging).await.unwrap();
    let other = all.items.into_iter().find(|one| one.id != own).unwrap();
    Browser::acting(app, "rival", Party::Agency(other.id)).await
}

on_both! {
    async fn an_agency_takes_an_order_from_acceptance_to_delivery(app: &TestApp) {
        let trade = trade(app).await;
        let id = trade.place(app).await;
        let browser = Browser::acting(app, "seller", Party::Agency(trade.agency_id())).await;
        let path = format!("/orders/{id}");
        has(&browser.see("/my").await, &["能报名的采购", "上架的服务", &path]);
        has(&browser.see("/orders").await, &[&path, "待接单", "等您办理", "慈溪某某餐饮店"]);
        let placed = browser.see(&path).await;
        has(&placed, &["接单", "不接单", "现在还不能办的", "慈溪某某餐饮店", "138****0000"]);
        let decline = form(&browser.see(&format!("{path}/decline")).await);
        has(&browser.back(&decline, 422).await, &["不接单的原因：请填写"]);
        let early = browser.see(&format!("{path}/upload")).await;
        has(&early, &["enctype=\"multipart/form-data\"", "没有提交成功"]);

        let rival = rival(app, trade.agency_id()).await;
        let accept = form(&browser.see(&format!("{path}/accept")).await);
        for step in ["", "/accept", "/decline", "/upload", "/deliver", "/record-contract"] {
            rival.get(&format!("{path}{step}"), 404).await;
        }
        rival.post(&stolen(&accept, &rival).await, 404).await;
        let buyer = Browser::signed_in(app, "applicant").await;
        buyer.get(&format!("{path}/accept"), 404).await;
        buyer.get(&format!("{path}/upload"), 404).await;
        for _ in 0..2 {
            assert_eq!(browser.done(&accept).await, path);
        }
        has(&browser.see(&path).await, &["委托人电话", "13800000000"]);
        has(&browser.back(&decline.with("reason", "忙\r\n不过来"), 412).await, &["忙\r\n不过来"]);

        let contract = form(&browser.see(&format!("{path}/record-contract")).await)
            .with("number", "HT-1")
            .with("signed_on", "2026-11-24")
            .with("starts_on", "2026-11-25")
            .with("ends_on", "2026-12-31")
            .with("milestones/0/name", "现场检测完成")
            .with("milestones/0/due_on", "2026-12-20")
            .with("milestones/0/share_percent", "100")
            .with("step", "check");
        browser.done(&form(&browser.back(&contract, 200).await)).await;
        let waits = browser.see(&format!("{path}/confirm-contract")).await;
        has(&waits, &["没有提交成功"]);
        step(app, &id, "confirm-contract", &trade.applicant, None).await;

        let reach = form(&browser.see(&format!("{path}/reach-milestone")).await);
        assert_eq!(reach.get("milestone"), "m1");
        has(&browser.back(&reach, 422).await, &["请填写"]);
        browser.done(&reach.with("note", "全部点位测完")).await;
        has(&browser.see(&path).await, &["待确认", "上传成果文件"]);

        let none = form(&browser.see(&format!("{path}/deliver")).await);
        has(&browser.back(&none, 422).await, &["交付哪个文件：请填写"]);
        let upload = form(&browser.see(&format!("{path}/upload")).await);
        let text = "检测报告";
        has(&browser.send(&upload, None, 422).await.text, &["文件：请填写"]);
        let wrong = upload.clone().with("sha256", &"0".repeat(64));
        let refused = browser.send(&wrong, Some(("报告.txt", text)), 422).await;
        has(&refused.text, &["没有提交成功", &"0".repeat(64)]);
        let bad = upload.clone().with("sha256", "abc");
        has(&browser.send(&bad, Some(("报告.txt", text)), 422).await.text, &["64 位"]);
        let good = upload.clone().with("sha256", &sha256_hex(text.as_bytes()));
        for _ in 0..2 {
            let answer = browser.send(&good, Some(("报告.txt", text)), 303).await;
            assert_eq!(goes(&answer), format!("{path}/deliver"));
        }
        let foreign = stolen(&upload, &rival).await;
        rival.send(&foreign, Some(("x.txt", "x")), 404).await;
        let gone = Browser::nobody(app);
        let away = gone.send(&upload, Some(("x.txt", "x")), 303).await;
        assert!(goes(&away).starts_with("/sign-in?next="));

        let shown = browser.see(&path).await;
        has(&shown, &["报告.txt", &sha256_hex(text.as_bytes())]);
        assert_eq!(shown.matches("SHA-256").count(), 1);
        let deliver = form(&browser.see(&format!("{path}/deliver")).await);
        assert_eq!(deliver.get("deliverable"), "1");
        browser.done(&deliver).await;
        has(&browser.see(&path).await, &["待验收", "委托人验收"]);
    }

    async fn an_agency_confirms_payments_evaluates_and_appeals(app: &TestApp) {
        let trade = trade(app).await;
        let id = trade.signed_off(app).await;
        let browser = Browser::acting(app, "seller", Party::Agency(trade.agency_id())).await;
        let (path, rival) = (format!("/orders/{id}"), rival(app, trade.agency_id()).await);
        let buyer = Browser::signed_in(app, "applicant").await;
        let pay = json!({ "amount": "10.50", "paid_on": "2026-11-24", "reference": "P-1" });
        let payments = format!("/api/v1{path}/payments");
        app.post(&payments, &pay).by(&trade.applicant).gives(201).await;
        let dispute = form(&browser.see(&format!("{path}/dispute-payment")).await);
        has(&browser.back(&dispute, 422).await, &["哪里不对：请填写"]);
        browser.done(&dispute.with("reason", "账上没有")).await;
        has(&browser.see(&path).await, &["机构异议：账上没有"]);
        let confirm = browser.see(&format!("{path}/confirm-payment")).await;
        has(&confirm, &["￥10.50", "凭证 P-1"]);
        browser.done(&form(&confirm)).await;
        has(&browser.see(&format!("{path}/dispute-payment")).await, &["没有提交成功"]);

        step(app, &id, "use", &trade.fire, None).await;
        let marks = browser.see(&format!("{path}/evaluate")).await;
        has(&marks, &["评价委托人", "marks/cooperation", "marks/payment"]);
        let marks = form(&marks).with("marks/cooperation", "5");
        has(&browser.back(&marks, 422).await, &["请填写"]);
        browser.done(&marks.with("marks/payment", "4")).await;
        has(&browser.see(&path).await, &["您评价", "未公布"]);
        let given = format!("/api/v1{path}/evaluations");
        let poor = json!({ "quality": 1, "timeliness": 1, "attitude": 1, "fee": 1 });
        let new = json!({ "marks": poor, "comment": "太慢了" });
        app.post(&given, &new).by(&trade.applicant).gives(201).await;
        let new = json!({ "marks": { "quality": 5, "lawfulness": 5 } });
        app.post(&given, &new).by(&trade.fire).gives(201).await;
        let shown = browser.see(&path).await;
        has(&shown, &["太慢了", "申诉"]);
        let appeal = shown.split("href=\"/evaluations/").nth(1).unwrap();
        let appeal = format!("/evaluations/{}", appeal.split('"').next().unwrap());
        rival.get(&appeal, 404).await;
        buyer.get(&appeal, 404).await;
        let appealing = form(&browser.see(&appeal).await);
        has(&browser.back(&appealing, 422).await, &["申诉的理由：请填写"]);
        let reason = appealing.with("reason", "验收记录显示\r\n提前三天交付");
        for _ in 0..2 {
            browser.done(&reason).await;
        }
        has(&browser.see(&path).await, &["申诉中，暂不计入"]);
        has(&browser.see("/agency/credit").await, &["信用分", &path, "已完成", "申诉中"]);
    }
}
