//! `market reindex` and `market verify`.

use clap::Subcommand;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use market_core::{Error, Market, search::Progress};

use super::{Failure, out};

#[derive(Debug, Subcommand)]
pub(super) enum Verify {
    /// Compare every document of the search index with the database
    #[command(after_help = "Prints each difference. Exit code 1 if there is any: \
        `market reindex` mends it.")]
    Index,
    /// Read every file that a row names, and compare it with its digest
    #[command(
        after_help = "Prints each file that is not there, or is another one. Exit code 1 if \
        there is any: fetch it from a backup."
    )]
    Files,
    /// Have the database check every statement of the program, without running any
    Database,
}

/// Builds the search index anew, beside the one that serves, and says how fast.
pub(super) async fn reindex(market: &Market) -> Result<(), Failure> {
    let bar = bar();
    let search = market.search();
    let tell = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    search.reindex(tell).await?;
    let (count, took) = (bar.position(), bar.elapsed());
    bar.finish_and_clear();
    let rate = u128::from(count) * 1000 / took.as_millis().max(1);
    let took = HumanDuration(took);
    out::line(format_args!("indexed {count} agencies with their listings in {took}, {rate}/s"))
}

fn bar() -> ProgressBar {
    let template = "reindex {wide_bar} {human_pos}/{human_len} agencies, {per_sec}, {eta} to go";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

pub(super) async fn verify(market: &Market, what: &Verify) -> Result<(), Failure> {
    match what {
        Verify::Index => index(market).await,
        Verify::Files => files(market).await,
        Verify::Database => match market.verify_statements().await {
            Ok(count) => out::line(format_args!("{count} statements, all understood")),
            Err((name, why)) => Err(Failure::Failed(format!("statement {name}: {why}"))),
        },
    }
}

async fn files(market: &Market) -> Result<(), Failure> {
    let report = market.storage().verify().await?;
    for fault in &report.faults {
        out::line(format_args!("{} {}", fault.sha256, fault.why))?;
    }
    let (checked, wrong) = (report.checked, report.faults.len());
    out::line(format_args!("{checked} files checked, {wrong} not as their rows say"))?;
    if wrong == 0 {
        return Ok(());
    }
    Err(Failure::Failed("files are missing or changed: fetch them from a backup".to_owned()))
}

async fn index(market: &Market) -> Result<(), Failure> {
    match market.search().catch_up().await {
        Ok(_) => {}
        // A server that runs meanwhile keeps it in step itself.
        Err(Error::Search(why)) => out::remark(format_args!("the index is left to others: {why}")),
        Err(why) => return Err(why.into()),
    }
    let report = market.search().verify().await?;
    for difference in &report.differences {
        let (kind, id) = (difference.kind, &difference.id);
        out::line(format_args!("{kind} {id}: {}", difference.why))?;
    }
    out::line(format_args!(
        "{} documents checked, {} differences, {} journal entries behind",
        report.checked,
        report.differences.len(),
        report.behind
    ))?;
    if report.differences.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed("the index differs from the database: run market reindex".to_owned()))
}
