//! `/cases/{case}/buy/{listing}`: buying a listing for a case, exactly as it was seen.

use axum::{extract::State, response::Response};
use market_core::{
    Error, Market, Money,
    agency::Listing,
    id::{CaseId, ListingId},
    order::{Eligibility, NewOrder},
};

use super::{
    Link,
    fields::{Field, Kind},
    filling::Form,
    names::Regions,
    signed::{Answers, Signed},
    words,
};
use crate::{parameters::At, problem::Problem};

/// What is bought, and for what.
struct Deal {
    listing: Listing,
    fit: Eligibility,
    form: Form,
}

async fn deal(
    market: &Market,
    signed: &Signed,
    case: CaseId,
    id: ListingId,
) -> Result<Deal, Problem> {
    let progress = market.progress().of_case(&signed.actor, case).await?;
    let fit = market.orders().eligibility(&signed.actor, case, id).await?;
    let listing = market.listings().get(Some(&signed.actor), id).await?;
    let agency = market.agencies().get(None, listing.agency_id).await?;
    let item = market.catalog().item(&listing.item).await?;
    let regions = Regions::new(market).names(&listing.terms.regions).await?;
    let mut form = Form::new("确认下单", format!("/cases/{case}/buy/{id}"), "确认下单");
    form.trail = vec![
        Link { href: format!("/cases/{case}"), name: progress.title.clone() },
        Link { href: format!("/cases/{case}/needs/{}", listing.item), name: item.name.clone() },
    ];
    "下单以后由机构答复是否接单；签合同以前可以取消，不收费。".clone_into(&mut form.lead);
    let terms = &listing.terms;
    form.facts = vec![
        ("为哪件事", progress.title),
        ("中介服务", item.name),
        ("服务名称", terms.title.clone()),
        ("服务内容", terms.summary.clone()),
        ("机构", agency.name),
        ("统一社会信用代码", agency.uscc.to_string()),
        ("价格", words::capital(terms.price) + &words::per(&terms.unit)),
        ("时限", format!("合同确认后 {} 个工作日", terms.days)),
        ("服务地区", regions.join("、")),
        ("机构电话", agency.profile.phone),
    ];
    form.fields = vec![
        Field::new("agreed", "我已核对价格、时限和机构，确认委托", Kind::Tick),
        Field::hidden("listing_number", &listing.number),
        Field::hidden("price", &terms.price),
    ];
    Ok(Deal { listing, fit, form })
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At((case, id)): At<(CaseId, ListingId)>,
) -> Result<Response, Problem> {
    let Deal { fit, form, .. } = deal(&market, &signed, case, id).await?;
    let may = if fit.eligible { Ok(()) } else { Err(Error::Ineligible(fit.reasons)) };
    form.offer(may, &market, &signed).await
}

pub(super) async fn placed(
    State(market): State<Market>,
    At((case_id, listing_id)): At<(CaseId, ListingId)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let Deal { listing, form, .. } = deal(&market, &sent.signed, case_id, listing_id).await?;
    let mut read = sent.reading();
    let seen: Option<(i64, Money)> = read.value("listing_number").zip(read.value("price"));
    if !read.ticked("agreed") {
        read.fault("agreed", "unticked", "must be ticked");
    }
    let item = listing.item.clone();
    let new = seen.map(|(listing_number, price)| NewOrder {
        case_id,
        item,
        listing_id,
        listing_number,
        price,
    });
    let (new, market) = (read.end(new), &market);
    let place = |call, new| async move { market.orders().place(&call, new).await };
    form.take(market, &sent, new, place, |order| format!("/orders/{}?placed", order.id)).await
}
