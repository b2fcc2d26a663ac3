//! Where files are kept: in a folder, or in an object store that speaks S3.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use clap::Args;
use market_core::file::S3;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::Failure;

/// What is said of an object store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are called like the settings")]
pub(super) struct StoreGiven {
    /// The address of the object store, such as <https://s3.example.cn> [default: Amazon's]
    #[arg(long, global = true, env = "MARKET_FILES_ENDPOINT", value_name = "URL")]
    files_endpoint: Option<String>,
    /// The region of the object store [default: us-east-1]
    #[arg(long, global = true, env = "MARKET_FILES_REGION", value_name = "REGION")]
    files_region: Option<String>,
    /// A file with the name and the secret of the object store's key, each on a line
    /// [default: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of the environment]
    #[arg(long, global = true, env = "MARKET_FILES_KEY", value_name = "FILE")]
    files_key: Option<PathBuf>,
}

impl StoreGiven {
    /// What was given, and what the file gives of the rest.
    pub(super) fn before(self, file: Self) -> Self {
        Self {
            files_endpoint: self.files_endpoint.or(file.files_endpoint),
            files_region: self.files_region.or(file.files_region),
            files_key: self.files_key.or(file.files_key),
        }
    }
}

/// The folder of files, or that of those coming in with the object store that keeps the others.
pub(super) fn places(
    files: &Path,
    data: &Path,
    given: &StoreGiven,
) -> Result<(PathBuf, Option<S3>), Failure> {
    let text = files.to_str().unwrap_or_default();
    if !text.starts_with("s3:") {
        if *given != StoreGiven::default() {
            let why = "files_endpoint, files_region and files_key are of s3://BUCKET/PREFIX alone";
            return Err(Failure::Usage(why.to_owned()));
        }
        return Ok((files.to_owned(), None));
    }
    let wrong = || Failure::Usage("files: must be a folder, or s3://BUCKET/PREFIX".to_owned());
    let (bucket, prefix) = S3::place(text).ok_or_else(wrong)?;
    let (access_key, secret_key) = key(given.files_key.as_deref())?;
    crate::tls::ready();
    let store = S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint: given.files_endpoint.clone(),
        region: given.files_region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
        access_key,
        secret_key,
    };
    Ok((data.join("incoming"), Some(store)))
}

/// The name and the secret of the store's key.
fn key(file: Option<&Path>) -> Result<(String, String), Failure> {
    let Some(file) = file else {
        let read = |name: &str| {
            let missing = format!("files_key: is not given, and {name} is not in the environment");
            env::var(name).map_err(|_| Failure::Usage(missing))
        };
        return Ok((read("AWS_ACCESS_KEY_ID")?, read("AWS_SECRET_ACCESS_KEY")?));
    };
    let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", file.display()));
    let text = Zeroizing::new(fs::read_to_string(file).map_err(|why| wrong(&why))?);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(name), Some(secret), None) => Ok((name.to_owned(), secret.to_owned())),
        _ => Err(wrong(&"must have the name and the secret of a key, each on a line")),
    }
}
