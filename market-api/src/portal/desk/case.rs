//! `/desk/cases`: the cases that a department takes part in, and one of them with what each service
//! that it needs has come to: its order and its deliverables side by side.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Market, Party,
    case::{CaseFilter, CaseState, StepState},
    id::{CaseId, OrderId},
    progress::{Progress, RequirementProgress},
};
use serde::Deserialize;

use super::{
    super::{
        Frame, Link, Page, Pager,
        case::held,
        doing::Doings,
        form::{Choice, Select},
        history::{History, history},
        known,
        names::{Parties, Regions, party_name},
        paging,
        rows::Row,
        said,
        signed::{Signed, private},
        typed, words,
    },
    AtDesk, called,
    shown::List,
    trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::Problem,
};

#[derive(Debug, Template)]
#[template(path = "desk-case.html")]
struct DeskCasePage {
    frame: Frame,
    trail: Vec<Link>,
    title: String,
    state: &'static str,
    facts: Vec<(&'static str, String)>,
    steps: Vec<StepView>,
    needs: Vec<NeedView>,
    history: Vec<History>,
}

#[derive(Debug)]
struct StepView {
    name: String,
    department: String,
    state: &'static str,
    tone: &'static str,
    held: String,
    reason: Option<String>,
    doings: Doings,
}

/// A service that the case needs, and what it has come to.
#[derive(Debug)]
struct NeedView {
    item: String,
    name: String,
    why: String,
    state: &'static str,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    order: Option<Link>,
    files: Vec<File>,
    doings: Doings,
}

/// A deliverable, as far as the department may read it.
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

/// The list of cases.
pub(super) const LIST: (&str, &str) = ("/desk/cases", "办件");

/// Which page of which cases.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    state: Option<CaseState>,
    after: Option<String>,
}

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let filter = CaseFilter { state: asked.state };
    let page = market.cases().list(&signed.actor, &filter, &paging).await?;
    let mut regions = Regions::new(&market);
    let mut rows = Vec::new();
    for case in page.items {
        let matter = market.matters().version(&case.matter, case.matter_version).await?.name;
        let region = regions.name(&case.region).await?;
        let about = format!("{matter}，{region}，{}开始", words::day(case.created_at.day()));
        rows.push(Row {
            href: Some(format!("/desk/cases/{}", case.id)),
            title: case.title,
            lines: vec![about],
            tag: said::case_state(case.state).to_owned(),
            tone: if case.state == CaseState::Open { "warn" } else { "" },
        });
    }
    let state = asked.state.map(CaseState::as_str);
    let option = |one: &CaseState| Choice::of(one.as_str(), said::case_state(*one), state);
    let options = CaseState::ALL.iter().map(option).collect();
    List {
        title: LIST.1,
        lead: "本部门参加审批的办件，最近的在前。",
        selects: vec![Select { name: "state", label: "状态", options }],
        rows,
        none: "没有这样的办件。",
        pager: Pager::of_list(LIST.0, address, &paging, page.next.as_ref()),
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<CaseId>,
) -> Result<Response, Problem> {
    let case = market.progress().of_case(&signed.actor, id).await?;
    let mut parties = Parties::new(&market, &signed.actor);
    let mut steps = Vec::new();
    for step in &case.steps {
        let key = &step.step;
        let named = |name: &str| match name.strip_prefix(&format!("steps/{key}/"))? {
            "approve" => Some("通过".to_owned()),
            "return" => Some("退回补正".to_owned()),
            _ => None,
        };
        let is_own = Party::Department(step.department.clone()) == signed.actor.party;
        let doings = if is_own {
            Doings::of(&case.actions, named, |name| format!("/desk/cases/{id}/{name}"))
        } else {
            Doings::default()
        };
        steps.push(StepView {
            name: step.name.clone(),
            department: step.department_name.clone(),
            state: said::step_state(step.state),
            tone: match step.state {
                StepState::Approved => "good",
                StepState::Returned => "bad",
                StepState::InReview => "warn",
                StepState::Waiting => "",
            },
            held: match &step.holder {
                Some(holder) => held(holder, &mut parties).await?,
                None => String::new(),
            },
            reason: step.reason.clone().filter(|_| step.state == StepState::Returned),
            doings,
        });
    }
    let mut needs = Vec::new();
    for need in &case.requirements {
        needs.push(NeedView::read(&market, &signed, &case, need, &mut parties).await?);
    }
    let applicant = Party::Applicant(case.applicant_id);
    let facts = vec![
        ("这件事", case.matter_name.clone()),
        ("申请人", party_name(&market, &signed.actor, &applicant).await?),
        ("办理地", Regions::new(&market).full_name(&case.region).await?),
        ("资金来源", words::fund(case.fund).to_owned()),
        ("开始于", words::day(case.created_at.day())),
        ("承诺办结", words::day(case.due_on)),
    ];
    let timeline = market.progress().timeline(&signed.actor, id).await?;
    let page = Page::of(&DeskCasePage {
        frame: Frame::signed(&market, case.title.as_str(), &signed).await?,
        trail: trail(&[LIST]),
        state: said::case_state(case.state),
        facts,
        steps,
        needs,
        history: history(&timeline, &mut parties).await?,
        title: case.title,
    })?;
    Ok(private(page.into_response()))
}

impl NeedView {
    async fn read(
        market: &Market,
        signed: &Signed,
        case: &Progress,
        need: &RequirementProgress,
        parties: &mut Parties<'_>,
    ) -> Result<Self, Problem> {
        let mut uses = Vec::new();
        for department in &need.consumers {
            let name = parties.name(&Party::Department(department.clone())).await?;
            let stands =
                if need.used_by.contains(department) { "已使用" } else { "还未使用" };
            uses.push(format!("{name}（{stands}）"));
        }
        let mut facts = vec![("谁用", uses.join("、"))];
        if let Some(holder) = &need.holder {
            facts.push(("现在", held(holder, parties).await?));
        }
        let is_user =
            need.consumers.iter().any(|one| Party::Department(one.clone()) == signed.actor.party);
        let link = format!("requirements/{}/link", need.item);
        let to_link = format!("/desk/cases/{}/needs/{}/link", case.id, need.item);
        let named = |name: &str| (is_user && name == link).then(|| "复用已有成果".to_owned());
        let mut doings = match need.order {
            None => Doings::of(&case.actions, named, |_| to_link.clone()),
            Some(_) => Doings::default(),
        };
        let mut files = Vec::new();
        let mut order = None;
        if let Some(one) = &need.order {
            let agency = market.agencies().get(Some(&signed.actor), one.agency_id).await?.name;
            facts.extend([("机构", agency.clone()), ("价格", words::yuan(one.amount))]);
            order = Some(Link {
                href: format!("/orders/{}", one.id),
                name: format!("订单（{}）", said::order_state(&one.state)),
            });
            files = handed_over(market, signed, one.id, &agency).await?;
            let of_order = of_order(market, signed, one.id).await?;
            doings.may.extend(of_order.may);
            doings.may_not.extend(of_order.may_not);
        }
        if need.linked_by.is_some() {
            facts.push(("来源", "复用同一申请人另一办件的成果".to_owned()));
        }
        let (state, tone) = match &need.order {
            _ if need.satisfied => ("已满足", "good"),
            Some(order) => (said::order_state(&order.state), "warn"),
            None => ("还没有成果", "bad"),
        };
        Ok(Self {
            item: need.item.to_string(),
            name: need.service.name.clone(),
            why: need.why.clone(),
            state,
            tone,
            facts,
            order,
            files,
            doings,
        })
    }
}

/// What an agency handed over, as far as the department may read it.
async fn handed_over(
    market: &Market,
    signed: &Signed,
    id: OrderId,
    agency: &str,
) -> Result<Vec<File>, Problem> {
    let files = known(market.deliverables().list(&signed.actor, id).await)?;
    let files = files.unwrap_or_default().into_iter().map(|file| File {
        about: format!(
            "{agency}出具，第 {} 份，{}上传，{} 字节",
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
    Ok(files.collect())
}

/// What the department may do with an order.
async fn of_order(market: &Market, signed: &Signed, id: OrderId) -> Result<Doings, Problem> {
    let Some(mut actions) = known(market.orders().actions(&signed.actor, id).await)? else {
        return Ok(Doings::default());
    };
    actions.extend(market.evaluations().of_order(&signed.actor, id).await?.actions);
    let named = |name: &str| called::order_step(name).map(str::to_owned);
    Ok(Doings::of(&actions, named, |name| format!("/desk/orders/{id}/{name}")))
}
