//! The pages of agencies: open purchases, admission and records, listings.

use market_core::{
    Actor, Call, Party,
    agency::{AgencyFilter, Rejection},
    draw::Proof,
    id::AgencyId,
    purchase::receipt::{Receipt, Standing},
};

use crate::{
    browsing::{Browser, form},
    fixtures::admitted_agency,
    harness::{TestApp, on_both},
    portal::{has, page},
    town::Town,
};

/// The agency at a path.
fn id_of(path: &str) -> AgencyId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

on_both! {
    loaded:
    async fn an_agency_enters_a_purchase_quotes_and_wins(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        let party = |n: usize| town.agencies[n].actor.party.clone();
        let browser = Browser::acting(app, "bidder", party(0)).await;
        let avoided = Browser::acting(app, "avoided", party(3)).await;
        let at = format!("/purchases/{id}/registration");
        has(&browser.see("/purchases/open").await, &["开业前检测", "可以报名", &at]);
        assert!(!browser.see("/purchases/open?mode=random").await.contains("开业前检测"));
        browser.get("/purchases/open?mode=nonsense", 422).await;
        has(&avoided.see("/purchases/open").await, &["不能报名：", &at]);
        has(&avoided.see(&at).await, &["不符合报名条件"]);
        let refused = avoided.see(&format!("{at}/register")).await;
        has(&refused, &["没有提交成功"]);
        avoided.back(&form(&refused), 409).await;
        app.applicant("wang").await;
        let wang = Browser::signed_in(app, "wang").await;
        for path in ["/purchases/open", "/registrations", &at, &format!("{at}/quote")] {
            has(&wang.get(path, 403).await.text, &["仅中介机构可办理"]);
        }
        let public = format!("/purchases/{id}");
        let seen = wang.see(&public).await;
        assert!(!seen.contains(&at) && !seen.contains(&format!("{public}/manage")));
        let seen = browser.see(&public).await;
        assert!(seen.contains(&at) && !seen.contains(&format!("{public}/manage")));

        has(&browser.see(&at).await, &["还没有报名", "可以报名", "报名"]);
        has(&browser.see(&format!("{at}/quote")).await, &["尚未报名"]);
        let ask = form(&browser.see(&format!("{at}/ask")).await);
        has(&browser.back(&ask, 422).await, &["想问什么：请填写"]);
        browser.done(&ask.with("text", "夜里能检测吗")).await;
        has(&page(app, &format!("/purchases/{id}"), 200).await, &["夜里能检测吗"]);
        let register = form(&browser.see(&format!("{at}/register")).await);
        for _ in 0..2 {
            assert_eq!(browser.done(&register).await, at);
        }
        has(&browser.see(&at).await, &["已报名", "取消报名", "报名编号"]);
        has(&browser.see("/registrations").await, &["开业前检测", "已报名"]);
        let mine = browser.see("/my").await;
        assert!(mine.contains(&at) && !mine.contains("/manage"), "{mine}");
        let withdraw = form(&browser.see(&format!("{at}/withdraw")).await);
        browser.done(&withdraw).await;
        has(&browser.see(&at).await, &["已取消报名"]);
        town.quote(id).await;

        let quoting = form(&browser.see(&format!("{at}/quote")).await).with("step", "check");
        let low = browser.back(&quoting.clone().with("quote", "0.50"), 422).await;
        has(&low, &["低于公告规定的下限", "value=\"0.50\""]);
        has(&browser.back(&quoting.clone().with("quote", "很多"), 422).await, &["格式不对"]);
        let quoting = quoting.with("quote", "50.5");
        let kept = browser.post(&quoting, 200).await;
        assert_eq!(kept.headers["cache-control"], "no-store", "what is quoted is a secret");
        let check = browser.back(&quoting, 200).await;
        has(&check, &["请核对", "人民币伍拾元伍角"]);
        let meant = form(&check).with("step", "do");
        let first = browser.back(&meant, 200).await;
        has(&first, &["报价已密封", "报价承诺值", meant.get("nonce")]);
        let receipt = |html: &str| {
            let text = html.split("readonly>\n").nth(1).unwrap().split("</textarea>").next();
            let text = text.unwrap().replace("&#34;", "\"");
            serde_json::from_str::<Receipt>(&text).unwrap()
        };
        assert_eq!(receipt(&browser.back(&meant, 200).await), receipt(&first));
        let shown = browser.see(&at).await;
        has(&shown, &["已密封，开标以后才能看", &receipt(&first).commitment.to_string()]);
        assert!(!shown.contains("50.50"));
        has(&avoided.see(&at).await, &["还没有报名"]);

        town.award(id).await;
        let proof = app.market.purchases().proof(id).await.unwrap();
        let proof = Proof::from_bytes(proof.as_bytes()).unwrap();
        assert_eq!(receipt(&first).check(&proof), Ok(Standing::Opened));
        town.wait(id).await;
        // Days have passed, and the session with them.
        let browser = Browser::signed_in(app, "bidder").await;
        has(&browser.see(&at).await, &["确认中选", "放弃中选", "￥50.50"]);
        let decline = form(&browser.see(&format!("{at}/decline")).await);
        has(&browser.back(&decline, 422).await, &["放弃的原因：请填写"]);
        let confirm = form(&browser.see(&format!("{at}/confirm")).await);
        for _ in 0..2 {
            assert_eq!(browser.done(&confirm).await, at);
        }
        has(&browser.see(&at).await, &["中选", "去订单签合同"]);
        has(&browser.see("/orders").await, &["待签合同"]);
    }

    async fn an_agency_applies_and_keeps_its_records(app: &TestApp) {
        app.applicant("wang").await;
        let browser = Browser::signed_in(app, "wang").await;
        let apply = form(&browser.see("/agencies/new").await)
            .with("uscc", "91330282000000001X")
            .with("name", "某某检测有限公司")
            .with("profile/nature", "enterprise")
            .with("profile/legal_representative", "王某")
            .with("region", "330282")
            .with("profile/address", "某某路 1 号")
            .with("profile/phone", "0574-10000001")
            .with("profile/established_on", "2015-03-01")
            .with("profile/capital", "一百万")
            .with("profile/scope", "环境检测\r\n消防检测")
            .with("step", "check");
        let bad = browser.back(&apply, 422).await;
        has(&bad, &["统一社会信用代码：", "注册资本（元）：格式不对", "value=\"一百万\""]);
        let uscc = crate::town::uscc(7).to_string();
        let apply = form(&bad).with("uscc", &uscc).with("profile/capital", "1000000");
        let check = browser.back(&apply.with("step", "check"), 200).await;
        has(&check, &["请核对", "人民币壹佰万元整", "2015年3月1日"]);
        let meant = form(&check);
        for _ in 0..2 {
            assert_eq!(browser.done(&meant).await, "/account");
        }
        has(&browser.see("/account").await, &["某某检测有限公司"]);
        let operator = Actor::new(Actor::system().person, Party::Operator);
        let paging = market_core::Paging::default();
        let agencies = app.market.agencies();
        let all = agencies.list(Some(&operator), &AgencyFilter::default(), &paging).await.unwrap();
        assert_eq!(all.items.len(), 1);
        let id = all.items[0].id;
        let boss = Browser::acting(app, "boss", Party::Agency(id)).await;
        has(&boss.see("/agency").await, &["核验中", "修改机构资料", "环境检测 消防检测"]);
        let operator = Call::from(operator);
        let reasons = vec!["地址不全".to_owned()];
        agencies.reject(&operator, id, Rejection { reasons }).await.unwrap();
        has(&boss.see("/agency").await, &["已退回", "地址不全", "修改后重新申请"]);
        let again = form(&boss.see("/agency/reapply").await);
        assert_eq!(again.get("name"), "某某检测有限公司");
        let again = again.with("profile/address", "慈溪市某某路 1 号").with("step", "check");
        boss.done(&form(&boss.back(&again, 200).await)).await;
        agencies.admit(&operator, id).await.unwrap();
        has(&boss.see("/agency").await, &["已入驻", "慈溪市某某路 1 号", "退出超市"]);
        has(&boss.see("/agency/reapply").await, &["没有提交成功"]);

        let kinds = boss.see("/agency/qualifications/new").await;
        let add = kinds.split("href=\"/agency/qualifications/add").nth(1).unwrap();
        let add = format!("/agency/qualifications/add{}", add.split('"').next().unwrap());
        let html = boss.see(&add).await;
        let level = html.split("name=\"level\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let filled = form(&html)
            .with("level", level)
            .with("number", "证书-1")
            .with("issuer", "某某部门")
            .with("valid_from", "2027-01-01")
            .with("valid_until", "2026-12-31")
            .with("step", "check");
        has(&boss.back(&filled, 422).await, &["有效期到哪天止：结束日期早于开始日期"]);
        let right = filled.with("valid_from", "2026-01-01");
        let check = form(&boss.back(&right, 200).await);
        for _ in 0..2 {
            boss.done(&check).await;
        }
        let shown = boss.see("/agency").await;
        assert_eq!(shown.matches("证书 证书-1").count(), 1);
        has(&shown, &["快到期，请尽快延续"]);
        boss.get("/agency/qualifications/add?kind=no-such-kind", 404).await;

        let html = boss.see("/agency/practitioners/new").await;
        let kind = html.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap();
        let hire = form(&html).with("name", "李某").with("certificate", "执-1");
        has(&boss.back(&hire, 422).await, &["执业资格：请填写", "value=\"李某\""]);
        boss.done(&hire.with("specialty", kind).with("valid_until", "2028-12-31")).await;
        let shown = boss.see("/agency").await;
        has(&shown, &["李某", "执-1", "注销"]);
        let remove = shown.split("href=\"/agency/practitioners/").find(|one| one.contains("/remove"));
        let remove = format!("/agency/practitioners/{}", remove.unwrap().split('"').next().unwrap());
        let other = admitted_agency(app, &app.operator().await).await;
        let other = Browser::acting(app, "other", Party::Agency(id_of(&other.0))).await;
        other.get(&remove, 404).await;
        let removing = form(&boss.see(&remove).await);
        for _ in 0..2 {
            boss.done(&removing).await;
        }
        assert!(!boss.see("/agency").await.contains("李某"));
        browser.get("/agency/nonsense", 403).await;
        boss.get("/agency/nonsense", 404).await;
        let leave = form(&boss.see("/agency/leave").await);
        has(&boss.back(&leave, 422).await, &["退出的原因：请填写"]);
        boss.done(&leave.with("reason", "不做了")).await;
        has(&boss.see("/agency").await, &["已退出", "不做了"]);
    }

    async fn an_agency_keeps_its_listings_and_imports_them(app: &TestApp) {
        let operator = app.operator().await;
        let (path, _) = admitted_agency(app, &operator).await;
        let browser = Browser::acting(app, "seller", Party::Agency(id_of(&path))).await;
        has(&browser.see("/listings").await, &["还没有服务", "从表格导入"]);
        let draft = form(&browser.see("/listings/new").await)
            .with("code", "eia-9")
            .with("item", "eia-form")
            .with("terms/title", "环评")
            .with("terms/summary", "编制报告表\r\n含两次修改")
            .with("terms/price", "8000")
            .with("terms/days", "0")
            .with("step", "check");
        let bad = browser.back(&draft, 422).await;
        has(&bad, &["多少个工作日内做完：", "编制报告表\r\n含两次修改"]);
        let right = form(&bad).with("terms/days", "10").with("terms/regions/330282", "yes");
        let check = browser.back(&right.with("step", "check"), 200).await;
        has(&check, &["人民币捌仟元整"]);
        let meant = form(&check);
        let publish = browser.done(&meant).await;
        assert_eq!(browser.done(&meant).await, publish);
        let listing = publish.strip_suffix("/publish").unwrap().to_owned();
        browser.done(&form(&browser.see(&publish).await)).await;
        has(&browser.see("/listings?state=published").await, &["环评", "下架", "￥8,000.00"]);
        has(&browser.see(&publish).await, &["没有提交成功"]);
        let change = form(&browser.see(&format!("{listing}/change")).await);
        assert_eq!(change.get("regions/330282"), "yes");
        let dearer = change.with("price", "8500").with("step", "check");
        browser.done(&form(&browser.back(&dearer, 200).await)).await;
        has(&browser.see("/listings").await, &["￥8,500.00"]);
        browser.done(&form(&browser.see(&format!("{listing}/take_off")).await)).await;
        has(&browser.see("/listings?state=off_shelf").await, &["环评", "上架"]);
        app.applicant("wang").await;
        let wang = Browser::signed_in(app, "wang").await;
        for path in ["/listings", "/listings/new", "/listings/import"] {
            wang.get(path, 403).await;
        }

        let header = "编号,事项,标题,服务内容,价格,单位,服务地区,时限,状态\n";
        let good = "eia-1,eia-form,餐饮环评,编制报告表,8000.00,元/项,330200,10,draft\n";
        let bad = "eia-3,no-such-item,标题,内容,8000.005,元/项,330200,0,shown\n";
        let file = format!("{header}{good}{bad}");
        let import = form(&browser.see("/listings/import").await);
        has(&browser.send(&import, None, 422).await.text, &["表格文件：请填写"]);
        let old = browser.send(&import, Some(("x.xls", "")), 422).await;
        has(&old.text, &["没有提交成功"]);
        let refused = browser.send(&import, Some(("x.csv", &file)), 422).await;
        has(&refused.text, &["一行也没有写入", "第 3 行", "8000.005"]);
        let errors = import.clone().with("step", "errors");
        let errors = browser.send(&errors, Some(("x.csv", &file)), 200).await;
        assert!(errors.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
        has(&errors.text, &["error", "no-such-item"]);
        let look = import.clone().with("step", "look");
        let file = format!("{header}{good}");
        let looked = browser.send(&look, Some(("x.csv", &file)), 200).await;
        has(&looked.text, &["还没有写入", "新增 1 项"]);
        assert!(!browser.see("/listings").await.contains("餐饮环评"));
        let import = form(&browser.see("/listings/import").await);
        for _ in 0..2 {
            let done = browser.send(&import, Some(("x.csv", &file)), 200).await;
            has(&done.text, &["已经写入", "新增 1 项"]);
        }
        has(&browser.see("/listings").await, &["餐饮环评", "草稿"]);
    }
}
