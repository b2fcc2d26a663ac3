//! The search engine over a collection's documents, in memory.
//!
//! This is the one file that knows how the engine is asked: [`Engine::over`] fills an index,
//! [`Finds::find`] asks it. Whoever changes the engine changes this.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    Finds,
    collection::{Collection, ItemMark, JudgedDocument},
};
use crate::{
    Day, Error, Money, Uscc,
    id::{AgencyId, ListingId},
    kernel::page::MAX_LIMIT,
    rules::Region,
    search::{
        catalogue::Catalogue,
        days::Days,
        documents::{Document, ListingDocument},
        find::first_page,
        index::{Mark, Opened},
        query::{MAX_TEXT, SearchQuery, Subject},
    },
};

/// No collection tells codes of agencies, and every document needs one.
const ANY_USCC: &str = "91350100M000100Y43";
/// Everything in a collection is open at all times; a search asks about some day.
const ANY_DAY: &str = "2026-01-01";
/// So many documents are handed over at once.
const BATCH: usize = 1000;

/// What the engine knows besides the documents.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Phrases that people use, each with the official names that it may mean.
    pub synonyms: Vec<(String, Vec<String>)>,
    /// The divisions of China.
    pub regions: Vec<Region>,
}

/// The search engine over a collection's documents.
pub struct Engine {
    opened: Arc<Opened>,
    catalogue: Catalogue,
    day: Day,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Fills an index in memory with a collection's documents.
    pub fn over(collection: &Collection, words: &Words) -> Result<Self, Error> {
        let catalogue = Catalogue::new(words.regions.clone(), [], Vec::new(), Vec::new());
        let opened = Arc::new(Opened::empty()?);
        let mut writer = opened.writer()?;
        let mapping = Mapping::new(collection, words)?;
        // The engine replaces all that an agency had; nothing was there before.
        let nobody = AgencyId(Uuid::max());
        for some in collection.documents.chunks(BATCH) {
            let documents = some.iter().map(|document| mapping.listing(document, &catalogue));
            let documents: Vec<_> = documents
                .map(|listing| listing.map(Document::Listing))
                .collect::<Result<_, _>>()?;
            writer.replace(&[(nobody, documents)])?;
        }
        writer.commit(&Mark::at(0, None))?;
        let day = ANY_DAY.parse().map_err(|_| Error::Inconsistent("day"))?;
        Ok(Self { opened, catalogue, day })
    }
}

impl Finds for Engine {
    fn find(&self, text: &str, limit: usize) -> Result<Vec<u64>, Error> {
        let limit = u32::try_from(limit).unwrap_or(MAX_LIMIT).min(MAX_LIMIT);
        let text = text.chars().take(MAX_TEXT).collect();
        let query = SearchQuery { text: Some(text), limit, ..SearchQuery::new(Subject::Listings) };
        let hits = first_page(&self.opened, &self.catalogue, &query, self.day)?;
        Ok(hits.items.into_iter().map(|hit| hit.id.as_u64_pair().1).collect())
    }
}

/// How a collection's marks become the market's codes.
struct Mapping<'a> {
    uscc: Uscc,
    /// The codes of categories by their names.
    kinds: BTreeMap<&'a str, usize>,
    /// The codes of service items that are no code by themselves.
    items: BTreeMap<&'a str, usize>,
    /// What official names are called as well.
    aliases: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Mapping<'a> {
    fn new(collection: &'a Collection, words: &'a Words) -> Result<Self, Error> {
        let (mut kinds, mut items) = (BTreeMap::new(), BTreeMap::new());
        for document in &collection.documents {
            let next = kinds.len();
            kinds.entry(document.kind.as_str()).or_insert(next);
            if let Some(ItemMark::Code(code)) = &document.item {
                let next = items.len();
                items.entry(code.as_str()).or_insert(next);
            }
        }
        let mut aliases: HashMap<&str, Vec<&str>> = HashMap::new();
        for (phrase, names) in &words.synonyms {
            for name in names {
                aliases.entry(name).or_default().push(phrase);
            }
        }
        let uscc = ANY_USCC.parse().map_err(|_| Error::Inconsistent("code"))?;
        Ok(Self { uscc, kinds, items, aliases })
    }

    fn listing(
        &self,
        document: &JudgedDocument,
        catalogue: &Catalogue,
    ) -> Result<ListingDocument, Error> {
        let item = match &document.item {
            Some(ItemMark::Number(number)) => format!("i{number}"),
            Some(ItemMark::Code(code)) => match code.parse::<crate::code::ItemCode>() {
                Ok(code) => code.to_string(),
                Err(_) => format!("t{}", self.items.get(code.as_str()).unwrap_or(&0)),
            },
            None => "none".to_owned(),
        };
        let kind = self.kinds.get(document.kind.as_str()).unwrap_or(&0);
        let code = |text: String| text.parse().map_err(|_| Error::Inconsistent("code"));
        let name = document.item_name.as_str();
        let aliases = self.aliases.get(name).into_iter().flatten().copied();
        let names = std::iter::once(name).chain(aliases).filter(|name| !name.is_empty());
        let region = document.region.rsplit('/').next().unwrap_or_default();
        let region = format!("{region:0<6}").parse().ok().filter(|_| !region.is_empty());
        let regions: Vec<_> = region.into_iter().collect();
        let region_names = match document.region_name.as_str() {
            "" => catalogue.region_names(&regions),
            name => vec![name.to_owned()],
        };
        let fen = i64::try_from(document.price).ok().and_then(Money::from_fen);
        Ok(ListingDocument {
            id: ListingId(Uuid::from_u64_pair(0, document.id)),
            agency_id: AgencyId(Uuid::from_u64_pair(0, document.agency_id.unwrap_or_default())),
            uscc: self.uscc.clone(),
            agency_name: document.agency.clone(),
            title: document.title.clone(),
            summary: document.desc.clone(),
            item: item.parse().map_err(|_| Error::Inconsistent("code"))?,
            item_names: names.map(str::to_owned).collect(),
            category: code(format!("k{kind}"))?,
            regions,
            region_names,
            price: fen.unwrap_or_default(),
            days: 0,
            open: Days::always(),
            version: 1,
        })
    }
}
