//! `/desk/cases/{id}/steps/…` and `/desk/cases/{id}/needs/…`: deciding a step of a case, and reusing
//! a deliverable that the applicant has already.

use axum::{extract::State, response::Response};
use market_core::{
    Error, Market, Paging, Party,
    code::{ItemCode, StepKey},
    id::{CaseId, OrderId},
    order::OrderFilter,
    progress::Progress,
};

use super::{
    super::{
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        names::party_name,
        signed::{Reading, Signed},
        words,
    },
    AtDesk, DeskAnswers, Offered,
    case::LIST as CASES,
    form_of,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// The form of something that is done in a case.
fn of_case(case: &Progress, title: &'static str, rest: &str) -> Form {
    let at = format!("/desk/cases/{}", case.id);
    form_of(CASES, (&at, &case.title), rest, title, case.version)
}

async fn deciding(
    market: &Market,
    signed: &Signed,
    (id, step, act): (CaseId, &StepKey, &str),
) -> Result<Offered, Problem> {
    let case = market.progress().of_case(&signed.actor, id).await?;
    let of = case.steps.iter().find(|one| one.step == *step).ok_or(Code::NOT_FOUND)?;
    if Party::Department(of.department.clone()) != signed.actor.party {
        return Err(Code::NOT_FOUND.into());
    }
    let (title, lead) = match act {
        "approve" => ("通过", "通过以后，后面的环节可以开始；通过不能撤回。"),
        "return" => ("退回补正", "申请人按您写的原因补正以后，会重新提交。"),
        _ => return Err(Code::NOT_FOUND.into()),
    };
    let mut form = of_case(&case, title, &format!("steps/{step}/{act}"));
    lead.clone_into(&mut form.lead);
    form.is_final = act == "approve";
    form.facts = vec![
        ("办件", case.title.clone()),
        ("环节", of.name.clone()),
        ("部门", of.department_name.clone()),
    ];
    for need in case.requirements.iter().filter(|one| one.steps.contains(step)) {
        let stands =
            if need.satisfied { "各部门都已使用成果" } else { "还没有都使用成果" };
        form.facts.push(("中介服务", format!("{}：{stands}", need.service.name)));
    }
    if act == "return" {
        form.fields = vec![Field::lines("reason", "退回的原因，要补什么", 500)];
    }
    let may = allowed(&case.actions, &format!("steps/{step}/{act}"))?;
    Ok((form, may))
}

pub(super) async fn step(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, step, act)): At<(CaseId, StepKey, String)>,
) -> Result<Response, Problem> {
    let (form, may) = deciding(&market, &signed, (id, &step, &act)).await?;
    form.offer(may, &market, &signed).await
}

pub(super) async fn decided(
    State(market): State<Market>,
    At((id, step, act)): At<(CaseId, StepKey, String)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (form, _) = deciding(&market, &sent.signed, (id, &step, &act)).await?;
    let (to, market, step) = (format!("/desk/cases/{id}#steps"), &market, &step);
    let (cases, read) = (market.cases(), sent.reading());
    if act == "approve" {
        let read = read.end(Some(()));
        return take!(form, market, sent, to, read, |call, ()| cases.approve(&call, id, step));
    }
    take!(form, market, sent, to, read.reason(), |call, why| cases
        .return_step(&call, id, step, &why))
}

/// So many pages of completed orders are looked through for what may be reused.
const LOOKED: usize = 5;

/// Completed orders of the same applicant for the same service that the department knows of. The
/// market says which of them may be reused.
async fn candidates(
    market: &Market,
    signed: &Signed,
    case: &Progress,
    item: &ItemCode,
) -> Result<Vec<Choice>, Problem> {
    let filter = OrderFilter { state: Some("completed".to_owned()), case_id: None };
    let mut paging = Paging { after: None, limit: 100 };
    let mut found = Vec::new();
    for _ in 0..LOOKED {
        let page = market.orders().list(&signed.actor, &filter, &paging).await?;
        for order in page.items {
            let terms = &order.terms;
            let is_like = terms.applicant_id == case.applicant_id && terms.item == *item;
            if !is_like || terms.case_id == case.id {
                continue;
            }
            let agency = party_name(market, &signed.actor, &Party::Agency(terms.agency_id)).await?;
            let day = words::day(order.placed_at.day());
            let label = format!("{agency}，{day}下单，编号 {}", order.id);
            found.push(Choice::of(&order.id.to_string(), &label, None));
        }
        paging.after = page.next;
        if paging.after.is_none() {
            break;
        }
    }
    Ok(found)
}

async fn linking(
    market: &Market,
    signed: &Signed,
    id: CaseId,
    item: &ItemCode,
) -> Result<Offered, Problem> {
    let case = market.progress().of_case(&signed.actor, id).await?;
    let need = case.requirements.iter().find(|one| one.item == *item).ok_or(Code::NOT_FOUND)?;
    let mut form = of_case(&case, "复用已有成果", &format!("needs/{item}/link"));
    form.lead = "同一申请人在另一办件里已经做过这项服务、各部门都已使用的，可以直接复用，不用再买。\n复用就是本部门使用了这份成果。".to_owned();
    form.facts = vec![("办件", case.title.clone()), ("中介服务", need.service.name.clone())];
    let choices = candidates(market, signed, &case, item).await?;
    let hint = "36 位，在申请人的订单页上";
    if choices.is_empty() {
        form.fields.push(Field::line("other", "申请人给的订单编号", 36).hint(hint));
    } else {
        let other = Field::line("other", "或者填申请人给的订单编号", 36).optional();
        form.fields = vec![
            Field::new("order", "本部门看得到的订单", Kind::Radio(choices)).optional(),
            other.hint(hint),
        ];
    }
    let may = allowed(&case.actions, &format!("requirements/{item}/link"))?;
    Ok((form, may))
}

pub(super) async fn link(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, item)): At<(CaseId, ItemCode)>,
) -> Result<Response, Problem> {
    let (form, may) = linking(&market, &signed, id, &item).await?;
    form.offer(may, &market, &signed).await
}

/// The order that was chosen, or named.
fn chosen(mut read: Reading<'_>) -> Result<OrderId, Error> {
    let other: Option<OrderId> = read.optional("other");
    let order = match other {
        Some(other) => Some(other),
        None => read.optional("order"),
    };
    if order.is_none() && !read.is_faulty() {
        read.fault("other", "missing", "choose an order or name one");
    }
    read.end(order)
}

pub(super) async fn linked(
    State(market): State<Market>,
    At((id, item)): At<(CaseId, ItemCode)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (form, _) = linking(&market, &sent.signed, id, &item).await?;
    let (to, market, item) = (format!("/desk/cases/{id}#{item}"), &market, &item);
    let (orders, order) = (market.orders(), chosen(sent.reading()));
    take!(form, market, sent, to, order, |call, order| orders.link(&call, id, item, order))
}
