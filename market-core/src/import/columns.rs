//! Headers: which column of a sheet is which of ours.

use std::collections::BTreeMap;

use super::{
    sheet::{ERROR, Sheet},
    table::short,
};
use crate::{Error, Fault};

/// A column of a kind of pack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its name, in the files that we write.
    pub(super) name: &'static str,
    /// Other names that people give it.
    pub(super) aliases: &'static [&'static str],
    /// Whether a sheet must have it.
    pub(super) required: bool,
}

/// A column that a sheet must have.
pub(super) const fn required(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column { name, aliases, required: true }
}

/// A column that counts as empty where a sheet has none.
pub(super) const fn optional(name: &'static str, aliases: &'static [&'static str]) -> Column {
    Column { name, aliases, required: false }
}

/// Where in a row each of our columns stands.
pub(super) type Places = BTreeMap<&'static str, usize>;

impl Column {
    fn is_called(&self, theirs: &str) -> bool {
        let theirs = theirs.trim().trim_end_matches('*').trim_end();
        self.name.eq_ignore_ascii_case(theirs) || self.aliases.contains(&theirs)
    }
}

/// Finds our columns in a sheet's header, by the pairs given and by the names known; says what is
/// unknown, missing or there twice.
pub(super) fn places(
    columns: &'static [Column],
    sheet: &Sheet,
    given: &[(String, String)],
) -> Result<Places, Error> {
    let mut faults = unfit(columns, sheet, given);
    let mut places = Places::new();
    for (place, theirs) in sheet.header.iter().map(|theirs| theirs.trim()).enumerate() {
        let pair = given.iter().find(|(name, _)| name.trim() == theirs);
        if is_ignored(theirs) || pair.is_some_and(|(_, ours)| ours == "-") {
            continue;
        }
        let found = match pair {
            Some((_, ours)) => columns.iter().find(|column| column.name == ours),
            None => columns.iter().find(|column| column.is_called(theirs)),
        };
        match found {
            Some(column) if places.contains_key(column.name) => {
                let message = format!(
                    "the sheet has the column {} twice / {} 列重复",
                    column.name, column.name
                );
                faults.push(Fault::new(short(theirs), "duplicate-column", message));
            }
            Some(column) => {
                places.insert(column.name, place);
            }
            None if pair.is_some() || (theirs.is_empty() && is_empty(sheet, place)) => {}
            None => faults.push(unknown(columns, theirs)),
        }
    }
    for column in columns.iter().filter(|column| column.required) {
        if !places.contains_key(column.name) {
            let names = column.aliases.join("、");
            let message = format!("the sheet has no such column / 缺少此列（{names}）");
            faults.push(Fault::new(column.name, "missing-column", message));
        }
    }
    if faults.is_empty() { Ok(places) } else { Err(Error::Invalid(faults)) }
}

/// Pairs given that fit nothing.
fn unfit(columns: &[Column], sheet: &Sheet, given: &[(String, String)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (theirs, ours) in given {
        if !sheet.header.iter().any(|name| name.trim() == theirs.trim()) {
            let message = "the sheet has no such column to map / 文件中没有要对应的列";
            faults.push(Fault::new(theirs, "missing-column", message));
        }
        if ours != "-" && !columns.iter().any(|column| column.name == ours) {
            faults.push(unknown(columns, ours));
        }
    }
    faults
}

fn unknown(columns: &[Column], name: &str) -> Fault {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let names = names.join(", ");
    let message = format!("not a column of this pack / 不是本类文件的列；{names}");
    Fault::new(short(name), "unknown-column", message)
}

fn is_ignored(theirs: &str) -> bool {
    theirs.eq_ignore_ascii_case(ERROR) || theirs == "错误"
}

fn is_empty(sheet: &Sheet, place: usize) -> bool {
    sheet.rows.iter().all(|line| line.cells.get(place).is_none_or(|cell| cell.trim().is_empty()))
}
