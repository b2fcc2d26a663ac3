//! The demonstration market: loaded once into its folder, found again at every later start.
//!
//! Read `packs` for what it is made of, `people` for who acts in it, `story` and `selections` for
//! what has happened before it is first opened.

mod chapters;
mod packs;
mod people;
mod selections;
mod story;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use market_core::{
    Durability, Env, Error, Market, Options, code::DepartmentCode, id::CaseId, private_folder,
    sha256_hex,
};
use serde::{Deserialize, Serialize};

use crate::cli::settings::sqlite_in;

pub use packs::{load_agencies, load_catalogue};

/// What the demonstration tells whoever wants to try it; kept as `demo.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// Where the portal is.
    pub url: String,
    /// Where the API is.
    pub api: String,
    /// Where its documentation is.
    pub docs: String,
    /// A case that is just opened: what the tour begins with.
    pub case: CaseId,
    /// A token for each side.
    pub tokens: Tokens,
    /// With what each side signs in by a browser; made for this folder alone.
    #[serde(default)]
    pub password: String,
}

/// A bearer token for each side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of an applicant.
    pub applicant: String,
    /// Of an agency that sells what the applicant's first case needs.
    pub agency: String,
    /// Of an officer of the fire department, which uses it.
    pub department: String,
    /// Of the operator.
    pub operator: String,
    /// Of an officer of every department.
    pub departments: BTreeMap<DepartmentCode, String>,
}

/// Why the demonstration cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder holds something else.
    #[error("{0} holds something else than a demonstration; choose another folder with --data")]
    Occupied(PathBuf),
    /// The folder cannot be used.
    #[error("cannot use {0}: {1}")]
    Folder(PathBuf, io::Error),
    /// The market cannot be loaded or opened.
    #[error(transparent)]
    Market(#[from] Error),
}

/// Where a market in a folder keeps what.
fn options(folder: &Path) -> Options {
    Options {
        files: Some(folder.join("files")),
        index: Some(folder.join("index")),
        ..Options::new(sqlite_in(folder))
    }
}

/// Makes sure that a folder holds the demonstration, and gives what is known of it.
///
/// It is loaded beside and moved in place when it is complete, so that an interrupted load leaves
/// nothing that looks like a market.
pub async fn prepare(folder: &Path, url: &str) -> Result<Demo, DemoError> {
    let at = |why| DemoError::Folder(folder.to_owned(), why);
    if let Ok(known) = fs::read_to_string(folder.join("demo.json")) {
        let known: Demo =
            serde_json::from_str(&known).map_err(|_| DemoError::Occupied(folder.to_owned()))?;
        let demo = known.served_at(url);
        write(folder, &demo).map_err(at)?;
        return Ok(demo);
    }
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(DemoError::Occupied(folder.to_owned()));
    }
    let beside = beside(folder);
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(at)?;
    }
    private_folder(&beside.join("files")).map_err(at)?;
    let demo = load(&beside).await?.served_at(url);
    write(&beside, &demo).map_err(at)?;
    if folder.exists() {
        fs::remove_dir(folder).map_err(at)?;
    }
    fs::rename(&beside, folder).map_err(at)?;
    Ok(demo)
}

/// The folder in which the demonstration of a folder is loaded.
fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".loading");
    folder.with_file_name(name)
}

/// Loads the demonstration into an empty folder.
async fn load(folder: &Path) -> Result<Demo, Error> {
    let options = Options { durability: Durability::Relaxed, ..options(folder) };
    let market = Market::open(options).await?;
    let now = Env::real().now();
    packs::load_all(&market, now.day()).await?;
    // Numbered before the story, which lies in the past but comes after in the journal.
    market.number().await?;
    people::applications(&market).await?;
    let password = sha256_hex(&market.env().secret::<32>())[..16].to_owned();
    let applicants = people::applicants(&market, &password).await?;
    let ids: Vec<_> = applicants.iter().map(|(_, id)| *id).collect();
    let case = story::tell(&market, now, &ids).await?;
    let agency = people::agency(&market, ids[0], case).await?;
    let tokens = people::tokens(&market, applicants[0], agency, &password).await?;
    market.search().catch_up().await?;
    market.close().await?;
    Ok(Demo { url: String::new(), api: String::new(), docs: String::new(), case, tokens, password })
}

impl Demo {
    fn served_at(self, url: &str) -> Self {
        let url = url.trim_end_matches('/');
        Self {
            url: url.to_owned(),
            api: format!("{url}/api/v1"),
            docs: format!("{url}/docs/"),
            ..self
        }
    }
}

/// Writes `demo.json`, which only its owner may read, since it holds tokens.
fn write(folder: &Path, demo: &Demo) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let text = serde_json::to_string_pretty(demo).map_err(io::Error::other)?;
    let fresh = folder.join("demo.json.new");
    let mut open = fs::OpenOptions::new();
    let file = open.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    io::Write::write_all(&mut &file, text.as_bytes())?;
    file.sync_all()?;
    fs::rename(fresh, folder.join("demo.json"))
}
