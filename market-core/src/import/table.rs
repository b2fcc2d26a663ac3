//! Sheets whose columns are known, and everything that is wrong with their rows.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
};

use super::{
    BadRow,
    columns::Places,
    row::Row,
    sheet::{ERROR, Line, Sheet},
};

/// A code of what is wrong, and the sentence in English and Chinese.
pub(super) type Saying = (&'static str, &'static str, &'static str);

/// A thing, and the rows that it was read from.
#[derive(Debug)]
pub(super) struct Block<T> {
    pub(super) rows: Vec<usize>,
    pub(super) thing: T,
}

/// What is said of a good row that is not written.
const IN_A_BAD_BLOCK: &str = "another row of the same block is bad / 同一组的其他行有错误";

/// A sheet with known columns, and what has been found wrong with it so far.
#[derive(Debug)]
pub(super) struct Table<'a> {
    sheet: &'a Sheet,
    places: Places,
    /// By row.
    bad: BTreeMap<usize, Vec<BadRow>>,
    /// The rows that have not as many cells as the header, and cannot be read.
    broken: BTreeSet<usize>,
    /// Where each key was first seen.
    seen: BTreeMap<String, u64>,
}

impl<'a> Table<'a> {
    pub(super) fn new(sheet: &'a Sheet, places: Places) -> Self {
        let mut table = Self {
            sheet,
            places,
            bad: BTreeMap::new(),
            broken: BTreeSet::new(),
            seen: BTreeMap::new(),
        };
        let width = sheet.header.len();
        for (index, line) in sheet.rows.iter().enumerate() {
            let has = line.cells.len();
            let extra = line.cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
            if has < width || extra {
                let en = format!("the row has {has} cells, the header {width}");
                let zh = format!("本行有 {has} 个单元格，标题行有 {width} 个");
                table.note(index, "", &has.to_string(), "cells".into(), format!("{en} / {zh}"));
                table.broken.insert(index);
            }
        }
        table
    }

    /// Notes what is wrong with a cell; of one row, so much as anybody reads.
    pub(super) fn note(
        &mut self,
        index: usize,
        column: &str,
        value: &str,
        code: Cow<'static, str>,
        reason: String,
    ) {
        let theirs = self.places.get(column).and_then(|place| self.sheet.header.get(*place));
        let column = short(theirs.map_or(column, |theirs| theirs.trim())).into_owned();
        let row = self.sheet.rows[index].number;
        let bad = self.bad.entry(index).or_default();
        if bad.len() < MOST_FAULTS {
            let value = short(value).into_owned();
            bad.push(BadRow { row, column, value, code, reason });
        }
    }

    /// A row by its place.
    pub(super) fn row(&mut self, index: usize) -> Row<'_, 'a> {
        Row::new(self, index)
    }

    /// Whether a row has not as many cells as the header, and cannot be read.
    pub(super) fn is_broken(&self, index: usize) -> bool {
        self.broken.contains(&index)
    }

    /// The rows with anything wrong so far.
    pub(super) fn bad_rows(&self) -> BTreeSet<usize> {
        self.bad.keys().copied().collect()
    }

    /// Reads one thing from each row.
    pub(super) fn each<T>(&mut self, read: impl Fn(&mut Row) -> Option<T>) -> Vec<Block<T>> {
        let mut blocks = Vec::new();
        for index in 0..self.sheet.rows.len() {
            if self.is_broken(index) {
                continue;
            }
            if let Some(thing) = read(&mut self.row(index)) {
                blocks.push(Block { rows: vec![index], thing });
            }
        }
        blocks
    }

    /// The row that an earlier one with the same key has, or none: this one is the first now.
    pub(super) fn seen_before(&mut self, index: usize, key: String) -> Option<u64> {
        let number = self.sheet.rows[index].number;
        match self.seen.entry(key) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(number);
                None
            }
        }
    }

    /// Rows that belong together, by the text in a column; in the order of their first rows.
    pub(super) fn groups(&self, column: &'static str) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut by_text: BTreeMap<&str, usize> = BTreeMap::new();
        for index in 0..self.sheet.rows.len() {
            let group = *by_text.entry(self.cell(index, column)).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(index);
        }
        groups
    }

    /// Whether the sheet has a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.places.contains_key(column)
    }

    /// The text of a cell, without blanks around it.
    pub(super) fn cell(&self, index: usize, column: &str) -> &'a str {
        let place = self.places.get(column);
        place
            .and_then(|place| self.sheet.rows[index].cells.get(*place))
            .map_or("", |cell| cell.trim())
    }

    /// The things whose rows are all good.
    pub(super) fn good<T>(&self, mut blocks: Vec<Block<T>>) -> Vec<Block<T>> {
        blocks.retain(|block| block.rows.iter().all(|index| !self.bad.contains_key(index)));
        blocks
    }

    /// Everything that is wrong, by row.
    pub(super) fn into_bad(self) -> Vec<BadRow> {
        self.bad.into_values().flatten().collect()
    }

    /// Whether anything is wrong.
    pub(super) fn is_bad(&self) -> bool {
        !self.bad.is_empty()
    }

    /// The sheet of the rows that are bad or stand in a block with a bad one, beside those of good
    /// blocks.
    pub(super) fn skipped<T>(&self, good: &[Block<T>]) -> Sheet {
        let written: BTreeSet<usize> = good.iter().flat_map(|block| &block.rows).copied().collect();
        let skipped = (0..self.sheet.rows.len()).filter(|index| !written.contains(index));
        self.sheet_of(skipped, IN_A_BAD_BLOCK)
    }

    /// The whole sheet, with what is wrong beside each row.
    pub(super) fn annotated(&self) -> Sheet {
        self.sheet_of(0..self.sheet.rows.len(), "")
    }

    /// Some rows, each with what is wrong with it, or else with another text.
    fn sheet_of(&self, indexes: impl Iterator<Item = usize>, otherwise: &str) -> Sheet {
        let width = self.sheet.header.len();
        let error = self.sheet.header.iter().position(|name| name.trim() == ERROR);
        let error = error.unwrap_or(width);
        let mut header = self.sheet.header.clone();
        header.resize(width.max(error + 1), ERROR.to_owned());
        let line = |index: usize| {
            let Line { number, mut cells } = self.sheet.rows[index].clone();
            cells.resize(cells.len().max(header.len()), String::new());
            cells[error] = self.reasons(index).unwrap_or_else(|| otherwise.to_owned());
            Line { number, cells }
        };
        Sheet { header: header.clone(), rows: indexes.map(line).collect() }
    }

    fn reasons(&self, index: usize) -> Option<String> {
        let own = self.bad.get(&index)?.iter().map(|bad| {
            if bad.column.is_empty() {
                bad.reason.clone()
            } else {
                format!("{}: {}", bad.column, bad.reason)
            }
        });
        Some(own.collect::<Vec<String>>().join("; "))
    }
}

/// The most that is told of one row.
const MOST_FAULTS: usize = 50;

/// The most characters of a cell that are told again.
const TOLD: usize = 100;

/// A cell's text, or how it begins.
pub(super) fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: u64) -> Sheet {
        let line = |number| Line { number, cells: vec![format!("a{number}"), "长".repeat(200)] };
        Sheet {
            header: vec!["code".to_owned(), "名".repeat(200)],
            rows: (2..rows + 2).map(line).collect(),
        }
    }

    fn note(table: &mut Table<'_>, index: usize) {
        let value = table.cell(index, "name").to_owned();
        table.note(index, "name", &value, "length".into(), "too long / 过长".to_owned());
    }

    #[test]
    fn faults_of_very_many_rows_are_told_in_time() {
        let sheet = sheet(50_000);
        let mut table = Table::new(&sheet, Places::from([("code", 0), ("name", 1)]));
        // To look through all faults for each row would take minutes.
        let began = std::time::Instant::now();
        (0..50_000).rev().for_each(|index| note(&mut table, index));
        let told = table.annotated();
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
        assert!(told.rows.iter().all(|line| line.cells[2].ends_with("too long / 过长")));
        let good = table.good(vec![Block { rows: vec![7], thing: () }]);
        assert!(good.is_empty());
        assert_eq!(table.skipped(&good).rows.len(), 50_000);
        let bad = table.into_bad();
        assert!(bad.is_sorted_by_key(|bad| bad.row));
        assert_eq!(bad.len(), 50_000);
    }

    #[test]
    fn of_a_long_cell_its_beginning_is_told_and_of_a_row_not_everything() {
        let sheet = sheet(2);
        let mut table = Table::new(&sheet, Places::from([("code", 0), ("name", 1)]));
        (0..1_000).for_each(|_| note(&mut table, 0));
        note(&mut table, 1);
        let bad = table.into_bad();
        assert_eq!(bad.len(), MOST_FAULTS + 1);
        assert_eq!(bad[0].value, format!("{}…", "长".repeat(100)));
        assert_eq!(bad[0].column, format!("{}…", "名".repeat(100)));
    }
}
