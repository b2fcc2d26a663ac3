//! Reading a collection from its folder: `docs.jsonl` or `docs.jsonl.gz`, `queries.tsv` (id,
//! class, text) and `qrels.tsv` (query, document, grade).
//!
//! Every fault is told as `file:line: field`, up to a limit.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;

use super::{
    collection::{Collection, JudgedDocument, JudgedQuery},
    metrics::Judgements,
};
use crate::{Error, Fault};

/// So many faults are told; whoever has more learns nothing from the rest.
const MOST_FAULTS: usize = 20;
/// No collection is longer when unpacked.
const MOST_BYTES: u64 = 4 << 30;
/// The highest grade.
const HIGHEST: u8 = 15;

impl Collection {
    /// Reads a collection, or tells every fault with its file, line and field.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut faults = Faults::default();
        let documents = documents(folder, &mut faults)?;
        let mut queries = queries(folder, &mut faults)?;
        judgements(folder, &documents, &mut queries, &mut faults)?;
        if faults.0.is_empty() {
            if documents.is_empty() {
                faults.add("docs.jsonl", 1, "id", "there is no document");
            }
            if queries.is_empty() {
                faults.add("queries.tsv", 1, "id", "there is no query");
            }
            for (line, query) in (1..).zip(&queries) {
                if query.judgements.values().all(|grade| *grade == 0) {
                    let why = format!("no document is relevant to query {}", query.id);
                    faults.add("queries.tsv", line, "id", why);
                }
            }
        }
        Error::unless_faultless(faults.0)?;
        Ok(Self { folder: folder.to_owned(), documents, queries })
    }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, file: &str, line: usize, field: &str, why: impl Into<String>) {
        if self.0.len() < MOST_FAULTS {
            self.0.push(Fault::new(format!("{file}:{line}: {field}"), "collection", why));
        }
    }
}

/// The lines of a file, unpacked where its name says so.
fn lines(
    folder: &Path,
    name: &str,
) -> Result<impl Iterator<Item = std::io::Result<String>>, Error> {
    let path = folder.join(name);
    let file = File::open(&path).map_err(|why| unreadable(&path, &why))?;
    let reader: Box<dyn Read> = match path.extension() {
        Some(end) if end == "gz" => Box::new(MultiGzDecoder::new(BufReader::new(file))),
        _ => Box::new(file),
    };
    Ok(BufReader::new(reader.take(MOST_BYTES)).lines())
}

fn unreadable(path: &Path, why: &std::io::Error) -> Error {
    Error::invalid(path.display().to_string(), "file", why.to_string())
}

fn documents(folder: &Path, faults: &mut Faults) -> Result<Vec<JudgedDocument>, Error> {
    let plain = folder.join("docs.jsonl").exists();
    let name = if plain { "docs.jsonl" } else { "docs.jsonl.gz" };
    let (mut documents, mut ids) = (Vec::new(), BTreeSet::new());
    for (line, text) in (1..).zip(lines(folder, name)?) {
        let text =
            text.map_err(|why| Error::invalid(format!("{name}:{line}"), "file", why.to_string()))?;
        match document(&text) {
            Ok(document) if ids.insert(document.id) => documents.push(document),
            Ok(document) => {
                faults.add(name, line, "id", format!("document {} is there already", document.id));
            }
            Err((field, why)) => faults.add(name, line, &field, why),
        }
    }
    Ok(documents)
}

/// A document, or the field that is wrong with why.
fn document(text: &str) -> Result<JudgedDocument, (String, String)> {
    let whole = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text)
        .map_err(|why| ("line".to_owned(), why.to_string()))?;
    if !whole.contains_key("id") {
        return Err(("id".to_owned(), "is missing".to_owned()));
    }
    if let Ok(document) = serde_json::from_str(text) {
        return Ok(document);
    }
    // Each field by itself, to name the one that is wrong.
    for (field, value) in whole {
        let one = serde_json::Map::from_iter([(field.clone(), value)]);
        if let Err(why) = serde_json::from_value::<JudgedDocument>(one.into()) {
            return Err((field, why.to_string()));
        }
    }
    Err(("line".to_owned(), "is no document".to_owned()))
}

/// The three columns of a line, or the number of those there are.
fn columns(text: &str) -> Result<[&str; 3], usize> {
    let columns: Vec<_> = text.split('\t').collect();
    columns.try_into().map_err(|columns: Vec<_>| columns.len())
}

/// The lines of a file of three columns that are told by these names.
fn table(
    folder: &Path,
    name: &str,
    faults: &mut Faults,
    mut row: impl FnMut([&str; 3]) -> Result<(), (&'static str, String)>,
) -> Result<(), Error> {
    for (line, text) in (1..).zip(lines(folder, name)?) {
        let text =
            text.map_err(|why| Error::invalid(format!("{name}:{line}"), "file", why.to_string()))?;
        match columns(&text) {
            Ok(columns) => {
                if let Err((field, why)) = row(columns) {
                    faults.add(name, line, field, why);
                }
            }
            Err(count) => {
                faults.add(name, line, "line", format!("has {count} columns instead of 3"));
            }
        }
    }
    Ok(())
}

fn queries(folder: &Path, faults: &mut Faults) -> Result<Vec<JudgedQuery>, Error> {
    let (mut queries, mut ids) = (Vec::new(), BTreeSet::new());
    table(folder, "queries.tsv", faults, |[id, class, text]| {
        for (field, cell) in [("id", id), ("class", class), ("text", text)] {
            if cell.trim().is_empty() {
                return Err((field, "is empty".to_owned()));
            }
        }
        if !ids.insert(id.to_owned()) {
            return Err(("id", format!("query {id} is there already")));
        }
        let [id, class, text] = [id, class, text].map(str::to_owned);
        queries.push(JudgedQuery { id, class, text, judgements: Judgements::new() });
        Ok(())
    })?;
    Ok(queries)
}

fn judgements(
    folder: &Path,
    documents: &[JudgedDocument],
    queries: &mut [JudgedQuery],
    faults: &mut Faults,
) -> Result<(), Error> {
    let ids: BTreeSet<u64> = documents.iter().map(|document| document.id).collect();
    let mut by_id: HashMap<String, &mut Judgements> =
        queries.iter_mut().map(|query| (query.id.clone(), &mut query.judgements)).collect();
    table(folder, "qrels.tsv", faults, |[query, doc, grade]| {
        let Some(judgements) = by_id.get_mut(query) else {
            return Err(("query", format!("there is no query {query}")));
        };
        let Some(doc) = doc.parse().ok().filter(|id| ids.contains(id)) else {
            return Err(("document", format!("there is no document {doc}")));
        };
        let Some(grade) = grade.parse().ok().filter(|grade: &u8| *grade <= HIGHEST) else {
            return Err(("grade", format!("{grade} is no grade from 0 to {HIGHEST}")));
        };
        if judgements.insert(doc, grade).is_some() {
            return Err(("document", format!("{doc} is judged twice for query {query}")));
        }
        Ok(())
    })
}
