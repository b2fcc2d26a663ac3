//! `/items/{code}`: a service item, and who offers it.

use askama::Template;
use axum::extract::State;
use market_core::{
    Market,
    code::ItemCode,
    search::{SearchQuery, Sort, Subject},
};

use super::{
    Frame, Link, Page, Pager, Place, cursor,
    names::{self, Departments},
    offer::{Found, Offer},
    words,
};
use crate::{
    parameters::{At, Parameters},
    problem::Problem,
};

#[derive(Debug, Template)]
#[template(path = "item.html")]
struct ItemPage {
    frame: Frame,
    name: String,
    aliases: Vec<String>,
    withdrawn: bool,
    nature: &'static str,
    category: Link,
    department: String,
    legal_basis: String,
    rule: &'static str,
    requirements: Vec<String>,
    days: u32,
    pricing: String,
    deliverable: &'static str,
    matters: Vec<Link>,
    offers: Vec<Offer>,
    total: u64,
    /// The search that narrows the offers.
    elsewhere: String,
    pager: Pager,
}

pub(super) async fn show(
    State(market): State<Market>,
    At(code): At<ItemCode>,
    Parameters(place): Parameters<Place>,
) -> Result<Page, Problem> {
    let item = market.catalog().item(&code).await?;
    let departments = Departments::read(&market).await?;
    let categories = market.catalog().categories().await?;
    let kinds = market.catalog().qualification_types().await?;
    let matters = names::matters(&market).await?;
    let query = SearchQuery {
        items: vec![code.clone()],
        sort: Sort::Price,
        after: cursor(place.after.as_deref()),
        ..SearchQuery::new(Subject::Listings)
    };
    let mut found = Found::by(&market, &query).await?;
    // One alone is compared with nothing.
    let is_comparable = found.offers.len() > 1;
    found.offers.iter_mut().for_each(|offer| offer.is_comparable = is_comparable);
    let category = categories.into_iter().find(|category| category.code == item.category);
    Page::of(&ItemPage {
        frame: Frame::new(&market, item.name.as_str()).await?,
        aliases: item.aliases.clone(),
        withdrawn: item.withdrawn,
        nature: words::nature(item.nature),
        category: Link {
            href: format!("/search?category={}", item.category),
            name: category.map_or_else(|| item.category.to_string(), |category| category.name),
        },
        department: departments.name(&item.department),
        legal_basis: item.legal_basis.clone(),
        rule: words::rule(item.rule, item.requirements.len()),
        requirements: item.requirements.iter().map(|one| words::requirement(&kinds, one)).collect(),
        days: item.days,
        pricing: words::pricing(&item),
        deliverable: words::deliverable(item.deliverable),
        matters: matters.iter().filter(|one| one.need(&code).is_some()).map(Link::matter).collect(),
        pager: Pager::new(&format!("/items/{code}?"), query.after.as_ref(), found.next.as_ref()),
        offers: found.offers,
        total: found.total,
        elsewhere: format!("/search?item={code}"),
        name: item.name,
    })
}
