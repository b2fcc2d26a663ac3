//! What is suggested: from the catalogue, and from what searches see.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde::Deserialize;
use tantivy::{
    DocId, SegmentReader, TantivyDocument, TantivyError, index::SegmentId, schema::Value,
};
use uuid::Uuid;

use super::{
    Suggestion, SuggestionKind,
    names::Known,
    table::{Key, Named, Table, Thing},
};
use crate::{
    Day, Error,
    code::RegionCode,
    search::{
        catalogue::{COUNTRY, Catalogue},
        columns::Columns,
        days::number,
        documents::Subject,
        lexicon::short_place,
        schema::Fields,
        text::{Heard, normalize},
        view::View,
    },
};

/// Names of agencies by document, as a segment holds them.
type SegmentNames = Vec<(DocId, Arc<str>)>;

/// The names of agencies in segments that were read before: a segment never changes, so each is
/// read once.
#[derive(Debug, Default)]
pub(super) struct Segments(HashMap<SegmentId, Arc<SegmentNames>>);

/// Everything that is suggested.
#[derive(Debug, Default)]
pub(super) struct Suggester {
    /// Service items, matters and places.
    catalogue: Table,
    agencies: Table,
}

impl Suggester {
    /// Suggests what a view shows on a day.
    pub(super) fn new(
        view: &View,
        fields: Fields,
        catalogue: &Catalogue,
        day: Day,
        segments: &mut Segments,
    ) -> Result<Self, Error> {
        let mut counts = Counts::new(view);
        let mut agencies = Vec::new();
        let mut known = Segments::default();
        for (reader, columns) in view.searcher.segment_readers().iter().zip(&view.columns) {
            let names = match segments.0.get(&reader.segment_id()) {
                Some(names) => names.clone(),
                None => Arc::new(names(reader, fields, columns)?),
            };
            counts.add(reader, columns, day, &names, &mut agencies);
            known.0.insert(reader.segment_id(), names);
        }
        *segments = known;
        agencies.sort_unstable_by(|a, b| a.thing.name.cmp(&b.thing.name));
        Ok(Self::of(counts.catalogue(view, catalogue), agencies, catalogue))
    }

    /// Suggests things of the catalogue, and agencies.
    pub(super) fn of(listed: Vec<Named>, agencies: Vec<Named>, catalogue: &Catalogue) -> Self {
        let places = catalogue.regions().flat_map(|region| {
            std::iter::once(region.name.as_str()).chain(short_place(&region.name))
        });
        let places = Known::new(places);
        let items = listed.iter().filter(|one| one.thing.kind == SuggestionKind::ServiceItem);
        let items = items.flat_map(|item| {
            item.texts.iter().map(|text| text.as_deref().unwrap_or(&item.thing.name))
        });
        let categories = catalogue.categories().iter().map(|category| category.name.as_str());
        let inside = Known::new(items.chain(categories));
        Self {
            catalogue: Table::new(listed, &places, &inside),
            agencies: Table::new(agencies, &places, &inside),
        }
    }

    /// What begins with what was heard, the best first.
    pub(super) fn suggest(
        &self,
        heard: &Heard,
        limit: usize,
        kinds: &[SuggestionKind],
    ) -> Vec<Suggestion> {
        let mut found = self.catalogue.find(heard, limit, kinds);
        if kinds.contains(&SuggestionKind::Agency) && found.len() < limit {
            found.extend(self.agencies.find(heard, limit - found.len(), kinds));
        }
        found
    }

    /// How many bytes it takes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.catalogue.bytes() + self.agencies.bytes()
    }
}

/// The name of an agency, out of all that is stored of it.
#[derive(Debug, Deserialize)]
struct Stored {
    name: Box<str>,
}

/// The names of a segment's agencies.
fn names(reader: &SegmentReader, fields: Fields, columns: &Columns) -> Result<SegmentNames, Error> {
    // A reader of its own, so that searches keep what they have unpacked.
    let store = reader.get_store_reader(1).map_err(TantivyError::from)?;
    let mut names = Vec::new();
    for (doc, kind) in (0..).zip(&columns.kind) {
        if u64::from(*kind) != Subject::AGENCY || reader.is_deleted(doc) {
            continue;
        }
        let stored: TantivyDocument = store.get(doc)?;
        let source = stored.get_first(fields.source).and_then(|value| value.as_bytes());
        let stored: Stored = serde_json::from_slice(source.unwrap_or_default())
            .map_err(|_| Error::Inconsistent("document"))?;
        names.push((doc, stored.name.into()));
    }
    Ok(names)
}

/// How many listings can be bought.
struct Counts {
    /// By the number of the item.
    items: Vec<u32>,
    /// By the number of the region that is served itself.
    regions: Vec<u32>,
}

impl Counts {
    fn new(view: &View) -> Self {
        Self { items: vec![0; view.codes.items.len()], regions: vec![0; view.codes.regions.len()] }
    }

    /// Counts the listings of a segment, and adds its agencies, as far as they are open.
    fn add(
        &mut self,
        reader: &SegmentReader,
        columns: &Columns,
        day: Day,
        names: &SegmentNames,
        agencies: &mut Vec<Named>,
    ) {
        let open = columns.open_on(number(day));
        let is_open = |doc: DocId| {
            open.get(doc as usize).copied().unwrap_or(false) && !reader.is_deleted(doc)
        };
        let mut owned: Vec<u32> = vec![0; columns.owners.len()];
        for (doc, kind) in (0..).zip(&columns.kind) {
            if u64::from(*kind) != Subject::LISTING || !is_open(doc) {
                continue;
            }
            add(&mut self.items, columns.items.of(doc));
            add(&mut self.regions, columns.regions.of(doc));
            add(&mut owned, &[columns.owner[doc as usize]]);
        }
        for (doc, name) in names.iter().filter(|(doc, _)| is_open(*doc)) {
            let count = owned[columns.owner[*doc as usize] as usize];
            let thing = Thing {
                kind: SuggestionKind::Agency,
                key: Key::Agency(Uuid::from_u128(columns.id[*doc as usize])),
                name: name.clone(),
                count,
            };
            agencies.push(Named { thing, texts: vec![None] });
        }
    }

    /// Everything of the catalogue with its counts, in the order of codes.
    fn catalogue(&self, view: &View, catalogue: &Catalogue) -> Vec<Named> {
        let count = |counts: &[u32], number: Option<u32>| {
            number.and_then(|number| counts.get(number as usize)).copied().unwrap_or_default()
        };
        let serving = |path: &[RegionCode]| {
            let codes = path.iter().map(|code| view.codes.regions.find(code.as_str()));
            codes.map(|number| count(&self.regions, number)).sum()
        };
        let mut all = Vec::new();
        for item in catalogue.items().filter(|item| !item.withdrawn) {
            let listings = count(&self.items, view.codes.items.find(item.code.as_str()));
            let texts = called(&item.name, &item.aliases, catalogue);
            let thing =
                listed(SuggestionKind::ServiceItem, item.code.as_str(), &item.name, listings);
            all.push(Named { thing, texts });
        }
        for matter in catalogue.matters().iter().filter(|matter| !matter.withdrawn) {
            let needs = u32::try_from(matter.needs.len()).unwrap_or(u32::MAX);
            let texts = called(&matter.name, &[], catalogue);
            let thing = listed(SuggestionKind::Matter, matter.code.as_str(), &matter.name, needs);
            all.push(Named { thing, texts });
        }
        for region in catalogue.regions().filter(|region| region.code.as_str() != COUNTRY) {
            let path = region.path.iter().filter(|code| code.as_str() != COUNTRY);
            let names = path.filter_map(|code| catalogue.region(code));
            let whole: String = names.map(|region| region.name.as_str()).collect();
            let short = short_place(&region.name);
            let texts = std::iter::once(region.name.as_str()).chain(short);
            let texts = texts.map(|text| Some(text.into())).collect();
            let thing =
                listed(SuggestionKind::Region, region.code.as_str(), &whole, serving(&region.path));
            all.push(Named { thing, texts });
        }
        all.sort_unstable_by(|a, b| code(&a.thing).cmp(&code(&b.thing)));
        all
    }
}

fn add(counts: &mut [u32], numbers: &[u32]) {
    for number in numbers {
        if let Some(count) = counts.get_mut(*number as usize) {
            *count += 1;
        }
    }
}

fn listed(kind: SuggestionKind, code: &str, name: &str, count: u32) -> Thing {
    Thing { kind, key: Key::Code(code.into()), name: name.into(), count }
}

fn code(thing: &Thing) -> (SuggestionKind, &str) {
    match &thing.key {
        Key::Code(code) => (thing.kind, code),
        Key::Agency(_) => (thing.kind, ""),
    }
}

/// What an item or a matter is called: by its name, its aliases, and what the trade says.
fn called(name: &str, aliases: &[String], catalogue: &Catalogue) -> Vec<Option<Box<str>>> {
    let official = normalize(name);
    let names_it =
        |means: &&(String, Vec<String>)| means.1.iter().any(|it| normalize(it) == official);
    let said = catalogue.aliases().iter().filter(names_it).map(|(phrase, _)| phrase);
    let mut known = BTreeSet::from([official.clone()]);
    let others = aliases.iter().chain(said).filter(|text| known.insert(normalize(text)));
    let others: Vec<_> = others.map(|text| Some(text.as_str().into())).collect();
    std::iter::once(None).chain(others).collect()
}
