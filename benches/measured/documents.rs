//! The listings that are searched, made from the catalogue and a seed.

use std::{collections::HashMap, path::PathBuf};

use market_api::generate::{Catalog, ListingRow, generate};
use market_core::{
    Money,
    search::judge::{ItemMark, JudgedDocument},
};
use serde::{Deserialize, de::DeserializeOwned};
use time::macros::date;

/// So many listings are made at once, of a seed of their own.
pub(crate) const PART: usize = 10_000;
/// The first of the seeds.
const SEED: u64 = 2017;
/// Agencies that have more than a part's listings: 3.75 each.
const AGENCIES: usize = 2_800;
/// Certificates are made as seen from this day; nothing that is searched here depends on it.
const TODAY: time::Date = date!(2026 - 11 - 24);
const COUNTRY: &str = "100000";

/// What listings are made from.
pub(crate) struct Source {
    catalog: Catalog,
    items: HashMap<String, ItemRow>,
    /// Names by the code.
    categories: HashMap<String, String>,
    regions: HashMap<String, String>,
}

#[derive(Deserialize)]
struct ItemRow {
    code: String,
    name: String,
    category: String,
}

#[derive(Deserialize)]
struct NameRow {
    code: String,
    name: String,
}

/// The folder of the packs.
pub(crate) fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data")
}

fn rows<T: DeserializeOwned>(file: &str) -> impl Iterator<Item = T> {
    csv::Reader::from_path(data().join(file)).unwrap().into_deserialize().map(Result::unwrap)
}

fn names(file: &str) -> HashMap<String, String> {
    rows::<NameRow>(file).map(|row| (row.code, row.name)).collect()
}

impl Source {
    pub(crate) fn read() -> Self {
        Self {
            catalog: Catalog::read(&data()).unwrap(),
            items: rows::<ItemRow>("items.csv").map(|row| (row.code.clone(), row)).collect(),
            categories: names("categories.csv"),
            regions: names("regions.csv"),
        }
    }

    /// So many listings in parts, of which each is made when it is its turn.
    pub(crate) fn parts(&self, count: usize) -> impl Iterator<Item = Vec<JudgedDocument>> {
        (0..count.div_ceil(PART)).map(move |part| {
            let mut documents = self.part(part);
            documents.truncate(count - part * PART);
            documents
        })
    }

    fn part(&self, part: usize) -> Vec<JudgedDocument> {
        let pack = generate(&self.catalog, AGENCIES, SEED + part as u64, TODAY);
        let agencies: HashMap<_, _> = pack
            .agencies
            .iter()
            .enumerate()
            .map(|(at, agency)| (agency.uscc.as_str(), (at, agency.name.as_str())))
            .collect();
        let listings = pack.listings.iter().take(PART).enumerate();
        let documents = listings.map(|(at, listing)| {
            let (agency, name) = agencies[listing.uscc.as_str()];
            JudgedDocument {
                id: (part * PART + at) as u64,
                agency_id: Some((part * AGENCIES + agency) as u64),
                agency: name.to_owned(),
                ..self.document(listing)
            }
        });
        let documents: Vec<_> = documents.collect();
        assert_eq!(documents.len(), PART, "more agencies are needed");
        documents
    }

    fn document(&self, listing: &ListingRow) -> JudgedDocument {
        let item = &self.items[&listing.item];
        // The format has one region.
        let region = listing.regions.split('|').next().unwrap_or(COUNTRY);
        let path = path(region);
        let above = path.split('/').filter(|part| !part.is_empty());
        let price: Money = listing.price.parse().unwrap();
        JudgedDocument {
            item: Some(ItemMark::Code(listing.item.clone())),
            title: listing.title.clone(),
            desc: listing.summary.clone(),
            kind: self.categories[&item.category].clone(),
            item_name: item.name.clone(),
            cat: format!("/{}/{}", item.category, item.code),
            region_name: above.map(|part| self.regions[&format!("{part:0<6}")].as_str()).collect(),
            region: path,
            price: price.fen().unsigned_abs(),
            days: listing.days.parse().unwrap(),
            ..JudgedDocument::default()
        }
    }
}

/// `/33/3302/330282`; empty for the country.
fn path(code: &str) -> String {
    if code == COUNTRY {
        return String::new();
    }
    let digits = code.strip_suffix("0000").or_else(|| code.strip_suffix("00")).unwrap_or(code);
    let parts = [2, 4, 6].into_iter().filter_map(|length| digits.get(..length));
    parts.fold(String::new(), |path, part| path + "/" + part)
}
