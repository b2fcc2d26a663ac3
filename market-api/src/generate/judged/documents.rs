//! The listings that are searched, and the files that they come from.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use time::macros::date;

use super::{Sources, Spell};
use crate::generate::catalog::{Catalog, fen, invalid, list, rows};
use crate::generate::draw::Draw;
use crate::generate::generate;
use crate::generate::places::{COUNTRY, PROVINCE};

/// So many agencies are made; about three listings of each are on offer.
const AGENCIES: usize = 1000;
/// Certificates are made as seen from this day; nothing that is searched depends on it.
const TODAY: time::Date = date!(2026 - 11 - 24);
/// When the first listing was made, in seconds since 1970.
const FIRST: i64 = 1_672_531_200;

/// A row of `categories.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct Category {
    code: String,
    name: String,
}

/// A matter (一件事) with the service items that it needs.
#[derive(Debug)]
pub(super) struct Matter {
    pub(super) name: String,
    pub(super) items: Vec<usize>,
}

/// What people say, with the items that they may mean.
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) text: String,
    pub(super) items: Vec<usize>,
}

#[derive(Deserialize)]
struct MatterRow {
    matter: String,
    part: String,
    key: String,
    name: String,
}

/// A listing, and what makes it worth finding.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    pub(super) row: Row,
    /// The place of its item in the catalogue.
    pub(super) item: usize,
    /// The code of the region that it serves.
    pub(super) region: String,
}

/// A line of `docs.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    id: usize,
    agency_id: usize,
    item: String,
    title: String,
    pub(super) agency: String,
    desc: String,
    kind: String,
    item_name: String,
    cat: String,
    region: String,
    region_name: String,
    price: i64,
    rating: u64,
    credit: u64,
    orders: u64,
    created: i64,
}

impl Sources {
    /// Reads the packs of a data folder, and what people say: `saying<TAB>item|item` a line.
    pub fn read(data: &Path, sayings: &str, spell: Spell) -> io::Result<Self> {
        let mut catalog = Catalog::read(data)?;
        catalog.regions.retain(|region| region.code == COUNTRY || region.code.starts_with("33"));
        let categories = rows("categories.csv", &fs::read(data.join("categories.csv"))?)?;
        let matters = matters(&catalog, &fs::read(data.join("matters.csv"))?)?;
        let said = |(line, text): (usize, &str)| {
            let (text, items) = text.split_once('\t').unwrap_or((text, ""));
            let items = list(items).iter().map(|code| place(&catalog, code)).collect();
            let items: Option<Vec<usize>> = items;
            let items = items.filter(|items| !items.is_empty());
            let items = items.ok_or_else(|| invalid(&format!("sayings, line {line}: no item")))?;
            Ok(Saying { text: text.to_owned(), items })
        };
        let sayings = (1..).zip(sayings.lines()).map(said).collect::<io::Result<_>>()?;
        Ok(Self { catalog, categories, matters, sayings, spell, agencies: AGENCIES })
    }
}

fn place(catalog: &Catalog, code: &str) -> Option<usize> {
    catalog.items.iter().position(|item| item.code == code)
}

fn matters(catalog: &Catalog, bytes: &[u8]) -> io::Result<Vec<Matter>> {
    let mut matters: Vec<Matter> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in rows::<MatterRow>("matters.csv", bytes)? {
        match row.part.as_str() {
            "matter" => {
                places.insert(row.matter, matters.len());
                matters.push(Matter { name: row.name, items: Vec::new() });
            }
            "service" => {
                let known = places.get(&row.matter).zip(place(catalog, &row.key));
                let (matter, item) = known
                    .ok_or_else(|| invalid(&format!("matters.csv: unknown item {}", row.key)))?;
                matters[*matter].items.push(item);
            }
            _ => {}
        }
    }
    Ok(matters)
}

/// Every listing on offer of the agencies of a seed.
pub(super) fn documents(sources: &Sources, seed: u64) -> Vec<Document> {
    let pack = generate(&sources.catalog, sources.agencies, seed, TODAY);
    let admitted = pack.agencies.iter().filter(|agency| agency.state == "admitted").enumerate();
    let agencies: HashMap<&str, (usize, &str)> = admitted
        .map(|(number, agency)| (agency.uscc.as_str(), (number, agency.name.as_str())))
        .collect();
    let mut draw = Draw::new(seed, u64::MAX - 1);
    let mut documents = Vec::new();
    for listing in pack.listings.iter().filter(|listing| listing.state == "published") {
        let known = agencies.get(listing.uscc.as_str()).zip(place(&sources.catalog, &listing.item));
        let Some(((agency_id, agency), item)) = known else { continue };
        // The format has one region, so the first is the one that counts.
        let region = listing.regions.split('|').next().unwrap_or(PROVINCE).to_owned();
        let about = &sources.catalog.items[item];
        let kind = sources.categories.iter().find(|category| category.code == about.category);
        let row = Row {
            id: documents.len(),
            agency_id: *agency_id,
            item: listing.item.clone(),
            title: listing.title.clone(),
            agency: (*agency).to_owned(),
            desc: listing.summary.clone(),
            kind: kind.map(|category| category.name.clone()).unwrap_or_default(),
            item_name: about.name.clone(),
            cat: format!("/{}/{}", about.category, about.code),
            region: path(&region),
            region_name: region_name(&sources.catalog, &region),
            price: fen(&listing.price).unwrap_or_default(),
            rating: draw.below(201) + 300,
            credit: draw.below(401) + 600,
            orders: draw.below(120),
            created: FIRST + draw.between(0, 86_400 * 1000),
        };
        documents.push(Document { row, item, region });
    }
    documents
}

/// The leading digits that everything in a region has: none for the country.
pub(super) fn digits(code: &str) -> &str {
    if code == COUNTRY {
        return "";
    }
    code.strip_suffix("0000").or_else(|| code.strip_suffix("00")).unwrap_or(code)
}

/// `/33/3302/330282`; empty for the country.
fn path(code: &str) -> String {
    let digits = digits(code);
    [2, 4, 6].into_iter().filter_map(|length| digits.get(..length)).fold(
        String::new(),
        |mut path, part| {
            path.push('/');
            path.push_str(part);
            path
        },
    )
}

/// The names of a region and of what it lies in, joined.
fn region_name(catalog: &Catalog, code: &str) -> String {
    let above = [2, 4, 6].into_iter().filter_map(|length| digits(code).get(..length));
    let mut codes: Vec<String> = above.map(|part| format!("{part:0<6}")).collect();
    if codes.is_empty() {
        codes.push(code.to_owned());
    }
    codes.dedup();
    let name = |code: &String| catalog.regions.iter().find(|region| region.code == *code);
    codes.iter().filter_map(name).map(|region| region.name.as_str()).collect()
}
