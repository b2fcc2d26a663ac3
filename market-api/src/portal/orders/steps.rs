//! `/orders/{id}/{step}`: what the two sides do with an order, a form for each step.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use market_core::{
    Call, Error, Market,
    evaluation::{NewEvaluation, OrderEvaluations},
    id::OrderId,
    order::{AnyState, ChangeState, NewReturn, ReturnCode},
};

use super::{
    super::{
        Link,
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        said,
        signed::{Answers, Reading, Signed},
        words,
    },
    agency, contract,
    page::contract_facts,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// What is said above a step's form, and whether it cannot be taken back.
fn told(step: &str) -> (&'static str, bool) {
    match step {
        "sign-off" => (
            "请先下载成果看过。验收以后，审批部门就可以使用它，应付款也从验收这天算起；验收不能撤回。",
            true,
        ),
        "return-for-rework" => ("成果不符合约定的，说明原因退回，机构改好后再交。", false),
        "confirm-contract" => {
            ("请对照您手里的合同逐项核对。确认以后开始服务，时限从这天算起。", true)
        }
        "reject-contract" => ("登记的内容与合同不一致的，退回给对方重新登记。", false),
        "record-contract" => ("双方签了合同以后，由一方登记，另一方确认。", false),
        "cancel" => ("签合同以前可以取消。取消以后，这项服务可以另选机构。", true),
        "terminate" => ("终止以后，这项服务可以另选机构；已经发生的费用由双方按合同结算。", true),
        "propose-change" => ("由对方同意后生效，一次只能提一个变更。", false),
        "approve-change" => ("同意以后，合同立即按它变更。", true),
        "refuse-change" => ("不同意的，合同不变。", false),
        "withdraw-change" => ("撤回以后，合同不变。", false),
        "confirm-milestone" => ("确认以后，这一期的款项到期应付。", true),
        "pay" => ("款项由您直接付给机构，这里只登记，由机构确认收到。", false),
        "evaluate" => ("每单评价一次，提交后不能修改；评价期结束后公布，不显示您的姓名。", true),
        _ => ("", false),
    }
}

/// The form of a step, as it stands now.
struct Asked {
    form: Form,
    evaluations: OrderEvaluations,
    /// The number of the change that waits for its answer.
    change: i64,
}

async fn asked(
    market: &Market,
    signed: &Signed,
    id: OrderId,
    step: &str,
) -> Result<Asked, Problem> {
    let (actor, orders) = (&signed.actor, market.orders());
    let order = orders.get(actor, id).await?;
    let label = agency::step_name(actor, step).ok_or(Code::NOT_FOUND)?;
    let evaluations = market.evaluations().of_order(actor, id).await?;
    let item = market.catalog().item(&order.terms.item).await?;
    let agency = market.agencies().get(None, order.terms.agency_id).await?;
    let is_own = agency::is_agency(actor, &order);
    let of_agency = agency::told(step).filter(|_| is_own);
    let (lead, is_final) = of_agency.unwrap_or_else(|| told(step));
    let mut form = Form::new(label, format!("/orders/{id}/{step}"), label);
    form.trail = vec![
        Link { href: "/orders".to_owned(), name: "我的订单".to_owned() },
        Link { href: format!("/orders/{id}"), name: item.name.clone() },
    ];
    lead.clone_into(&mut form.lead);
    form.is_final = is_final;
    form.version = Some(order.version);
    form.facts = vec![
        ("中介服务", item.name),
        ("机构", agency.name),
        ("价格", words::yuan(order.terms.amount)),
    ];
    let open = orders.changes(actor, id).await?;
    let open = open.iter().find(|one| one.state == ChangeState::Proposed);
    let reason = |label: &str| vec![Field::lines("reason", label, 500)];
    match step {
        "return-for-rework" => {
            let codes = ReturnCode::ALL.iter();
            let codes = codes.map(|one| Choice::of(one.as_str(), said::return_code(*one), None));
            form.fields = vec![
                Field::new("code", "哪里不对", Kind::Radio(codes.collect())),
                Field::line("note", "要怎么改", 1000),
            ];
        }
        "confirm-contract" | "reject-contract" => {
            if let AnyState::Contracted(state) = &order.state {
                form.facts.extend(contract_facts(&state.contract));
            }
            if step == "reject-contract" {
                form.fields = reason("哪里与合同不一致");
            }
        }
        "record-contract" => {
            form.is_checked = true;
            form.fields = contract::fields(&order);
        }
        "cancel" => form.fields = reason("取消的原因"),
        "terminate" => form.fields = reason("终止的原因"),
        "propose-change" => {
            form.is_checked = true;
            form.fields = contract::change_fields();
            form.facts.extend(order.state.contract().map(contract_facts).unwrap_or_default());
        }
        "approve-change" | "refuse-change" | "withdraw-change" => {
            if let Some(change) = open {
                form.facts.push(("变更", contract::change_words(&change.change)));
                form.facts.push(("理由", change.change.reason.clone()));
            }
            if step == "refuse-change" {
                form.fields = reason("不同意的原因");
            }
        }
        "confirm-milestone" => {
            let ledger = orders.ledger(actor, id, None).await?;
            form.fields = vec![contract::reached(&ledger.milestones)];
        }
        "pay" => {
            if let Ok(ledger) = orders.ledger(actor, id, None).await {
                form.facts.push(("现在应付未付", words::yuan(ledger.unpaid)));
                form.facts.push(("合同还未付的", words::yuan(ledger.open)));
            }
            form.is_checked = true;
            form.fields = contract::payment_fields(market.env().now().day());
        }
        "evaluate" => form.fields = marks(&evaluations),
        _ if is_own => form.fields = agency::fields(market, signed, &order, step).await?,
        _ => {}
    }
    Ok(Asked { form, evaluations, change: open.map_or(0, |one| one.number) })
}

/// What is marked, and how.
pub(in crate::portal) fn marks(evaluations: &OrderEvaluations) -> Vec<Field> {
    let scale = evaluations.scale.unwrap_or(5);
    let mark = |n: u32| {
        let says = match n {
            _ if n == scale => "（最好）",
            1 => "（最差）",
            _ => "",
        };
        Choice::of(&n.to_string(), &format!("{n} 分{says}"), None)
    };
    let choices: Vec<_> = (1..=scale).rev().map(mark).collect();
    let asked = evaluations.dimensions.iter();
    let dimension = |code: &str, name: &str| {
        Field::new(format!("marks/{code}"), name, Kind::Radio(choices.clone()))
    };
    let mut fields: Vec<_> = asked.map(|one| dimension(&one.code, &one.name)).collect();
    let comment = Field::lines("comment", "还想说什么", 500).optional();
    fields.push(comment.hint("会公布；不要写电话、身份证号和自己的姓名"));
    fields
}

/// Whether a step may be taken now, as the order's own actions say; what is always somebody else's
/// is not there.
pub(super) async fn check(
    market: &Market,
    signed: &Signed,
    id: OrderId,
    step: &str,
) -> Result<Result<(), Error>, Problem> {
    let mut actions = market.orders().actions(&signed.actor, id).await?;
    actions.extend(market.evaluations().of_order(&signed.actor, id).await?.actions);
    allowed(&actions, step)
}

pub(in crate::portal) async fn step(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(OrderId, String)>,
) -> Result<Response, Problem> {
    let asked = asked(&market, &signed, id, &step).await?;
    asked.form.offer(check(&market, &signed, id, &step).await?, &market, &signed).await
}

pub(in crate::portal) fn returned(mut read: Reading<'_>) -> Result<NewReturn, Error> {
    let (code, note) = (read.value("code"), read.text("note"));
    read.end(code.map(|code| NewReturn { code, note }))
}

pub(in crate::portal) fn evaluation(
    mut read: Reading<'_>,
    of: &OrderEvaluations,
) -> Result<NewEvaluation, Error> {
    let mut marks = BTreeMap::new();
    for dimension in &of.dimensions {
        let mark = read.value(&format!("marks/{}", dimension.code));
        marks.extend(mark.map(|mark| (dimension.code.clone(), mark)));
    }
    let comment = read.text("comment");
    read.end(Some(NewEvaluation { marks, comment }))
}

pub(in crate::portal) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(OrderId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let Asked { form, evaluations, change, .. } = asked(&market, &sent.signed, id, &step).await?;
    let market = &market;
    let read = sent.reading();
    let to = format!("/orders/{id}");
    macro_rules! take {
        ($new:expr, |$call:ident, $given:pat_param| $done:expr) => {
            form.take(
                market,
                &sent,
                $new,
                move |$call: Call, $given| async move { $done.await.map(drop) },
                |()| to,
            )
            .await
        };
    }
    let orders = market.orders();
    match step.as_str() {
        "sign-off" => take!(read.end(Some(())), |call, ()| orders.sign_off(&call, id)),
        "return-for-rework" => {
            take!(returned(read), |call, new| orders.return_for_rework(&call, id, new))
        }
        "confirm-contract" => {
            take!(read.end(Some(())), |call, ()| orders.confirm_contract(&call, id))
        }
        "reject-contract" => {
            take!(read.reason(), |call, why| orders.reject_contract(&call, id, &why))
        }
        "record-contract" => {
            take!(contract::contract(read), |call, new| orders.record_contract(&call, id, new))
        }
        "cancel" => take!(read.reason(), |call, why| orders.cancel(&call, id, &why)),
        "terminate" => take!(read.reason(), |call, why| orders.terminate(&call, id, &why)),
        "propose-change" => {
            take!(contract::change(read), |call, new| orders.propose_change(&call, id, new))
        }
        "approve-change" => {
            take!(read.end(Some(())), |call, ()| orders.approve_change(&call, id, change))
        }
        "refuse-change" => {
            take!(read.reason(), |call, why| orders.refuse_change(&call, id, change, &why))
        }
        "withdraw-change" => {
            take!(read.end(Some(())), |call, ()| orders.withdraw_change(&call, id, change))
        }
        "confirm-milestone" => {
            let mut read = read;
            let key: Option<String> = read.value("milestone");
            take!(read.end(key), |call, key| orders.confirm_milestone(&call, id, &key))
        }
        "pay" => take!(contract::payment(read), |call, new| orders.pay(&call, id, new)),
        "evaluate" => {
            let new = evaluation(read, &evaluations);
            take!(new, |call, new| market.evaluations().give(&call, id, new))
        }
        // Each side's forms are many: boxed, they do not lie on the stack together.
        step => Box::pin(agency::done(market, &sent, id, step, form)).await,
    }
}
