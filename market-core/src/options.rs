//! How a marketplace is opened.

use std::{path::PathBuf, time::Duration};

use crate::{
    Durability, Env, KEPT_AT_LEAST,
    account::Identity,
    file::{FileRules, S3, Scanner},
    publicity::Publisher,
    webhook::AddressRules,
};

/// How to open a marketplace.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite::memory:`, `sqlite:<path>` or `postgres://…`.
    pub database: String,
    /// The folder of files; in memory if none is given.
    pub files: Option<PathBuf>,
    /// An object store that keeps files in place of the folder, which has those that come in.
    pub object_store: Option<S3>,
    /// What files may be, beside the size that the policy of a region limits.
    pub file_rules: FileRules,
    /// What scans files, before which none is given out; nothing does, if none is given.
    pub scanner: Option<Scanner>,
    /// The folder of the search index, which one process writes; in memory if none is given.
    pub index: Option<PathBuf>,
    /// Fonts of letters, the first of which is asked first for a character; those of Debian's
    /// `fonts-noto-cjk` if none is named. They are read when the first letter is printed.
    pub fonts: Vec<PathBuf>,
    /// How long one search may take; what was found by then is answered.
    pub search_limit: Duration,
    /// What an acknowledged write survives, on `SQLite`.
    pub durability: Durability,
    /// How many days it is kept what was asked of search.
    pub keep_asked_days: u32,
    /// How many hours an answer is kept under the idempotency key of its call, [`KEPT_AT_LEAST`]
    /// at least.
    pub keep_keys_hours: u32,
    /// As whom what everybody may know is published.
    pub publisher: Publisher,
    /// How people sign in, and for how long.
    pub identity: Identity,
    /// Where messages of webhooks may go.
    pub webhook_rules: AddressRules,
    /// Whether mail is sent: somebody follows [`crate::mail::Mails`] with what takes it away.
    pub sends_mail: bool,
    /// Where time, ids and secrets come from.
    pub env: Env,
}

impl Options {
    /// A marketplace at a database URL, with its files in memory.
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            files: None,
            object_store: None,
            file_rules: FileRules::default(),
            scanner: None,
            index: None,
            fonts: Vec::new(),
            search_limit: Duration::from_secs(2),
            durability: Durability::Full,
            keep_asked_days: 180,
            keep_keys_hours: KEPT_AT_LEAST,
            publisher: Publisher::default(),
            identity: Identity::default(),
            webhook_rules: AddressRules::default(),
            sends_mail: false,
            env: Env::real(),
        }
    }
}
