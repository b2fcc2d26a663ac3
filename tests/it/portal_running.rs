//! The pages by which the operator runs the market: policy and how the market fares.

use market_core::{Party, rules::ProfileStanding};

use crate::{
    browsing::{Browser, form},
    harness::{TestApp, on_both},
    portal::has,
    town::Town,
};

/// A department, which has a desk but does not run the market.
fn department() -> Party {
    Party::Department("market-regulation".parse().unwrap())
}

/// The text of a form's profile with something else in it.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from} in {text}");
    text.replacen(from, to, 1)
}

on_both! {
    loaded:
    async fn policy_is_read_and_tried_out_without_changing_anything(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("=SUM(1)检测").await;
        town.quote(id).await;
        town.award(id).await;
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        has(&desk.see("/desk").await, &["href=\"/desk/policies\"", "政策参数"]);
        let list = desk.see("/desk/policies").await;
        has(&list, &["慈溪市第 1 版", "施行中", "2024年1月1日起施行", "/desk/policies/330282/1"]);
        let one = desk.see("/desk/policies/330282/1").await;
        has(&one, &["财政资金直接选取限额", "￥100,000.00", "个工作日", "after a county example"]);
        has(&one, &["这是这个地区最早的版本", "浙江省宁波市慈溪市", "依据全文", "见依据全文"]);
        let file = desk.get("/desk/policies/330282/1/file", 200).await;
        assert!(file.text.starts_with("[[profile]]\nregion = \"330282\""), "{}", file.text);
        assert!(file.headers["content-disposition"].to_str().unwrap().contains("policy-330282-1"));
        for path in ["330282/9", "999999/1", "330282/9/file"] {
            desk.get(&format!("/desk/policies/{path}"), 404).await;
        }
        desk.get("/desk/policies/330282/first", 404).await;
        desk.get("/desk/policies/simulate?region=330282&version=9", 404).await;

        let asked = form(&desk.see("/desk/policies/simulate?region=330282&version=1").await);
        let text = asked.get("profile").to_owned();
        assert_eq!(text, file.text);
        let same = desk.send(&asked, None, 200).await.text;
        has(&same, &["推演结果", "1 项采购、0 单直接委托，0 项会有不同"]);
        let more = changed(&text, "minimum_priced_social = 1", "minimum_priced_social = 9");
        let more = changed(&more, "publicity_days = 3", "publicity_days = 7");
        let tried = asked.clone().with("profile", &more);
        let result = desk.send(&tried, None, 200).await.text;
        has(&result, &["1 项会有不同", "=SUM(1)检测", &format!("/desk/purchases/{id}")]);
        has(&result, &["会是流标（报名机构数量不足），原来是", "中选", "以后的期限：会是"]);
        let table = desk.post(&form(&result), 200).await;
        assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
        has(&table.text, &["地区编码,版本,种类", "330282,1,采购", &id.to_string(), "'=SUM(1)检测"]);

        // The file goes before what is typed; from a later day on there is nothing.
        let typed = asked.clone().with("profile", "x");
        let by_file = desk.send(&typed, Some(("p.toml", &more)), 200).await.text;
        has(&by_file, &["1 项会有不同"]);
        let later = desk.send(&tried.clone().with("since", "2027-01-01"), None, 200).await.text;
        has(&later, &["0 项采购、0 单直接委托，0 项会有不同"]);
        let stored = app.market.export(market_core::import::Kind::Policy).await.unwrap();
        assert!(!stored.contains("minimum_priced_social = 9"), "it was only tried out");

        let line = |text: &str, key: &str| {
            1 + text.lines().position(|line| line.starts_with(key)).unwrap()
        };
        let bad = changed(&text, "accept_days = 2 ", "accept_days = 900 ");
        let answer = desk.send(&asked.clone().with("profile", &bad), None, 422).await.text;
        has(&answer, &[&format!("第 {} 行，接单时限（accept_days）：", line(&bad, "accept_days"))]);
        has(&answer, &["href=\"#profile\"", "accept_days = 900"]);
        let broken = changed(&text, "review_days = 2 ", "review_days = zwei ");
        let answer = desk.send(&asked, Some(("p.toml", &broken)), 422).await.text;
        has(&answer, &[&format!("第 {} 行不是 TOML 格式", line(&broken, "review_days"))]);
        has(&answer, &["href=\"#file\"", "review_days = zwei"]);
        let unknown = changed(&text, "use_days = 5", "used_days = 5");
        let answer = desk.send(&asked.clone().with("profile", &unknown), None, 422).await.text;
        has(&answer, &["used_days：不是本类文件的列"]);
        let short = changed(&text, "use_days = 5", "");
        let answer = desk.send(&asked.clone().with("profile", &short), None, 422).await.text;
        has(&answer, &["第 1 行，成果使用时限（use_days）：不能为空"]);
        let empty = asked.clone().with("profile", " ").with("since", "soon");
        let answer = desk.send(&empty, None, 422).await.text;
        has(&answer, &["从哪天起的采购和订单：格式不对", "政策参数：请填写"]);
        let long = asked.clone().with("profile", &"#".repeat(20_001));
        has(&desk.send(&long, None, 422).await.text, &["政策参数：请填写，最多 20000 个字"]);
    }

    async fn a_version_is_looked_over_and_put_into_force_once(app: &TestApp) {
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        let asked = form(&desk.see("/desk/policies/put?region=330282&version=1").await);
        let text = asked.get("profile").to_owned();
        let used = asked.clone().with("profile", &changed(&text, "use_days = 5", "use_days = 9"));
        let used = desk.back(&used.with("step", "check"), 422).await;
        has(&used, &["第 1 行，版本（version）：该版本已用于办理，不能修改", "use_days = 9"]);
        has(&desk.back(&asked.clone().with("profile", ""), 422).await, &["政策参数：请填写"]);

        let next = changed(&text, "version = 1", "version = 2");
        let next = changed(&next, "2024-01-01", "2027-01-01");
        let next = changed(&next, "use_days = 5", "use_days = 9");
        let asked = asked.with("profile", &next).with("step", "check");
        let check = desk.back(&asked, 200).await;
        has(&check, &["请核对", "慈溪市第 2 版，2027年1月1日起施行"]);
        has(&check, &["成果使用时限：5 个工作日 → 9 个工作日"]);
        assert!(!check.contains("登记以后立即施行"));
        let operator = market_core::Actor::system();
        assert_eq!(app.market.rules().profiles(&operator).await.unwrap().len(), 2, "a rehearsal");
        let check = form(&check);
        let (one, other) = tokio::join!(desk.done(&check), desk.done(&check));
        assert_eq!((one.as_str(), &one), ("/desk/policies/330282/2", &other));
        // The same once more, by a form of its own, changes nothing.
        desk.done(&check.clone().with("key", "another")).await;
        let page = desk.see(&one).await;
        has(&page, &["尚未生效", "与上一版的不同", "第 1 版", "9 个工作日"]);
        let stored = app.market.rules().profiles(&operator).await.unwrap();
        let standings: Vec<_> = stored.iter().map(|one| one.standing).collect();
        let (now, then) = (ProfileStanding::InForce, ProfileStanding::Coming);
        assert_eq!(standings, [now, now, then]);

        let at_once = changed(&next, "version = 2", "version = 3");
        let at_once = changed(&at_once, "2027-01-01", "2026-01-01");
        let check = desk.back(&asked.clone().with("profile", &at_once).with("key", "third"), 200).await;
        has(&check, &["登记以后立即施行"]);
        desk.done(&form(&check)).await;
        has(&desk.see("/desk/policies/330282/1").await, &["已被取代"]);
        has(&desk.see("/desk/policies/330282/3").await, &["施行中"]);
    }

    async fn the_operator_sees_what_is_late(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("开业前检测").await;
        let desk = Browser::acting(app, "operating", Party::Operator).await;
        has(&desk.see("/desk").await, &["href=\"/desk/jobs\""]);
        let page = desk.see("/desk/jobs").await;
        has(&page, &["运行状况", "就绪检查", "到期自动办理", "跟随日志的任务", "消息推送"]);
        has(&page, &["邮件通知", "文件安全扫描", "没有设置，文件不经扫描", "怎么办：", "数据库连接"]);
        assert!(!page.contains("过期 "));
        let actor = market_core::Actor::system();
        let purchase = app.market.purchases().get(Some(&actor), id).await.unwrap();
        app.market.env().set(purchase.notice.closes_at.plus_seconds(7_300));
        let desk = Browser::signed_in(app, "operating").await;
        let page = desk.see("/desk/jobs").await;
        has(&page, &["过期 2 小时", &format!("/desk/purchases/{id}"), "1 项要看"]);
    }

    async fn nobody_else_runs_the_market(app: &TestApp) {
        let operator = Browser::acting(app, "operating", Party::Operator).await;
        let paths = [
            "/desk/policies", "/desk/policies/330282/1", "/desk/policies/330282/1/file",
            "/desk/policies/simulate", "/desk/policies/put", "/desk/jobs",
        ];
        let (mut trying, mut putting) = (Vec::new(), Vec::new());
        for path in paths {
            let page = operator.get(path, 200).await.text;
            match path {
                "/desk/policies/simulate" => trying.push(form(&page)),
                "/desk/policies/put" => putting.push(form(&page)),
                _ => {}
            }
        }
        let text = operator.get("/desk/policies/330282/1/file", 200).await.text;
        app.applicant("wang").await;
        let lead = Browser::acting(app, "lead", department()).await;
        let applicant = Browser::signed_in(app, "wang").await;
        for (who, status) in [(&lead, 403), (&applicant, 404)] {
            for path in paths {
                who.get(path, status).await;
            }
            let own = if status == 403 { "/members/invite" } else { "/applicants/new" };
            let proof = form(&who.see(own).await);
            let proof = proof.get("proof");
            let trying = trying[0].clone().with("proof", proof).with("profile", &text);
            who.send(&trying, None, status).await;
            let mut table = trying.clone();
            table.action = "/desk/policies/simulate/file".to_owned();
            who.post(&table, status).await;
            who.post(&putting[0].clone().with("proof", proof).with("profile", &text), status).await;
        }
        let nobody = Browser::nobody(app);
        for path in paths {
            nobody.get(path, 303).await;
        }
    }
}
