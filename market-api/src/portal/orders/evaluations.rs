//! What was said of an order, and `/evaluations/{id}/appeal`: an agency's appeal against it.

use axum::{extract::State, response::Response};
use market_core::{Error, Market, Party, evaluation::OrderEvaluations, id::EvaluationId};

use super::super::{
    Link,
    doing::allowed,
    fields::Field,
    filling::Form,
    names::Parties,
    said,
    signed::{Answers, Signed},
};
use crate::{parameters::At, problem::Problem};

/// An evaluation on the page of its order.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) about: String,
    pub(super) comment: String,
    /// Where it stands, where there is more to say.
    pub(super) state: Option<&'static str>,
    /// Where an appeal against it is made, if it may be.
    pub(super) appeal: Option<String>,
}

/// What was said of an order.
pub(super) async fn given(
    evaluations: &OrderEvaluations,
    parties: &mut Parties<'_>,
) -> Result<Vec<Given>, Problem> {
    let mut all = Vec::new();
    for seen in &evaluations.evaluations {
        let one = &seen.evaluation;
        let rater: &Party = &one.rater;
        let (rater, about) = (parties.name(rater).await?, parties.name(&one.about).await?);
        let mark = |mark: &market_core::evaluation::Mark| {
            format!("{} {}/{}", mark.name, mark.mark, one.scale)
        };
        let marks: Vec<_> = one.marks.iter().map(mark).collect();
        let may_appeal = seen.actions.iter().any(|one| one.name == "appeal" && one.allowed);
        all.push(Given {
            about: format!("{rater}评价{about}：{}", marks.join("，")),
            comment: one.comment.clone(),
            state: said::evaluation(&one.state),
            appeal: may_appeal.then(|| format!("/evaluations/{}/appeal", one.id)),
        });
    }
    Ok(all)
}

/// The form of an appeal, and the page of its order.
async fn appealing(
    market: &Market,
    signed: &Signed,
    id: EvaluationId,
) -> Result<(Form, String, Result<(), Error>), Problem> {
    let evaluation = market.evaluations().get(&signed.actor, id).await?;
    let actions = evaluation.actions(&signed.actor, market.env().now());
    let may = allowed(&actions, "appeal")?;
    let order = market.orders().get(&signed.actor, evaluation.order_id).await?;
    let item = market.catalog().item(&order.terms.item).await?;
    let at = format!("/orders/{}", order.id);
    let mut form = Form::new("申诉评价", format!("/evaluations/{id}/appeal"), "提交申诉");
    form.trail = vec![
        Link { href: "/orders".to_owned(), name: "我的订单".to_owned() },
        Link { href: at.clone(), name: item.name },
    ];
    form.lead =
        "每个评价只能申诉一次。处理期间它不计入信用分；逾期没有处理的，维持原评价。".to_owned();
    form.version = Some(evaluation.version);
    form.is_final = true;
    let marks = evaluation.marks.iter().map(|one| format!("{} {}", one.name, one.mark));
    form.facts = vec![("评分", marks.collect::<Vec<_>>().join("，"))];
    if !evaluation.comment.is_empty() {
        form.facts.push(("评语", evaluation.comment));
    }
    form.fields =
        vec![Field::lines("reason", "申诉的理由", 1000).hint("哪里与事实不符，有什么可以证明")];
    Ok((form, format!("{at}#evaluation"), may))
}

pub(in crate::portal) async fn appeal(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<EvaluationId>,
) -> Result<Response, Problem> {
    let (form, _, may) = appealing(&market, &signed, id).await?;
    form.offer(may, &market, &signed).await
}

pub(in crate::portal) async fn appealed(
    State(market): State<Market>,
    At(id): At<EvaluationId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, to, _) = appealing(&market, &sent.signed, id).await?;
    let mut read = sent.reading();
    let why = read.text("reason");
    let (why, market) = (read.end(Some(why)), &market);
    let appeal =
        |call, why: String| async move { market.evaluations().appeal(&call, id, &why).await };
    form.take(market, &sent, why, appeal, |_| to).await
}
