//! Files (文件): whatever comes from outside is received into a spool on disk, looked into, and kept
//! under its digest; nothing of it is ever whole in memory.
//!
//! Read `receiving` for how a file comes in, `format` for what it may be, `archive` for what
//! archives may hold, `keeping` for where it is kept, `scanner` and `scanning` for what a scanner says
//! of it.

mod archive;
mod format;
mod keeping;
mod receiving;
mod s3;
mod scanner;
mod scanning;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::format::served_type;
pub(crate) use self::keeping::{PART, PART_OF_STORE, place};
pub use self::{
    receiving::{NotReceived, Received},
    s3::S3,
    scanner::{NotAScanner, Scanner},
    scanning::ScanState,
};
pub(crate) use self::{
    scanner::{NotScanned, Verdict},
    scanning::DueScan,
};
use crate::{Fault, Market};

/// What files may be, beside the size that the policy of a region limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRules {
    /// How many files may be uploaded to one order, whose list has no pages.
    pub per_order: u32,
    /// How many entries an archive may have, with those of archives in it.
    pub archive_entries: u32,
    /// How many bytes all entries of an archive may unpack to.
    pub archive_bytes: u64,
    /// How many times as large as its archive what it unpacks to may be; what unpacks to less than
    /// a mebibyte may be any.
    pub archive_ratio: u32,
    /// How deep archives may lie in one another: with 1, an archive may hold archives that hold
    /// none.
    pub archive_depth: u32,
}

impl Default for FileRules {
    fn default() -> Self {
        Self {
            per_order: 100,
            archive_entries: 10_000,
            archive_bytes: 512 << 20,
            archive_ratio: 200,
            archive_depth: 1,
        }
    }
}

/// The name of the part of a request that is wrong, when a file is.
const AT: &str = "file";

/// What is wrong with a file, in both languages.
fn fault(code: &'static str, en: &str, zh: &str) -> Fault {
    Fault::new(AT, code, format!("{en} / {zh}"))
}

/// The files of a market.
#[derive(Debug, Clone, Copy)]
pub struct Files<'m>(pub(crate) &'m Market);
