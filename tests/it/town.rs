//! A town in which an owner purchases by the lowest price, and four agencies serve it.

use market_core::{
    Actor, Call, Day, Market, Mode, Party, Timestamp, Uscc,
    agency::{AgencyNature, NewAgency, NewQualification, Profile},
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
    draw::Bytes32,
    id::{PersonId, PurchaseId},
    order::{Contract, Milestone, NewChange},
    purchase::{
        Avoidance, Contact, NewPurchase, NewQuote, NewRegistration, Notice, Price, PurchaseState,
        Submission,
    },
    selection::Quote,
};
use uuid::Uuid;

use crate::harness::TestApp;

const ITEM: &str = "environmental-monitoring";
pub(crate) const CODE: &str = "e091b493a7576895eb502eb4e7bf9bdeaf76800e1b1d80b90af8e800a8a0e4f5";

fn acting(party: Party) -> Call {
    Actor::new(PersonId(Uuid::from_u128(3)), party).into()
}

/// The nth of many codes with right check digits.
pub(crate) fn uscc(n: usize) -> Uscc {
    let symbols = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let checks = symbols.chars().flat_map(|a| symbols.chars().map(move |b| (a, b)));
    let codes = checks.map(|(a, b)| format!("91330282{n:08}{a}{b}").parse());
    codes.flatten().next().unwrap()
}

/// An owner, and agencies that may serve it.
pub(crate) struct Town {
    pub(crate) market: Market,
    pub(crate) owner: Call,
    pub(crate) agencies: Vec<Call>,
}

impl Town {
    pub(crate) async fn new(app: &TestApp) -> Self {
        let market = app.market.clone();
        let operator = acting(Party::Operator);
        let new = NewApplicant {
            kind: ApplicantKind::Legal,
            name: "慈溪某某餐饮有限公司".to_owned(),
            uscc: Some(uscc(99)),
            phone: "13812345678".to_owned(),
        };
        let owner = market.applicants().register(&operator, new).await.unwrap();
        let mut agencies = Vec::new();
        for n in 0..4 {
            agencies.push(agency(&market, n).await);
        }
        Self { market, owner: acting(Party::Applicant(owner.id)), agencies }
    }

    fn pass(&self, until: Timestamp) {
        self.market.env().set(until);
    }

    /// Drafts and publishes a purchase by the lowest price.
    pub(crate) async fn publish(&self, title: &str) -> PurchaseId {
        let new = NewCase {
            matter: "open-restaurant".parse().unwrap(),
            title: "开一家面馆".to_owned(),
            region: "330282".parse().unwrap(),
            fund: Fund::Social,
        };
        let case = self.market.cases().open(&self.owner, new).await.unwrap();
        let Party::Agency(avoided) = self.agencies[3].actor.party else { panic!() };
        let notice = Notice {
            title: title.to_owned(),
            content: "开业前检测".to_owned(),
            scale: String::new(),
            project_code: String::new(),
            mode: Mode::LowestPrice,
            price: Price::Amount { low: "1".parse().unwrap(), high: "200000".parse().unwrap() },
            service_days: 20,
            criteria: Vec::new(),
            long_list: None,
            short_list: None,
            rounds: None,
            practitioners: 0,
            other_requirements: "自备设备".to_owned(),
            closes_at: self.market.env().now().plus_seconds(10 * 24 * 3600),
            contact: Contact { name: "赵某".to_owned(), phone: "0574-0000-1111".to_owned() },
            complaint_phone: "0574-0000-2222".to_owned(),
            avoid: vec![Avoidance { agency_id: avoided, reason: "回避缘由甲".to_owned() }],
            witnesses: Vec::new(),
            witness_department: None,
            beacon: None,
        };
        let item = ITEM.parse().unwrap();
        let new = NewPurchase { case_id: case.id, item, notice, predecessor: None };
        let purchases = self.market.purchases();
        let id = purchases.create(&self.owner, new).await.unwrap().id;
        let new = Submission { opening_code: CODE.parse().unwrap() };
        purchases.submit(&self.owner, id, new).await.unwrap();
        id
    }

    /// Three agencies quote.
    pub(crate) async fn quote(&self, id: PurchaseId) {
        for (at, amount) in ["300.07", "200.03", "100.01"].iter().enumerate() {
            let purchases = self.market.purchases();
            let new = NewRegistration { practitioners: Vec::new() };
            purchases.register(&self.agencies[at], id, new).await.unwrap();
            let (quote, plan) = (Quote::Amount(amount.parse().unwrap()), None);
            let nonce = Bytes32(self.market.env().secret());
            let new = NewQuote { quote, plan, nonce };
            purchases.quote(&self.agencies[at], id, new).await.unwrap();
        }
    }

    /// Lets time pass until the next thing happens to a purchase by itself.
    pub(crate) async fn wait(&self, id: PurchaseId) {
        let purchases = self.market.purchases();
        let purchase = purchases.get(Some(&self.owner.actor), id).await.unwrap();
        self.pass(purchase.state.due_at().unwrap());
        assert_eq!(purchases.run_due().await.unwrap(), 1);
    }

    /// Closes, opens, and publishes the award.
    pub(crate) async fn award(&self, id: PurchaseId) {
        self.wait(id).await;
        let code = CODE.parse().unwrap();
        self.market.purchases().open(&self.owner, id, &code).await.unwrap();
    }

    /// The winner gives up, the next confirms, and both sides confirm the contract.
    pub(crate) async fn contract(&self, id: PurchaseId) {
        self.wait(id).await;
        self.contract_by_next(id).await;
    }

    /// The same, once the award stands.
    pub(crate) async fn contract_by_next(&self, id: PurchaseId) {
        let purchases = self.market.purchases();
        purchases.decline(&self.agencies[2], id, "人手不足").await.unwrap();
        self.wait(id).await;
        let ordered = purchases.confirm(&self.agencies[1], id).await.unwrap();
        let PurchaseState::Ordered(state) = &ordered.state else { panic!("{ordered:?}") };
        let today = self.market.env().now().day();
        let contract = Contract {
            number: "HT-2026-1".to_owned(),
            amount: state.award.amount,
            signed_on: today,
            starts_on: today,
            ends_on: today.plus(14),
            content: "合同内容丁".to_owned(),
            agreed_payment_days: None,
            agreed_interest_per_myriad_day: None,
            milestones: ["half", "rest"].map(|key| milestone(key, today.plus(14))).into(),
        };
        let orders = self.market.orders();
        orders.record_contract(&self.agencies[1], state.order_id, contract).await.unwrap();
        orders.confirm_contract(&self.owner, state.order_id).await.unwrap();
    }

    /// Both sides agree to a lower amount.
    pub(crate) async fn change(&self, id: PurchaseId) {
        let purchase = self.market.purchases().get(Some(&self.owner.actor), id).await.unwrap();
        let PurchaseState::Ordered(state) = &purchase.state else { panic!("{purchase:?}") };
        let change = NewChange {
            amount: "190.02".parse().ok(),
            ends_on: None,
            service_days: None,
            scope: Some("变更内容戊".to_owned()),
            reason: "变更缘由己".to_owned(),
        };
        let orders = self.market.orders();
        orders.propose_change(&self.agencies[1], state.order_id, change).await.unwrap();
        orders.approve_change(&self.owner, state.order_id, 1).await.unwrap();
    }
}

/// Half of a contract.
fn milestone(key: &str, due_on: Day) -> Milestone {
    Milestone { key: key.to_owned(), name: format!("阶段{key}"), due_on, share_percent: 50 }
}

async fn agency(market: &Market, n: usize) -> Call {
    let operator = acting(Party::Operator);
    let new = NewAgency {
        uscc: uscc(n),
        name: format!("第{n}检测有限公司"),
        region: "330282".parse().unwrap(),
        profile: Profile {
            nature: AgencyNature::Enterprise,
            legal_representative: "王某".to_owned(),
            address: format!("慈溪市某某路{n}号"),
            phone: format!("0574-1000-{n:04}"),
            established_on: "2015-03-01".parse().unwrap(),
            capital: "1000000.00".parse().unwrap(),
            scope: "环境检测".to_owned(),
            attached_to: None,
        },
    };
    let agency = market.agencies().apply(&operator, new).await.unwrap();
    market.agencies().admit(&operator, agency.id).await.unwrap();
    let call = acting(Party::Agency(agency.id));
    let item = market.catalog().item(&ITEM.parse().unwrap()).await.unwrap();
    let required = item.requirements.first().unwrap();
    let certificate = NewQualification {
        kind: required.kind.clone(),
        level: required.level.clone(),
        majors: required.major.iter().cloned().collect(),
        number: format!("证书-{n}"),
        issuer: "某某部门".to_owned(),
        valid_from: "2026-01-01".parse().unwrap(),
        valid_until: "2028-12-31".parse().unwrap(),
    };
    market.agencies().add_qualification(&call, agency.id, certificate).await.unwrap();
    call
}
