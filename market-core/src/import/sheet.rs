//! Files as sheets: a header and rows of text.

use serde::{Deserialize, Serialize};

use super::{kinds::policy, workbook};
use crate::Error;

/// The largest file that is read, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// The most rows that a sheet holds.
pub(super) const MAX_ROWS: usize = 200_000;

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

fn unreadable(code: &'static str, en: &str, zh: &str) -> Error {
    Error::invalid("file", code, format!("{en} / {zh}"))
}

impl Sheet {
    /// Reads a file: a workbook by its content, `TOML` by its name's ending, else `CSV`.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(unreadable("size", "the file is over 64 MiB", "文件超过 64 MiB"));
        }
        let sheet = if bytes.starts_with(b"PK\x03\x04") {
            workbook::read(bytes)?
        } else if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            let (en, zh) = ("an old .xls workbook: save it as .xlsx", "旧版 .xls 请另存为 .xlsx");
            return Err(unreadable("format", en, zh));
        } else {
            let text = text_of(bytes)?;
            let extension = std::path::Path::new(name).extension();
            if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
                policy::sheet(text)?
            } else {
                Self::of_csv(text)?
            }
        };
        if sheet.rows.len() > MAX_ROWS {
            return Err(unreadable("size", "the file has over 200000 rows", "文件超过 20 万行"));
        }
        Ok(sheet)
    }

    fn of_csv(text: &str) -> Result<Self, Error> {
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
            lines.push(Line { number, cells: record.iter().map(str::to_owned).collect() });
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

/// Rows as `CSV`: commas, line feeds, quotes only where needed.
pub(super) fn csv_of(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = String::new();
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                text.push('"');
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(cell);
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
