//! What agencies can offer and where: the items, qualifications and regions of a pack.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The catalogue that generated agencies refer to; every code they carry comes from it.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) items: Vec<Item>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) regions: Vec<Region>,
}

/// A service item (中介服务事项) as far as an agency's listing depends on it.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) aliases: Vec<String>,
    /// Whether an agency must meet every need or only one of them.
    pub(crate) all: bool,
    pub(crate) needs: Vec<Need>,
    pub(crate) days: i64,
    pub(crate) price_mode: String,
    pub(crate) price_cap: Option<i64>,
    pub(crate) price_unit: String,
    pub(crate) deliverable: String,
}

/// What an item asks of a certificate: its kind, the lowest level and perhaps a major.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    pub(crate) kind: usize,
    pub(crate) level: usize,
    pub(crate) major: Option<String>,
}

/// A kind of qualification (资质类别) with its levels, the highest first.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) code: String,
    pub(crate) majors: Vec<String>,
    pub(crate) levels: Vec<Level>,
}

/// A level (等级) of a kind of qualification.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) issuer: String,
    rank: u32,
}

/// A division (行政区划) by its six-digit code.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Region {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) parent: String,
}

#[derive(Deserialize)]
struct ItemRow {
    code: String,
    name: String,
    category: String,
    aliases: String,
    qualification_rule: String,
    qualifications: String,
    days: i64,
    price_mode: String,
    price_cap: String,
    price_unit: String,
    deliverable: String,
}

#[derive(Deserialize)]
struct LevelRow {
    kind: String,
    level: String,
    level_name: String,
    rank: u32,
    issuer: String,
    majors: String,
}

impl Catalog {
    /// Reads `items.csv`, `qualifications.csv` and `regions.csv` of a data folder.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let file = |name: &str| fs::read(folder.join(name));
        Self::parse(&file("items.csv")?, &file("qualifications.csv")?, &file("regions.csv")?)
    }

    /// The same from the bytes of the three files.
    pub fn parse(items: &[u8], qualifications: &[u8], regions: &[u8]) -> io::Result<Self> {
        let kinds = kinds(rows("qualifications.csv", qualifications)?);
        let places: HashMap<_, _> =
            kinds.iter().enumerate().map(|(place, kind)| (kind.code.clone(), place)).collect();
        let items = rows::<ItemRow>("items.csv", items)?
            .into_iter()
            .map(|row| item(row, &kinds, &places))
            .collect::<io::Result<Vec<_>>>()?;
        let regions: Vec<Region> = rows("regions.csv", regions)?;
        if items.is_empty() || kinds.is_empty() || regions.is_empty() {
            return Err(invalid("a catalogue needs items, qualifications and regions"));
        }
        Ok(Self { items, kinds, regions })
    }
}

pub(crate) fn rows<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> io::Result<Vec<T>> {
    csv::Reader::from_reader(bytes)
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(&format!("{name}: {error}")))
}

fn kinds(rows: Vec<LevelRow>) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for row in rows {
        let level =
            Level { code: row.level, name: row.level_name, issuer: row.issuer, rank: row.rank };
        let majors = list(&row.majors);
        if let Some(kind) = kinds.iter_mut().find(|kind| kind.code == row.kind) {
            kind.levels.push(level);
            for major in majors {
                if !kind.majors.contains(&major) {
                    kind.majors.push(major);
                }
            }
        } else {
            kinds.push(Kind { code: row.kind, majors, levels: vec![level] });
        }
    }
    for kind in &mut kinds {
        kind.levels.sort_by_key(|level| level.rank);
    }
    kinds
}

fn item(row: ItemRow, kinds: &[Kind], places: &HashMap<String, usize>) -> io::Result<Item> {
    let needs = list(&row.qualifications)
        .iter()
        .map(|text| {
            need(text, kinds, places)
                .ok_or_else(|| invalid(&format!("{}: unknown qualification {text}", row.code)))
        })
        .collect::<io::Result<Vec<_>>>()?;
    let price_cap = match row.price_cap.as_str() {
        "" => None,
        cap => Some(fen(cap).ok_or_else(|| invalid(&format!("{}: price cap {cap}", row.code)))?),
    };
    Ok(Item {
        code: row.code,
        name: row.name,
        category: row.category,
        aliases: list(&row.aliases),
        all: row.qualification_rule == "all",
        needs,
        days: row.days,
        price_mode: row.price_mode,
        price_cap,
        price_unit: row.price_unit,
        deliverable: row.deliverable,
    })
}

fn need(text: &str, kinds: &[Kind], places: &HashMap<String, usize>) -> Option<Need> {
    let mut parts = text.splitn(3, ':');
    let kind = *places.get(parts.next()?)?;
    let level = parts.next()?;
    let level = kinds[kind].levels.iter().position(|known| known.code == level)?;
    Some(Need { kind, level, major: parts.next().map(str::to_owned) })
}

pub(crate) fn list(cell: &str) -> Vec<String> {
    cell.split('|').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Yuan with at most two decimals, in fen.
pub(crate) fn fen(text: &str) -> Option<i64> {
    let (yuan, cents) = text.split_once('.').unwrap_or((text, ""));
    let cents = match cents.len() {
        0..=2 => format!("{cents:0<2}").parse::<i64>().ok()?,
        _ => return None,
    };
    yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

pub(crate) fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_become_fen() {
        assert_eq!(fen("12000.00"), Some(1_200_000));
        assert_eq!(fen("0.5"), Some(50));
        assert_eq!(fen("1.234"), None);
        assert_eq!(fen("x"), None);
    }
}
