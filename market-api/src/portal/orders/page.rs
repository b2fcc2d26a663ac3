//! `/orders/{id}`: an order, what was agreed and handed over, what is paid, and what comes next.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Action, Error, Market,
    evaluation::OrderEvaluations,
    id::OrderId,
    order::{Contract, Ledger, Order},
};

use super::super::{
    Frame, Link, Page,
    case::held,
    doing::{Doing, Doings},
    history::{History, history},
    known,
    names::Parties,
    said,
    signed::{Signed, private},
    words,
};
use super::{
    agency::{self, is_agency},
    evaluations::{Given, given},
};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    trail: Vec<Link>,
    /// Whether it was placed just now.
    is_placed: bool,
    /// Whether it is seen by its agency.
    sells: bool,
    id: OrderId,
    name: String,
    state: &'static str,
    why: Option<String>,
    next: Option<Doing>,
    held: Option<String>,
    way: Vec<(&'static str, &'static str)>,
    facts: Vec<(&'static str, String)>,
    contract: Vec<(&'static str, String)>,
    files: Vec<File>,
    ledger: Option<LedgerView>,
    changes: Vec<(String, &'static str)>,
    evaluations: Vec<Given>,
    evaluation: Option<String>,
    doings: Doings,
    history: Vec<History>,
}

/// A file that was handed over.
#[derive(Debug)]
struct File {
    name: String,
    about: String,
    href: String,
    passport: String,
    /// Why it cannot be downloaded; nothing of one that can.
    withheld: &'static str,
    sha256: String,
}

#[derive(Debug)]
struct LedgerView {
    facts: Vec<(&'static str, String)>,
    dues: Vec<(String, String)>,
    milestones: Vec<(String, &'static str)>,
    payments: Vec<(String, &'static str)>,
}

/// What each side does first, if it may.
const FIRST: [&str; 10] = [
    "accept",
    "sign-off",
    "confirm-contract",
    "approve-change",
    "confirm-milestone",
    "record-contract",
    "upload",
    "confirm-payment",
    "evaluate",
    "pay",
];

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<OrderId>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let orders = market.orders();
    let actor = &signed.actor;
    let order = orders.get(actor, id).await?;
    let terms = &order.terms;
    let evaluations = market.evaluations().of_order(actor, id).await?;
    let ledger = match orders.ledger(actor, id, None).await {
        Ok(ledger) => Some(ledger),
        Err(Error::Refused(_) | Error::NotFound(_) | Error::Invalid(_)) => None,
        Err(why) => return Err(why.into()),
    };
    let mut actions = orders.actions(actor, id).await?;
    actions.extend(evaluations.actions.iter().cloned());
    let mut doings = Doings::of(
        &actions,
        |name| agency::step_name(actor, name).map(str::to_owned),
        |name| format!("/orders/{id}/{name}"),
    );
    if order.state.is_over() {
        // Nothing will be possible that is not, and why needs to be said once.
        doings.may_not.clear();
    }
    let next = next(&actions, ledger.as_ref(), &mut doings, id);
    let mut parties = Parties::new(&market, actor);
    let held = match order.holder() {
        Some(holder) => Some(held(&holder, &mut parties).await?),
        None => None,
    };
    let item = market.catalog().item(&terms.item).await?;
    let agency = market.agencies().get(None, terms.agency_id).await?;
    let case = market.cases().get(actor, terms.case_id).await;
    let case = case.ok().map(|case| Link { href: format!("/cases/{}", case.id), name: case.title });
    let list = Link { href: "/orders".to_owned(), name: "我的订单".to_owned() };
    let sells = is_agency(actor, &order);
    let mut facts = if sells {
        let buyer = known(market.applicants().get(actor, terms.applicant_id).await)?;
        buyer
            .map(|buyer| vec![("委托人", buyer.name), ("委托人电话", buyer.phone)])
            .unwrap_or_default()
    } else {
        vec![("机构", agency.name), ("机构电话", agency.profile.phone)]
    };
    facts.extend([
        ("价格", words::capital(terms.amount)),
        ("时限", format!("合同确认后 {} 个工作日", terms.service_days)),
        ("下单时间", words::instant(order.placed_at)),
        ("订单编号（回执）", id.to_string()),
    ]);
    facts.extend(case.as_ref().map(|case| ("为哪件事", case.name.clone())));
    let files = market.deliverables().list(actor, id).await?;
    let files = files.into_iter().map(|file| File {
        about: format!(
            "第 {} 份，{}，{} 字节",
            file.number,
            words::instant(file.uploaded_at),
            words::number(file.size)
        ),
        href: format!("/api/v1/orders/{id}/deliverables/{}/content", file.number),
        passport: format!("/orders/{id}/deliverables/{}/passport", file.number),
        withheld: said::withheld(file.scan),
        name: file.name,
        sha256: file.sha256,
    });
    let changes = orders.changes(actor, id).await?;
    let changes = changes.iter().map(|one| {
        let who = said::side(one.proposed_by);
        let what = super::contract::change_words(&one.change);
        (format!("{who}提出：{what}。理由：{}", one.change.reason), said::change(one.state))
    });
    let timeline = orders.timeline(actor, id).await?;
    let page = Page::of(&OrderPage {
        frame: Frame::signed(&market, item.name.as_str(), &signed).await?,
        trail: std::iter::once(list).chain(case).collect(),
        is_placed: query.as_deref() == Some("placed"),
        id,
        name: item.name,
        state: said::order_state(order.state.name()),
        why: why(&order),
        next,
        held,
        way: way(&order),
        sells,
        facts,
        contract: contract(&order),
        files: files.collect(),
        ledger: ledger.map(|ledger| LedgerView::of(&ledger)),
        changes: changes.collect(),
        evaluation: until(&evaluations),
        evaluations: given(&evaluations, &mut parties).await?,
        doings,
        history: history(&timeline, &mut parties).await?,
    })?;
    Ok(private(page.into_response()))
}

/// What comes first of what may be done.
fn next(
    actions: &[Action],
    ledger: Option<&Ledger>,
    doings: &mut Doings,
    id: OrderId,
) -> Option<Doing> {
    let may = |name: &str| actions.iter().any(|one| one.name == name && one.allowed);
    let owes = ledger.is_some_and(|ledger| ledger.unpaid > market_core::Money::ZERO);
    let first = FIRST.iter().find(|name| may(name) && (**name != "pay" || owes))?;
    doings.take(&format!("/orders/{id}/{first}"))
}

/// How far the order has come on the way that most go.
fn way(order: &Order) -> Vec<(&'static str, &'static str)> {
    let Some(here) = said::way(&order.state) else { return Vec::new() };
    let stages = said::WAY.iter().enumerate();
    stages
        .map(|(place, name)| {
            let stands = match place.cmp(&here) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal if here + 1 == said::WAY.len() => "done",
                std::cmp::Ordering::Equal => "now",
                std::cmp::Ordering::Greater => "later",
            };
            (*name, stands)
        })
        .collect()
}

/// Why the order stands where it does, where somebody said so.
fn why(order: &Order) -> Option<String> {
    use market_core::order::AnyState;
    match &order.state {
        AnyState::Accepted(state) => {
            state.rejected.as_ref().map(|why| format!("上次登记的合同被退回：{why}"))
        }
        AnyState::Declined(state) => Some(state.reason.clone()),
        AnyState::Cancelled(state) => Some(state.reason.clone()),
        AnyState::Terminated(state) => {
            Some(format!("由{}终止：{}", said::side(state.by), state.reason))
        }
        AnyState::Reworking(state) => {
            let returned = &state.returned;
            Some(format!("{}：{}", said::return_code(returned.code), returned.note))
        }
        AnyState::Delivered(state) if state.deemed => {
            Some(format!("{}过后没有验收也没有退回的，视为验收", words::day(state.due)))
        }
        _ => None,
    }
}

/// What the two sides agreed, or one of them recorded.
fn contract(order: &Order) -> Vec<(&'static str, String)> {
    let recorded = match &order.state {
        market_core::order::AnyState::Contracted(state) => Some(&state.contract),
        state => state.contract(),
    };
    recorded.map(contract_facts).unwrap_or_default()
}

pub(super) fn contract_facts(contract: &Contract) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("合同编号", contract.number.clone()),
        ("合同金额", words::capital(contract.amount)),
        ("签订日期", words::day(contract.signed_on)),
        (
            "服务期限",
            format!("{}至{}", words::day(contract.starts_on), words::day(contract.ends_on)),
        ),
    ];
    if !contract.content.is_empty() {
        facts.push(("约定内容", contract.content.clone()));
    }
    if let Some(days) = contract.agreed_payment_days {
        facts.push(("付款期限", format!("到期应付后 {days} 天内")));
    }
    if let Some(rate) = contract.agreed_interest_per_myriad_day {
        facts.push(("逾期利息", format!("每日万分之 {rate}")));
    }
    for milestone in &contract.milestones {
        let (name, share) = (&milestone.name, milestone.share_percent);
        facts.push(("里程碑", format!("{name}，{}前，付 {share}%", words::day(milestone.due_on))));
    }
    facts
}

impl LedgerView {
    fn of(ledger: &Ledger) -> Self {
        let mut facts = vec![
            ("合同金额", words::yuan(ledger.amount)),
            ("已付", words::yuan(ledger.paid)),
            ("其中机构已确认", words::yuan(ledger.confirmed)),
            ("现在应付未付", words::yuan(ledger.unpaid)),
        ];
        if ledger.overdue > market_core::Money::ZERO {
            facts.push(("其中已逾期", words::yuan(ledger.overdue)));
            facts.push(("逾期利息", words::yuan(ledger.interest)));
        }
        let dues = ledger.dues.iter().map(|due| {
            let about = format!("{}前付清", words::day(due.due_on));
            (words::yuan(due.amount), format!("{about}，还差 {}", words::yuan(due.unpaid)))
        });
        let milestones = ledger.milestones.iter().map(|one| {
            let milestone = &one.progress.milestone;
            let due = words::day(milestone.due_on);
            let name = format!("{}（{due}前，{}%）", milestone.name, milestone.share_percent);
            (name, said::milestone(one.progress.state))
        });
        let payments = ledger.payments.iter().map(|one| {
            let about = format!(
                "{}，{}付，凭证 {}",
                words::yuan(one.amount),
                words::day(one.paid_on),
                one.reference
            );
            let about = match &one.dispute {
                Some(dispute) => format!("{about}；机构异议：{dispute}"),
                None => about,
            };
            (about, said::payment(one.state))
        });
        Self {
            facts,
            dues: dues.collect(),
            milestones: milestones.collect(),
            payments: payments.collect(),
        }
    }
}

/// Until when the order is evaluated.
fn until(evaluations: &OrderEvaluations) -> Option<String> {
    let due = evaluations.window.as_ref()?.due()?;
    Some(format!("{}前可以评价；评价期结束以前，双方互相看不到。", words::day(due)))
}
