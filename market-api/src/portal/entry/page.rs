//! `/purchases/{id}/registration`: a purchase as an agency sees it that takes part, or may.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market,
    id::PurchaseId,
    purchase::{PurchaseState, Registration, RegistrationState},
};

use super::{
    super::{
        Frame, Link, Page,
        doing::{Doing, Doings},
        purchase::waits,
        said,
        signed::{Signed, private},
        words, wrong,
    },
    at,
};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "entry.html")]
struct EntryPage {
    frame: Frame,
    trail: Vec<Link>,
    id: PurchaseId,
    title: String,
    stage: &'static str,
    waits: Option<String>,
    /// Where the registration stands, once there is one.
    state: Option<&'static str>,
    next: Option<Doing>,
    doings: Doings,
    /// Whether the agency may take part, as things stand.
    fits: bool,
    /// Why it may not, or did not.
    reasons: Vec<String>,
    facts: Vec<(&'static str, String)>,
    practitioners: Vec<String>,
    quotes: Vec<QuoteView>,
    /// What the owner replied in a negotiation.
    replies: Vec<(String, String)>,
    order: Option<String>,
}

/// A quote as its agency sees it.
#[derive(Debug)]
struct QuoteView {
    round: String,
    at: String,
    says: String,
    commitment: String,
}

/// What an agency does first, if it may.
const FIRST: [&str; 3] = ["confirm", "quote", "register"];

/// The registration of the actor's agency, if there is one.
pub(super) async fn own(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
) -> Result<Option<Registration>, Problem> {
    match market.purchases().own_registration(&signed.actor, id).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound("registration")) => Ok(None),
        Err(why) => Err(why.into()),
    }
}

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<PurchaseId>,
) -> Result<Response, Problem> {
    let (purchases, actor) = (market.purchases(), &signed.actor);
    let agency = signed.agency()?;
    let purchase = purchases.get(Some(actor), id).await?;
    let registration = own(&market, &signed, id).await?;
    let is_in = registration.as_ref().is_some_and(|one| one.state == RegistrationState::Registered);
    let named = |name: &str| match name {
        "register" if is_in => Some("更改执业人员".to_owned()),
        name => said::entry_step(name).map(str::to_owned),
    };
    let place = at(id);
    let actions = purchases.actions(actor, id).await?;
    let mut doings = Doings::of(&actions, named, |name| format!("{place}/{name}"));
    let may = purchases.eligibility(actor, id).await?;
    let is_open = matches!(purchase.state, PurchaseState::Open(_));
    let frozen = registration.as_ref().map(|one| one.reasons.as_slice()).unwrap_or_default();
    let reasons = match (frozen, is_open) {
        ([], true) => may.reasons.as_slice(),
        (frozen, _) => frozen,
    };
    let reasons: Vec<_> = reasons.iter().map(wrong::reason).collect();
    let fits = is_open && may.eligible;
    let first = FIRST.iter().filter(|first| **first != "register" || (fits && !is_in));
    let next = first.into_iter().find_map(|first| doings.take(&format!("{place}/{first}")));
    if !fits && !is_in {
        // Why not is told above; a button would lead to nothing else.
        doings.take(&format!("{place}/register"));
    }
    let named = match &registration {
        Some(one) if !one.practitioners.is_empty() => {
            let all = market.agencies().practitioners(Some(actor), agency).await?;
            let named = all.into_iter().filter(|all| one.practitioners.contains(&all.id));
            named.map(|one| format!("{}（证书 {}）", one.name, one.certificate)).collect()
        }
        _ => Vec::new(),
    };
    let item = market.catalog().item(&purchase.item).await?;
    let mut facts = vec![
        ("中介服务", item.name),
        ("选取方式", purchase.notice.mode.zh().to_owned()),
        ("价格", words::purchase_price(&purchase.notice.price)),
        ("服务时限", format!("{} 个工作日", purchase.notice.service_days)),
        ("报名截止", words::instant(purchase.notice.closes_at)),
    ];
    if let Some(one) = &registration {
        facts.push(("报名时间", words::instant(one.created_at)));
        facts.push(("报名编号（回执）", one.id.to_string()));
        facts.extend(one.credit.map(|credit| ("截止时的信用分", credit.to_string())));
    }
    let replies = match purchases.replies(actor, id).await {
        Ok(replies) => replies,
        Err(Error::Refused(_) | Error::NotFound(_)) => Vec::new(),
        Err(why) => return Err(why.into()),
    };
    let reply = |one: market_core::purchase::Reply| {
        (format!("第 {} 轮，{}", one.round, words::instant(one.at)), one.text)
    };
    let won = registration.as_ref().is_some_and(|one| one.state == RegistrationState::Won);
    let page = Page::of(&EntryPage {
        frame: Frame::signed(&market, purchase.notice.title.as_str(), &signed).await?,
        trail: vec![Link { href: "/registrations".to_owned(), name: "我的报名".to_owned() }],
        id,
        stage: words::stage(purchase.state.name()),
        waits: waits(&purchase.state),
        state: registration.as_ref().map(|one| said::registration(one.state)),
        next,
        doings,
        fits,
        reasons,
        facts,
        practitioners: named,
        quotes: registration.iter().flat_map(QuoteView::of).collect(),
        replies: replies.into_iter().map(reply).collect(),
        order: match &purchase.state {
            PurchaseState::Ordered(state) if won => Some(format!("/orders/{}", state.order_id)),
            _ => None,
        },
        title: purchase.notice.title,
    })?;
    Ok(private(page.into_response()))
}

impl QuoteView {
    fn of(registration: &Registration) -> Vec<Self> {
        let view = |one: &market_core::purchase::QuoteState| Self {
            round: match one.round {
                0 => "报名截止前的报价".to_owned(),
                round => format!("第 {round} 轮报价"),
            },
            at: words::instant(one.at),
            says: one.quote.map_or_else(|| "已密封，开标以后才能看".to_owned(), words::quote),
            commitment: one.commitment.clone(),
        };
        registration.quotes.iter().rev().map(view).collect()
    }
}

/// Whether a step may be taken now, or why not.
pub(super) async fn check(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
    step: &str,
) -> Result<Result<(), Error>, Problem> {
    let actions = market.purchases().actions(&signed.actor, id).await?;
    let refusal = actions.into_iter().find(|one| one.name == step).and_then(|one| one.refusal);
    Ok(refusal.map_or(Ok(()), |refusal| Err(refusal.into())))
}
