//! `/desk/orders/{id}/{step}`: what a department does with an order: uses its deliverable, returns
//! it, evaluates the agency.

use axum::{extract::State, response::Response};
use market_core::{
    Error, Market,
    evaluation::OrderEvaluations,
    id::OrderId,
    order::{Order, ReturnCode},
};

use super::{
    super::{
        Link,
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        known,
        orders::{evaluation, marks, returned},
        said,
        signed::Signed,
        words,
    },
    AtDesk, DeskAnswers, called, case, trail,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// The form of a step, as it stands now.
struct Asked {
    form: Form,
    order: Order,
    evaluations: OrderEvaluations,
}

async fn asked(
    market: &Market,
    signed: &Signed,
    id: OrderId,
    step: &str,
) -> Result<Asked, Problem> {
    let (actor, label) = (&signed.actor, called::order_step(step).ok_or(Code::NOT_FOUND)?);
    let order = market.orders().get(actor, id).await?;
    let evaluations = market.evaluations().of_order(actor, id).await?;
    let item = market.catalog().item(&order.terms.item).await?;
    let agency = market.agencies().get(Some(actor), order.terms.agency_id).await?;
    let mut form = Form::new(label, format!("/desk/orders/{id}/{step}"), label);
    form.trail = trail(&[case::LIST]);
    if let Some(case) = known(market.cases().get(actor, order.terms.case_id).await)? {
        form.trail.push(Link { href: format!("/desk/cases/{}", case.id), name: case.title });
    }
    form.version = Some(order.version);
    form.is_final = step != "return";
    form.lead = match step {
        "use" => {
            "请先下载成果，对照校验值看过。使用以后不能退回；需要它的部门都使用了，订单就完成。"
        }
        "return" => "成果不符合审批要求的，写明原因退回，由机构改好、申请人重新验收以后再用。",
        _ => "每单评价一次，提交后不能修改；评价期结束以前，别人看不到。",
    }
    .to_owned();
    form.facts = vec![
        ("中介服务", item.name),
        ("机构", agency.name),
        ("价格", words::yuan(order.terms.amount)),
    ];
    for file in market.deliverables().list(actor, id).await? {
        let withheld = said::withheld(file.scan);
        if withheld.is_empty() {
            let href = format!("/api/v1/orders/{id}/deliverables/{}/content", file.number);
            form.links.push(Link { href, name: format!("下载 {}", file.name) });
        } else {
            form.facts.push(("不能下载", format!("{}：{withheld}", file.name)));
        }
        form.facts.push(("成果", format!("{}，SHA-256 {}", file.name, file.sha256)));
    }
    form.fields = match step {
        "return" => {
            let codes = ReturnCode::ALL.iter();
            let codes = codes.map(|one| Choice::of(one.as_str(), said::return_code(*one), None));
            vec![
                Field::new("code", "哪里不对", Kind::Radio(codes.collect())),
                Field::line("note", "要怎么改", 1000),
            ]
        }
        "evaluate" => marks(&evaluations),
        _ => Vec::new(),
    };
    Ok(Asked { form, order, evaluations })
}

pub(super) async fn step(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, step)): At<(OrderId, String)>,
) -> Result<Response, Problem> {
    let Asked { form, order, evaluations } = asked(&market, &signed, id, &step).await?;
    let mut actions = market.orders().actions(&signed.actor, order.id).await?;
    actions.extend(evaluations.actions);
    let may = allowed(&actions, &step)?;
    form.offer(may, &market, &signed).await
}

pub(super) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(OrderId, String)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let Asked { form, order, evaluations } = asked(&market, &sent.signed, id, &step).await?;
    let case = market.cases().get(&sent.signed.actor, order.terms.case_id).await;
    let is_of_case = known(case)?.is_some();
    let to = if is_of_case {
        format!("/desk/cases/{}#{}", order.terms.case_id, order.terms.item)
    } else {
        "/desk".to_owned()
    };
    let (market, read) = (&market, sent.reading());
    let orders = market.orders();
    match step.as_str() {
        "use" => {
            let read: Result<(), Error> = read.end(Some(()));
            take!(form, market, sent, to, read, |call, ()| orders.use_deliverable(&call, id))
        }
        "return" => take!(form, market, sent, to, returned(read), |call, new| {
            orders.return_deliverable(&call, id, new)
        }),
        _ => {
            let new = evaluation(read, &evaluations);
            let all = market.evaluations();
            take!(form, market, sent, to, new, |call, new| all.give(&call, id, new))
        }
    }
}
