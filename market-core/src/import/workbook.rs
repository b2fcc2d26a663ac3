//! Workbooks (.xlsx): the first worksheet, as the plain text that a `CSV` file would hold.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
};

use calamine::{Data, ExcelDateTime, Reader, Xlsx};
use rust_xlsxwriter::Workbook;
use zip::ZipArchive;

use super::sheet::{Line, MAX_ROWS, Sheet};
use crate::Error;

/// The most bytes that a workbook unpacks to: a small file may hold very many zeros.
const MAX_UNPACKED: u64 = 128 << 20;

/// More columns than any sheet of ours has.
const MAX_COLUMNS: u32 = 256;

/// Unpacks a workbook once, to nothing, to see how large it is.
fn check_size(bytes: &[u8], most: u64) -> Result<(), Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    let mut left = most;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| not_a_workbook())?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink());
        let read = read.map_err(|_| not_a_workbook())?;
        left = left.checked_sub(read).ok_or_else(|| {
            let message = "the workbook unpacks to over 128 MiB / 工作簿解压后超过 128 MiB";
            Error::invalid("file", "size", message)
        })?;
    }
    Ok(())
}

/// A sheet as a workbook.
pub(super) fn write(sheet: &Sheet) -> Result<Vec<u8>, Error> {
    let failed = |_| Error::Inconsistent("sheet");
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let rows = sheet.rows.iter().map(|line| &line.cells);
    for (row, cells) in (0_u32..).zip(std::iter::once(&sheet.header).chain(rows)) {
        for (column, cell) in (0_u16..).zip(cells) {
            page.write_string(row, column, cell).map_err(failed)?;
        }
    }
    book.save_to_buffer().map_err(failed)
}

/// The first worksheet of a workbook.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Error> {
    check_size(bytes, MAX_UNPACKED)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    let name = workbook.sheet_names().into_iter().next().ok_or_else(not_a_workbook)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| not_a_workbook())?;
    // Cell by cell: two cells far apart would make a table of billions.
    let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
    while let Some(cell) = cells.next_cell().map_err(|_| not_a_workbook())? {
        let (row, column) = cell.get_position();
        let text = text(&Data::from(cell.get_value().clone()));
        if text.is_empty() {
            continue;
        }
        if column >= MAX_COLUMNS {
            let message = "the worksheet has more than 256 columns / 工作表超过 256 列";
            return Err(Error::invalid("file", "size", message));
        }
        rows.entry(row).or_default().insert(column, text);
        // Of what is too long anyway, no more is read than says so.
        if rows.len() > MAX_ROWS + 2 {
            break;
        }
    }
    let first = rows.values().filter_map(|cells| cells.keys().next()).min().map_or(0, |it| *it);
    let last = rows.values().filter_map(|cells| cells.keys().last()).max().map_or(0, |it| *it);
    let line = |(row, mut cells): (u32, BTreeMap<u32, String>)| Line {
        number: u64::from(row) + 1,
        cells: (first..=last).map(|column| cells.remove(&column).unwrap_or_default()).collect(),
    };
    let is_blank = |line: &Line| line.cells.iter().all(|cell| cell.trim().is_empty());
    let lines = rows.into_iter().map(line).filter(|line| !is_blank(line)).collect();
    Sheet::of_lines(lines)
}

fn not_a_workbook() -> Error {
    let message = "the file is not an .xlsx workbook with a worksheet / 文件不是含工作表的 .xlsx";
    Error::invalid("file", "format", message)
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => plain(*number),
        Data::Bool(truth) => truth.to_string(),
        Data::DateTime(at) => day(*at),
        Data::DateTimeIso(text) => {
            text.strip_suffix("T00:00:00").unwrap_or(text).trim_end_matches('Z').to_owned()
        }
        Data::Error(why) => why.to_string(),
    }
}

/// A number to the 15 digits that a spreadsheet keeps, without an exponent.
fn plain(number: f64) -> String {
    let kept = format!("{number:.14e}").parse().unwrap_or(number);
    format!("{kept}")
}

fn day(at: ExcelDateTime) -> String {
    if !at.is_datetime() {
        return plain(at.as_f64());
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, milli) == (0, 0, 0, 0) {
        date
    } else {
        format!("{date} {hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cells_far_apart_are_no_table_of_billions() {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        page.write_string(0, 0, "code").unwrap();
        page.write_string(1_048_575, 16_383, "a").unwrap();
        let Err(Error::Invalid(faults)) = read(&book.save_to_buffer().unwrap()) else {
            panic!("it is taken")
        };
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("file", "size"));
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        page.write_string(2, 1, "code").unwrap();
        page.write_string(1_048_575, 2, "a").unwrap();
        let sheet = read(&book.save_to_buffer().unwrap()).unwrap();
        assert_eq!(sheet.header, ["code", ""]);
        assert_eq!(sheet.rows[0].number, 1_048_576);
        assert_eq!(sheet.rows[0].cells, ["", "a"]);
    }

    #[test]
    fn a_workbook_is_unpacked_to_a_limit() {
        let cells = vec!["0".repeat(1000)];
        let rows = (2..500).map(|number| Line { number, cells: cells.clone() }).collect();
        let book = write(&Sheet { header: vec!["code".to_owned()], rows }).unwrap();
        assert!(book.len() < 50_000, "{}", book.len());
        check_size(&book, MAX_UNPACKED).unwrap();
        let Err(Error::Invalid(faults)) = check_size(&book, 5_000) else { panic!("it is taken") };
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("file", "size"));
    }
}
