//! `market export record`: the national record of services in approvals.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write, stdout},
    path::Path,
};

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
    let mut sink: Box<dyn Write> = match to {
        Some(file) => Box::new(BufWriter::new(File::create(file)?)),
        None => Box::new(stdout()),
    };
    if asked.check {
        let found = check(market).await?;
        if asked.json {
            writeln!(sink, "{}", json(&found)?)?;
        } else {
            table(&mut sink, &found)?;
        }
        return Ok(sink.flush()?);
    }
    let (rows, next) = rows(market, asked.after.as_deref()).await?;
    if asked.json {
        for row in &rows {
            writeln!(sink, "{}", json(row)?)?;
        }
    } else {
        sink.write_all(csv(&rows)?.as_bytes())?;
    }
    sink.flush()?;
    out::remark(format_args!("{} rows; go on with --after {}", rows.len(), next.as_str()));
    Ok(())
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

fn json(what: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(what).map_err(|why| Failure::Failed(why.to_string()))
}

fn table(sink: &mut impl Write, found: &Completeness) -> Result<(), Failure> {
    for one in &found.incomplete {
        let missing: Vec<_> = one.missing.iter().map(|field| field.zh()).collect();
        writeln!(sink, "{}  缺 {}", one.key, missing.join("、"))?;
    }
    for count in found.counts.iter().filter(|count| count.missing > 0) {
        let (field, missing, of) = (count.field.as_str(), count.missing, count.of);
        writeln!(sink, "{missing:>7} of {of:>7}  {field:<18} {}", count.name)?;
    }
    writeln!(sink, "{} of {} rows are complete 完整", found.complete, found.rows)?;
    Ok(())
}
