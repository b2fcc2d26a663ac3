//! `/desk/complaints`: accepting complaints about purchases, and deciding them.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use market_core::{
    Market,
    complaint::{Complaint, ComplaintFilter, ComplaintState},
    id::ComplaintId,
};
use serde::Deserialize;

use super::{
    super::{
        Link, Pager,
        complaint::{decision, letter},
        doing::{Doings, allowed},
        fields::Field,
        form::{Choice, Select},
        names::{Departments, party_name},
        paging,
        rows::Row,
        said,
        signed::Signed,
        words,
    },
    AtDesk, DeskAnswers, Offered, called, form_of,
    shown::{List, Part, Thing},
    trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::{Code, Problem},
};

/// The list of complaints.
const LIST: (&str, &str) = ("/desk/complaints", "投诉处理");

/// Which page of which complaints.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
    overdue: Option<String>,
    after: Option<String>,
}

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let state = asked.state.filter(|state| !state.is_empty());
    let overdue = asked.overdue.is_some_and(|one| !one.is_empty());
    let filter = ComplaintFilter { state: state.clone(), overdue, ..ComplaintFilter::default() };
    let page = market.complaints().list(&signed.actor, &filter, &paging).await?;
    let mut rows = Vec::new();
    for one in page.items {
        let purchase = market.purchases().get(Some(&signed.actor), one.purchase_id).await?;
        let mut lines =
            vec![purchase.notice.title, format!("{}提交", words::day(one.created_at.day()))];
        lines.extend(one.due_at.map(|due| format!("{}前办理", words::until(due))));
        rows.push(Row {
            href: Some(format!("/desk/complaints/{}", one.id)),
            title: one.number,
            lines,
            tag: said::complaint(one.state.name()).to_owned(),
            tone: match one.state {
                _ if one.overdue => "bad",
                ComplaintState::Filed { .. } | ComplaintState::Investigating { .. } => "warn",
                _ => "",
            },
        });
    }
    let chosen = state.as_deref();
    let known = ComplaintState::NAMES.iter();
    let options = known.map(|name| Choice::of(name, said::complaint(name), chosen)).collect();
    let late = vec![Choice::of("yes", "只看逾期的", overdue.then_some("yes"))];
    List {
        title: LIST.1,
        lead: "由这件事的牵头部门受理。受理以后，中选公示暂停，决定以后恢复或者流标。",
        selects: vec![
            Select { name: "state", label: "状态", options },
            Select { name: "overdue", label: "期限", options: late },
        ],
        rows,
        none: "没有这样的投诉。",
        pager: Pager::of_list(LIST.0, address, &paging, page.next.as_ref()),
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

/// What is known of a complaint.
async fn facts(
    market: &Market,
    signed: &Signed,
    complaint: &Complaint,
) -> Result<Vec<(&'static str, String)>, Problem> {
    let purchase = market.purchases().get(Some(&signed.actor), complaint.purchase_id).await?;
    let handler = Departments::read(market).await?.name(&complaint.handler);
    let mut facts = vec![
        ("采购项目", purchase.notice.title),
        ("项目状态", words::stage(purchase.state.name()).to_owned()),
        ("受理部门", handler),
        ("提交时间", words::instant(complaint.created_at)),
    ];
    facts.extend(complaint.due_at.map(|due| ("办理期限", words::until(due))));
    if let Some(party) = &complaint.complainant {
        facts.push(("投诉人", party_name(market, &signed.actor, party).await?));
    }
    Ok(facts)
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<ComplaintId>,
) -> Result<Response, Problem> {
    let complaint = market.complaints().get(&signed.actor, id).await?;
    let actions = market.complaints().actions(&signed.actor, id).await?;
    let at = |name: &str| format!("/desk/complaints/{id}/{name}");
    let doings = Doings::of(&actions, |name| called::complaint_step(name).map(str::to_owned), at);
    let purchase = format!("/desk/purchases/{}", complaint.purchase_id);
    let letter = letter(&complaint);
    let none = "投诉人和投诉书只有受理部门和投诉人自己看得到。";
    Thing {
        title: format!("投诉 {}", complaint.number),
        trail: trail(&[LIST]),
        state: said::complaint(complaint.state.name()).to_owned(),
        tone: if complaint.overdue { "bad" } else { "" },
        said: decision(&complaint.state),
        doings,
        facts: facts(&market, &signed, &complaint).await?,
        parts: vec![Part {
            id: "letter", name: "投诉书", facts: letter, none, ..Part::default()
        }],
        links: vec![Link { href: purchase, name: "采购项目".to_owned() }],
        ..Thing::default()
    }
    .first(&["accept"], at)
    .show(&market, &signed)
    .await
}

async fn asked(
    market: &Market,
    signed: &Signed,
    id: ComplaintId,
    step: &str,
) -> Result<Offered, Problem> {
    let label = called::complaint_step(step).ok_or(Code::NOT_FOUND)?;
    let complaint = market.complaints().get(&signed.actor, id).await?;
    let actions = market.complaints().actions(&signed.actor, id).await?;
    let at = format!("/desk/complaints/{id}");
    let mut form = form_of(LIST, (&at, &complaint.number), step, label, complaint.version);
    form.is_final = true;
    form.facts = facts(market, signed, &complaint).await?;
    form.facts.extend(letter(&complaint));
    let (lead, fields) = match step {
        "accept" => ("受理以后，正在公示的中选结果暂停，办理期限重新开始算。", Vec::new()),
        "refuse" => {
            ("不予受理的，投诉人会看到原因。", vec![Field::lines("reason", "不予受理的原因", 500)])
        }
        "uphold" => (
            "认定成立以后，这次采购流标，业主可以重新采购。",
            vec![Field::lines("decision", "处理决定", 2000)],
        ),
        _ => (
            "认定不成立以后，没有其他受理中的投诉的，公示恢复。",
            vec![Field::lines("decision", "处理决定", 2000)],
        ),
    };
    lead.clone_into(&mut form.lead);
    form.fields = fields;
    form.is_checked = matches!(step, "uphold" | "dismiss");
    let may = allowed(&actions, step)?;
    Ok((form, may))
}

pub(super) async fn step(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, step)): At<(ComplaintId, String)>,
) -> Result<Response, Problem> {
    let (form, may) = asked(&market, &signed, id, &step).await?;
    form.offer(may, &market, &signed).await
}

pub(super) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(ComplaintId, String)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (form, _) = asked(&market, &sent.signed, id, &step).await?;
    let (to, market, mut read) = (format!("/desk/complaints/{id}"), &market, sent.reading());
    let (all, decision) = (market.complaints(), read.text("decision"));
    match step.as_str() {
        "accept" => {
            let read = read.end(Some(()));
            take!(form, market, sent, to, read, |call, ()| all.accept(&call, id))
        }
        "refuse" => {
            let reason = read.reason();
            take!(form, market, sent, to, reason, |call, why| all.refuse(&call, id, &why))
        }
        "uphold" => {
            let decision = read.end(Some(decision));
            take!(form, market, sent, to, decision, |call, why| all.uphold(&call, id, &why))
        }
        _ => {
            let decision = read.end(Some(decision));
            take!(form, market, sent, to, decision, |call, why| all.dismiss(&call, id, &why))
        }
    }
}
