//! The search engine over a collection's documents, in memory.
//!
//! This is the one file that knows how the engine is asked: [`Judged::over`] fills an index,
//! [`Judged::answer`] asks it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tantivy::TantivyError;
use uuid::Uuid;

use super::{
    Finds,
    collection::{Collection, ItemMark, JudgedDocument},
};
use crate::{
    Day, Error, Money,
    catalog::{Category, DeliverableKind, Nature, PriceMode, Rule, ServiceItem},
    code::{CategoryCode, ItemCode, RegionCode},
    id::{AgencyId, ListingId},
    kernel::page::MAX_LIMIT,
    matter::{Matter, Need},
    rules::Region,
    search::{
        catalogue::{COUNTRY, Catalogue, Parts},
        days::Days,
        documents::{Bundle, Document, Facts, ListingDocument},
        find::Engine,
        hits::{Found, Hits},
        index::{Mark, Opened, Writer},
        query::{MAX_TEXT, SearchQuery, Subject},
    },
};

/// Everything in a collection is open at all times; a search asks about some day.
const ANY_DAY: &str = "2026-01-01";
/// A query of a collection may take so long.
const LIMIT: Duration = Duration::from_mins(1);
/// So many documents are handed over at once.
const BATCH: usize = 1000;

/// What the engine knows besides the documents.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Phrases that people use, each with the official names that it may mean.
    pub synonyms: Vec<(String, Vec<String>)>,
    /// The divisions of China.
    pub regions: Vec<Region>,
    /// Matters, with the codes of the service items that they need.
    pub matters: Vec<(String, Vec<ItemCode>)>,
}

/// How large an index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// So many documents are in it.
    pub documents: u64,
    /// Of so many parts it is.
    pub segments: usize,
    /// So many bytes it has.
    pub bytes: u64,
}

/// The search engine over a collection's documents.
pub struct Judged {
    opened: Arc<Opened>,
    catalogue: Catalogue,
    day: Day,
}

impl std::fmt::Debug for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judged").finish_non_exhaustive()
    }
}

impl Judged {
    /// Fills an index in memory with a collection's documents.
    pub fn over(collection: &Collection, words: &Words) -> Result<Self, Error> {
        Self::over_parts(collection, std::iter::empty(), words)
    }

    /// The same with further documents, which need not be there all at once. Their categories and
    /// service items are those that the collection has; other ones are unknown.
    pub fn over_parts(
        collection: &Collection,
        more: impl Iterator<Item = Vec<JudgedDocument>>,
        words: &Words,
    ) -> Result<Self, Error> {
        let day = ANY_DAY.parse().map_err(|_| Error::Inconsistent("day"))?;
        let mapping = Mapping::new(collection)?;
        let parts = Parts {
            regions: words.regions.clone(),
            categories: mapping.categories.clone(),
            items: mapping.service_items(),
            matters: words.matters.iter().zip(0..).map(matter).collect::<Result<_, _>>()?,
            synonyms: words.synonyms.clone(),
            ..Parts::default()
        };
        let catalogue = Catalogue::new(parts, day);
        let opened = Arc::new(Opened::empty()?);
        let mut writer = opened.writer()?;
        mapping.fill(&writer, &collection.documents, &catalogue)?;
        for documents in more {
            mapping.fill(&writer, &documents, &catalogue)?;
        }
        writer.commit(&Mark::at(0, None, Vec::new()))?;
        Ok(Self { opened, catalogue, day })
    }

    /// The answer to any search: with filters and facets, too.
    pub fn answer(&self, query: &SearchQuery) -> Result<Hits, Error> {
        query.check(&self.catalogue)?;
        self.unchecked(query)
    }

    fn unchecked(&self, query: &SearchQuery) -> Result<Hits, Error> {
        let view = self.opened.view();
        let engine = Engine { view: &view, fields: self.opened.fields, catalogue: &self.catalogue };
        engine.answer(query, query.eligible_on.unwrap_or(self.day), LIMIT)
    }

    /// How large the index is.
    pub fn size(&self) -> Result<Size, Error> {
        let view = self.opened.view();
        Ok(Size {
            documents: view.searcher.num_docs(),
            segments: view.columns.len(),
            bytes: view.searcher.space_usage().map_err(TantivyError::from)?.total().get_bytes(),
        })
    }
}

impl Finds for Judged {
    fn find(&self, text: &str, limit: usize) -> Result<Vec<u64>, Error> {
        let limit = u32::try_from(limit).unwrap_or(MAX_LIMIT).min(MAX_LIMIT);
        let text = text.chars().take(MAX_TEXT).collect();
        let query = SearchQuery { text: Some(text), limit, ..SearchQuery::new(Subject::Listings) };
        let ids = self.unchecked(&query)?.items.into_iter().filter_map(|hit| match hit.found {
            Found::Listing(listing) => Some(listing.id.0.as_u64_pair().1),
            Found::Agency(_) | Found::ServiceItem(_) | Found::Matter(_) => None,
        });
        Ok(ids.collect())
    }
}

/// A matter of which nothing but its name and needs is known.
fn matter(((name, items), at): (&(String, Vec<ItemCode>), u32)) -> Result<Matter, Error> {
    let need = |item: &ItemCode| Need { item: item.clone(), steps: Vec::new(), why: String::new() };
    Ok(Matter {
        code: code(&format!("m{at}"))?,
        version: 1,
        name: name.clone(),
        lead: code("none")?,
        audience: String::new(),
        statutory_days: 0,
        promised_days: 0,
        steps: Vec::new(),
        materials: Vec::new(),
        needs: items.iter().map(need).collect(),
        withdrawn: false,
    })
}

/// How a collection's marks become the market's codes.
struct Mapping {
    categories: Vec<Category>,
    /// The codes of service items by their marks, with their names and kinds.
    items: BTreeMap<ItemMark, (ItemCode, String, CategoryCode)>,
    none: (ItemCode, CategoryCode),
    country: RegionCode,
}

fn code<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Inconsistent("code"))
}

/// By what the service item of a document is known: its mark, or else its name.
fn mark_of(document: &JudgedDocument) -> Option<ItemMark> {
    let by_name = || {
        let named = !document.item_name.is_empty();
        named.then(|| ItemMark::Code(document.item_name.clone()))
    };
    document.item.clone().or_else(by_name)
}

impl Mapping {
    fn new(collection: &Collection) -> Result<Self, Error> {
        let (mut kinds, mut items) = (BTreeMap::new(), BTreeMap::new());
        for document in &collection.documents {
            let next = kinds.len();
            if !kinds.contains_key(&document.kind) {
                kinds.insert(document.kind.clone(), code::<CategoryCode>(&format!("k{next}"))?);
            }
            let Some(mark) = mark_of(document) else { continue };
            if items.contains_key(&mark) {
                continue;
            }
            let item = match &mark {
                ItemMark::Number(number) => code(&format!("i{number}"))?,
                ItemMark::Code(text) => match text.parse::<ItemCode>() {
                    Ok(code) => code,
                    Err(_) => code(&format!("t{}", items.len()))?,
                },
            };
            let kind = kinds[&document.kind].clone();
            items.insert(mark, (item, document.item_name.clone(), kind));
        }
        let categories = kinds.iter().zip(0..).map(|((name, code), position)| Category {
            code: code.clone(),
            name: name.clone(),
            position,
            description: String::new(),
        });
        Ok(Self {
            categories: categories.collect(),
            items,
            none: (code("none")?, code("none")?),
            country: code(COUNTRY)?,
        })
    }

    /// Hands documents to a writer.
    fn fill(
        &self,
        writer: &Writer,
        documents: &[JudgedDocument],
        catalogue: &Catalogue,
    ) -> Result<(), Error> {
        for some in documents.chunks(BATCH) {
            let bundle = |document| {
                let listing = self.listing(document, catalogue)?;
                let documents = vec![Document::Listing(listing)];
                Ok(Bundle { owner: Uuid::from_u64_pair(1, document.id), documents })
            };
            writer.replace(&some.iter().map(bundle).collect::<Result<Vec<_>, Error>>()?)?;
        }
        Ok(())
    }

    /// The service items of the collection; nothing but their names is known.
    fn service_items(&self) -> Vec<ServiceItem> {
        let item = |(code, name, category): &(ItemCode, String, CategoryCode)| {
            Some(ServiceItem {
                code: code.clone(),
                version: 1,
                name: name.clone(),
                category: category.clone(),
                department: "none".parse().ok()?,
                aliases: Vec::new(),
                nature: Nature::Technical,
                legal_basis: String::new(),
                rule: Rule::All,
                requirements: Vec::new(),
                days: 0,
                price_mode: PriceMode::Market,
                price_cap: None,
                price_unit: String::new(),
                deliverable: DeliverableKind::Report,
                withdrawn: false,
            })
        };
        self.items.values().filter_map(item).collect()
    }

    fn listing(
        &self,
        document: &JudgedDocument,
        catalogue: &Catalogue,
    ) -> Result<ListingDocument, Error> {
        let known = mark_of(document).and_then(|mark| self.items.get(&mark));
        let (item, category) = match known {
            Some((item, _, category)) => (item.clone(), category.clone()),
            None => self.none.clone(),
        };
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
            agency_name: document.agency.clone(),
            title: document.title.clone(),
            summary: document.desc.clone(),
            item,
            item_name: document.item_name.clone(),
            category,
            facts: Facts {
                seat: regions.first().unwrap_or(&self.country).clone(),
                credit: 0,
                grade: None,
                completed: 0,
                admitted: ANY_DAY.parse().map_err(|_| Error::Inconsistent("day"))?,
                held: Vec::new(),
            },
            regions,
            region_names,
            price: fen.unwrap_or_default(),
            days: document.days,
            open: Days::always(),
            version: 1,
        })
    }
}
