//! Workbooks (.xlsx): the first worksheet, as the plain text that a `CSV` file would hold.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, Cursor, Read},
};

use calamine::{DataRef, ExcelDateTime, Reader, Xlsx};
use rust_xlsxwriter::Workbook;
use zip::ZipArchive;

use super::sheet::{Allowance, Line, MAX_COLUMNS, Sheet, check_cells, too_wide};
use crate::Error;

/// The most bytes that a workbook unpacks to: a small file may hold very many zeros.
const MAX_UNPACKED: u64 = 128 << 20;

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

/// The first worksheet of a workbook, as far as an allowance goes.
pub(super) fn read(bytes: &[u8], allowance: &mut Allowance) -> Result<Sheet, Error> {
    check_size(bytes, MAX_UNPACKED)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| not_a_workbook())?;
    let name = workbook.sheet_names().into_iter().next().ok_or_else(not_a_workbook)?;
    let mut cells = workbook.worksheet_cells_reader(&name).map_err(|_| not_a_workbook())?;
    // Cell by cell: two cells far apart would make a table of billions.
    let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
    while let Some(cell) = cells.next_cell().map_err(|_| not_a_workbook())? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if usize::try_from(column).is_ok_and(|column| column >= MAX_COLUMNS) {
            return Err(too_wide());
        }
        allowance.cell(u64::from(row) + 1, &text)?;
        rows.entry(row).or_default().insert(column, text.into_owned());
        allowance.rows(rows.len())?;
    }
    let first = rows.values().filter_map(|cells| cells.keys().next()).min().map_or(0, |it| *it);
    let last = rows.values().filter_map(|cells| cells.keys().last()).max().map_or(0, |it| *it);
    check_cells(rows.len().saturating_mul((first..=last).count()))?;
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

/// The text of a cell; of one that many cells share, no copy.
fn text<'c>(cell: &'c DataRef<'_>) -> Cow<'c, str> {
    match cell {
        DataRef::Empty => "".into(),
        DataRef::SharedString(text) => (*text).into(),
        DataRef::String(text) | DataRef::DurationIso(text) => text.into(),
        DataRef::Int(number) => number.to_string().into(),
        DataRef::Float(number) => plain(*number).into(),
        DataRef::Bool(truth) => truth.to_string().into(),
        DataRef::DateTime(at) => day(*at).into(),
        DataRef::DateTimeIso(text) => {
            text.strip_suffix("T00:00:00").unwrap_or(text).trim_end_matches('Z').into()
        }
        DataRef::Error(why) => why.to_string().into(),
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
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::import::sheet::MAX_ROWS;

    fn read(bytes: &[u8]) -> Result<Sheet, Error> {
        super::read(bytes, &mut Allowance::of_rows(MAX_ROWS))
    }

    /// A workbook of so many rows of two cells, all with one long text, which it holds once.
    fn repeating(rows: u32, length: usize) -> Vec<u8> {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        for row in 0..rows {
            page.write_string(row, 0, "long").unwrap();
            page.write_string(row, 1, "long").unwrap();
        }
        let book = book.save_to_buffer().unwrap();
        let mut parts = ZipArchive::new(Cursor::new(&*book)).unwrap();
        let mut written = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..parts.len() {
            let mut part = parts.by_index(index).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            let name = part.name().unwrap().into_owned();
            if name == "xl/sharedStrings.xml" {
                text = text.replace(">long<", &format!(">{}<", "长".repeat(length / 3)));
            }
            written.start_file(name, SimpleFileOptions::default()).unwrap();
            io::Write::write_all(&mut written, text.as_bytes()).unwrap();
        }
        written.finish().unwrap().into_inner()
    }

    fn refused(sheet: Result<Sheet, Error>) -> String {
        let Err(Error::Invalid(mut faults)) = sheet else { panic!("it is taken") };
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("file", "size"));
        faults.remove(0).message
    }

    #[test]
    fn one_long_text_in_many_cells_is_not_read_again_and_again() {
        let book = repeating(300, 3 << 20);
        assert!(book.len() < 100_000, "{}", book.len());
        assert!(refused(read(&book)).contains("row 1 holds over 64 KiB"));
        let book = repeating(300, 60 << 10);
        assert_eq!(read(&book).unwrap().rows.len(), 299);
        let few = |book: &[u8], rows| super::read(book, &mut Allowance::of_rows(rows));
        assert!(refused(few(&book, 1000)).contains("too much text"));
        let book = repeating(300, 3);
        assert_eq!(few(&book, 299).unwrap().rows.len(), 299);
        assert!(refused(few(&book, 298)).contains("over 298 rows"));
    }

    #[test]
    fn few_cells_far_apart_are_no_table_of_millions() {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        for row in 0..30_000 {
            page.write_string(row, 0, "a").unwrap();
        }
        page.write_string(0, 255, "b").unwrap();
        assert!(refused(read(&book.save_to_buffer().unwrap())).contains("cells"));
    }

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
