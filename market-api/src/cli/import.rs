//! `market import` and `market export`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use market_core::{
    Actor, Call, Market,
    import::{ImportOptions, Kind, Progress, Report, Sheet},
};

use super::{Failure, out, record};

/// What is imported, and how.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What the file holds: regions, calendar, policy, departments, categories, qualifications,
    /// items, matters, agencies, agency-qualifications, practitioners or listings; `pack` for a
    /// folder of such files
    #[arg(value_name = "KIND")]
    what: What,
    /// The file, .csv, .xlsx or (policy) .toml; for `pack`, the folder
    file: PathBuf,
    /// Write the good rows even if there are bad ones, and the bad ones to a file that can be
    /// corrected and imported again
    #[arg(long)]
    skip_bad: bool,
    /// Where the bad rows go [default: FILE.bad.csv]
    #[arg(long, value_name = "FILE", requires = "skip_bad")]
    bad_rows: Option<PathBuf>,
    /// A column of the file that has another name: `机构代码=uscc`, or `备注=-` to leave it out; may
    /// be repeated
    #[arg(long = "column", value_name = "THEIRS=OURS", value_parser = column)]
    columns: Vec<(String, String)>,
}

/// What is exported, and where to.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// What to export, as for `market import`; or `record`, the national record of services in
    /// approvals (中介服务事项办理信息)
    #[arg(value_name = "KIND")]
    what: Exported,
    /// The file [default: standard output]; for `pack`, the folder
    #[arg(required_if_eq("what", "pack"))]
    to: Option<PathBuf>,
    #[command(flatten)]
    record: record::Asked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exported {
    Pack(What),
    Record,
}

impl std::str::FromStr for Exported {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if word == "record" { Ok(Self::Record) } else { word.parse().map(Self::Pack) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    One(Kind),
    Pack,
}

impl std::str::FromStr for What {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if word == "pack" { Ok(Self::Pack) } else { word.parse().map(Self::One) }
    }
}

fn column(text: &str) -> Result<(String, String), String> {
    let (theirs, ours) = text.rsplit_once('=').ok_or("must be THEIRS=OURS")?;
    Ok((theirs.trim().to_owned(), ours.trim().to_owned()))
}

/// The kinds of pack that have a file in a folder, in the order in which they are loaded.
fn files_in(folder: &Path) -> Vec<(Kind, PathBuf)> {
    let files = Kind::ALL.iter().map(|kind| (*kind, folder.join(kind.file())));
    files.filter(|(_, file)| file.exists()).collect()
}

pub(super) async fn import(market: &Market, asked: Import) -> Result<(), Failure> {
    let files = match asked.what {
        What::One(kind) => vec![(kind, asked.file.clone())],
        What::Pack => files_in(&asked.file),
    };
    if files.is_empty() {
        let folder = asked.file.display();
        return Err(Failure::Usage(format!("{folder} holds no file of a pack, such as items.csv")));
    }
    let mut bad = 0;
    for (kind, file) in files {
        let report = import_one(market, kind, &file, &asked).await?;
        bad += report.bad.len();
        if !report.bad.is_empty() && !asked.skip_bad {
            break;
        }
    }
    match bad {
        0 => Ok(()),
        _ => Err(Failure::BadRows),
    }
}

async fn import_one(
    market: &Market,
    kind: Kind,
    file: &Path,
    asked: &Import,
) -> Result<Report, Failure> {
    let name = file.display();
    let bytes = fs::read(file).map_err(|why| Failure::Usage(format!("{name}: {why}")))?;
    let sheet = Sheet::read(&file.to_string_lossy(), &bytes)?;
    let bar = bar(kind);
    let hearing = bar.clone();
    let options = ImportOptions {
        skip_bad: asked.skip_bad,
        columns: asked.columns.clone(),
        progress: Progress::telling(move |rows| hearing.set_position(rows)),
        ..ImportOptions::default()
    };
    let call = Call::from(Actor::system());
    let report = market.import(&call, kind, &sheet, &options).await;
    bar.finish_and_clear();
    let report = report?;
    tell(&report, kind, file, asked)?;
    Ok(report)
}

fn bar(kind: Kind) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(format!("import {kind}"));
    let style = ProgressStyle::with_template("{spinner} {msg}: {pos} rows, {elapsed}");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// Says what came of a file, and where its bad rows went.
fn tell(report: &Report, kind: Kind, file: &Path, asked: &Import) -> Result<(), Failure> {
    for bad in &report.bad {
        out::line(format_args!(
            "{}: row {}, column {}, value {:?}: {} ({})",
            file.display(),
            bad.row,
            bad.column,
            bad.value,
            bad.reason,
            bad.code
        ))?;
    }
    let Report { created, changed, unchanged, .. } = report;
    let count = report.bad.len();
    if count > 0 && !asked.skip_bad {
        return out::line(format_args!("{kind}: {count} faults; nothing was written"));
    }
    out::line(format_args!("{kind}: {created} created, {changed} changed, {unchanged} unchanged"))?;
    let Some(sheet) = &report.bad_sheet else { return Ok(()) };
    let place = asked.bad_rows.clone().unwrap_or_else(|| {
        let mut name = file.as_os_str().to_owned();
        name.push(".bad.csv");
        PathBuf::from(name)
    });
    fs::write(&place, sheet.to_csv())?;
    out::line(format_args!("{kind}: {count} faults; the bad rows are in {}", place.display()))
}

pub(super) async fn export(market: &Market, asked: Export) -> Result<(), Failure> {
    let what = match asked.what {
        Exported::Record => {
            return record::export(market, &asked.record, asked.to.as_deref()).await;
        }
        Exported::Pack(_) if asked.record.is_given() => {
            let why = "--check, --after and --json are for `market export record`";
            return Err(Failure::Usage(why.to_owned()));
        }
        Exported::Pack(what) => what,
    };
    match (what, asked.to) {
        (What::One(kind), None) => out::bytes(market.export(kind).await?.as_bytes()),
        (What::One(kind), Some(file)) => Ok(fs::write(file, market.export(kind).await?)?),
        (What::Pack, folder) => {
            let folder = folder.unwrap_or_else(|| PathBuf::from("."));
            fs::create_dir_all(&folder)?;
            for kind in Kind::ALL {
                fs::write(folder.join(kind.file()), market.export(*kind).await?)?;
            }
            Ok(())
        }
    }
}
