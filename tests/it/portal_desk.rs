//! The pages of departments and the operator: what waits for them, deciding, using deliverables,
//! reviewing, complaints, alarms; and the public figures.

use market_core::{
    Actor, Paging, Party,
    case::{CaseFilter, StepState},
    id::AgencyId,
    sha256_hex,
};
use serde_json::json;

use crate::{
    browsing::{Browser, form},
    fixtures::new_agency,
    harness::{TestApp, on_both},
    portal::{has, page},
    purchase::{code, notice},
    purchases::{PURCHASES, in_a_week},
    town::Town,
    trade::{INSPECTION, open, trade},
};

fn department(code: &str) -> Party {
    Party::Department(code.parse().unwrap())
}

/// Leads the restaurant's matter.
const LEAD: &str = "market-regulation";
/// Has nothing to do with it.
const OTHER: &str = "civil-affairs";

/// Nobody else finds these pages, nor sends their forms.
async fn are_not_there(stranger: &Browser<'_>, paths: &[String]) {
    for path in paths {
        let page = stranger.get(path, 404).await;
        has(&page.text, &["没有找到这个页面"]);
        let away = Browser::nobody(stranger.app).get(path, 303).await;
        assert!(away.headers["location"].to_str().unwrap().starts_with("/sign-in?next="));
    }
}

on_both! {
    async fn a_department_reads_uses_and_evaluates(app: &TestApp) {
        let trade = trade(app).await;
        let id = trade.signed_off(app).await;
        let desk = Browser::acting(app, "officer", department("fire-rescue")).await;
        let case = format!("/desk/cases/{}", trade.case);
        assert_eq!(desk.get("/my", 303).await.headers["location"], "/desk");
        let led = desk.get(&case.replace("/desk", ""), 303).await;
        assert_eq!(led.headers["location"], case.as_str());
        let inbox = desk.see("/desk").await;
        has(&inbox, &["等您办的", &case, "href=\"/inbox\"", "href=\"/account\"", "开一家面馆", "一件事：", "订单："]);
        let deadlines = desk.see("/deadlines").await;
        has(&deadlines, &[&case]);
        assert!(!deadlines.contains("\"/cases/") && !deadlines.contains("\"/orders/"));
        has(&desk.see("/desk?matter=open-restaurant").await, &[&case]);
        assert!(!desk.see("/desk?matter=nothing-like-it").await.contains(&case));
        has(&desk.see("/desk/cases?state=open").await, &[&case]);
        assert!(!desk.see("/desk/cases?state=completed").await.contains(&case));

        let shown = desk.see(&case).await;
        let digest = sha256_hex("检测报告".as_bytes());
        has(&shown, &["下载 report.txt", &digest, "出具", "使用成果", "退回成果", "还未使用"]);
        let file = format!("/api/v1/orders/{id}/deliverables/1/content");
        assert_eq!(desk.get(&file, 200).await.text, "检测报告");
        let order = format!("/desk/orders/{id}");
        let back = form(&desk.see(&format!("{order}/return")).await).with("note", "缺签章");
        has(&desk.back(&back, 422).await, &["哪里不对：请填写", "value=\"缺签章\""]);

        let applicant = Browser::signed_in(app, "applicant").await;
        let other = Browser::acting(app, "other", department(OTHER)).await;
        let pages =
            [case.clone(), format!("{order}/use"), format!("{order}/return")];
        are_not_there(&applicant, &pages).await;
        are_not_there(&other, &pages).await;
        let proof = form(&applicant.see("/applicants/new").await).get("proof").to_owned();
        let using = form(&desk.see(&format!("{order}/use")).await);
        applicant.post(&using.clone().with("proof", &proof), 404).await;
        desk.get(&format!("{order}/cancel"), 404).await;

        let there = desk.done(&using).await;
        assert_eq!(there, format!("{case}#{INSPECTION}"));
        assert_eq!(desk.done(&using).await, there);
        has(&desk.see(&case).await, &["已使用", "评价机构"]);
        let late = desk.see(&format!("{order}/use")).await;
        has(&late, &["需要修改：使用成果", "没有提交成功"]);
        desk.post(&form(&late), 409).await;

        let evaluate = format!("{order}/evaluate");
        let asked = desk.see(&evaluate).await;
        let mut marks = form(&asked).with("comment", "电话 13800000000");
        let ids = asked.split("id=\"marks/").skip(1).map(|rest| rest.split('"').next().unwrap());
        for name in ids.filter(|id| !id.contains('-')) {
            marks = marks.with(&format!("marks/{name}"), "4");
        }
        has(&desk.back(&marks, 422).await, &["不能含有电话号码", "13800000000"]);
        let marks = marks.with("comment", "报告规范");
        assert_eq!(desk.done(&marks).await, there);
        assert_eq!(desk.done(&marks).await, there);
        assert!(!desk.see("/desk").await.contains(&evaluate));
    }

    async fn a_deliverable_is_returned_and_reused(app: &TestApp) {
        let trade = trade(app).await;
        let id = trade.signed_off(app).await;
        let desk = Browser::acting(app, "officer", department("fire-rescue")).await;
        let returning = form(&desk.see(&format!("/desk/orders/{id}/return")).await);
        let returning = returning.with("code", "unsigned").with("note", "缺签章");
        desk.done(&returning).await;
        desk.done(&returning).await;
        has(&desk.see(&format!("/desk/cases/{}", trade.case)).await, &["返工中"]);
        trade.deliver(app, &id, "检测报告二").await;
        crate::trade::step(app, &id, "sign-off", &trade.applicant, None).await;
        desk.done(&form(&desk.see(&format!("/desk/orders/{id}/use")).await)).await;

        let second = open(app, &trade.applicant, "open-restaurant").await;
        let case = format!("/desk/cases/{second}");
        let link = format!("{case}/needs/{INSPECTION}/link");
        has(&desk.see(&case).await, &["复用已有成果", &link]);
        let linking = desk.see(&link).await;
        has(&linking, &[&id, "本部门看得到的订单"]);
        has(&desk.back(&form(&linking), 422).await, &["请填写"]);
        let bad = form(&linking).with("other", "不是编号");
        has(&desk.back(&bad, 422).await, &["格式不对", "value=\"不是编号\""]);
        let unknown = form(&linking).with("other", "01930000-0000-7000-8000-000000000000");
        desk.post(&unknown, 409).await;
        let linked = form(&linking).with("order", &id);
        let there = desk.done(&linked).await;
        assert_eq!(desk.done(&linked).await, there);
        has(&desk.see(&case).await, &["复用同一申请人另一办件的成果"]);
    }
}

on_both! {
    loaded:
    async fn a_step_is_returned_and_approved(app: &TestApp) {
        let applicant = app.applicant("wang").await;
        let id = open(app, &applicant, "open-restaurant").await;
        let (system, filter) = (Actor::system(), CaseFilter::default());
        let all = app.market.cases().list(&system, &filter, &Paging::default()).await;
        let case = all.unwrap().items.remove(0);
        let Some(step) = case.steps.iter().find(|one| one.state == StepState::InReview) else {
            panic!("no step is in review: {case:?}");
        };
        let desk = Browser::acting(app, "officer", Party::Department(step.department.clone())).await;
        let at = format!("/desk/cases/{id}/steps/{}", step.step);
        has(&desk.see("/desk").await, &["办件环节：", "开一家面馆"]);
        has(&desk.see(&format!("/desk/cases/{id}")).await, &[&format!("{at}/approve")]);
        let back = form(&desk.see(&format!("{at}/return")).await);
        has(&desk.back(&back, 422).await, &["请填写，最多 500 个字"]);
        let back = back.with("reason", "缺\r\n平面图");
        desk.done(&back).await;
        desk.done(&back).await;
        has(&desk.see(&format!("/desk/cases/{id}")).await, &["已退回，请补正", "缺 平面图"]);
        let late = desk.see(&format!("{at}/approve")).await;
        has(&late, &["没有提交成功"]);
        desk.get(&format!("{at}/nonsense"), 404).await;
        let mut paths = vec![format!("{at}/approve"), format!("{at}/return")];
        let other = Browser::acting(app, "other", department(OTHER)).await;
        are_not_there(&other, &paths).await;
        let applicant = Browser::signed_in(app, "wang").await;
        paths.push("/desk".to_owned());
        paths.push("/desk/board".to_owned());
        are_not_there(&applicant, &paths).await;

        let resubmit = form(&applicant.see(&format!("/cases/{id}/steps/{}/resubmit", step.step)).await);
        applicant.done(&resubmit).await;
        let approve = form(&desk.see(&format!("{at}/approve")).await);
        desk.done(&approve).await;
        desk.done(&approve).await;
        has(&desk.see(&format!("/desk/cases/{id}")).await, &["已通过"]);
    }

    async fn a_complaint_stops_an_award_and_is_decided(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        town.quote(id).await;
        town.award(id).await;
        let bidder = app.person("bidder", town.agencies[0].actor.party.clone()).await;
        let letter = json!({ "facts": "评审有误", "demand": "重新选取",
            "contact": { "name": "钱某", "phone": "0574-00000003" } });
        let path = format!("/api/v1/purchases/{id}/complaints");
        let complaint = app.post(&path, &letter).by(&bidder).gives(201).await;
        let at = format!("/desk/complaints/{}", complaint.text_at("/id"));

        let lead = Browser::acting(app, "lead", department(LEAD)).await;
        has(&lead.see("/desk/complaints?state=filed").await, &[&at, "待受理", "开业前检测"]);
        has(&lead.see(&at).await, &["评审有误", "钱某", "受理", "投诉不在调查处理中"]);
        let other = Browser::acting(app, "other", department(OTHER)).await;
        are_not_there(&other, &[at.clone(), format!("{at}/accept")]).await;
        let accept = form(&lead.see(&format!("{at}/accept")).await);
        lead.done(&accept).await;
        lead.done(&accept).await;
        let purchase = format!("/desk/purchases/{id}");
        has(&lead.see("/desk/purchases?state=suspended").await, &[&purchase, "因投诉暂停"]);
        has(&lead.see(&purchase).await, &["因投诉暂停", &at, "￥100.01"]);
        let dismiss = form(&lead.see(&format!("{at}/dismiss")).await);
        let empty = lead.back(&dismiss.clone().with("step", "check"), 422).await;
        has(&empty, &["处理决定：请填写"]);
        let decided = dismiss.with("decision", "查无\r\n实据").with("step", "check");
        let check = lead.back(&decided, 200).await;
        has(&check, &["请核对", "查无"]);
        lead.done(&form(&check)).await;
        lead.done(&form(&check)).await;
        has(&lead.see(&at).await, &["投诉不成立", "查无", "投诉已办结"]);
        has(&lead.see(&purchase).await, &["中选公示中"]);
        lead.get("/desk/purchases?state=nonsense", 422).await;
        lead.get("/desk/complaints?state=nonsense", 422).await;
        has(&lead.see("/desk/board").await, &["监督看板", "开业前检测", "中选集中度"]);
    }

    async fn an_alarm_is_looked_into_once(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        town.quote(id).await;
        app.market.purchases().void(&town.owner, id, "计划调整").await.unwrap();
        app.market.alarms().catch_up().await.unwrap();
        let lead = Browser::acting(app, "lead", department(LEAD)).await;
        let list = lead.see("/desk/alarms?open=yes&rule=").await;
        has(&list, &["报名后撤销采购", "提示"]);
        let at = crate::portal::first(&list, "/desk/alarms/");
        let seen = lead.see(&at).await;
        has(&seen, &["计划调整", "已报名家数：3", &format!("/desk/purchases/{id}"), "开业前检测"]);
        let public = lead.see(&format!("/purchases/{id}")).await;
        has(&public, &["在工作台查看", &format!("/desk/purchases/{id}")]);
        assert!(!public.contains("我是"));
        let other = Browser::acting(app, "other", department(OTHER)).await;
        are_not_there(&other, &[at.clone(), format!("{at}/acknowledge")]).await;
        let note = form(&lead.see(&format!("{at}/acknowledge")).await);
        has(&lead.back(&note, 422).await, &["查看的结果：请填写"]);
        let note = note.with("note", "已约谈业主");
        lead.done(&note).await;
        lead.done(&note).await;
        has(&lead.see(&at).await, &["已处置", "已约谈业主"]);
        assert!(!lead.see("/desk/alarms?open=yes").await.contains(&at));
        has(&lead.see(&format!("{at}/acknowledge")).await, &["没有提交成功"]);
        lead.get("/desk/alarms?rule=nonsense", 422).await;
    }

    async fn the_operator_reviews_a_purchase(app: &TestApp) {
        let applicant = app.applicant("wang").await;
        let case = json!({ "matter": "open-restaurant", "title": "机关食堂", "region": "330282",
            "fund": "fiscal" });
        let case = app.post("/api/v1/cases", &case).by(&applicant).gives(201).await;
        let new = json!({ "case_id": case.json["id"], "item": INSPECTION,
            "notice": notice("random", &in_a_week(app)) });
        let made = app.post(PURCHASES, &new).by(&applicant).gives(201).await;
        let path = made.headers["location"].to_str().unwrap().to_owned();
        let submission = json!({ "opening_code": code(0) });
        app.post(&format!("{path}/submit"), &submission).by(&applicant).gives(200).await;
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        let at = path.replace("/api/v1/", "/desk/");
        has(&desk.see("/desk").await, &["采购公告审查", &at]);
        has(&desk.see("/deadlines").await, &["采购公告审查", &at]);
        has(&desk.see("/desk/purchases?state=in_review").await, &[&at, "等您办理"]);
        has(&desk.see(&at).await, &["审查通过，发布公告", "退回业主修改", "财政性资金"]);
        let lead = Browser::acting(app, "lead", department(LEAD)).await;
        are_not_there(&lead, &[at.clone(), format!("{at}/approve")]).await;
        let back = form(&desk.see(&format!("{at}/send-back")).await);
        has(&desk.back(&back, 422).await, &["请填写"]);
        let back = back.with("reason", "内容不完整");
        for _ in 0..2 {
            assert_eq!(desk.done(&back).await, "/desk/purchases");
        }
        desk.post(&back.with("key", "another").with("step", "do"), 404).await;
        // A draft is its owner's alone.
        are_not_there(&desk, &[at.clone(), format!("{at}/approve")]).await;
        app.market.notices().catch_up().await.unwrap();
        let told = Browser::signed_in(app, "wang").await.see("/inbox").await;
        has(&told, &["采购公告被退回", &format!("{}/manage", at.replace("/desk", ""))]);
        assert!(!told.contains("（已经没有了）"));
    }

    async fn the_operator_admits_and_suspends_agencies(app: &TestApp) {
        let applicant = app.applicant("agent").await;
        let made = app.post("/api/v1/agencies", &new_agency()).by(&applicant).gives(201).await;
        let id: AgencyId = made.text_at("/id").parse().unwrap();
        let at = format!("/desk/agencies/{id}");
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        has(&desk.see("/desk").await, &["机构核验", &at]);
        has(&desk.see("/deadlines").await, &["机构核验", &at]);
        has(&desk.see("/desk/agencies?state=applying").await, &[&at, "核验中"]);
        has(&desk.see(&at).await, &["核验通过，准予入驻", "退回申请", "机构未入驻"]);
        let lead = Browser::acting(app, "lead", department(LEAD)).await;
        are_not_there(&lead, &[at.clone(), format!("{at}/admit")]).await;
        let reject = form(&desk.see(&format!("{at}/reject")).await).with("step", "check");
        has(&desk.back(&reject, 422).await, &["退回的原因："]);
        let admit = form(&desk.see(&format!("{at}/admit")).await).with("step", "check");
        let check = desk.back(&admit, 200).await;
        has(&check, &["系统已经预检", "91350100M000100Y43"]);
        desk.done(&form(&check)).await;
        desk.done(&form(&check)).await;
        has(&desk.see(&at).await, &["已入驻", "暂停机构"]);
        let suspend = form(&desk.see(&format!("{at}/suspend")).await).with("step", "check");
        let again = desk.back(&suspend.with("reason", "出具虚假报告"), 422).await;
        has(&again, &["暂停多久：请填写", "出具虚假报告"]);
        let months = again.split("name=\"months\" value=\"").nth(1).unwrap();
        let months = months.split('"').next().unwrap();
        let right = form(&again).with("months", months).with("step", "check");
        desk.done(&form(&desk.back(&right, 200).await)).await;
        has(&desk.see(&at).await, &["已暂停", "出具虚假报告", "恢复机构"]);
        let back = form(&desk.see(&format!("{at}/reinstate")).await).with("step", "check");
        desk.done(&form(&desk.back(&back, 200).await)).await;
        has(&desk.see(&at).await, &["已入驻"]);
    }

    async fn phrases_and_members_are_kept(app: &TestApp) {
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        let edit = "/desk/phrases/edit?phrase=%E5%BC%80%E9%9D%A2%E9%A6%86%E7%9A%84%E6%B6%88%E9%98%B2";
        let new = form(&desk.see(edit).await);
        assert_eq!(new.get("phrase"), "开面馆的消防");
        let bad = desk.back(&new.clone().with("kind", "saying"), 422).await;
        has(&bad, &["指的正式名称："]);
        let right = new.with("kind", "saying").with("names", "消防设施检测\r\n\r\n开办餐馆");
        desk.done(&right).await;
        desk.done(&right).await;
        let list = desk.see("/desk/phrases?phrase=%E9%9D%A2%E9%A6%86").await;
        has(&list, &["开面馆的消防", "消防设施检测、开办餐馆"]);
        let other = right.with("names", "开办餐馆");
        let stale = desk.back(&other, 412).await;
        has(&stale, &["内容已被他人更改", "开办餐馆"]);
        desk.done(&form(&stale)).await;
        let remove = form(&desk.see(&edit.replace("edit", "remove")).await);
        desk.done(&remove).await;
        desk.done(&remove).await;
        desk.post(&remove.with("key", "another").with("step", "do"), 404).await;
        desk.get(&edit.replace("edit", "remove"), 404).await;

        let lead = Browser::acting(app, "lead", department(LEAD)).await;
        lead.get("/desk/phrases", 403).await;
        let members = lead.see("/members").await;
        has(&members, &["lead"]);
        let role = form(&lead.see(&crate::portal::first(&members, "/members/0")).await);
        // The last admin stays.
        let viewer = role.with("role", "viewer").with("step", "check");
        lead.post(&viewer, 409).await;
        Browser::acting(app, "second", department(LEAD)).await;
        let members = lead.see("/members").await;
        assert!(!members.contains("operating"));
        let (before, _) = members.split_once("/role\"><strong>second<").unwrap();
        let remove = format!("/members/{}/remove", before.rsplit('/').next().unwrap());
        let check = form(&lead.see(&remove).await).with("step", "check");
        let check = form(&lead.back(&check, 200).await);
        for _ in 0..2 {
            assert_eq!(lead.done(&check).await, "/members");
        }
        lead.get(&remove, 404).await;
    }

    async fn everybody_may_read_the_figures(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        town.quote(id).await;
        town.award(id).await;
        let shown = page(app, "/statistics", 200).await;
        has(&shown, &["采购统计", "选取方式", "<svg class=\"chart\" ", "/statistics.csv"]);
        has(&page(app, "/statistics?region=330282&item=&since=&until=", 200).await, &["公开选取的项目"]);
        page(app, "/statistics?since=soon", 422).await;
        page(app, "/statistics?region=999999", 404).await;
        let file = app.get("/statistics.csv?region=330282").gives(200).await;
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        assert!(file.text.trim_start_matches('\u{feff}').starts_with("事项编码,服务事项"));
    }
}
