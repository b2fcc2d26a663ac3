//! `/cases/{id}`: a case at a glance: what comes next, who has each step until when, and what
//! satisfies each service that it needs.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Action, Market, Paging,
    case::StepState,
    id::CaseId,
    order::Holder,
    progress::{Progress, RequirementProgress, StepProgress},
    purchase::PurchaseFilter,
};

use super::{
    super::{
        Frame, Link, Page, desk,
        doing::{Doing, Doings, is_anothers},
        history::{History, history},
        names::{Parties, Regions},
        said,
        signed::{Signed, go, private},
        words,
    },
    steps::trail,
};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "case.html")]
struct CasePage {
    frame: Frame,
    trail: Vec<Link>,
    title: String,
    state: &'static str,
    facts: Vec<(&'static str, String)>,
    next: Option<Doing>,
    /// Whom the case waits for, where there is nothing to be done.
    waits: String,
    approved: usize,
    satisfied: usize,
    steps: Vec<StepView>,
    needs: Vec<NeedView>,
    doings: Doings,
    history: Vec<History>,
}

/// A step, and who has it.
#[derive(Debug)]
struct StepView {
    name: String,
    department: String,
    state: &'static str,
    tone: &'static str,
    /// Who has it, and until when; or what it waits for.
    held: String,
    reason: Option<String>,
}

/// A service that is needed, and what satisfies it.
#[derive(Debug)]
struct NeedView {
    name: String,
    why: String,
    state: &'static str,
    tone: &'static str,
    /// Who uses the deliverable, and whether they have.
    uses: Vec<String>,
    held: String,
    /// The order or purchase that is to satisfy it.
    by: Option<Link>,
    /// What is to be done for it now.
    next: Option<Doing>,
    /// Why nothing can be ordered.
    why_not: Option<&'static str>,
}

/// What may be done with a case, as its buttons say it.
fn named(name: &str, case: &Progress) -> Option<String> {
    let key = name.strip_prefix("steps/").and_then(|rest| rest.strip_suffix("/resubmit"));
    match (name, key) {
        ("withdraw", _) => Some("撤回办件".to_owned()),
        (_, Some(key)) => {
            let step = case.steps.iter().find(|one| one.step.as_str() == key)?;
            Some(format!("重新提交：{}", step.name))
        }
        _ => None,
    }
}

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<CaseId>,
) -> Result<Response, Problem> {
    // A department and the operator have cases at their desk.
    if desk::has_desk(&signed.actor.party) {
        return Ok(go(&format!("/desk/cases/{id}")));
    }
    let case = market.progress().of_case(&signed.actor, id).await?;
    let mut parties = Parties::new(&market, &signed.actor);
    let mut steps = Vec::new();
    for step in &case.steps {
        steps.push(StepView::read(&case, step, &mut parties).await?);
    }
    let filter = PurchaseFilter { case_id: Some(id), own: true, ..PurchaseFilter::default() };
    let (purchases, paging) = (market.purchases(), Paging::default());
    let purchases = purchases.list(Some(&signed.actor), &filter, &paging).await?.items;
    let mut needs = Vec::new();
    for need in &case.requirements {
        let purchase = purchases.iter().find(|one| one.item == need.item && !one.state.is_over());
        let purchase = purchase.map(|one| Link {
            href: format!("/purchases/{}/manage", one.id),
            name: format!("公开选取（{}）", words::stage(one.state.name())),
        });
        needs.push(NeedView::read(&case, need, purchase, &mut parties).await?);
    }
    // That a step was not returned needs no saying.
    let is_told = |one: &&Action| one.allowed || !one.name.starts_with("steps/");
    let actions: Vec<_> = case.actions.iter().filter(is_told).cloned().collect();
    let mut doings =
        Doings::of(&actions, |name| named(name, &case), |name| format!("/cases/{id}/{name}"));
    let resubmits = doings.may.iter().position(|one| one.label.starts_with("重新提交"));
    let next = resubmits.map(|place| doings.may.remove(place));
    let next = next.or_else(|| needs.iter().find_map(|need| need.next.clone()));
    let region = Regions::new(&market).full_name(&case.region).await?;
    let lasts =
        if case.due_on_is_final { "" } else { "（该年放假安排公布后可能调整）" };
    let facts = vec![
        ("这件事", case.matter_name.clone()),
        ("办理地", region),
        ("资金来源", words::fund(case.fund).to_owned()),
        ("开始于", words::day(case.created_at.day())),
        ("承诺办结", format!("{}{lasts}", words::day(case.due_on))),
    ];
    let timeline = market.progress().timeline(&signed.actor, id).await?;
    let page = Page::of(&CasePage {
        frame: Frame::signed(&market, case.title.as_str(), &signed).await?,
        trail: trail(&case)[..1].to_vec(),
        state: said::case_state(case.state),
        facts,
        next,
        waits: waits(&steps),
        approved: case.steps.iter().filter(|one| one.state == StepState::Approved).count(),
        satisfied: case.requirements.iter().filter(|one| one.satisfied).count(),
        steps,
        needs,
        doings,
        history: history(&timeline, &mut parties).await?,
        title: case.title,
    })?;
    Ok(private(page.into_response()))
}

/// Whom a case waits for.
fn waits(steps: &[StepView]) -> String {
    let held: Vec<_> =
        steps.iter().filter(|one| one.tone == "warn").map(|one| &*one.held).collect();
    held.join("；")
}

/// Who has something, since when, and until when.
pub(in crate::portal) async fn held(
    holder: &Holder,
    parties: &mut Parties<'_>,
) -> Result<String, Problem> {
    let names = parties.names(&holder.parties).await?;
    Ok(match holder.until {
        Some(until) => format!("等{names}办理，{}前", words::day(until)),
        None => format!("等{names}办理"),
    })
}

impl StepView {
    async fn read(
        case: &Progress,
        step: &StepProgress,
        parties: &mut Parties<'_>,
    ) -> Result<Self, Problem> {
        let names = |keys: &[market_core::code::StepKey]| {
            let found = case.steps.iter().filter(|one| keys.contains(&one.step));
            found.map(|one| one.name.clone()).collect::<Vec<_>>()
        };
        let items = case.requirements.iter().filter(|one| step.waits_for_items.contains(&one.item));
        let mut waits = names(&step.waits_for_steps);
        waits.extend(items.map(|one| format!("{}的成果", one.service.name)));
        let held = match &step.holder {
            Some(holder) => held(holder, parties).await?,
            None if waits.is_empty() => String::new(),
            None => format!("还要先有：{}", waits.join("、")),
        };
        Ok(Self {
            name: step.name.clone(),
            department: step.department_name.clone(),
            state: said::step_state(step.state),
            tone: match step.state {
                StepState::Approved => "good",
                StepState::Returned => "bad",
                StepState::InReview => "warn",
                StepState::Waiting => "",
            },
            held,
            reason: step.reason.clone().filter(|_| step.state == StepState::Returned),
        })
    }
}

impl NeedView {
    async fn read(
        case: &Progress,
        need: &RequirementProgress,
        purchase: Option<Link>,
        parties: &mut Parties<'_>,
    ) -> Result<Self, Problem> {
        let mut uses = Vec::new();
        for department in &need.consumers {
            let name = parties.name(&market_core::Party::Department(department.clone())).await?;
            let stands =
                if need.used_by.contains(department) { "已使用" } else { "还未使用" };
            uses.push(format!("{name}（{stands}）"));
        }
        let waits = match &need.holder {
            Some(holder) => held(holder, parties).await?,
            None => String::new(),
        };
        let action = format!("requirements/{}/order", need.item);
        let action = case.actions.iter().find(|one| one.name == action);
        let (state, tone) = match &need.order {
            _ if need.satisfied => ("已满足", "good"),
            Some(order) => (said::order_state(&order.state), "warn"),
            None if purchase.is_some() => ("公开选取中", "warn"),
            None => ("还没有委托", "bad"),
        };
        let by = match &need.order {
            Some(order) if need.linked_by.is_none() => Some(Link {
                href: format!("/orders/{}", order.id),
                name: format!("订单 {}", words::yuan(order.amount)),
            }),
            Some(_) => None,
            None => purchase,
        };
        Ok(Self {
            name: need.service.name.clone(),
            why: need.why.clone(),
            state,
            tone,
            uses,
            next: next(case, need, action),
            why_not: action
                .filter(|_| need.order.is_none() && by.is_none())
                .and_then(|one| one.refusal)
                .filter(|refusal| !is_anothers(*refusal))
                .map(market_core::Refusal::zh),
            held: if need.linked_by.is_some() {
                "部门复用了您已有的成果".to_owned()
            } else {
                waits
            },
            by,
        })
    }
}

/// What is to be done now for a service that is needed.
fn next(case: &Progress, need: &RequirementProgress, order: Option<&Action>) -> Option<Doing> {
    let own = market_core::Party::Applicant(case.applicant_id);
    let is_held = need.holder.as_ref().is_some_and(|holder| holder.parties.contains(&own));
    let doing = |label: String, href: String| Some(Doing { label, href: Some(href), why: None });
    match &need.order {
        Some(order) if is_held && need.linked_by.is_none() => {
            let label = format!("{}：{}", said::order_state(&order.state), need.service.name);
            doing(label, format!("/orders/{}", order.id))
        }
        None if order.is_some_and(|action| action.allowed) => {
            let label = format!("为“{}”选机构", need.service.name);
            doing(label, format!("/cases/{}/needs/{}", case.id, need.item))
        }
        _ => None,
    }
}
