//! `/complaints` and `/purchases/{id}/complain`: complaining about a purchase, with a receipt.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Market,
    complaint::{Complaint, ComplaintFilter, ComplaintState, Letter},
    id::{ComplaintId, PurchaseId},
    purchase::Contact,
};

use super::{
    Frame, Link, Page, Pager, Place,
    doing::Doings,
    fields::{Field, Kind},
    filling::Form,
    names::Departments,
    paging, said,
    signed::{Answers, Signed, private},
    words,
};
use crate::{
    parameters::{At, Parameters},
    problem::Problem,
};

#[derive(Debug, Template)]
#[template(path = "complaints.html")]
struct ComplaintsPage {
    frame: Frame,
    complaints: Vec<(Link, String, &'static str)>,
    pager: Pager,
}

#[derive(Debug, Template)]
#[template(path = "complaint.html")]
struct ComplaintPage {
    frame: Frame,
    trail: Vec<Link>,
    is_filed: bool,
    number: String,
    state: &'static str,
    decision: Option<String>,
    facts: Vec<(&'static str, String)>,
    letter: Vec<(&'static str, String)>,
    doings: Doings,
}

fn list_link() -> Link {
    Link { href: "/complaints".to_owned(), name: "我的投诉".to_owned() }
}

/// The form of a complaint about a purchase that can be read.
async fn form(market: &Market, signed: &Signed, id: PurchaseId) -> Result<Form, Problem> {
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    let title = &purchase.notice.title;
    let mut form = Form::new("投诉", format!("/purchases/{id}/complain"), "提交投诉");
    form.trail = vec![
        Link { href: "/purchases".to_owned(), name: "采购公告".to_owned() },
        Link { href: format!("/purchases/{id}"), name: title.clone() },
    ];
    "由这件事的牵头部门受理，只有它知道是谁投诉的。中选公示期结束以后不再受理。"
        .clone_into(&mut form.lead);
    form.is_checked = true;
    form.facts = vec![("采购项目", title.clone())];
    form.fields = vec![
        Field::lines("facts", "发生了什么，违反了哪条规定", 4000),
        Field::lines("demand", "您要求怎么处理", 1000),
        Field::lines("evidence", "有什么证据", 4000).optional(),
        Field::line("contact/name", "联系人", 50).completed("name"),
        Field::new("contact/phone", "联系电话", Kind::Phone).completed("tel"),
    ];
    Ok(form)
}

pub(super) async fn complain(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<PurchaseId>,
) -> Result<Response, Problem> {
    let form = form(&market, &signed, id).await?;
    let may = market.complaints().may_file(&signed.actor, id).await;
    form.offer(may, &market, &signed).await
}

pub(super) async fn filed(
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = form(&market, &sent.signed, id).await?;
    let mut read = sent.reading();
    let letter = Letter {
        facts: read.text("facts"),
        demand: read.text("demand"),
        evidence: read.text("evidence"),
        contact: Contact { name: read.text("contact/name"), phone: read.text("contact/phone") },
    };
    let (letter, market) = (read.end(Some(letter)), &market);
    let file = |call, letter| async move { market.complaints().file(&call, id, letter).await };
    form.take(market, &sent, letter, file, |made| format!("/complaints/{}?filed", made.id)).await
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    let (filter, paging) = (ComplaintFilter::default(), paging(place.after.as_deref()));
    let page = market.complaints().list(&signed.actor, &filter, &paging).await?;
    let pager = Pager::of_list("/complaints", None, &paging, page.next.as_ref());
    let mut complaints = Vec::new();
    for one in page.items {
        let purchase = market.purchases().get(Some(&signed.actor), one.purchase_id).await?;
        let link = Link { href: format!("/complaints/{}", one.id), name: one.number };
        let about = format!("{}，{}提交", purchase.notice.title, words::day(one.created_at.day()));
        complaints.push((link, about, said::complaint(one.state.name())));
    }
    let frame = Frame::signed(&market, "我的投诉", &signed).await?;
    let page = Page::of(&ComplaintsPage { frame, complaints, pager })?;
    Ok(private(page.into_response()))
}

/// What the letter says, to those who may read it.
pub(super) fn letter(complaint: &Complaint) -> Vec<(&'static str, String)> {
    let Some(letter) = &complaint.letter else { return Vec::new() };
    let mut told = vec![
        ("事实和理由", letter.facts.clone()),
        ("请求", letter.demand.clone()),
        ("证据", letter.evidence.clone()),
        ("联系人", format!("{} {}", letter.contact.name, letter.contact.phone)),
    ];
    told.retain(|(_, text)| !text.is_empty());
    told
}

/// What was decided, or why it was not accepted.
pub(super) fn decision(state: &ComplaintState) -> Option<String> {
    match state {
        ComplaintState::NotAccepted { reason } => Some(reason.clone()),
        ComplaintState::Upheld { decision } | ComplaintState::Dismissed { decision } => {
            Some(decision.clone())
        }
        _ => None,
    }
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<ComplaintId>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let complaint = market.complaints().get(&signed.actor, id).await?;
    let actions = market.complaints().actions(&signed.actor, id).await?;
    let purchase = market.purchases().get(Some(&signed.actor), complaint.purchase_id).await?;
    let handler = Departments::read(&market).await?.name(&complaint.handler);
    let named = |name: &str| (name == "withdraw").then(|| "撤回投诉".to_owned());
    let doings = Doings::of(&actions, named, |name| format!("/complaints/{id}/{name}"));
    let mut facts = vec![
        ("采购项目", purchase.notice.title),
        ("受理部门", handler),
        ("提交时间", words::instant(complaint.created_at)),
    ];
    facts.extend(complaint.due_at.map(|due| ("部门办理期限", words::until(due))));
    let page = Page::of(&ComplaintPage {
        frame: Frame::signed(&market, format!("投诉 {}", complaint.number), &signed).await?,
        trail: vec![list_link()],
        is_filed: query.as_deref() == Some("filed"),
        state: said::complaint(complaint.state.name()),
        decision: decision(&complaint.state),
        facts,
        letter: letter(&complaint),
        number: complaint.number,
        doings,
    })?;
    Ok(private(page.into_response()))
}

async fn withdrawal(market: &Market, signed: &Signed, id: ComplaintId) -> Result<Form, Problem> {
    let complaint = market.complaints().get(&signed.actor, id).await?;
    let mut form = Form::new("撤回投诉", format!("/complaints/{id}/withdraw"), "确认撤回");
    let own = Link { href: format!("/complaints/{id}"), name: complaint.number };
    form.trail = vec![list_link(), own];
    form.version = Some(complaint.version);
    form.is_final = true;
    "撤回以后，部门不再处理这次投诉。".clone_into(&mut form.lead);
    Ok(form)
}

pub(super) async fn withdraw(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<ComplaintId>,
) -> Result<Response, Problem> {
    withdrawal(&market, &signed, id).await?.show(&market, &signed).await
}

pub(super) async fn withdrawn(
    State(market): State<Market>,
    At(id): At<ComplaintId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = withdrawal(&market, &sent.signed, id).await?;
    let (read, market) = (sent.reading().end(Some(())), &market);
    let withdraw = |call, ()| async move { market.complaints().withdraw(&call, id).await };
    form.take(market, &sent, read, withdraw, |_| format!("/complaints/{id}")).await
}
