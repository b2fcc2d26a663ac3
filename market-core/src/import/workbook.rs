//! Workbooks (.xlsx): the first worksheet, as the plain text that a `CSV` file would hold.

use std::io::Cursor;

use calamine::{Data, ExcelDateTime, Reader, Xlsx};

use super::sheet::{Line, MAX_ROWS, Sheet};
use crate::Error;

/// The first worksheet of a workbook.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Error> {
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
