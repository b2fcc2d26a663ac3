//! `/desk/evaluations/{id}`: deciding whether an evaluation stands or is hidden.

use axum::{extract::State, response::Response};
use market_core::{
    Error, Market,
    evaluation::{Decision, EvaluationState},
    id::EvaluationId,
};

use super::{
    super::{
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        names::party_name,
        signed::{Reading, Signed},
    },
    AtDesk, DeskAnswers, Offered, trail,
};
use crate::{parameters::At, problem::Problem};

async fn form(market: &Market, signed: &Signed, id: EvaluationId) -> Result<Offered, Problem> {
    let actor = &signed.actor;
    let evaluation = market.evaluations().get(actor, id).await?;
    let mut form = Form::new("处理评价", format!("/desk/evaluations/{id}"), "作出决定");
    form.trail = trail(&[]);
    form.version = Some(evaluation.version);
    form.is_final = true;
    form.lead = "维持的照常公布和计入；隐藏的不再公布，也不计入。".to_owned();
    let marks = evaluation.marks.iter();
    let marks = marks.map(|mark| format!("{} {}/{}", mark.name, mark.mark, evaluation.scale));
    form.facts = vec![
        ("谁评价", party_name(market, actor, &evaluation.rater).await?),
        ("评价谁", party_name(market, actor, &evaluation.about).await?),
        ("打分", marks.collect::<Vec<_>>().join("，")),
        ("评语", evaluation.comment.clone()),
    ];
    if let EvaluationState::Appealed { appeal, .. } = &evaluation.state {
        form.facts.push(("申诉的理由", appeal.clone()));
    }
    let actions = evaluation.actions(actor, market.env().now());
    let named = |name: &str| match name {
        "keep" => Some("维持"),
        "hide" => Some("隐藏"),
        _ => None,
    };
    let decisions = actions.iter().filter_map(|one| Some((one, named(&one.name)?)));
    let (may, may_not): (Vec<_>, Vec<_>) = decisions.partition(|(one, _)| one.allowed);
    let choices = may.iter().map(|(one, label)| Choice::of(&one.name, label, None)).collect();
    form.fields = vec![
        Field::new("decision", "怎么处理", Kind::Radio(choices)),
        Field::lines("reason", "理由", 1000),
    ];
    let refusal = may_not.first().and_then(|(one, _)| one.refusal);
    let may = match refusal {
        Some(refusal) if may.is_empty() => Err(refusal.into()),
        _ => Ok(()),
    };
    Ok((form, may))
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<EvaluationId>,
) -> Result<Response, Problem> {
    let (form, may) = form(&market, &signed, id).await?;
    form.offer(may, &market, &signed).await
}

fn decision(mut read: Reading<'_>) -> Result<(Decision, String), Error> {
    let (decision, reason) = (read.value("decision"), read.text("reason"));
    read.end(decision.map(|decision| (decision, reason)))
}

pub(super) async fn decided(
    State(market): State<Market>,
    At(id): At<EvaluationId>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (form, _) = form(&market, &sent.signed, id).await?;
    let (market, read) = (&market, decision(sent.reading()));
    let all = market.evaluations();
    take!(form, market, sent, "/desk".to_owned(), read, |call, (decision, reason)| {
        all.decide(&call, id, decision, &reason)
    })
}
