//! A judged set for search, made from the catalogue and a seed: listings of made-up agencies in
//! Zhejiang, queries as people type them, and what each listing is worth to each query.
//!
//! Worth comes from structure, never from text: 3 is a listing of the service item or the agency
//! that is meant, 2 one that a matter needs, 1 one of the same category, or of the item in
//! another place. Where one name is carried by several items or agencies, all of them are meant.
//!
//! Reading order: `documents`, `names`, then `services`, `agencies` and `places`, which ask;
//! `spelling` and `slips` change how a name is typed.

mod agencies;
mod documents;
mod names;
mod places;
mod services;
mod slips;
mod spelling;
mod traditional;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs, io,
    path::Path,
};

use self::documents::{Category, Document, Matter, Saying};
use self::names::Named;
use super::Catalog;
use super::draw::Draw;

/// The syllable of a Chinese character, without its tone.
pub type Spell = fn(char) -> Option<&'static str>;

/// What a judged set is made from.
#[derive(Debug)]
pub struct Sources {
    catalog: Catalog,
    categories: Vec<Category>,
    matters: Vec<Matter>,
    sayings: Vec<Saying>,
    spell: Spell,
    agencies: usize,
}

/// A judged set: a collection that search can be judged by.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct JudgedSet {
    documents: Vec<Document>,
    queries: Vec<Asked>,
}

/// A query with what each document is worth to it, by the document's place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    class: &'static str,
    text: String,
    grades: BTreeMap<usize, u8>,
}

/// What asks.
struct Asking<'a> {
    sources: &'a Sources,
    items: Vec<Named>,
    documents: Vec<Document>,
    queries: Vec<Asked>,
    draw: Draw,
}

/// Makes the judged set of a seed.
pub fn judged(sources: &Sources, seed: u64) -> JudgedSet {
    let mut asking = Asking {
        sources,
        items: sources.catalog.items.iter().map(Named::new).collect(),
        documents: documents::documents(sources, seed),
        queries: Vec::new(),
        draw: Draw::new(seed, u64::MAX),
    };
    asking.services();
    asking.agencies();
    asking.places();
    JudgedSet { documents: asking.documents, queries: asking.queries }
}

impl Asking<'_> {
    /// Keeps a query that means something and was not asked before.
    fn ask(&mut self, class: &'static str, text: String, grades: BTreeMap<usize, u8>) {
        let asked = |query: &Asked| query.class == class && query.text == text;
        if !text.is_empty() && !grades.is_empty() && !self.queries.iter().any(asked) {
            self.queries.push(Asked { class, text, grades });
        }
    }

    /// The items of which a name fits.
    fn carriers(&self, fits: impl Fn(&str) -> bool) -> BTreeSet<usize> {
        let items = self.items.iter().enumerate();
        items.filter(|(_, item)| item.names().any(&fits)).map(|(place, _)| place).collect()
    }

    /// What listings are worth where these items are meant.
    fn of_items(&self, wanted: &BTreeSet<usize>) -> BTreeMap<usize, u8> {
        let categories: BTreeSet<_> =
            wanted.iter().map(|item| self.sources.catalog.items[*item].category.as_str()).collect();
        let grade = |document: &Document| match document.item {
            item if wanted.contains(&item) => 3,
            item if categories.contains(self.sources.catalog.items[item].category.as_str()) => 1,
            _ => 0,
        };
        let grades = self.documents.iter().map(grade).enumerate();
        grades.filter(|(_, grade)| *grade > 0).collect()
    }
}

impl JudgedSet {
    /// Writes `docs.jsonl`, `queries.tsv` and `qrels.tsv` into a folder.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let (mut docs, mut queries, mut qrels) = (String::new(), String::new(), String::new());
        for document in &self.documents {
            docs.push_str(&serde_json::to_string(&document.row)?);
            docs.push('\n');
        }
        for (number, query) in self.queries.iter().enumerate() {
            let Asked { class, text, grades } = query;
            let line = writeln!(queries, "{class}-{number}\t{class}\t{text}");
            line.map_err(io::Error::other)?;
            for (document, grade) in grades {
                let line = writeln!(qrels, "{class}-{number}\t{document}\t{grade}");
                line.map_err(io::Error::other)?;
            }
        }
        fs::write(folder.join("docs.jsonl"), docs)?;
        fs::write(folder.join("queries.tsv"), queries)?;
        fs::write(folder.join("qrels.tsv"), qrels)
    }
}
