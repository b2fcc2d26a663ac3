//! The packs of the demonstration, inside the program: the real catalogue, and agencies that are
//! made for the day of loading.

use market_core::{
    Actor, Call, Day, Error, Market,
    import::{ImportOptions, Kind, Sheet},
};
use serde::Serialize;

use crate::generate::{Catalog, generate};

/// How many agencies the marketplace of the 2017 briefing had.
const AGENCIES: usize = 301;

/// The seed that the committed pack of agencies was made from, too.
const SEED: u64 = 2017;

const ITEMS: &str = include_str!("../../../data/items.csv");
const QUALIFICATIONS: &str = include_str!("../../../data/qualifications.csv");
const REGIONS: &str = include_str!("../../../data/regions.csv");

/// Each kind with its file, in the order in which they name one another.
const PACKS: &[(Kind, &str)] = &[
    (Kind::Regions, REGIONS),
    (Kind::Calendar, include_str!("../../../data/calendar.csv")),
    (Kind::Policy, include_str!("../../../data/policy.toml")),
    (Kind::Departments, include_str!("../../../data/departments.csv")),
    (Kind::Categories, include_str!("../../../data/categories.csv")),
    (Kind::Qualifications, QUALIFICATIONS),
    (Kind::Items, ITEMS),
    (Kind::Matters, include_str!("../../../data/matters.csv")),
    (Kind::Synonyms, include_str!("../../../data/synonyms.csv")),
];

/// Loads the catalogue: regions, rules, departments, categories, items, matters and
/// the vocabulary.
pub async fn load_catalogue(market: &Market) -> Result<(), Error> {
    for (kind, text) in PACKS {
        load(market, *kind, text).await?;
    }
    Ok(())
}

/// Loads so many generated agencies, with certificates that are valid as seen from a day.
pub async fn load_agencies(market: &Market, count: usize, today: Day) -> Result<(), Error> {
    let catalog = Catalog::parse(ITEMS.as_bytes(), QUALIFICATIONS.as_bytes(), REGIONS.as_bytes());
    let catalog = catalog.map_err(|_| Error::Inconsistent("pack"))?;
    let pack = generate(&catalog, count, SEED, today.date());
    load(market, Kind::Agencies, &csv(&pack.agencies)?).await?;
    load(market, Kind::AgencyQualifications, &csv(&pack.qualifications)?).await?;
    load(market, Kind::Practitioners, &csv(&pack.practitioners)?).await?;
    load(market, Kind::Listings, &csv(&pack.listings)?).await
}

/// Loads everything that the demonstration market starts with.
pub(super) async fn load_all(market: &Market, today: Day) -> Result<(), Error> {
    load_catalogue(market).await?;
    load_agencies(market, AGENCIES, today).await
}

async fn load(market: &Market, kind: Kind, text: &str) -> Result<(), Error> {
    let sheet = Sheet::read(&kind.file(), text.as_bytes())?;
    let call = Call::from(Actor::system());
    let report = market.import(&call, kind, &sheet, &ImportOptions::default()).await?;
    if let Some(bad) = report.bad.first() {
        tracing::error!(%kind, row = bad.row, column = %bad.column, "{}", bad.reason);
        return Err(Error::Inconsistent("pack"));
    }
    Ok(())
}

fn csv(rows: &[impl Serialize]) -> Result<String, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|_| Error::Inconsistent("pack"))?;
    }
    let bytes = writer.into_inner().map_err(|_| Error::Inconsistent("pack"))?;
    String::from_utf8(bytes).map_err(|_| Error::Inconsistent("pack"))
}
