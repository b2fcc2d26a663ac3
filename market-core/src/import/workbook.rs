//! Workbooks (.xlsx): the first worksheet, as the plain text that a `CSV` file would hold.

use std::io::{self, Cursor, Read};

use calamine::{Data, ExcelDateTime, Reader, Xlsx};
use rust_xlsxwriter::Workbook;
use zip::ZipArchive;

use super::sheet::{Line, MAX_ROWS, Sheet};
use crate::Error;

/// The most bytes that a workbook unpacks to: a small file may hold very many zeros.
const MAX_UNPACKED: u64 = 256 << 20;

/// Unpacks a workbook once, to nothing, to see how large it is.
fn check_size(bytes: &[u8], most: u64) -> Result<(), Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    let mut left = most;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| not_a_workbook())?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink());
        let read = read.map_err(|_| not_a_workbook())?;
        left = left.checked_sub(read).ok_or_else(|| {
            let message = "the workbook unpacks to over 256 MiB / 工作簿解压后超过 256 MiB";
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
    let range = workbook.worksheet_range_at(0).and_then(Result::ok).ok_or_else(not_a_workbook)?;
    let first = range.start().map_or(0, |(row, _)| row);
    let numbers = u64::from(first) + 1..;
    let mut lines: Vec<Line> = numbers
        .zip(range.rows())
        .map(|(number, cells)| Line { number, cells: cells.iter().map(text).collect() })
        .filter(|line| line.cells.iter().any(|cell| !cell.trim().is_empty()))
        .take(MAX_ROWS + 2)
        .collect();
    let used = |line: &Line| line.cells.iter().rposition(|cell| !cell.is_empty());
    let width = lines.iter().filter_map(used).max().map_or(0, |last| last + 1);
    for line in &mut lines {
        line.cells.truncate(width);
    }
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
