//! `/desk/phrases`: what people say, what it means, and what they asked for and never found.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use form_urlencoded::Serializer;
use market_core::{
    Error, Market, Paging,
    vocabulary::{NewSynonym, Synonym, SynonymKind},
};
use serde::Deserialize;

use super::{
    super::{
        Link, Pager,
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        known, paging,
        rows::Row,
        signed::{Answers, Reading, Signed},
    },
    AtDesk, DeskAnswers, Offered, or_sent_before,
    shown::List,
    trail,
};
use crate::{parameters::Parameters, problem::Problem};

/// So many days are looked back on for what was never found.
const DAYS: u32 = 30;
/// So many of them are shown.
const MISSES: u32 = 20;

/// Which page of what people say, or of which phrase.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    phrase: Option<String>,
    after: Option<String>,
}

fn at(page: &str, phrase: &str) -> String {
    let query = Serializer::new(String::new()).append_pair("phrase", phrase).finish();
    format!("/desk/phrases/{page}?{query}")
}

const fn kind(of: SynonymKind) -> &'static str {
    match of {
        SynonymKind::Alias => "简称",
        SynonymKind::Saying => "俗称",
    }
}

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let mut rows = Vec::new();
    if paging.after.is_none() {
        let misses = Paging { after: None, limit: MISSES };
        for miss in market.asked().misses(&signed.actor, DAYS, &misses).await?.items {
            rows.push(Row {
                href: Some(at("edit", &miss.text)),
                title: miss.text,
                lines: vec![format!("最近 {DAYS} 天有人搜了 {} 次，都没有结果", miss.times)],
                tag: "搜不到".to_owned(),
                tone: "bad",
            });
        }
    }
    let page = market.vocabulary().list(asked.phrase.as_deref(), &paging).await?;
    rows.extend(page.items.into_iter().map(|one| Row {
        href: Some(at("edit", &one.phrase)),
        lines: vec![format!("指：{}", one.names.join("、"))],
        title: one.phrase,
        tag: kind(one.kind).to_owned(),
        tone: "",
    }));
    List {
        title: "近义词",
        lead: "人们的说法和它指的正式名称。搜不到的说法在前，点开就能补上。",
        rows,
        none: "还没有近义词。",
        pager: Pager::of_list("/desk/phrases", address, &paging, page.next.as_ref()),
        more: vec![Link { href: "/desk/phrases/edit".to_owned(), name: "新增".to_owned() }],
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

fn editing(known: Option<&Synonym>, phrase: &str) -> Form {
    let mut form = Form::new("说法和它指的名称", "/desk/phrases/edit".to_owned(), "保存");
    form.trail = trail(&[("/desk/phrases", "近义词")]);
    if known.is_some() {
        form.trail.push(Link { href: at("remove", phrase), name: "删除这个说法".to_owned() });
    }
    form.version = known.map(|one| one.version);
    let chosen = known.map(|one| one.kind.as_str()).unwrap_or_default();
    let kinds = SynonymKind::ALL.iter().map(|one| Choice::of(one.as_str(), kind(*one), None));
    let names = known.map(|one| one.names.join("\n")).unwrap_or_default();
    form.fields = vec![
        Field::line("phrase", "说法", 40).filled(phrase),
        Field::new("kind", "谁这样说", Kind::Radio(kinds.collect()))
            .hint("简称是行业里的叫法，俗称是大家的说法")
            .filled(chosen),
        Field::lines("names", "指的正式名称", 2100)
            .hint("一行一个：服务事项、一件事或者类别的名称")
            .filled(&names),
    ];
    form
}

pub(super) async fn edit(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let phrase = asked.phrase.unwrap_or_default();
    let known = known(market.vocabulary().get(&phrase).await)?;
    let form = editing(known.as_ref(), &phrase);
    let may = match &known {
        Some(known) => allowed(&known.actions(&signed.actor), "put")?,
        None => Ok(()),
    };
    form.offer(may, &market, &signed).await
}

fn synonym(mut read: Reading<'_>) -> Result<NewSynonym, Error> {
    let (phrase, kind, text) = (read.text("phrase"), read.value("kind"), read.text("names"));
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
    let names = names.map(str::to_owned).collect();
    read.end(kind.map(|kind| NewSynonym { phrase, kind, names }))
}

pub(super) async fn edited(
    State(market): State<Market>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let phrase = sent.get("phrase").unwrap_or_default().trim().to_owned();
    let known = known(market.vocabulary().get(&phrase).await)?;
    let mut form = editing(known.as_ref(), &phrase);
    let is_unseen = known.is_some() && sent.version().is_none();
    if is_unseen && !is_done_before(&sent, known.as_ref()) {
        for field in &mut form.fields {
            field.value = sent.get(&field.name).unwrap_or_default().to_owned();
        }
        return form.fails(&market, &sent, Error::Stale("synonym")).await;
    }
    form.version = sent.version();
    let (to, market, new) = ("/desk/phrases".to_owned(), &market, synonym(sent.reading()));
    let all = market.vocabulary();
    take!(form, market, sent, to, new, |call, new| all.put(&call, new))
}

/// Whether what is sent as new is what there is already, so that a form sent twice is done once.
fn is_done_before(sent: &Answers, known: Option<&Synonym>) -> bool {
    let sent = synonym(sent.reading());
    let like = |known: &Synonym| {
        sent.as_ref().is_ok_and(|new| new.kind == known.kind && new.names == known.names)
    };
    known.is_some_and(like)
}

async fn removing(market: &Market, signed: &Signed, phrase: &str) -> Result<Offered, Problem> {
    let known = market.vocabulary().get(phrase).await?;
    let mut form = Form::new("删除说法", "/desk/phrases/remove".to_owned(), "删除");
    form.trail = trail(&[("/desk/phrases", "近义词"), (&at("edit", phrase), phrase)]);
    form.version = Some(known.version);
    form.is_final = true;
    form.facts = vec![("说法", known.phrase.clone()), ("指", known.names.join("、"))];
    form.fields = vec![Field::hidden("phrase", phrase)];
    let may = allowed(&known.actions(&signed.actor), "remove")?;
    Ok((form, may))
}

pub(super) async fn remove(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let phrase = asked.phrase.unwrap_or_default();
    let (form, may) = removing(&market, &signed, &phrase).await?;
    form.offer(may, &market, &signed).await
}

pub(super) async fn removed(
    State(market): State<Market>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let phrase = sent.get("phrase").unwrap_or_default().to_owned();
    let form = or_sent_before(removing(&market, &sent.signed, &phrase).await, &sent)?;
    let (to, market, read) = ("/desk/phrases".to_owned(), &market, sent.reading().end(Some(())));
    let (all, phrase) = (market.vocabulary(), &phrase);
    take!(form, market, sent, to, read, |call, ()| all.remove(&call, phrase))
}
