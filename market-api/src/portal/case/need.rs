//! `/cases/{id}/needs/{item}`: who can do a service that a case needs, each held against the case.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market,
    code::ItemCode,
    id::CaseId,
    search::{Found, SearchQuery, Sort, Subject},
};

use super::{
    super::{
        Frame, Link, Page, Pager, Place, cursor,
        names::Regions,
        offer::Offer,
        signed::{Signed, private},
        words,
        wrong::reason,
    },
    steps::trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::{Code, Problem},
};

/// So many offers are shown at once, since each is held against the case.
const SHOWN: u32 = 10;

#[derive(Debug, Template)]
#[template(path = "need.html")]
struct NeedPage {
    frame: Frame,
    trail: Vec<Link>,
    name: String,
    why: String,
    facts: Vec<(&'static str, String)>,
    /// Why nothing can be ordered now.
    why_not: Option<&'static str>,
    offers: Vec<Candidate>,
    total: u64,
    /// Where it is bought by open selection instead.
    open: String,
    pager: Pager,
}

/// An offer, and whether the case may have it.
#[derive(Debug)]
struct Candidate {
    offer: Offer,
    /// Where it is bought.
    buy: Option<String>,
    /// Every reason why not.
    reasons: Vec<String>,
}

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At((id, item)): At<(CaseId, ItemCode)>,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    let case = market.progress().of_case(&signed.actor, id).await?;
    let need = case.requirements.iter().find(|one| one.item == item);
    let need = need.ok_or(Code::NOT_FOUND)?;
    let query = SearchQuery {
        items: vec![item.clone()],
        regions: vec![case.region.clone()],
        sort: Sort::Price,
        after: cursor(place.after.as_deref()),
        limit: SHOWN,
        ..SearchQuery::new(Subject::Listings)
    };
    let hits = market.search().find(&query).await?;
    let mut regions = Regions::new(&market);
    let mut offers = Vec::new();
    for hit in hits.items {
        let Found::Listing(found) = hit.found else { continue };
        let listing = found.id;
        let offer = Offer::behind(found, hit.highlights, &market, &mut regions).await?;
        let Some(offer) = offer else { continue };
        let fit = market.orders().eligibility(&signed.actor, id, listing).await?;
        let buy = fit.eligible.then(|| format!("/cases/{id}/buy/{listing}"));
        offers.push(Candidate { offer, buy, reasons: fit.reasons.iter().map(reason).collect() });
    }
    let action = format!("requirements/{item}/order");
    let action = case.actions.iter().find(|one| one.name == action);
    let service = &need.service;
    let page = Page::of(&NeedPage {
        frame: Frame::signed(&market, service.name.as_str(), &signed).await?,
        trail: trail(&case),
        name: service.name.clone(),
        why: need.why.clone(),
        facts: vec![
            ("性质", words::nature(service.nature).to_owned()),
            ("价格", words::pricing(service)),
            ("时限", format!("{} 个工作日", service.days)),
            ("成果", words::deliverable(service.deliverable).to_owned()),
        ],
        why_not: action.and_then(|one| one.refusal).map(market_core::Refusal::zh),
        offers,
        total: hits.total,
        open: format!("/purchases/new?case={id}&item={item}"),
        pager: Pager::new(
            &format!("/cases/{id}/needs/{item}?"),
            query.after.as_ref(),
            hits.next.as_ref(),
        ),
    })?;
    Ok(private(page.into_response()))
}
