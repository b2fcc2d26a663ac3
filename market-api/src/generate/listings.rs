//! The services an agency offers, with price, area and time.

use super::catalog::{Item, Region};
use super::draw::Draw;
use super::packages::{PLAIN, Package};
use super::places::{CITY, COUNTRY, HOME, PROVINCE, Places, short};
use super::prices::{price, yuan};
use super::rows::ListingRow;
use super::texts::Offer;
use super::work::Work;

/// One agency as its listings refer to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seller<'a> {
    pub(crate) uscc: &'a str,
    pub(crate) county: &'a Region,
    /// The first listing is on offer whatever the lot says.
    pub(crate) steady: bool,
}

/// One to six listings: every item of the work once, then some of them again in another variant.
pub(crate) fn listings(
    work: &Work<'_>,
    places: &Places<'_>,
    seller: Seller<'_>,
    draw: &mut Draw,
) -> Vec<ListingRow> {
    let served = served(seller.county, places, draw);
    let mut rows: Vec<ListingRow> = Vec::new();
    for (item, package) in offers(work, draw) {
        let own = if draw.percent(15) {
            self::served(seller.county, places, draw)
        } else {
            served.clone()
        };
        let mut row = listing(item, package, work, places, seller, &own, draw);
        if rows.iter().any(|other| other.title == row.title) {
            row.title = unlike(item, package);
        }
        row.code = format!("l{}", rows.len() + 1);
        if rows.is_empty() && seller.steady {
            "published".clone_into(&mut row.state);
        }
        rows.push(row);
    }
    rows
}

fn offers<'a>(work: &Work<'a>, draw: &mut Draw) -> Vec<(&'a Item, Package)> {
    let mut offers: Vec<(&Item, Package)> = Vec::new();
    for item in &work.items {
        let packages = work.trade_of(item).packages;
        let package = if draw.percent(25) { *draw.pick(packages) } else { PLAIN };
        offers.push((item, package));
    }
    let again = draw.weighted(&[(40, 0), (35, 1), (25, 2)]);
    for _ in 0..again.min(6_usize.saturating_sub(offers.len())) {
        let item = *draw.pick(&work.items);
        let package = *draw.pick(work.trade_of(item).packages);
        let taken =
            |other: &(&Item, Package)| other.0.code == item.code && other.1.words == package.words;
        if !offers.iter().any(taken) {
            offers.push((item, package));
        }
    }
    offers
}

fn listing(
    item: &Item,
    package: Package,
    work: &Work<'_>,
    places: &Places<'_>,
    seller: Seller<'_>,
    served: &[&Region],
    draw: &mut Draw,
) -> ListingRow {
    let state = match draw.below(100) {
        0..=83 => "published",
        84..=91 => "draft",
        _ => "off_shelf",
    };
    let days = (item.days * draw.between(65, 105) * package.days / 10_000).max(1);
    let area = area(served);
    let place = place(served, places, draw);
    let trade = work.trade_of(item);
    let offer = Offer { item, trade, package, place: &place, area: &area, days };
    let mut codes: Vec<&str> = served.iter().map(|region| region.code.as_str()).collect();
    codes.sort_unstable();
    ListingRow {
        uscc: seller.uscc.to_owned(),
        code: String::new(),
        item: item.code.clone(),
        title: offer.title(draw),
        summary: offer.summary(draw),
        price: yuan(price(item, package, draw)),
        unit: item.price_unit.clone(),
        regions: codes.join("|"),
        days: days.to_string(),
        state: state.to_owned(),
    }
}

/// A title that no other listing of the agency has.
fn unlike(item: &Item, package: Package) -> String {
    let name = item.name.split('（').next().unwrap_or_default();
    if package.words.is_empty() {
        item.name.clone()
    } else {
        format!("{name}（{}）", package.words)
    }
}

/// The regions a listing serves; far agencies come to Ningbo or offer their work everywhere.
fn served<'a>(county: &'a Region, places: &Places<'a>, draw: &mut Draw) -> Vec<&'a Region> {
    let near = county.code.starts_with("3302");
    let zhejiang = county.code.starts_with("33");
    let choices: &[(u64, &[&str])] = match (near, zhejiang) {
        (true, _) => &[
            (26, &["own"]),
            (40, &[CITY]),
            (8, &["own", "330281"]),
            (6, &["own", HOME]),
            (16, &[PROVINCE]),
            (4, &[COUNTRY]),
        ],
        (_, true) => &[(30, &["city", CITY]), (46, &[PROVINCE]), (14, &["city"]), (10, &[COUNTRY])],
        _ => &[
            (30, &["province", PROVINCE]),
            (14, &["province", CITY]),
            (46, &[COUNTRY]),
            (10, &["province"]),
        ],
    };
    let mut served: Vec<&Region> = Vec::new();
    for code in draw.weighted(choices) {
        let region = match *code {
            "own" => Some(county),
            "city" => places.city_of(county).or_else(|| places.province_of(county)),
            "province" => places.province_of(county),
            code => places.known(code),
        };
        let region = region.unwrap_or(county);
        if !served.iter().any(|other| other.code == region.code) {
            served.push(region);
        }
    }
    served
}

fn area(served: &[&Region]) -> String {
    served.iter().map(|region| region.name.as_str()).collect::<Vec<_>>().join("和")
}

/// The place a title may name: the first region served, or none for the whole country.
fn place(served: &[&Region], places: &Places<'_>, draw: &mut Draw) -> String {
    let Some(region) = served.first().filter(|region| region.code != COUNTRY) else {
        return String::new();
    };
    let own = short(&region.name);
    match places.city_of(region) {
        Some(city) if region.name.ends_with('区') => format!("{}{own}", short(&city.name)),
        _ if draw.percent(10) => region.name.clone(),
        _ => own.to_owned(),
    }
}
