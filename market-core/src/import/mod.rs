//! Packs: the files that a city loads its marketplace from, and gets back.
//!
//! A file becomes a [`Sheet`], a sheet a table whose columns are known, its rows things of a
//! kind; every fault of every row is found before anything is written. Read `sheet` and
//! `workbook` for files, `columns` for headers, `table` and `row` for cells, `kinds` for what each
//! kind of pack holds, `run` for how they are loaded, `profiles` for policy that is only looked at.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    profiles::{MAX_PROFILES, Parameter, PoliciesRead, parameters, policy_text},
    run::MAX_OWN_ROWS,
    sheet::{Line, Sheet},
};
use crate::store::text_enum;

mod columns;
mod kinds;
mod profiles;
mod row;
mod run;
mod sheet;
mod table;
#[cfg(test)]
mod tests;
mod workbook;

text_enum! {
    /// What a pack holds; in the order in which packs are loaded, since later ones name things
    /// of earlier ones.
    pub enum Kind {
        /// Regions (行政区划).
        Regions = "regions",
        /// Holidays and make-up working days (工作日历).
        Calendar = "calendar",
        /// Policy profiles (规则参数).
        Policy = "policy",
        /// Approval departments (审批部门).
        Departments = "departments",
        /// Service categories (服务类别).
        Categories = "categories",
        /// Kinds of qualification, with levels and majors (资质).
        Qualifications = "qualifications",
        /// Service items (中介服务事项).
        Items = "items",
        /// One-thing matters (一件事).
        Matters = "matters",
        /// What people say, and the official names that it means (近义词).
        Synonyms = "synonyms",
        /// Agencies (中介机构).
        Agencies = "agencies",
        /// Agencies' certificates (机构资质).
        AgencyQualifications = "agency-qualifications",
        /// Agencies' practitioners (从业人员).
        Practitioners = "practitioners",
        /// Agencies' listings (服务上架).
        Listings = "listings",
    }
}

impl Kind {
    /// The name of the pack's file.
    pub fn file(self) -> String {
        let extension = if self == Self::Policy { "toml" } else { "csv" };
        format!("{self}.{extension}")
    }
}

/// How to read a pack.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Write the good rows even if there are bad ones.
    pub skip_bad: bool,
    /// Give the whole sheet back, with what is wrong beside each row, where nothing is written.
    pub annotate: bool,
    /// Which column of ours a column of theirs is: `("机构代码", "uscc")`. A column of theirs that
    /// is given as `-` is left out.
    pub columns: Vec<(String, String)>,
    /// Who hears how far it has come.
    pub progress: Progress,
}

/// Who hears how many rows are done.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(u64) + Send + Sync>>);

impl Progress {
    /// Tells a function, again and again, how many rows are done.
    pub fn telling(hear: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hear)))
    }

    fn done(&self, rows: usize) {
        if let Some(hear) = &self.0 {
            hear(u64::try_from(rows).unwrap_or(u64::MAX));
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(heard)" } else { "Progress" })
    }
}

/// What came of a pack. A matter, or a kind of qualification, is one thing however many rows it
/// has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportReport))]
pub struct Report {
    /// Things that are new.
    pub created: u64,
    /// Things that were there, but different.
    pub changed: u64,
    /// Things that were there, just so.
    pub unchanged: u64,
    /// Everything that is wrong with the file's rows. Nothing was written if there is any, unless
    /// bad rows were to be skipped.
    pub bad: Vec<BadRow>,
    /// The rows that were skipped, with a column that says why; to be corrected and imported
    /// again. Where nothing is written, all rows, if that was asked for.
    pub bad_sheet: Option<Sheet>,
}

/// One wrong thing in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadRow {
    /// The row, as a spreadsheet numbers it: the header is 1.
    pub row: u64,
    /// The column, by its name in the file.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// A stable code of what is wrong.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: Cow<'static, str>,
    /// What is wrong, in English and Chinese.
    pub reason: String,
}
