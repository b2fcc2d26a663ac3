//! `regions.csv`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Change, Env, Error,
    code::RegionCode,
    import::{
        Progress,
        columns::{Column, required},
        run::{Pack, file},
        table::{Block, Saying, Table},
    },
    rules::store::path_of,
    store::{Db, Tx},
};

use super::UNKNOWN_REGION;

/// Regions, each with what it lies in.
pub(in crate::import) struct Regions;

/// A region's code, name and parent.
type NewRegion = (RegionCode, String, Option<RegionCode>);

/// The whole country, which lies in nothing.
const COUNTRY: &str = "100000";

const NOT_SIX_DIGITS: Saying =
    ("region", "a region's code has six digits (GB/T 2260)", "行政区划代码应为六位数字");
const NO_PARENT: Saying =
    ("missing", "only the country 100000 lies in nothing", "除全国 100000 外，上级不能为空");
const CYCLE: Saying = ("cycle", "the region would lie in itself", "上级关系成环");

impl Pack for Regions {
    const COLUMNS: &'static [Column] = &[
        required("code", &["代码", "区划代码", "行政区划代码"]),
        required("name", &["名称", "区划名称", "行政区划名称"]),
        required("parent", &["上级", "上级代码", "上级区划代码"]),
    ];
    type Known = BTreeMap<RegionCode, Option<RegionCode>>;
    type Thing = NewRegion;

    async fn known(tx: &mut Tx) -> Result<Self::Known, Error> {
        let regions = tx.regions().await?;
        Ok(regions.into_iter().map(|region| (region.code, region.parent)).collect())
    }

    fn read(table: &mut Table<'_>, known: &Self::Known) -> Vec<Block<NewRegion>> {
        let blocks = table.each(|row| {
            let code = row.unique::<RegionCode>("code");
            let digits = |code: &RegionCode| {
                code.as_str().len() == 6 && code.as_str().bytes().all(|byte| byte.is_ascii_digit())
            };
            if code.as_ref().is_some_and(|code| !digits(code)) {
                row.say("code", NOT_SIX_DIGITS);
            }
            let name = row.text("name", 1..=60);
            let is_country = code.as_ref().is_some_and(|code| code.as_str() == COUNTRY);
            let parent = match row.raw("parent") {
                "" if is_country => None,
                "" => {
                    row.say("parent", NO_PARENT);
                    None
                }
                _ => Some(row.code("parent")?),
            };
            Some((code?, name, parent))
        });
        check_parents(table, &blocks, known);
        blocks
    }

    async fn put(
        tx: &mut Tx,
        _: &Env,
        _: &mut Self::Known,
        region: &NewRegion,
    ) -> Result<Change, Error> {
        let changes = tx.put_regions(std::slice::from_ref(region)).await?;
        Ok(changes.first().copied().unwrap_or(Change::Unchanged))
    }

    async fn put_all(
        tx: &mut Tx,
        _: &Env,
        _: &mut Self::Known,
        blocks: &[Block<NewRegion>],
        progress: &Progress,
    ) -> Result<Vec<Change>, Error> {
        let regions: Vec<_> = blocks.iter().map(|block| block.thing.clone()).collect();
        let changes = tx.put_regions(&regions).await?;
        progress.done(changes.len());
        Ok(changes)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut regions = db.regions().await?;
        regions.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        let row = |region: crate::rules::Region| {
            vec![region.code.to_string(), region.name, super::cell(region.parent.as_ref())]
        };
        Ok(file(Self::COLUMNS, regions.into_iter().map(row)))
    }
}

/// Tells of parents that are not there, also because their own rows are bad; and of cycles.
fn check_parents(
    table: &mut Table<'_>,
    blocks: &[Block<NewRegion>],
    known: &BTreeMap<RegionCode, Option<RegionCode>>,
) {
    let mut bad = table.bad_rows();
    let mut children: BTreeMap<&RegionCode, Vec<usize>> = BTreeMap::new();
    let mut parents = known.clone();
    for block in blocks.iter().filter(|block| !bad.contains(&block.rows[0])) {
        let (code, _, parent) = &block.thing;
        parents.insert(code.clone(), parent.clone());
    }
    for (place, block) in blocks.iter().enumerate() {
        if let Some(parent) = &block.thing.2 {
            children.entry(parent).or_default().push(place);
        }
    }
    let is_lost = |parent: &RegionCode, lost: &BTreeSet<RegionCode>| {
        lost.contains(parent) || !parents.contains_key(parent)
    };
    let mut lost = BTreeSet::new();
    let mut waiting: Vec<usize> = (0..blocks.len()).collect();
    while let Some(place) = waiting.pop() {
        let (code, _, parent) = &blocks[place].thing;
        let index = blocks[place].rows[0];
        let Some(parent) = parent else { continue };
        if bad.contains(&index) || !is_lost(parent, &lost) {
            continue;
        }
        table.row(index).say("parent", UNKNOWN_REGION);
        bad.insert(index);
        if !known.contains_key(code) {
            lost.insert(code.clone());
            waiting.extend(children.get(code).into_iter().flatten());
        }
    }
    // What is bad stays as it is stored.
    let good = || blocks.iter().filter(|block| !bad.contains(&block.rows[0]));
    let mut parents = known.clone();
    parents.extend(good().map(|block| (block.thing.0.clone(), block.thing.2.clone())));
    for block in good() {
        if path_of(&block.thing.0, &parents).is_none() {
            table.row(block.rows[0]).say("parent", CYCLE);
        }
    }
}
