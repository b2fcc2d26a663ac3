//! `market judge`.

use std::{collections::HashMap, path::PathBuf};

use clap::Args;
use market_core::{
    Error,
    search::judge::{Answer, Collection, Figures, Judged, JudgedDocument, Verdict, judge},
};
use serde_json::{Value, json};

use super::{Failure, out};
use crate::words;

/// So many documents are told of each side of a miss.
const TOLD: usize = 5;

/// What is judged, and how it is told.
#[derive(Debug, Args)]
pub(super) struct Judge {
    /// The folder of the collection: docs.jsonl or docs.jsonl.gz, queries.tsv and qrels.tsv
    folder: PathBuf,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// Judge the queries of one class only
    #[arg(long)]
    class: Option<String>,
    /// Print so many of the worst answers: what was found, and what was wanted
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "json")]
    misses: usize,
    /// Synonyms, a file with the columns phrase and names [default: those of the program]
    #[arg(long, value_name = "FILE")]
    synonyms: Option<PathBuf>,
}

/// Searches a collection, and prints how well that went.
pub(super) fn obey(asked: &Judge) -> Result<(), Failure> {
    let words = match &asked.synonyms {
        None => words::built_in()?,
        Some(file) => words::with_synonyms(file)?,
    };
    let mut collection = Collection::read(&asked.folder).map_err(failed)?;
    if let Some(class) = &asked.class {
        collection.keep_class(class).map_err(failed)?;
    }
    let engine = Judged::over(&collection, &words).map_err(failed)?;
    let verdict = judge(&collection, &engine).map_err(failed)?;
    if asked.json {
        let text = serde_json::to_string_pretty(&machine(&collection, &verdict));
        return out::line(text.map_err(|why| Failure::Failed(why.to_string()))?);
    }
    table(&verdict)?;
    misses(&collection, &verdict, asked.misses)
}

/// A collection that cannot be judged is a failure, not a wrong use of the program.
fn failed(why: Error) -> Failure {
    match Failure::from(why) {
        Failure::Usage(why) => Failure::Failed(why),
        other => other,
    }
}

fn table(verdict: &Verdict) -> Result<(), Failure> {
    let classes = verdict.classes.iter();
    let rows = classes.map(|one| (one.class.as_str(), one.queries, one.figures));
    let count = verdict.answers.len();
    let means = [
        ("mean of queries", count, verdict.of_queries),
        ("mean of classes", count, verdict.of_classes),
    ];
    let rows: Vec<_> = rows.chain(means).collect();
    let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
    out::line(format_args!(
        "{:width$} {:>8} {:>8} {:>8} {:>10} {:>10}",
        "class", "queries", "nDCG@10", "MRR", "recall@50", "zero hits"
    ))?;
    for (name, queries, figures) in rows {
        let Figures { ndcg_at_10, mrr, recall_at_50, zero_hits } = figures;
        out::line(format_args!(
            "{name:width$} {queries:>8} {ndcg_at_10:>8.4} {mrr:>8.4} {recall_at_50:>10.4} {zero_hits:>10.4}"
        ))?;
    }
    let times = verdict.times;
    out::line(format_args!("p50 {:.2} ms, p99 {:.2} ms a query", times.p50, times.p99))
}

/// The verdict for programs. Fields are added, never renamed.
fn machine(collection: &Collection, verdict: &Verdict) -> Value {
    let figures = |figures: Figures| {
        let Figures { ndcg_at_10, mrr, recall_at_50, zero_hits } = figures;
        json!({
            "ndcg_at_10": ndcg_at_10,
            "mrr": mrr,
            "recall_at_50": recall_at_50,
            "zero_hits": zero_hits,
        })
    };
    let classes = verdict.classes.iter().map(|one| {
        let mut class = figures(one.figures);
        class["class"] = one.class.as_str().into();
        class["queries"] = one.queries.into();
        class
    });
    let mut overall = figures(verdict.of_queries);
    overall["queries"] = verdict.answers.len().into();
    overall["mean_of_classes"] = figures(verdict.of_classes);
    overall["p50_ms"] = verdict.times.p50.into();
    overall["p99_ms"] = verdict.times.p99.into();
    json!({
        "collection": collection.folder.display().to_string(),
        "docs": collection.documents.len(),
        "queries": verdict.answers.len(),
        "classes": classes.collect::<Vec<_>>(),
        "overall": overall,
    })
}

fn misses(collection: &Collection, verdict: &Verdict, count: usize) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let documents: HashMap<u64, &JudgedDocument> =
        collection.documents.iter().map(|document| (document.id, document)).collect();
    for answer in verdict.worst().into_iter().take(count) {
        miss(collection, answer, &documents)?;
    }
    Ok(())
}

fn miss(
    collection: &Collection,
    answer: &Answer,
    documents: &HashMap<u64, &JudgedDocument>,
) -> Result<(), Failure> {
    let query = &collection.queries[answer.query];
    let Figures { ndcg_at_10, recall_at_50, .. } = answer.figures;
    out::line(format_args!(
        "\n{} {}: {}\n  nDCG@10 {ndcg_at_10:.4}, recall@50 {recall_at_50:.4}",
        query.id, query.class, query.text
    ))?;
    let tell = |what: &str, id: u64| {
        let grade = query.judgements.get(&id).copied().unwrap_or_default();
        let document = documents.get(&id);
        let text = document.map(|document| shown(document)).unwrap_or_default();
        out::line(format_args!("  {what} {id} (grade {grade}): {text}"))
    };
    if answer.found.is_empty() {
        out::line("  found nothing")?;
    }
    answer.found.iter().take(TOLD).try_for_each(|id| tell("found ", *id))?;
    let mut wanted: Vec<_> = query.judgements.iter().filter(|(_, grade)| **grade > 0).collect();
    wanted.sort_by_key(|(id, grade)| (std::cmp::Reverse(**grade), **id));
    wanted.into_iter().take(TOLD).try_for_each(|(id, _)| tell("wanted", *id))
}

/// What tells a document from others, in a line.
fn shown(document: &JudgedDocument) -> String {
    let desc = document.desc.chars().take(40).collect::<String>();
    let parts =
        [&document.title, &document.item_name, &document.agency, &document.region_name, &desc];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.map(|part| part.replace(['\n', '\r'], " ")).collect::<Vec<_>>().join(" | ")
}
