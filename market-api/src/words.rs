//! What the program itself knows for judging search: the words of its packs.

use std::{collections::BTreeMap, fs, io, path::Path};

use market_core::{
    code::{ItemCode, RegionCode},
    rules::Region,
    search::judge::Words,
};
use serde::Deserialize;

const REGIONS: &str = include_str!("../../data/regions.csv");
const ITEMS: &str = include_str!("../../data/items.csv");
const MATTERS: &str = include_str!("../../data/matters.csv");
const SYNONYMS: &str = include_str!("../../data/synonyms.csv");

/// A country, a province, a city and a county, and one more for what is to come.
const DEEPEST: usize = 5;

#[derive(Deserialize)]
struct RegionRow {
    code: RegionCode,
    name: String,
    parent: String,
}

#[derive(Deserialize)]
struct ItemRow {
    name: String,
    aliases: String,
}

#[derive(Deserialize)]
struct MatterRow {
    matter: String,
    part: String,
    key: String,
    name: String,
}

#[derive(Deserialize)]
struct SynonymRow {
    phrase: String,
    names: String,
}

/// The regions and synonyms of the packs inside the program.
pub fn built_in() -> io::Result<Words> {
    let mut synonyms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in rows::<ItemRow>("items.csv", ITEMS.as_bytes())? {
        for alias in item.aliases.split('|').filter(|alias| !alias.is_empty()) {
            synonyms.entry(alias.to_owned()).or_default().push(item.name.clone());
        }
    }
    for (phrase, names) in parse("synonyms.csv", SYNONYMS.as_bytes())? {
        let known = synonyms.entry(phrase).or_default();
        known.extend(names);
        known.sort_unstable();
        known.dedup();
    }
    let synonyms = synonyms.into_iter().collect();
    Ok(Words { synonyms, regions: regions()?, matters: matters()? })
}

/// The same with the synonyms of a file instead: columns `phrase` and `names`, joined by `|`.
pub fn with_synonyms(file: &Path) -> io::Result<Words> {
    let name = file.display().to_string();
    let bytes = fs::read(file).map_err(|why| invalid(&format!("{name}: {why}")))?;
    Ok(Words { synonyms: parse(&name, &bytes)?, regions: regions()?, matters: matters()? })
}

fn parse(name: &str, bytes: &[u8]) -> io::Result<Vec<(String, Vec<String>)>> {
    let rows = rows::<SynonymRow>(name, bytes)?;
    let synonym = |row: SynonymRow| {
        let names = row.names.split('|').filter(|name| !name.is_empty());
        (row.phrase, names.map(str::to_owned).collect())
    };
    Ok(rows.into_iter().map(synonym).collect())
}

/// The matters, each with the service items that it needs.
fn matters() -> io::Result<Vec<(String, Vec<ItemCode>)>> {
    let mut matters: BTreeMap<String, (String, Vec<ItemCode>)> = BTreeMap::new();
    for row in rows::<MatterRow>("matters.csv", MATTERS.as_bytes())? {
        let matter = matters.entry(row.matter).or_default();
        match row.part.as_str() {
            "matter" => matter.0 = row.name,
            "service" => matter.1.extend(row.key.parse::<ItemCode>()),
            _ => {}
        }
    }
    Ok(matters.into_values().collect())
}

/// The divisions of China, each with its path.
fn regions() -> io::Result<Vec<Region>> {
    let rows = rows::<RegionRow>("regions.csv", REGIONS.as_bytes())?;
    let parents: BTreeMap<&str, &str> =
        rows.iter().map(|row| (row.code.as_str(), row.parent.as_str())).collect();
    let path = |row: &RegionRow| {
        let above = std::iter::successors(Some(row.code.as_str()), |code| {
            parents.get(code).copied().filter(|parent| !parent.is_empty())
        });
        let mut path = above.take(DEEPEST).map(str::parse).collect::<Result<Vec<_>, _>>();
        if let Ok(path) = &mut path {
            path.reverse();
        }
        path.map_err(|why| invalid(&format!("regions.csv: {}: {why}", row.code)))
    };
    let region = |row: &RegionRow| {
        let parent = row.parent.parse().ok();
        let (code, name, path) = (row.code.clone(), row.name.clone(), path(row)?);
        Ok(Region { code, name, parent, path, centre: None })
    };
    rows.iter().map(region).collect()
}

fn rows<T: serde::de::DeserializeOwned>(name: &str, bytes: &[u8]) -> io::Result<Vec<T>> {
    let rows: Result<_, _> = csv::Reader::from_reader(bytes).deserialize().collect();
    rows.map_err(|why| invalid(&format!("{name}: {why}")))
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_knows_aliases_and_where_regions_lie() {
        let words = built_in().unwrap();
        let names = &words.synonyms.iter().find(|(phrase, _)| phrase == "环评").unwrap().1;
        assert_eq!(names.len(), 2, "{names:?}");
        let cixi = words.regions.iter().find(|region| region.name == "慈溪市").unwrap();
        let path: Vec<_> = cixi.path.iter().map(RegionCode::as_str).collect();
        assert_eq!(path, ["100000", "330000", "330200", "330282"]);
    }

    #[test]
    fn synonyms_are_read_by_the_names_of_their_columns() {
        let read = parse("x", "names,kind,phrase\n地籍测绘|房产测绘,saying,量地\n".as_bytes());
        let names = ["地籍测绘", "房产测绘"].map(str::to_owned).to_vec();
        assert_eq!(read.unwrap(), [("量地".to_owned(), names)]);
        let why = parse("x", b"phrase,name\na,b\n").unwrap_err().to_string();
        assert!(why.contains("names"), "{why}");
    }
}
