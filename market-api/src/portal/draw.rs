//! `/purchases/{id}/draw`: how the agency was found, step by step, and whether the proof holds.

use askama::Template;
use axum::extract::State;
use market_core::{
    Error, Market, Money,
    draw::Proof,
    id::PurchaseId,
    purchase::{Price, verify},
};

use super::{Frame, Link, Page, words};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "draw.html")]
struct DrawPage {
    frame: Frame,
    trail: Vec<Link>,
    /// What is wrong with the proof; nothing, if it holds.
    flaws: Vec<String>,
    sealed: Vec<(&'static str, String)>,
    list: Vec<(String, String, u64)>,
    excluded: Vec<(String, String)>,
    commitments: Vec<(String, String)>,
    reveals: Vec<(String, String)>,
    withheld: Vec<String>,
    beacon: Option<(Option<String>, String)>,
    seed: String,
    opened: Vec<(String, String)>,
    draws: Vec<DrawView>,
    award: Option<(String, String)>,
    sha256: String,
    file: String,
}

/// A draw that was held.
#[derive(Debug)]
struct DrawView {
    label: String,
    lots: usize,
    take: usize,
    taken: Vec<String>,
}

/// A party of a draw, in words.
fn party(name: &str) -> String {
    match name {
        "owner" => "项目业主（开标码）".to_owned(),
        "platform" => "平台".to_owned(),
        other => other.to_owned(),
    }
}

pub(super) async fn show(
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Page, Problem> {
    let purchase = market.purchases().get(None, id).await?;
    let bytes = market.purchases().proof(id).await?;
    let proof = Proof::from_bytes(bytes.as_bytes()).map_err(|_| Error::Inconsistent("proof"))?;
    let flaws = verify(&proof).err().unwrap_or_default();
    let sealed = &proof.sealed;
    let award = match purchase.state.award() {
        Some(award) => Some((
            market.agencies().get(None, award.agency_id).await?.name,
            words::yuan(award.amount),
        )),
        None => None,
    };
    let at = format!("/purchases/{id}");
    let draw = |draw: &market_core::draw::Drawn| DrawView {
        label: drawn_for(&draw.label),
        lots: draw.lots.len(),
        take: draw.take,
        // The base of quotes is a part of their mean; whoever else is drawn is a registration.
        taken: draw
            .taken
            .iter()
            .map(|key| if draw.label == "base" { format!("{key}%") } else { number(key) })
            .collect(),
    };
    let text =
        |reveal: &market_core::draw::Reveal| (party(&reveal.party), reveal.value.to_string());
    let page = DrawPage {
        frame: Frame::new(&market, "选取过程").await?,
        trail: vec![
            Link { href: "/purchases".to_owned(), name: "采购公告".to_owned() },
            Link { href: at, name: purchase.notice.title.clone() },
        ],
        flaws: flaws
            .iter()
            .map(|flaw| format!("{}：{}", flaw.place, flaw.kind.chinese()))
            .collect(),
        sealed: vec![
            ("选取方式", purchase.notice.mode.zh().to_owned()),
            ("封存时间", words::instant(sealed.sealed_at)),
            ("封存名单的摘要", proof.sealed_sha256.to_string()),
            ("至少要几方揭示", sealed.min_reveals.to_string()),
        ],
        list: sealed
            .list
            .iter()
            .map(|one| (number(&one.registration.to_string()), one.agency.to_string(), one.tickets))
            .collect(),
        excluded: sealed
            .excluded
            .iter()
            .map(|one| (one.agency.to_string(), reasons(&one.reasons)))
            .collect(),
        commitments: sealed
            .commitments
            .iter()
            .map(|one| (party(&one.party), one.sha256.to_string()))
            .collect(),
        reveals: proof.reveals.iter().map(text).collect(),
        withheld: proof.withheld.iter().map(|name| party(name)).collect(),
        beacon: proof
            .beacon
            .clone()
            .map(|value| (sealed.beacon.as_ref().map(words::beacon), value)),
        seed: proof.seed.0.to_string(),
        opened: proof
            .opened
            .iter()
            .map(|one| {
                (number(&one.registration.to_string()), quoted(&one.quote, &purchase.notice.price))
            })
            .collect(),
        draws: proof.draws.iter().map(draw).collect(),
        award,
        sha256: proof.sha256.to_string(),
        file: format!("/api/v1/draws/{id}/proof"),
    };
    Page::of(&page)
}

/// What was drawn for, in words.
fn drawn_for(label: &str) -> String {
    match label {
        "winner" => "抽取中选和候补机构".to_owned(),
        "base" => "抽取平均价的比例".to_owned(),
        "short-list" => "按信用签数抽取候选名单".to_owned(),
        tie if tie.starts_with("tie-") => format!("第 {} 名并列，抽签定先后", &tie["tie-".len()..]),
        other => other.to_owned(),
    }
}

/// A quote in words; the proof has it letter by letter as it was committed to.
fn quoted(quote: &str, price: &Price) -> String {
    match (price, quote.parse::<Money>()) {
        (Price::Amount { .. }, Ok(amount)) => words::yuan(amount),
        (Price::Discount { .. }, _) => format!("下浮率 {}%", quote.trim_end_matches(['%', ' '])),
        _ => quote.to_owned(),
    }
}

/// A registration by the end of its id, which people can tell from others.
fn number(id: &str) -> String {
    let end = id.len().saturating_sub(8);
    format!("报名 …{}", id.get(end..).unwrap_or(id))
}

/// Why somebody does not take part: what the codes of refusals say.
fn reasons(codes: &[String]) -> String {
    let says = |code: &String| {
        let known = market_core::Refusal::ALL.iter().find(|one| one.code() == code);
        known.map_or_else(|| code.clone(), |refusal| refusal.zh().to_owned())
    };
    codes.iter().map(says).collect::<Vec<_>>().join("，")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_told_as_what_was_asked_for() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let amount = Price::Amount { low: money("1"), high: money("20000") };
        assert_eq!(quoted("9600.00", &amount), "￥9,600.00");
        assert_eq!(quoted("odd", &amount), "odd");
    }
}
