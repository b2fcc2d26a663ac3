//! Writes demonstration agencies as packs: `agencies.csv`, `agency-qualifications.csv`,
//! `practitioners.csv` and `listings.csv`.
//!
//! `cargo run --release -p market-api --example generate -- DATA COUNT SEED TODAY OUT`, where DATA
//! holds the catalogue, and certificates are valid as seen from TODAY. The committed packs are
//! those of `data 301 2017 2026-11-24 data`.

use std::{error::Error, fs, path::Path};

use market_api::generate::{Catalog, generate};
use market_core::Day;
use serde::Serialize;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, count, seed, today, out] = arguments.as_slice() else {
        return Err("arguments: DATA COUNT SEED TODAY OUT".into());
    };
    let catalog = Catalog::read(Path::new(data))?;
    let today: Day = today.parse()?;
    let pack = generate(&catalog, count.parse()?, seed.parse()?, today.date());
    let out = Path::new(out);
    fs::create_dir_all(out)?;
    write(&out.join("agencies.csv"), &pack.agencies)?;
    write(&out.join("agency-qualifications.csv"), &pack.qualifications)?;
    write(&out.join("practitioners.csv"), &pack.practitioners)?;
    write(&out.join("listings.csv"), &pack.listings)
}

fn write(path: &Path, rows: &[impl Serialize]) -> Result<(), Box<dyn Error>> {
    let mut writer = csv::Writer::from_path(path)?;
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.flush()?)
}
