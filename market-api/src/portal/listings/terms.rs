//! `/listings/new` and `/listings/{id}/{step}`: a listing is drafted, changed, sold, or taken off.

use axum::{extract::State, response::Response};
use market_core::{
    Market,
    agency::{Listing, NewListing, Terms},
    code::RegionCode,
    id::ListingId,
    rules::Region,
};

use super::{
    super::{
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::{Choice, nearby},
        names::{self, Regions},
        said,
        signed::{Answers, Reading, Signed},
        words,
    },
    trail,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// What is asked of terms, whose names begin so; filled in with what they are.
fn fields(at: &str, regions: &[(RegionCode, String)], terms: Option<&Terms>) -> Vec<Field> {
    let line = |name: &str, label: &str, max| Field::line(format!("{at}{name}"), label, max);
    let mut fields = vec![
        line("title", "服务名称", 100).filled(terms.map_or("", |one| &one.title)),
        Field::lines(format!("{at}summary"), "这个价格包括做什么", 2000)
            .filled(terms.map_or("", |one| &one.summary)),
        Field::new(format!("{at}price"), "价格（元）", Kind::Money)
            .filled(&terms.map(|one| one.price.to_string()).unwrap_or_default()),
        line("unit", "计价单位", 20).filled(terms.map_or("元/项", |one| &one.unit)),
        Field::new(format!("{at}days"), "多少个工作日内做完", Kind::Number)
            .filled(&terms.map(|one| one.days.to_string()).unwrap_or_default()),
    ];
    let region = |(code, name): &(RegionCode, String)| {
        let is_served = terms.is_some_and(|one| one.regions.contains(code));
        Field::new(format!("{at}regions/{code}"), format!("服务 {name}"), Kind::Tick)
            .filled(if is_served { "yes" } else { "" })
            .optional()
    };
    fields.extend(regions.iter().map(region));
    fields
}

/// The regions that may be served: those nearby, and those that are.
async fn regions(
    market: &Market,
    terms: Option<&Terms>,
) -> Result<Vec<(RegionCode, String)>, Problem> {
    let near = nearby(market, None).await?;
    let mut all: Vec<_> = near.into_iter().map(|Region { code, name, .. }| (code, name)).collect();
    let mut named = Regions::new(market);
    for code in terms.iter().flat_map(|one| &one.regions) {
        if !all.iter().any(|(known, _)| known == code) {
            all.push((code.clone(), named.name(code).await?));
        }
    }
    Ok(all)
}

fn terms(
    read: &mut Reading<'_>,
    at: &str,
    regions: &[(RegionCode, String)],
    before: Option<&Terms>,
) -> Option<Terms> {
    let title = read.text(&format!("{at}title"));
    let summary = read.line(&format!("{at}summary"));
    let unit = read.text(&format!("{at}unit"));
    let (price, days) = (read.value(&format!("{at}price")), read.value(&format!("{at}days")));
    let mut served: Vec<RegionCode> = Vec::new();
    let ticked =
        |read: &mut Reading<'_>, code: &RegionCode| read.ticked(&format!("{at}regions/{code}"));
    // Those that are served keep their order, so that nothing changes where nobody changed anything.
    for code in before.iter().flat_map(|one| &one.regions) {
        if ticked(read, code) {
            served.push(code.clone());
        }
    }
    for (code, _) in regions {
        if !served.contains(code) && ticked(read, code) {
            served.push(code.clone());
        }
    }
    price.zip(days).map(|(price, days)| Terms {
        title,
        summary,
        price,
        unit,
        regions: served,
        days,
    })
}

async fn drafting(market: &Market) -> Result<(Form, Vec<(RegionCode, String)>), Problem> {
    let items = names::items(market).await?;
    let regions = regions(market, None).await?;
    let mut form = Form::new("新的服务", "/listings/new".to_owned(), "保存草稿");
    form.trail = trail();
    form.lead =
        "先存成草稿，上架以后委托人才看得到。政府指导价、政府定价的服务，价格不能超过最高限价。"
            .to_owned();
    form.is_checked = true;
    let items = items.iter().map(|one| Choice::of(one.code.as_str(), &one.name, None)).collect();
    form.fields = vec![
        Field::line("code", "编号", 32).hint("本机构自己编的，不能重复；小写字母、数字和“-”"),
        Field::new("item", "服务事项", Kind::Select(items)),
    ];
    form.fields.extend(fields("terms/", &regions, None));
    Ok((form, regions))
}

pub(in crate::portal) async fn begin(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    signed.agency()?;
    drafting(&market).await?.0.show(&market, &signed).await
}

pub(in crate::portal) async fn begun(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, regions) = drafting(&market).await?;
    let mut read = sent.reading();
    let (code, item) = (read.value("code"), read.value("item"));
    let terms = terms(&mut read, "terms/", &regions, None);
    let new = code.zip(item).zip(terms);
    let new = new.map(|((code, item), terms)| NewListing { code, item, terms });
    let (new, market) = (read.end(new), &market);
    let create = |call, new| async move { market.listings().create(&call, new).await };
    form.take(market, &sent, new, create, |made| format!("/listings/{}/publish", made.id)).await
}

/// The form of a step, as it stands now.
async fn asked(
    market: &Market,
    signed: &Signed,
    id: ListingId,
    step: &str,
) -> Result<(Form, Listing, Vec<(RegionCode, String)>), Problem> {
    let agency = signed.agency()?;
    let listing = market.listings().get(Some(&signed.actor), id).await?;
    let label = said::listing_step(step).filter(|_| listing.agency_id == agency);
    let label = label.ok_or(Code::NOT_FOUND)?;
    let item = market.catalog().item(&listing.item).await?;
    let regions = regions(market, Some(&listing.terms)).await?;
    let mut form = Form::new(label, format!("/listings/{id}/{step}"), label);
    form.trail = trail();
    form.version = Some(listing.version);
    form.facts = vec![
        ("服务事项", item.name.clone()),
        ("价格管理", words::pricing(&item)),
        ("现在", said::listing(listing.state).to_owned()),
    ];
    if step == "change" {
        form.is_checked = true;
        form.lead = "已经下的订单不受影响，按下单时的内容和价格执行。".to_owned();
        form.fields = fields("", &regions, Some(&listing.terms));
    } else {
        form.facts.push(("服务名称", listing.terms.title.clone()));
        form.facts.push(("价格", words::capital(listing.terms.price)));
        form.lead = match step {
            "publish" => "上架以后，委托人可以搜到、可以直接下单。",
            _ => "下架以后不再接受新的订单，已经下的订单要继续完成；可以重新上架。",
        }
        .to_owned();
    }
    Ok((form, listing, regions))
}

pub(in crate::portal) async fn step(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(ListingId, String)>,
) -> Result<Response, Problem> {
    let (form, listing, _) = asked(&market, &signed, id, &step).await?;
    let actions = listing.actions(&signed.actor);
    form.offer(allowed(&actions, &step)?, &market, &signed).await
}

pub(in crate::portal) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(ListingId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, listing, regions) = asked(&market, &sent.signed, id, &step).await?;
    let (mut read, market) = (sent.reading(), &market);
    let to = |_: &Listing| "/listings".to_owned();
    if step == "change" {
        let new = terms(&mut read, "", &regions, Some(&listing.terms));
        let change = |call, new| async move { market.listings().change(&call, id, new).await };
        return form.take(market, &sent, read.end(new), change, to).await;
    }
    let nothing = read.end(Some(()));
    if step == "publish" {
        let publish = |call, ()| async move { market.listings().publish(&call, id).await };
        return form.take(market, &sent, nothing, publish, to).await;
    }
    let take_off = |call, ()| async move { market.listings().take_off(&call, id).await };
    form.take(market, &sent, nothing, take_off, to).await
}
