use std::{collections::HashMap, fs, path::Path};

use super::*;
use crate::{
    Money,
    search::{Dimension, SearchQuery, Subject},
};

/// Documents 1, 2, 3 … have these grades.
fn judged(grades: &[u8]) -> Judgements {
    (1..).zip(grades.iter().copied()).collect()
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-4
}

#[test]
fn figures_are_those_worked_out_by_hand() {
    // Gains of grades 3, 2, 1: 7, 3, 1. Discounts of places 1 to 4: 1, 0.63093, 0.5, 0.43068.
    let eleven: Vec<u64> = (91..=100).chain([1]).collect();
    for (found, grades, ndcg, mrr, recall, zero) in [
        // In the best order.
        (&[1, 2, 3][..], &[3, 2, 1][..], 1.0, 1.0, 1.0, 0.0),
        // (1 + 3·0.63093 + 7·0.5) / (7 + 3·0.63093 + 1·0.5) = 6.39279 / 9.39279
        (&[3, 2, 1], &[3, 2, 1], 0.68060, 1.0, 1.0, 0.0),
        // (3·0.63093) / 9.39279, the first relevant hit second, one of three.
        (&[9, 2], &[3, 2, 1], 0.20151, 0.5, 1.0 / 3.0, 0.0),
        // What is judged with 0 is as good as not judged: 7·0.63093 / (7 + 0.63093).
        (&[3, 1], &[3, 1, 0], 0.57877, 0.5, 0.5, 0.0),
        // The eleventh place is no part of nDCG, but of the rest.
        (&eleven, &[3], 0.0, 1.0 / 11.0, 1.0, 0.0),
        // Nothing right, and nothing at all.
        (&[7, 8], &[3], 0.0, 0.0, 0.0, 0.0),
        (&[], &[3], 0.0, 0.0, 0.0, 1.0),
        // Twice the same is once: 7 / (7 + 7·0.63093).
        (&[1, 1, 1], &[3, 3], 0.61315, 1.0, 0.5, 0.0),
    ] {
        let figures = Figures::of(found, &judged(grades));
        assert!(near(figures.ndcg_at_10, ndcg), "{found:?}: {figures:?}");
        assert!(near(figures.mrr, mrr), "{found:?}: {figures:?}");
        assert!(near(figures.recall_at_50, recall), "{found:?}: {figures:?}");
        assert!(near(figures.zero_hits, zero), "{found:?}: {figures:?}");
    }
}

#[test]
fn more_than_fifty_relevant_documents_ask_for_fifty() {
    let judgements = judged(&[1; 80]);
    let recall =
        |count: u64| Figures::of(&(1..=count).collect::<Vec<_>>(), &judgements).recall_at_50;
    assert!(near(recall(50), 1.0) && near(recall(80), 1.0) && near(recall(25), 0.5));
}

/// Finds what it was told for each text.
struct Told(HashMap<&'static str, Vec<u64>>);

impl Finds for Told {
    fn find(&self, text: &str, _: usize) -> Result<Vec<u64>, Error> {
        Ok(self.0.get(text).cloned().unwrap_or_default())
    }
}

fn query(class: &str, text: &str) -> JudgedQuery {
    let judgements = judged(&[1]);
    JudgedQuery { id: text.to_owned(), class: class.to_owned(), text: text.to_owned(), judgements }
}

#[test]
fn classes_weigh_the_same_in_one_mean_and_queries_in_the_other() {
    let queries =
        vec![query("typo", "a"), query("alias", "b"), query("alias", "c"), query("alias", "d")];
    let collection = Collection { queries, ..Collection::default() };
    let told = Told(HashMap::from([("a", vec![1]), ("b", vec![5, 1])]));
    let verdict = judge(&collection, &told).unwrap();
    let names: Vec<_> =
        verdict.classes.iter().map(|one| (one.class.as_str(), one.queries)).collect();
    assert_eq!(names, [("alias", 3), ("typo", 1)]);
    assert!(near(verdict.classes[0].figures.mrr, 0.5 / 3.0));
    assert!(near(verdict.of_queries.mrr, 1.5 / 4.0));
    assert!(near(verdict.of_classes.mrr, f64::midpoint(0.5 / 3.0, 1.0)));
    assert!(near(verdict.classes[0].figures.zero_hits, 2.0 / 3.0));
    assert_eq!(verdict.answers[1].found, [5, 1]);
    assert_eq!(verdict.worst().last().unwrap().query, 0);
}

#[test]
fn no_more_than_what_was_asked_for_is_judged() {
    let collection = Collection { queries: vec![query("typo", "a")], ..Collection::default() };
    let told = Told(HashMap::from([("a", (2..=51).chain([1]).collect())]));
    let verdict = judge(&collection, &told).unwrap();
    assert!(near(verdict.of_queries.mrr, 0.0));
    assert_eq!(verdict.answers[0].found.len(), DEPTH);
}

#[test]
fn times_are_those_of_the_slowest_of_the_faster_half_and_of_99_in_100() {
    let times = Times::of((1..=200).rev().map(Duration::from_millis).collect());
    assert!(near(times.p50, 100.0) && near(times.p99, 198.0));
    assert_eq!(Times::of(Vec::new()), Times::default());
}

const DOCS: &str =
    "{\"id\":1,\"title\":\"环评\",\"item\":36,\"unknown\":[1]}\n{\"id\":2,\"item\":\"eia\"}\n";

fn folder(docs: &str, queries: &str, qrels: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("docs.jsonl", docs);
    write("queries.tsv", queries);
    write("qrels.tsv", qrels);
    folder
}

fn faults(folder: &Path) -> Vec<String> {
    match Collection::read(folder) {
        Err(Error::Invalid(faults)) => {
            faults.into_iter().map(|one| format!("{}: {}", one.pointer, one.message)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_collection_is_read_plain_or_packed() {
    let folder = folder(DOCS, "q1\talias\t环评 报告\n", "q1\t1\t3\nq1\t2\t0\n");
    let plain = Collection::read(folder.path()).unwrap();
    assert_eq!(plain.documents[0].item, Some(ItemMark::Number(36)));
    assert_eq!(plain.documents[1].item, Some(ItemMark::Code("eia".to_owned())));
    assert_eq!(plain.queries[0].judgements, Judgements::from([(1, 3), (2, 0)]));
    fs::remove_file(folder.path().join("docs.jsonl")).unwrap();
    let packed = fs::File::create(folder.path().join("docs.jsonl.gz")).unwrap();
    let mut writer = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, DOCS.as_bytes()).unwrap();
    writer.finish().unwrap();
    assert_eq!(Collection::read(folder.path()).unwrap(), plain);
}

#[test]
fn every_fault_names_its_file_line_and_field() {
    let docs =
        format!("{DOCS}{{\"title\":\"x\"}}\n{{\"id\":1}}\n{{\"id\":4,\"price\":\"much\"}}\nx\n");
    let queries = "q1\talias\t环评\nq1\talias\t环评\nq2\talias\nq3\t\t环评\n";
    let qrels = "q1\t1\t3\nq9\t1\t3\nq1\t99\t3\nq1\t2\thigh\nq1\t1\t2\nq1\t2\n";
    let found = faults(folder(&docs, queries, qrels).path());
    let expected = [
        "docs.jsonl:3: id: is missing",
        "docs.jsonl:4: id: document 1 is there already",
        "docs.jsonl:5: price: ",
        "docs.jsonl:6: line: ",
        "queries.tsv:2: id: query q1 is there already",
        "queries.tsv:3: line: has 2 columns instead of 3",
        "queries.tsv:4: class: is empty",
        "qrels.tsv:2: query: there is no query q9",
        "qrels.tsv:3: document: there is no document 99",
        "qrels.tsv:4: grade: high is no grade from 0 to 15",
        "qrels.tsv:5: document: 1 is judged twice for query q1",
        "qrels.tsv:6: line: has 2 columns instead of 3",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let nothing = faults(folder("", "", "").path());
    assert_eq!(
        nothing,
        ["docs.jsonl:1: id: there is no document", "queries.tsv:1: id: there is no query"]
    );
    let useless = faults(folder(DOCS, "q1\talias\t环评\n", "q1\t1\t0\n").path());
    assert_eq!(useless, ["queries.tsv:1: id: no document is relevant to query q1"]);
    let missing = tempfile::tempdir().unwrap();
    let found = faults(missing.path());
    assert!(found[0].contains("docs.jsonl.gz"), "{found:?}");
}

#[test]
fn only_a_class_that_is_there_can_be_kept() {
    let mut collection = Collection {
        queries: vec![query("typo", "a"), query("alias", "b"), query("typo", "c")],
        ..Collection::default()
    };
    assert!(matches!(collection.keep_class("typos"), Err(Error::Invalid(_))));
    collection.keep_class("typo").unwrap();
    assert_eq!(collection.queries.len(), 2);
    collection.keep_every(2);
    assert_eq!(collection.queries, [query("typo", "a")]);
}

#[test]
fn the_engine_finds_a_collections_documents_by_what_they_say_and_are_called() {
    let document = |id, title: &str, item_name: &str| JudgedDocument {
        id,
        title: title.to_owned(),
        item_name: item_name.to_owned(),
        region: "/33/3302".to_owned(),
        ..JudgedDocument::default()
    };
    let documents = vec![
        document(7, "地籍测绘", "测绘"),
        document(8, "报告编制", "环境影响评价"),
        document(u64::MAX, "消防检测", "检测"),
    ];
    let collection = Collection { documents, ..Collection::default() };
    let words = Words {
        synonyms: vec![("环评".to_owned(), vec!["环境影响评价".to_owned()])],
        ..Words::default()
    };
    let engine = Judged::over(&collection, &words).unwrap();
    assert_eq!(engine.find("地籍测绘", 50).unwrap(), [7]);
    assert_eq!(engine.find("环评", 50).unwrap(), [8]);
    assert_eq!(engine.find("消防检测", 50).unwrap()[0], u64::MAX);
    assert_eq!(engine.find("x", 50).unwrap(), [0; 0]);
}

#[test]
fn the_engine_answers_with_filters_and_counts_over_documents_that_came_in_parts() {
    let listing = |id, price, days| JudgedDocument {
        id,
        item: Some(ItemMark::Number(1)),
        title: "环评".to_owned(),
        kind: "环保".to_owned(),
        item_name: "环境影响评价".to_owned(),
        price,
        days,
        ..JudgedDocument::default()
    };
    let first = Collection { documents: vec![listing(1, 100_000, 5)], ..Collection::default() };
    let more = [vec![listing(2, 200_000, 15)], vec![listing(3, 300_000, 25)]];
    let engine = Judged::over_parts(&first, more.into_iter(), &Words::default()).unwrap();
    let size = engine.size().unwrap();
    assert!(size.documents == 3 && size.segments > 0 && size.bytes > 0, "{size:?}");
    let query = SearchQuery {
        text: Some("环境影响评价".to_owned()),
        min_price: Money::from_fen(200_000),
        facets: true,
        ..SearchQuery::new(Subject::Listings)
    };
    let hits = engine.answer(&query).unwrap();
    assert_eq!(hits.total, 2);
    let turnaround = hits.facets.iter().find(|facet| facet.by == Dimension::Turnaround).unwrap();
    let bands: Vec<_> =
        turnaround.values.iter().map(|value| (value.value.as_str(), value.count)).collect();
    assert_eq!(bands, [("11-20", 1), ("21-30", 1)]);
    let wrong = SearchQuery { limit: 0, ..query };
    assert!(engine.answer(&wrong).is_err());
}
