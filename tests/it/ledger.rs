//! What follows a contract: changes, milestones, payments, and the ledger that they make.

use axum::http::Method;
use market_core::Money;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    asking::Asking,
    harness::{TestApp, on_both},
    trade::{Trade, step, trade},
};

/// A listing's order with a contract of its own.
struct Dealing<'a> {
    app: &'a TestApp,
    trade: Trade,
    order: String,
}

impl<'a> Dealing<'a> {
    /// An order in service, whose contract holds these fields besides the usual ones.
    async fn new(app: &'a TestApp, fields: Value) -> Self {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        step(app, &order, "accept", &trade.agency, None).await;
        let mut contract = trade.contract();
        for (name, value) in fields.as_object().unwrap() {
            contract[name] = value.clone();
        }
        step(app, &order, "record-contract", &trade.agency, Some(contract)).await;
        step(app, &order, "confirm-contract", &trade.applicant, None).await;
        Self { app, trade, order }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/orders/{}/{rest}", self.order)
    }

    fn post(&self, rest: &str, body: &Value) -> Asking {
        self.app.post(&self.path(rest), body)
    }

    fn ask(&self, rest: &str) -> Asking {
        self.app.ask(Method::POST, &self.path(rest))
    }

    /// Delivers, and has it accepted.
    async fn accepted(&self) {
        self.trade.deliver(self.app, &self.order, "检测报告").await;
        step(self.app, &self.order, "sign-off", &self.trade.applicant, None).await;
    }

    async fn ledger(&self, as_of: &str) -> Value {
        let path = self.path(&format!("ledger?as_of={as_of}"));
        self.app.get(&path).by(&self.trade.applicant).gives(200).await.json
    }

    /// The price in fen, and a part of it as money.
    fn part(&self, percent: i64) -> String {
        Money::from_fen(self.fen() * percent / 100).unwrap().to_string()
    }

    fn fen(&self) -> i64 {
        self.trade.listing.terms.price.fen()
    }

    fn paying(&self, amount: &str) -> Asking {
        let body = json!({ "amount": amount, "paid_on": "2026-11-24", "reference": "转账 001" });
        self.post("payments", &body).by(&self.trade.applicant)
    }

    async fn allowed(&self, token: &str) -> Vec<String> {
        let actions = self.app.get(&self.path("actions")).by(token).gives(200).await.json;
        let all = actions["items"].as_array().unwrap().iter();
        let allowed = all.filter(|action| action["allowed"] == true);
        allowed.map(|action| action["name"].as_str().unwrap().to_owned()).collect()
    }
}

on_both! {
    async fn what_is_accepted_is_due_and_paid_and_late_interest_is_exact(app: &TestApp) {
        let deal = Dealing::new(app, json!({})).await;
        let (applicant, agency) = (deal.trade.applicant.clone(), deal.trade.agency.clone());
        let shown = deal.ledger("2026-11-24").await;
        assert_eq!((&shown["dues"], &shown["waits_for"]), (&json!([]), &json!([])));
        assert_eq!((&shown["payment_days"], &shown["interest_per_myriad_day"]), (&json!(30), &json!(5)));
        deal.accepted().await;

        let shown = deal.ledger("2026-12-24").await;
        let due = &shown["dues"][0];
        assert_eq!((&due["since"], &due["due_on"]), (&json!("2026-11-24"), &json!("2026-12-24")));
        assert_eq!((&due["unpaid"], &due["days_late"]), (&json!(deal.part(100)), &json!(0)));
        assert_eq!((&shown["interest"], &shown["overdue"]), (&json!("0.00"), &json!("0.00")));
        assert_eq!(shown["waits_for"][0]["kind"], "applicant");
        assert_eq!(shown["until"], "2026-12-24");
        let shown = deal.ledger("2027-01-03").await;
        let interest = (deal.fen() * 10 * 5 + 5_000) / 10_000;
        assert_eq!(shown["interest"], json!(Money::from_fen(interest).unwrap()));
        assert_eq!((&shown["overdue"], &shown["unpaid"]), (&json!(deal.part(100)), &json!(deal.part(100))));

        let paid = deal.paying(&deal.part(40)).gives(201).await;
        assert_eq!(paid.headers["location"], deal.path("ledger").as_str());
        assert_eq!((&paid.json["state"], &paid.json["number"]), (&json!("recorded"), &json!(1)));
        let shown = deal.ledger("2026-12-24").await;
        let waits: Vec<_> =
            shown["waits_for"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
        assert_eq!(waits, ["applicant", "agency"]);
        assert_eq!((&shown["paid"], &shown["confirmed"]), (&json!(deal.part(40)), &json!("0.00")));

        let payment = paid.text_at("/id");
        let confirm = format!("payments/{payment}/confirm");
        deal.ask(&confirm).by(&applicant).meets(409, "other-side").await;
        deal.ask(&confirm).by(&agency).gives(200).await;
        deal.ask(&confirm).by(&agency).meets(409, "payment-decided").await;
        let why = json!({ "reason": "未到账" });
        deal.post(&format!("payments/{payment}/dispute"), &why).by(&agency).meets(409, "payment-decided").await;
        let unknown = format!("payments/{}/confirm", uuid::Uuid::nil());
        deal.ask(&unknown).by(&agency).meets(404, "not-found").await;

        let rest = Money::from_fen(deal.fen() - deal.fen() * 40 / 100).unwrap().to_string();
        let second = deal.paying(&rest).gives(201).await;
        deal.paying("0.01").meets(409, "overpaid").await;
        let dispute = format!("payments/{}/dispute", second.text_at("/id"));
        deal.post(&dispute, &why).by(&agency).gives(200).await;
        let shown = deal.ledger("2026-12-24").await;
        assert_eq!((&shown["unpaid"], &shown["open"]), (&json!(rest), &json!(rest)));
        assert_eq!(shown["payments"][1]["dispute"], "未到账");
        deal.paying("0.01").gives(201).await;
        // What was disputed would now be too much.
        deal.ask(&dispute.replace("dispute", "confirm")).by(&agency).meets(409, "overpaid").await;
    }

    async fn twenty_at_once_never_pay_more_than_the_contract(app: &TestApp) {
        let deal = Dealing::new(app, json!({})).await;
        deal.accepted().await;
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let asking = deal.paying(&deal.part(100));
            calls.spawn(async move { asking.send().await });
        }
        let answers = calls.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((answer.status, &answer.json["code"]), (409, &json!("overpaid")));
        }
        let shown = deal.ledger("2026-12-24").await;
        assert_eq!((&shown["paid"], &shown["open"]), (&json!(deal.part(100)), &json!("0.00")));
    }

    async fn one_key_pays_once_with_one_answer(app: &TestApp) {
        let deal = Dealing::new(app, json!({})).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            let asking = deal.paying(&deal.part(10)).header("idempotency-key", "pay-1");
            calls.spawn(async move { asking.gives(201).await.text });
        }
        let answers = calls.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let shown = deal.ledger("2026-11-24").await;
        assert_eq!(shown["payments"].as_array().unwrap().len(), 1);
        let other = deal.paying(&deal.part(20)).header("idempotency-key", "pay-1");
        other.meets(422, "idempotency-key-reused").await;
        let stale = deal.paying(&deal.part(10)).header("if-match", "\"2\"");
        stale.meets(412, "stale").await;
    }

    async fn milestones_are_reached_confirmed_and_due_one_by_one(app: &TestApp) {
        let milestones = json!([
            { "key": "draft", "name": "初稿", "due_on": "2026-12-01", "share_percent": 33 },
            { "key": "final", "name": "终稿", "due_on": "2026-12-15", "share_percent": 67 },
        ]);
        let deal = Dealing::new(app, json!({ "milestones": milestones, "agreed_payment_days": 10 })).await;
        let (applicant, agency) = (deal.trade.applicant.clone(), deal.trade.agency.clone());
        let note = json!({ "note": "初稿已提交" });
        let reach = |key: &str| deal.post(&format!("milestones/{key}/reach"), &note);
        let confirm = |key: &str| deal.ask(&format!("milestones/{key}/confirm"));
        confirm("draft").by(&applicant).meets(409, "milestone-not-reached").await;
        reach("draft").by(&applicant).meets(409, "other-side").await;
        reach("nothing").by(&agency).meets(404, "not-found").await;
        reach("draft").by(&agency).gives(200).await;
        reach("draft").by(&agency).meets(409, "milestone-reached").await;
        confirm("draft").by(&agency).meets(409, "other-side").await;
        confirm("final").by(&applicant).meets(409, "milestone-not-reached").await;
        confirm("draft").by(&applicant).gives(200).await;
        confirm("draft").by(&applicant).meets(409, "milestone-not-reached").await;

        let share = (deal.fen() * 33 + 50) / 100;
        let [share, rest] = [share, deal.fen() - share].map(|fen| Money::from_fen(fen).unwrap());
        let shown = deal.ledger("2026-12-20").await;
        let due = &shown["dues"][0];
        assert_eq!((&due["milestone"], &due["amount"]), (&json!("draft"), &json!(share)));
        assert_eq!((&due["due_on"], &due["days_late"]), (&json!("2026-12-04"), &json!(16)));
        let late: Vec<_> =
            shown["milestones"].as_array().unwrap().iter().map(|one| &one["overdue"]).collect();
        assert_eq!(late, [&json!(false), &json!(true)]);
        deal.accepted().await;
        let shown = deal.ledger("2026-11-30").await;
        let due = &shown["dues"][1];
        assert_eq!((&due["milestone"], &due["amount"]), (&Value::Null, &json!(rest)));
        reach("final").by(&agency).meets(409, "order-not-in-service").await;
    }

    async fn a_change_is_proposed_by_one_side_and_approved_by_the_other(app: &TestApp) {
        let deal = Dealing::new(app, json!({})).await;
        let (applicant, agency) = (deal.trade.applicant.clone(), deal.trade.agency.clone());
        let amount = Money::from_fen(deal.fen() * 110 / 100).unwrap();
        let over = Money::from_fen(deal.fen() * 110 / 100 + 1).unwrap();
        let wanted = |amount: Money| json!({ "amount": amount, "scope": "增加两个点位", "reason": "现场增加" });
        deal.post("changes", &wanted(over)).by(&agency).meets(409, "change-over-limit").await;
        let made = deal.post("changes", &wanted(amount)).by(&agency).gives(201).await;
        assert_eq!((&made.json["number"], &made.json["kind"]), (&json!(1), &json!("change")));
        assert_eq!((&made.json["proposed_by"], &made.json["state"]), (&json!("agency"), &json!("proposed")));
        deal.post("changes", &wanted(amount)).by(&applicant).meets(409, "change-open").await;
        deal.ask("changes/1/approve").by(&agency).meets(409, "own-change").await;
        deal.ask("changes/2/approve").by(&applicant).meets(404, "not-found").await;
        deal.ask("changes/1/withdraw").by(&applicant).meets(409, "other-side").await;
        assert!(deal.allowed(&applicant).await.contains(&"approve-change".to_owned()));
        assert!(deal.allowed(&agency).await.contains(&"withdraw-change".to_owned()));
        let changed = deal.ask("changes/1/approve").by(&applicant).gives(200).await.json;
        let contract = &changed["state"]["contract"];
        assert_eq!((&contract["amount"], &contract["content"]), (&json!(amount), &json!("增加两个点位")));
        assert_eq!(changed["terms"]["amount"], json!(deal.trade.listing.terms.price));
        deal.ask("changes/1/approve").by(&applicant).meets(409, "change-decided").await;

        // The limit is of the first amount, not of the last.
        deal.post("changes", &wanted(over)).by(&agency).meets(409, "change-over-limit").await;
        let longer = json!({ "ends_on": "2027-01-31", "service_days": 30, "reason": "等待天气" });
        let made = deal.post("changes", &longer).by(&applicant).gives(201).await;
        assert_eq!(made.json["kind"], "extension");
        let changed = deal.ask("changes/2/approve").by(&agency).gives(200).await.json;
        assert_eq!(changed["state"]["contract"]["ends_on"], "2027-01-31");
        assert_eq!(changed["state"]["due"], "2027-01-05", "thirty working days from the confirmation");
        let timeline = app.get(&deal.path("timeline")).by(&agency).gives(200).await.json;
        let last = timeline["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["event"], &last["old_state"]), (&json!("service_extended"), &json!("in_service")));

        let third = deal.post("changes", &wanted(amount)).by(&agency).gives(201).await;
        assert_eq!(third.json["number"], 3);
        let why = json!({ "reason": "不同意" });
        deal.post("changes/3/refuse", &why).by(&applicant).gives(200).await;
        deal.post("changes", &wanted(amount)).by(&agency).gives(201).await;
        deal.ask("changes/4/withdraw").by(&agency).gives(200).await;
        let all = app.get(&deal.path("changes")).by(&applicant).gives(200).await.json;
        let states: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["approved", "approved", "refused", "withdrawn"]);
        assert_eq!(all["items"][2]["refusal"], "不同意");

        deal.paying(&amount.to_string()).gives(201).await;
        let less = json!({ "amount": deal.part(90), "reason": "减少" });
        deal.post("changes", &less).by(&applicant).meets(409, "change-below-paid").await;
    }

    async fn what_follows_a_contract_is_checked_with_its_place(app: &TestApp) {
        let deal = Dealing::new(app, json!({})).await;
        let good = json!({ "amount": "1.00", "paid_on": "2026-11-24", "reference": "1" });
        let change = json!({ "ends_on": "2026-12-31", "reason": "延期" });
        let (paying, changing) = (("payments", &good), ("changes", &change));
        for ((path, good), field, value) in [
            (paying, "amount", json!("0.00")),
            (paying, "amount", json!(1.5)),
            (paying, "amount", json!("1.001")),
            (paying, "paid_on", json!("2026-11-25")),
            (paying, "paid_on", json!("2026-11-23")),
            (paying, "paid_on", json!("昨天")),
            (paying, "reference", json!("")),
            (paying, "note", json!("\u{202e}")),
            (paying, "surprise", json!(1)),
            (changing, "amount", json!("0.00")),
            (changing, "ends_on", json!("2026-11-01")),
            (changing, "service_days", json!(0)),
            (changing, "reason", json!("")),
            (changing, "scope", json!("字".repeat(2001))),
        ] {
            let mut body = good.clone();
            body[field] = value.clone();
            let problem = deal.post(path, &body).by(&deal.trade.applicant);
            let problem = problem.meets(422, "invalid").await.json;
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{value}");
        }
        let empty = json!({ "reason": "没有" });
        let problem = deal.post("changes", &empty).by(&deal.trade.agency).meets(422, "invalid").await;
        assert_eq!(problem.json["errors"][0]["code"], "empty");
        for as_of in ["2026-02-30", "2026-11-23", "2999-01-01"] {
            let path = deal.path(&format!("ledger?as_of={as_of}"));
            let problem = app.get(&path).by(&deal.trade.agency).meets(422, "invalid").await.json;
            assert_eq!(problem["errors"][0]["pointer"], "as_of", "{as_of}");
        }
    }

    async fn a_contract_agrees_only_what_is_allowed(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        step(app, &order, "accept", &trade.agency, None).await;
        let path = format!("/api/v1/orders/{order}/record-contract");
        let recording = |field: &str, value: Value| {
            let mut contract = trade.contract();
            contract[field] = value;
            app.post(&path, &contract).by(&trade.agency)
        };
        recording("agreed_payment_days", json!(61)).meets(409, "payment-too-late").await;
        recording("agreed_interest_per_myriad_day", json!(0)).meets(409, "interest-too-low").await;
        let one = |key: &str, name: &str, day: &str, share: u32| {
            json!({ "key": key, "name": name, "due_on": day, "share_percent": share })
        };
        let good = one("a", "一", "2026-12-01", 50);
        for (milestones, pointer) in [
            (json!([good]), "/milestones"),
            (json!([good, one("a", "二", "2026-12-01", 50)]), "/milestones/1/key"),
            (json!([good, one("B", "二", "2026-12-01", 50)]), "/milestones/1/key"),
            (json!([good, one("b", "", "2026-12-01", 50)]), "/milestones/1/name"),
            (json!([good, one("b", "二", "2027-12-01", 50)]), "/milestones/1/due_on"),
            (json!([good, good, one("b", "二", "2026-12-01", 0)]), "/milestones/1/key"),
        ] {
            let problem = recording("milestones", milestones).meets(422, "invalid").await.json;
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
        let rate = recording("agreed_interest_per_myriad_day", json!(101));
        let problem = rate.meets(422, "invalid").await.json;
        assert_eq!(problem["errors"][0]["pointer"], "/agreed_interest_per_myriad_day");
        let kept = recording("agreed_payment_days", json!(60)).gives(200).await.json;
        let contract = &kept["state"]["contract"];
        assert_eq!(contract["agreed_payment_days"], 60);
        assert_eq!(contract["agreed_interest_per_myriad_day"], 5, "as the policy says");
    }

    async fn strangers_and_departments_see_nothing_of_it(app: &TestApp) {
        let deal = Dealing::new(app, json!({})).await;
        let stranger = app.applicant("stranger").await;
        let payment = json!({ "amount": "1.00", "paid_on": "2026-11-24", "reference": "1" });
        let change = json!({ "ends_on": "2026-12-31", "reason": "延期" });
        for token in [&stranger, &deal.trade.fire, &deal.trade.operator] {
            deal.post("payments", &payment).by(token).meets(404, "not-found").await;
            deal.post("changes", &change).by(token).meets(404, "not-found").await;
        }
        for token in [&stranger, &deal.trade.fire] {
            app.get(&deal.path("ledger")).by(token).meets(404, "not-found").await;
        }
        app.get(&deal.path("changes")).by(&stranger).meets(404, "not-found").await;
        app.get(&deal.path("ledger")).meets(401, "anonymous").await;
        app.get(&deal.path("ledger")).by(&deal.trade.operator).gives(200).await;

        let allowed = deal.allowed(&deal.trade.applicant).await;
        assert!(allowed.contains(&"pay".to_owned()), "{allowed:?}");
        assert!(!allowed.contains(&"confirm-payment".to_owned()), "{allowed:?}");
        let why = Some(json!({ "reason": "另行委托" }));
        step(app, &deal.order, "terminate", &deal.trade.applicant, why).await;
        app.get(&deal.path("ledger")).by(&deal.trade.agency).gives(200).await;
        let placed = deal.trade.place(app).await;
        let path = format!("/api/v1/orders/{placed}/ledger");
        app.get(&path).by(&deal.trade.applicant).meets(409, "no-contract").await;
    }
}
