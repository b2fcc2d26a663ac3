//! `/desk/alarms`: what looks like abuse, with what shows it, and what was found.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use market_core::{
    Kind, Market, Party,
    alarm::{Alarm, AlarmFilter, AlarmObject, AlarmRule},
    id::AlarmId,
};
use serde::Deserialize;

use super::{
    super::{
        Pager,
        doing::{Doings, allowed},
        fields::Field,
        form::{Choice, Select},
        known,
        names::party_name,
        paging,
        rows::Row,
        signed::Signed,
        typed, words,
    },
    AtDesk, DeskAnswers, Offered, called,
    evidence::evidence,
    form_of, inbox,
    shown::{List, Part, Thing},
    trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::Problem,
};

/// The list of alarms.
const LIST: (&str, &str) = ("/desk/alarms", "预警");

/// Which page of which alarms.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    rule: Option<AlarmRule>,
    open: Option<String>,
    after: Option<String>,
}

/// An alarm on a list.
pub(super) fn row(alarm: &Alarm) -> Row {
    let (severity, tone) = called::severity(alarm.severity);
    let mut lines = vec![format!("{}发出", words::instant(alarm.raised_at))];
    lines.extend(alarm.acknowledged.as_ref().map(|one| format!("已处置：{}", one.note)));
    let is_open = alarm.acknowledged.is_none();
    Row {
        href: Some(format!("/desk/alarms/{}", alarm.id)),
        title: called::rule(alarm.rule).to_owned(),
        lines,
        tag: if is_open { severity } else { "已处置" }.to_owned(),
        tone: if is_open { tone } else { "good" },
    }
}

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let open = asked.open.is_some_and(|one| !one.is_empty());
    let filter = AlarmFilter { rule: asked.rule, purchase_id: None, open };
    let page = market.alarms().list(&signed.actor, &filter, &paging).await?;
    let chosen = asked.rule.map(AlarmRule::as_str);
    let option = |one: &AlarmRule| Choice::of(one.as_str(), called::rule(*one), chosen);
    let options = AlarmRule::ALL.iter().map(option).collect();
    let only = vec![Choice::of("yes", "只看未处置的", open.then_some("yes"))];
    List {
        title: LIST.1,
        lead: "预警只是线索，不是结论；由人看过证据，再写明查看的结果。",
        selects: vec![
            Select { name: "rule", label: "种类", options },
            Select { name: "open", label: "处置", options: only },
        ],
        rows: page.items.iter().map(row).collect(),
        none: "没有这样的预警。",
        pager: Pager::of_list(LIST.0, address, &paging, page.next.as_ref()),
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

/// Something that an alarm is about, as far as whoever asks may know of it.
async fn object(market: &Market, signed: &Signed, of: &AlarmObject) -> Result<Row, Problem> {
    let id = &of.id;
    let (kind, href) = match of.kind {
        Kind::Purchase => ("采购项目", Some(format!("/desk/purchases/{id}"))),
        Kind::Order => match id.parse() {
            Ok(id) => ("订单", inbox::order_place(market, signed, id).await?),
            Err(_) => ("订单", None),
        },
        Kind::Case => ("办件", Some(format!("/desk/cases/{id}"))),
        Kind::Agency => ("机构", Some(format!("/agencies/{id}"))),
        _ => ("其他", None),
    };
    let name = match of.kind {
        Kind::Agency => match id.parse() {
            Ok(id) => Some(party_name(market, &signed.actor, &Party::Agency(id)).await?),
            Err(_) => None,
        },
        Kind::Purchase => match id.parse() {
            Ok(id) => known(market.purchases().get(Some(&signed.actor), id).await)?
                .map(|one| one.notice.title),
            Err(_) => None,
        },
        _ => None,
    };
    let (title, lines) = match name {
        Some(name) => (name, vec![kind.to_owned()]),
        None => (format!("{kind} {id}"), Vec::new()),
    };
    Ok(Row { href, title, lines, ..Row::default() })
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<AlarmId>,
) -> Result<Response, Problem> {
    let alarm = market.alarms().get(&signed.actor, id).await?;
    let actions = market.alarms().actions(&signed.actor, id).await?;
    let at = |name: &str| format!("/desk/alarms/{id}/{name}");
    let named = |name: &str| (name == "acknowledge").then(|| "写明查看的结果".to_owned());
    let doings = Doings::of(&actions, named, at);
    let mut objects = Vec::new();
    for one in &alarm.objects {
        objects.push(object(&market, &signed, one).await?);
    }
    let (severity, tone) = called::severity(alarm.severity);
    let mut facts = vec![("级别", severity.to_owned()), ("发出", words::instant(alarm.raised_at))];
    if let Some(one) = &alarm.acknowledged {
        let who = party_name(&market, &signed.actor, &one.party).await?;
        facts.push(("处置", format!("{who}，{}：{}", words::instant(one.at), one.note)));
    }
    let is_open = alarm.acknowledged.is_none();
    let evidence = evidence(&market, &signed, &alarm).await?;
    Thing {
        title: called::rule(alarm.rule).to_owned(),
        trail: trail(&[LIST]),
        state: if is_open { "未处置" } else { "已处置" }.to_owned(),
        tone: if is_open { tone } else { "good" },
        doings,
        facts,
        parts: vec![
            Part { id: "evidence", name: "证据", facts: evidence, ..Part::default() },
            Part { id: "objects", name: "涉及", rows: objects, none: "无", ..Part::default() },
        ],
        ..Thing::default()
    }
    .first(&["acknowledge"], at)
    .show(&market, &signed)
    .await
}

async fn form(market: &Market, signed: &Signed, id: AlarmId) -> Result<Offered, Problem> {
    let alarm = market.alarms().get(&signed.actor, id).await?;
    let actions = market.alarms().actions(&signed.actor, id).await?;
    let at = format!("/desk/alarms/{id}");
    let thing = (at.as_str(), called::rule(alarm.rule));
    let mut form = form_of(LIST, thing, "acknowledge", "写明查看的结果", alarm.version);
    form.button = "处置";
    form.lead = "写明看过什么、查到什么、怎么处理。处置以后不再提醒。".to_owned();
    form.is_final = true;
    form.facts = evidence(market, signed, &alarm).await?;
    form.fields = vec![Field::lines("note", "查看的结果", 1000)];
    let may = allowed(&actions, "acknowledge")?;
    Ok((form, may))
}

pub(super) async fn acknowledge(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<AlarmId>,
) -> Result<Response, Problem> {
    let (form, may) = form(&market, &signed, id).await?;
    form.offer(may, &market, &signed).await
}

pub(super) async fn done(
    State(market): State<Market>,
    At(id): At<AlarmId>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (form, _) = form(&market, &sent.signed, id).await?;
    let (market, mut read) = (&market, sent.reading());
    let note = read.line("note");
    let (to, all, note) = (format!("/desk/alarms/{id}"), market.alarms(), read.end(Some(note)));
    take!(form, market, sent, to, note, |call, note| all.acknowledge(&call, id, &note))
}
