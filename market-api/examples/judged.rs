//! Writes a judged set for `market judge`: `docs.jsonl`, `queries.tsv` and `qrels.tsv`.
//!
//! `cargo run -p market-api --example judged -- FOLDER [SEED]`; the tests use seed 2017.

use std::{error::Error, path::Path};

use market_api::generate::{Sources, judged};
use pinyin::{Pinyin, ToPinyin};

/// What people say, written for this set alone: no pack holds it, so it judges what search does
/// with words that nobody told it.
const SAYINGS: &str = include_str!("../../tests/data/sayings.tsv");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, seed) = match arguments.as_slice() {
        [folder] => (folder, 2017),
        [folder, seed] => (folder, seed.parse()?),
        _ => return Err("arguments: FOLDER [SEED]".into()),
    };
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let spell = |letter: char| letter.to_pinyin().map(Pinyin::plain);
    let sources = Sources::read(&data, SAYINGS, spell)?;
    Ok(judged(&sources, seed).write(Path::new(folder))?)
}
