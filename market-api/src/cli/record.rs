//! `market export record`: the national record of services in approvals.

use std::{collections::BTreeMap, fs, path::Path};

use clap::Args;
use market_core::{
    Actor, Cursor, Market, Paging,
    record::{Completeness, ServiceRecord, csv},
};

use super::{Failure, out};

/// So many cases are read at once.
const CASES: u32 = 100;

/// How the record is exported.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// With `record`: tell which fields of which rows are missing, and how often, in place of rows
    #[arg(long, conflicts_with = "after")]
    check: bool,
    /// With `record`: only what has changed since an export, which printed this
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// With `record`: a JSON document a line in place of CSV
    #[arg(long)]
    json: bool,
}

impl Asked {
    /// Whether anything was said of it.
    pub(super) const fn is_given(&self) -> bool {
        self.check || self.json || self.after.is_some()
    }
}

/// Writes the record, or what is missing in it.
pub(super) async fn export(
    market: &Market,
    asked: &Asked,
    to: Option<&Path>,
) -> Result<(), Failure> {
    if asked.check {
        let found = check(market).await?;
        let text = if asked.json { json(&found)? } else { table(&found) };
        return write(to, &text);
    }
    let (rows, next) = rows(market, asked.after.as_deref()).await?;
    let text = if asked.json {
        rows.iter().map(json).collect::<Result<String, Failure>>()?
    } else {
        csv(&rows)?
    };
    write(to, &text)?;
    out::remark(format_args!("{} rows; go on with --after {}", rows.len(), next.as_str()));
    Ok(())
}

/// Writes what was read once all of it is: a reading that fails leaves the file of the time before.
fn write(to: Option<&Path>, text: &str) -> Result<(), Failure> {
    match to {
        Some(file) => fs::write(file, text)
            .map_err(|why| Failure::Failed(format!("{}: {why}", file.display()))),
        None => out::bytes(text.as_bytes()),
    }
}

/// Every row that has changed since a place, the last of each key.
async fn rows(
    market: &Market,
    after: Option<&str>,
) -> Result<(Vec<ServiceRecord>, Cursor), Failure> {
    let mut paging = Paging { after: after.map(Cursor::given), limit: CASES };
    let mut rows: BTreeMap<String, ServiceRecord> = BTreeMap::new();
    loop {
        let page = market.records().changed(&Actor::system(), &paging).await?;
        rows.extend(page.items.into_iter().map(|row| (row.key.clone(), row)));
        if !page.more {
            return Ok((rows.into_values().collect(), page.next));
        }
        paging.after = Some(page.next);
    }
}

async fn check(market: &Market) -> Result<Completeness, Failure> {
    let mut found = Completeness::default();
    let mut paging = Paging { after: None, limit: CASES };
    loop {
        found.add(market.records().check(&Actor::system(), &paging).await?);
        match found.next.take() {
            Some(next) => paging.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// A document on a line of its own.
fn json(what: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(what);
    text.map(|text| text + "\n").map_err(|why| Failure::Failed(why.to_string()))
}

fn table(found: &Completeness) -> String {
    let mut lines = Vec::new();
    for one in &found.incomplete {
        let missing: Vec<_> = one.missing.iter().map(|field| field.zh()).collect();
        lines.push(format!("{}  缺 {}\n", one.key, missing.join("、")));
    }
    for count in found.counts.iter().filter(|count| count.missing > 0) {
        let (field, missing, of) = (count.field.as_str(), count.missing, count.of);
        lines.push(format!("{missing:>7} of {of:>7}  {field:<18} {}\n", count.name));
    }
    lines.push(format!("{} of {} rows are complete 完整\n", found.complete, found.rows));
    lines.concat()
}
