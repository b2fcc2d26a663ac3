//! What an applicant does with its case beside buying: gives it up, hands a step in again.

use axum::{extract::State, response::Response};
use market_core::{
    Market,
    code::StepKey,
    id::CaseId,
    progress::{Progress, StepProgress},
};

use super::super::{
    Link,
    fields::Field,
    filling::Form,
    signed::{Answers, Signed},
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// The way to a case.
pub(super) fn trail(case: &Progress) -> Vec<Link> {
    let list = Link { href: "/cases".to_owned(), name: "我的办件".to_owned() };
    vec![list, Link { href: format!("/cases/{}", case.id), name: case.title.clone() }]
}

async fn withdrawal(market: &Market, signed: &Signed, id: CaseId) -> Result<Form, Problem> {
    let case = market.progress().of_case(&signed.actor, id).await?;
    let mut form = Form::new("撤回办件", format!("/cases/{id}/withdraw"), "确认撤回");
    form.trail = trail(&case);
    form.version = Some(case.version);
    form.is_final = true;
    "撤回以后，这件事就不再办了，不能恢复；以后可以重新开始。".clone_into(&mut form.lead);
    form.fields = vec![Field::lines("reason", "撤回的原因", 500)];
    Ok(form)
}

pub(in crate::portal) async fn withdraw(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<CaseId>,
) -> Result<Response, Problem> {
    withdrawal(&market, &signed, id).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn withdrawn(
    State(market): State<Market>,
    At(id): At<CaseId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = withdrawal(&market, &sent.signed, id).await?;
    let (reason, market) = (sent.reading().reason(), &market);
    let withdraw =
        |call, reason: String| async move { market.cases().withdraw(&call, id, &reason).await };
    form.take(market, &sent, reason, withdraw, |case| format!("/cases/{}", case.id)).await
}

fn step<'c>(case: &'c Progress, key: &StepKey) -> Result<&'c StepProgress, Problem> {
    case.steps.iter().find(|one| one.step == *key).ok_or_else(|| Code::NOT_FOUND.into())
}

async fn resubmission(
    market: &Market,
    signed: &Signed,
    id: CaseId,
    key: &StepKey,
) -> Result<Form, Problem> {
    let case = market.progress().of_case(&signed.actor, id).await?;
    let step = step(&case, key)?;
    let action = format!("/cases/{id}/steps/{key}/resubmit");
    let mut form = Form::new("补正后重新提交", action, "已补正，重新提交");
    form.trail = trail(&case);
    form.version = Some(case.version);
    "请先按退回原因把材料补齐，再提交。".clone_into(&mut form.lead);
    form.facts = vec![("环节", step.name.clone()), ("由谁审", step.department_name.clone())];
    form.facts.extend(step.reason.clone().map(|reason| ("退回原因", reason)));
    Ok(form)
}

pub(in crate::portal) async fn resubmit(
    State(market): State<Market>,
    signed: Signed,
    At((id, key)): At<(CaseId, StepKey)>,
) -> Result<Response, Problem> {
    resubmission(&market, &signed, id, &key).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn resubmitted(
    State(market): State<Market>,
    At((id, key)): At<(CaseId, StepKey)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = resubmission(&market, &sent.signed, id, &key).await?;
    let (read, market, key) = (sent.reading().end(Some(())), &market, &key);
    let resubmit = |call, ()| async move { market.cases().resubmit(&call, id, key).await };
    form.take(market, &sent, read, resubmit, |case| format!("/cases/{}", case.id)).await
}
