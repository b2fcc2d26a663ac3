//! `/desk/purchases`: reviewing purchases before publication, opening them, and looking into those
//! that are suspended.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use market_core::{
    Error, Market, Paging, Refusal,
    alarm::AlarmFilter,
    complaint::ComplaintFilter,
    id::PurchaseId,
    purchase::{PurchaseFilter, PurchaseState},
    sealing::OpeningCode,
};
use serde::Deserialize;

use super::{
    super::{
        Link, Pager,
        doing::{Doings, allowed},
        fields::Field,
        form::{Choice, Select},
        history::history,
        known,
        names::{self, Parties},
        own::notice,
        paging,
        purchase::waits,
        rows::Row,
        said,
        signed::Signed,
        words,
    },
    AtDesk, DeskAnswers, Offered, alarms, called, form_of, or_sent_before,
    shown::{List, Part, Thing},
    trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::{Code, Problem},
};

/// The list of purchases.
const LIST: (&str, &str) = ("/desk/purchases", "采购项目");

/// Which page of which purchases.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
    after: Option<String>,
}

/// What is done at a desk with a purchase.
const STEPS: [&str; 4] = ["approve", "send-back", "open", "beacon"];

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let state = asked.state.filter(|state| !state.is_empty());
    let filter = PurchaseFilter { state: state.clone(), ..PurchaseFilter::default() };
    let page = market.purchases().list(Some(&signed.actor), &filter, &paging).await?;
    let items = names::items(&market).await?;
    let mut rows = Vec::new();
    for purchase in page.items {
        let actions = market.purchases().actions(&signed.actor, purchase.id).await?;
        let is_own = actions.iter().any(|one| one.allowed && STEPS.contains(&one.name.as_str()));
        let item = names::item(&items, &purchase.item);
        let mut lines = vec![format!("{item}，{}", purchase.notice.mode.zh())];
        lines.extend(waits(&purchase.state));
        if is_own {
            lines.push("等您办理".to_owned());
        }
        rows.push(Row {
            href: Some(format!("/desk/purchases/{}", purchase.id)),
            title: purchase.notice.title,
            lines,
            tag: words::stage(purchase.state.name()).to_owned(),
            tone: match purchase.state {
                _ if is_own => "warn",
                PurchaseState::Suspended(_) | PurchaseState::Failed(_) => "bad",
                _ => "",
            },
        });
    }
    let chosen = state.as_deref();
    let known = PurchaseState::NAMES.iter().filter(|name| **name != "draft");
    let options = known.map(|name| Choice::of(name, words::stage(name), chosen)).collect();
    List {
        title: LIST.1,
        lead: "需要形式审查、开标的，和因投诉暂停的。",
        selects: vec![Select { name: "state", label: "状态", options }],
        rows,
        none: "没有这样的采购项目。",
        pager: Pager::of_list(LIST.0, address, &paging, page.next.as_ref()),
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<PurchaseId>,
) -> Result<Response, Problem> {
    let (purchases, actor) = (market.purchases(), &signed.actor);
    let purchase = purchases.get(Some(actor), id).await?;
    let actions = purchases.actions(actor, id).await?;
    let at = |name: &str| format!("/desk/purchases/{id}/{name}");
    let has_number = purchase.notice.beacon.is_some();
    let named = |name: &str| {
        let is_of_it = name != "beacon" || has_number;
        called::purchase_step(name).filter(|_| is_of_it).map(str::to_owned)
    };
    let doings = Doings::of(&actions, named, at);
    let item = market.catalog().item(&purchase.item).await?;
    let mut facts =
        vec![("中介服务", item.name), ("资金来源", words::fund(purchase.fund).to_owned())];
    facts.extend(notice::facts(&purchase.notice));
    let mut links = Vec::new();
    if purchase.state.is_public() {
        links.push(link(format!("/purchases/{id}"), "公开的公告页"));
    }
    if known(market.cases().get(actor, purchase.case_id).await)?.is_some() {
        links.push(link(format!("/desk/cases/{}", purchase.case_id), "办件"));
    }
    if known(purchases.proof(id).await)?.is_some() {
        links.push(link(format!("/purchases/{id}/draw"), "选取过程和证明"));
    }
    if known(purchases.deposit(actor, id).await)?.is_some() {
        links.push(link(format!("/api/v1/purchases/{id}/deposit"), "取回托管的开标码（密文）"));
    }
    let timeline = purchases.timeline(Some(actor), id).await?;
    let mut parties = Parties::new(&market, actor);
    Thing {
        trail: trail(&[LIST]),
        state: words::stage(purchase.state.name()).to_owned(),
        tone: if matches!(purchase.state, PurchaseState::Suspended(_)) { "bad" } else { "" },
        said: waits(&purchase.state),
        doings,
        facts,
        parts: vec![
            registered(&market, &signed, id).await?,
            complained(&market, &signed, id).await?,
            alarmed(&market, &signed, id).await?,
        ],
        links,
        history: history(&timeline, &mut parties).await?,
        title: purchase.notice.title,
        ..Thing::default()
    }
    .first(&["approve", "open"], at)
    .show(&market, &signed)
    .await
}

fn link(href: String, name: &str) -> Link {
    Link { href, name: name.to_owned() }
}

/// Who registered, as far as one may know.
async fn registered(market: &Market, signed: &Signed, id: PurchaseId) -> Result<Part, Problem> {
    let (all, none) = match market.purchases().registrations(&signed.actor, id).await {
        Ok(all) => (all, "没有机构报名。"),
        Err(Error::Refused(Refusal::PurchaseNotOpening)) => {
            (Vec::new(), "开标以前，谁报名、有几家报名，都不公开。")
        }
        Err(Error::NotFound(_) | Error::Refused(_)) => {
            (Vec::new(), "由这件事的牵头部门和参加审批的部门查看。")
        }
        Err(why) => return Err(why.into()),
    };
    let mut rows = Vec::new();
    for one in all {
        let title = market.agencies().get(Some(&signed.actor), one.agency_id).await?.name;
        let quote = one.quotes.iter().rev().find_map(|quote| quote.quote);
        rows.push(Row {
            href: Some(format!("/agencies/{}", one.agency_id)),
            title,
            lines: quote.map(|quote| format!("报价 {}", words::quote(quote))).into_iter().collect(),
            tag: said::registration(one.state).to_owned(),
            tone: "",
        });
    }
    Ok(Part { id: "registrations", name: "报名", rows, none, ..Part::default() })
}

/// What is complained of.
async fn complained(market: &Market, signed: &Signed, id: PurchaseId) -> Result<Part, Problem> {
    let filter = ComplaintFilter { purchase_id: Some(id), ..ComplaintFilter::default() };
    let all = market.complaints().list(&signed.actor, &filter, &Paging::default()).await?.items;
    let rows = all.into_iter().map(|one| Row {
        href: Some(format!("/desk/complaints/{}", one.id)),
        title: one.number,
        lines: Vec::new(),
        tag: said::complaint(one.state.name()).to_owned(),
        tone: if one.overdue { "bad" } else { "" },
    });
    let none = "没有您能看到的投诉。";
    Ok(Part { id: "complaints", name: "投诉", rows: rows.collect(), none, ..Part::default() })
}

/// What supervisors were alarmed of.
async fn alarmed(market: &Market, signed: &Signed, id: PurchaseId) -> Result<Part, Problem> {
    let filter = AlarmFilter { purchase_id: Some(id), ..AlarmFilter::default() };
    let all = market.alarms().list(&signed.actor, &filter, &Paging::default()).await?.items;
    let (rows, none) = (all.iter().map(alarms::row).collect(), "没有预警。");
    Ok(Part { id: "alarms", name: "预警", rows, none, ..Part::default() })
}

/// The form of a step, and whether it may be taken now.
async fn asked(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
    step: &str,
) -> Result<Offered, Problem> {
    let label = called::purchase_step(step).ok_or(Code::NOT_FOUND)?;
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    let at = format!("/desk/purchases/{id}");
    let title = &purchase.notice.title;
    let mut form = form_of(LIST, (&at, title), step, label, purchase.version);
    form.is_final = step != "send-back";
    form.facts = vec![("采购项目", title.clone())];
    match step {
        "approve" => {
            form.lead = "通过以后立即公告，开始报名。".to_owned();
            form.facts.extend(notice::facts(&purchase.notice));
        }
        "send-back" => {
            form.lead = "业主按您写的原因修改以后，可以再提交。".to_owned();
            form.fields = vec![Field::lines("reason", "退回的原因，要改什么", 500)];
        }
        "beacon" => {
            form.lead = words::BEACON.to_owned();
            form.fields.extend(notice::number_field(&purchase.notice));
        }
        _ => {
            form.lead = "业主没有开标的，由受托保管开标码的部门代为开标：先取回托管的密文，用本部门的私钥解开，再把得到的开标码填在这里。".to_owned();
            form.is_secret = true;
            form.fields = vec![Field::line("opening_code", "开标码", 64)];
        }
    }
    let actions = market.purchases().actions(&signed.actor, id).await?;
    let may = allowed(&actions, step)?;
    Ok((form, may))
}

pub(super) async fn step(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, step)): At<(PurchaseId, String)>,
) -> Result<Response, Problem> {
    let (form, may) = asked(&market, &signed, id, &step).await?;
    form.offer(may, &market, &signed).await
}

pub(super) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(PurchaseId, String)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let found = asked(&market, &sent.signed, id, &step).await;
    let (form, to) = if step == "send-back" {
        // A draft is its owner's alone.
        (or_sent_before(found, &sent)?, LIST.0.to_owned())
    } else {
        (found?.0, format!("/desk/purchases/{id}"))
    };
    let (market, mut read) = (&market, sent.reading());
    let purchases = market.purchases();
    match step.as_str() {
        "approve" => {
            let read = read.end(Some(()));
            take!(form, market, sent, to, read, |call, ()| purchases.approve(&call, id))
        }
        "send-back" => {
            let reason = read.reason();
            take!(form, market, sent, to, reason, |call, why| purchases.send_back(&call, id, &why))
        }
        "beacon" => {
            let value = notice::number(read);
            take!(form, market, sent, to, value, |call, value| {
                purchases.give_beacon(&call, id, &value)
            })
        }
        _ => {
            let code: Option<OpeningCode> = read.value("opening_code");
            let code = read.end(code);
            take!(form, market, sent, to, code, |call, code| purchases.open(&call, id, &code))
        }
    }
}
