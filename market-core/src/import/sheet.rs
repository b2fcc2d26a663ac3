//! Files as sheets: a header and rows of text.

use serde::{Deserialize, Serialize};

use super::{kinds::policy, workbook};
use crate::{
    Error,
    kernel::text::{cell_text, plain_cell},
};

/// The largest file that is read, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The most rows that a sheet holds.
pub(super) const MAX_ROWS: usize = 200_000;

/// More columns than any sheet of ours has.
pub(super) const MAX_COLUMNS: usize = 256;

/// The most cells of a sheet, of full rows of the widest pack that has many.
pub(super) const MAX_CELLS: usize = 32 * MAX_ROWS;

/// The most bytes of text in a cell; no field of ours takes a quarter of that.
const MAX_CELL: usize = 64 << 10;

/// So many bytes of text a row may have, on the average of all the rows that are allowed.
const ROW_TEXT: usize = 8 << 10;

/// The column that says what is wrong in a sheet of bad rows; it is not read again.
pub(super) const ERROR: &str = "error";

/// A table of texts, as a spreadsheet shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sheet {
    /// The names of the columns.
    pub header: Vec<String>,
    /// What is below the header, without empty rows.
    pub rows: Vec<Line>,
}

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    /// Its number in the file, as a spreadsheet counts.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
}

/// A last line of our own: a quotation mark that is never closed would swallow it.
const END: &str = "\u{4}\n";

/// What may still be read of a file; counted before it is kept, since a small file may say one long
/// text very often.
#[derive(Debug)]
pub(super) struct Allowance {
    /// The most rows below the header.
    rows: usize,
    /// How many bytes of text may follow.
    text: usize,
}

impl Allowance {
    pub(super) fn of_rows(rows: usize) -> Self {
        Self { rows, text: rows.saturating_mul(ROW_TEXT).min(MAX_BYTES) }
    }

    /// Takes the text of a cell.
    pub(super) fn cell(&mut self, row: u64, text: &str) -> Result<(), Error> {
        if text.len() > MAX_CELL {
            let en = format!("a cell in row {row} holds over 64 KiB of text");
            return Err(unreadable("size", &en, &format!("第 {row} 行有单元格超过 64 KiB")));
        }
        let left = self.text.checked_sub(text.len());
        self.text = left.ok_or_else(|| {
            let en = "the cells hold too much text in all: import it in parts";
            unreadable("size", en, "单元格文字总量过大，请分批导入")
        })?;
        Ok(())
    }

    /// Refuses more rows, the header among them.
    pub(super) fn rows(&self, read: usize) -> Result<(), Error> {
        if read <= self.rows.saturating_add(1) {
            return Ok(());
        }
        let most = self.rows;
        let en = format!("the file has over {most} rows");
        Err(unreadable("size", &en, &format!("文件超过 {most} 行")))
    }
}

/// Refuses more cells than any sheet has.
pub(super) fn check_cells(cells: usize) -> Result<(), Error> {
    if cells <= MAX_CELLS {
        return Ok(());
    }
    let en = format!("the file has over {MAX_CELLS} cells");
    Err(unreadable("size", &en, &format!("文件超过 {MAX_CELLS} 个单元格")))
}

pub(super) fn too_wide() -> Error {
    let en = format!("the file has more than {MAX_COLUMNS} columns");
    unreadable("size", &en, &format!("文件超过 {MAX_COLUMNS} 列"))
}

fn unreadable(code: &'static str, en: &str, zh: &str) -> Error {
    Error::invalid("file", code, format!("{en} / {zh}"))
}

impl Sheet {
    /// Reads a file: a workbook by its content, `TOML` by its name's ending, else `CSV`.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        Self::read_rows(name, bytes, MAX_ROWS)
    }

    /// Reads a file of so many rows at most, of 200,000 in any case.
    pub fn read_rows(name: &str, bytes: &[u8], most: usize) -> Result<Self, Error> {
        let mut allowance = Allowance::of_rows(most.min(MAX_ROWS));
        if bytes.len() > MAX_BYTES {
            return Err(unreadable("size", "the file is over 64 MiB", "文件超过 64 MiB"));
        }
        let sheet = if bytes.starts_with(b"PK\x03\x04") {
            workbook::read(bytes, &mut allowance)?
        } else if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            let (en, zh) = ("an old .xls workbook: save it as .xlsx", "旧版 .xls 请另存为 .xlsx");
            return Err(unreadable("format", en, zh));
        } else {
            let text = text_of(bytes)?;
            let extension = std::path::Path::new(name).extension();
            if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
                policy::sheet(text)?
            } else {
                Self::of_csv(text, &mut allowance)?
            }
        };
        Ok(sheet)
    }

    fn of_csv(text: &str, allowance: &mut Allowance) -> Result<Self, Error> {
        check_cells(text.bytes().filter(|byte| *byte == b',').count())?;
        // One kind of line ends, the last line's too: so every record's line is known.
        let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
        text.push('\n');
        text.push_str(END);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut lines = Vec::new();
        // A cell may hold line ends, which a spreadsheet does not count as rows.
        let mut inside = 0;
        while reader.read_record(&mut record).map_err(|_| not_csv())? {
            let ends: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
            inside += ends as u64;
            let number = reader.position().line() - 1 - inside;
            if record.iter().skip(MAX_COLUMNS).any(|cell| !cell.trim().is_empty()) {
                return Err(too_wide());
            }
            let cells = record.iter().take(MAX_COLUMNS);
            cells.clone().try_for_each(|cell| allowance.cell(number, cell))?;
            // A row of nothing counts for none, and the last one is our own.
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                allowance.rows(lines.len())?;
                let cells = cells.map(|cell| cell_text(cell).to_owned()).collect();
                lines.push(Line { number, cells });
            }
        }
        match lines.pop() {
            Some(Line { cells, .. }) if cells == [END.trim_end()] => Self::of_lines(lines),
            open => Err(not_closed(open.map_or(1, |line| line.number + 1))),
        }
    }

    /// The first line with any text is the header.
    pub(super) fn of_lines(lines: Vec<Line>) -> Result<Self, Error> {
        let is_blank = |line: &Line| line.cells.iter().all(|cell| cell.trim().is_empty());
        let mut rows = lines.into_iter().filter(|line| !is_blank(line));
        let header = rows.next().ok_or_else(|| {
            unreadable("empty", "the file has no header row", "文件为空，缺少标题行")
        })?;
        Ok(Self { header: header.cells, rows: rows.collect() })
    }

    /// The sheet as a workbook, all of whose cells are texts.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, Error> {
        workbook::write(self)
    }

    /// The sheet as the text of a `CSV` file.
    pub fn to_csv(&self) -> String {
        let rows = self.rows.iter().map(|line| line.cells.clone());
        csv_of(std::iter::once(self.header.clone()).chain(rows))
    }
}

/// Rows as `CSV`: commas, line feeds, quotes only where needed, and nothing that a spreadsheet takes
/// for a formula: names are chosen by agencies, and opened by clerks.
pub(super) fn csv_of(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = String::new();
    for row in rows {
        for (place, cell) in row.iter().map(|cell| plain_cell(cell)).enumerate() {
            if place > 0 {
                text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                text.push('"');
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(&cell);
            }
        }
        text.push('\n');
    }
    text
}

fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let (en, zh) = ("the file is UTF-16: save it as CSV UTF-8", "文件为 UTF-16 编码");
        return Err(unreadable("encoding", en, &format!("{zh}，请另存为 CSV UTF-8")));
    }
    let text = str::from_utf8(bytes).map_err(|why| {
        let line = bytes[..why.valid_up_to()].split(|byte| *byte == b'\n').count();
        let en = format!(
            "line {line} is not UTF-8; the file may be GB18030 (GBK): save it as CSV UTF-8"
        );
        let zh = format!("第 {line} 行不是 UTF-8 编码，可能是 GB18030（GBK），请另存为 CSV UTF-8");
        unreadable("encoding", &en, &zh)
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

fn not_closed(row: u64) -> Error {
    let en = format!("a quotation mark that opens in row {row} is never closed");
    unreadable("format", &en, &format!("第 {row} 行的引号没有闭合"))
}

fn not_csv() -> Error {
    unreadable("format", "the file is not CSV", "文件不是 CSV 格式")
}
