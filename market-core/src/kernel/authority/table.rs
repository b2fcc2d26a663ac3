//! The file, read.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{Decision, FILE, Role, Seat};
use crate::Refusal;

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The act, or the field.
    pub act: String,
    /// The states of the thing in which the row holds; in all others, if there are none.
    pub states: Vec<String>,
    /// The operations of the API that the act is, by their ids.
    pub operations: Vec<String>,
    /// What comes of it, by seat.
    cells: [Decision; Seat::ALL.len()],
    /// What it is, in Chinese.
    pub zh: String,
    /// What it is, in English.
    pub en: String,
}

impl Row {
    /// What comes of it for a seat.
    pub const fn cell(&self, seat: Seat) -> Decision {
        self.cells[seat as usize]
    }

    /// Whether it is about what is seen of a thing, and no act.
    pub fn is_field(&self) -> bool {
        self.act.starts_with("field.")
    }
}

type Table = BTreeMap<String, Vec<Row>>;

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| read(FILE).unwrap_or_default());

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::new();
    for row in &*ROWS {
        table.entry(row.act.clone()).or_default().push(row.clone());
    }
    table
});

/// Every row, in the order of the file.
pub fn rows() -> &'static [Row] {
    &ROWS
}

/// The row of an act that holds in a state.
pub(super) fn row(act: &str, state: &str) -> Option<&'static Row> {
    let rows = TABLE.get(act)?;
    let named = rows.iter().find(|row| row.states.iter().any(|one| one == state));
    named.or_else(|| rows.iter().find(|row| row.states.is_empty()))
}

/// The refusal that an act has for a role in every cell, if there is one.
pub(super) fn refusal(act: &str, role: Role) -> Option<Refusal> {
    let rows = TABLE.get(act)?;
    let seats = Seat::ALL.iter().filter(|seat| seat.role() == role);
    let mut cells = seats.flat_map(|seat| rows.iter().map(|row| row.cell(*seat)));
    let Some(Decision::Refused(refusal)) = cells.next() else { return None };
    cells.all(|cell| cell == Decision::Refused(refusal)).then_some(refusal)
}

/// Reads a file of permissions, and finds every fault of it.
pub(super) fn read(file: &str) -> Result<Vec<Row>, Vec<String>> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let seats = Seat::ALL.iter().map(|seat| seat.as_str());
    let columns = ["act", "states", "operations"].into_iter().chain(seats).chain(["zh", "en"]);
    if !header.iter().eq(columns) {
        return Err(vec!["the columns are not act, states, operations, seats, zh, en".to_owned()]);
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (at, record) in reader.records().enumerate() {
        match record.map_err(|why| why.to_string()).and_then(|record| self::record(&record)) {
            Ok(row) => rows.push(row),
            Err(why) => faults.push(format!("line {}: {why}", at + 2)),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

fn record(record: &csv::StringRecord) -> Result<Row, String> {
    let text = |at: usize| record.get(at).unwrap_or_default().to_owned();
    let words = |at: usize| text(at).split_whitespace().map(str::to_owned).collect();
    let mut cells = [Decision::Hidden; Seat::ALL.len()];
    for (at, cell) in cells.iter_mut().enumerate() {
        *cell = text(3 + at).parse()?;
    }
    let last = 3 + Seat::ALL.len();
    let (zh, en) = (text(last), text(last + 1));
    if zh.is_empty() || en.is_empty() {
        return Err("it does not say what it is".to_owned());
    }
    Ok(Row { act: text(0), states: words(1), operations: words(2), cells, zh, en })
}

impl std::str::FromStr for Decision {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "yes" => Ok(Self::Allowed),
            "own" => Ok(Self::Own),
            "masked" => Ok(Self::Masked),
            "hidden" => Ok(Self::Hidden),
            "sign-in" => Ok(Self::SignIn),
            code => {
                let refusal = Refusal::ALL.iter().find(|refusal| refusal.code() == code);
                let known = "yes, own, masked, hidden, sign-in, or the code of a refusal";
                let refusal = refusal.ok_or_else(|| format!("{code:?} is not {known}"))?;
                Ok(Self::Refused(*refusal))
            }
        }
    }
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Allowed => "yes",
            Self::Own => "own",
            Self::Masked => "masked",
            Self::Hidden => "hidden",
            Self::SignIn => "sign-in",
            Self::Refused(refusal) => refusal.code(),
        })
    }
}

/// Whether a line of a file begins with a name and a comma.
pub(super) const fn names(file: &str, name: &str) -> bool {
    let (file, name) = (file.as_bytes(), name.as_bytes());
    let (mut at, mut matched, mut is_name) = (0, 0, true);
    while at < file.len() {
        if is_name && matched == name.len() {
            if file[at] == b',' {
                return true;
            }
            is_name = false;
        }
        is_name = is_name && file[at] == name[matched];
        matched += 1;
        if file[at] == b'\n' {
            (matched, is_name) = (0, true);
        }
        at += 1;
    }
    false
}
