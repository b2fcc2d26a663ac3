//! `regions.csv`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Change, Degrees, Env, Error, Point,
    code::RegionCode,
    import::{
        Progress,
        columns::{Column, optional, required},
        row::Row,
        run::{Pack, file},
        table::{Block, Saying, Table},
    },
    rules::{NewRegion, store::path_of},
    store::{Db, Tx},
};

use super::UNKNOWN_REGION;

/// Regions, each with what it lies in.
pub(in crate::import) struct Regions;

/// The whole country, which lies in nothing.
const COUNTRY: &str = "100000";

const NOT_SIX_DIGITS: Saying =
    ("region", "a region's code has six digits (GB/T 2260)", "行政区划代码应为六位数字");
const NO_PARENT: Saying =
    ("missing", "only the country 100000 lies in nothing", "除全国 100000 外，上级不能为空");
const NOT_DEGREES: Saying = (
    "degrees",
    "not degrees with at most six decimals, such as 121.23",
    "不是 121.23 这样的度数，最多六位小数",
);
const HALF: Saying =
    ("missing", "latitude and longitude are given together", "纬度和经度应同时填写");
const NOT_A_POINT: Saying = (
    "range",
    "latitude must be -90 to 90, longitude -180 to 180",
    "纬度应在 -90 与 90 之间，经度应在 -180 与 180 之间",
);
const CYCLE: Saying = ("cycle", "the region would lie in itself", "上级关系成环");

impl Pack for Regions {
    const COLUMNS: &'static [Column] = &[
        required("code", &["代码", "区划代码", "行政区划代码"]),
        required("name", &["名称", "区划名称", "行政区划名称"]),
        required("parent", &["上级", "上级代码", "上级区划代码"]),
        optional("latitude", &["纬度"]),
        optional("longitude", &["经度"]),
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
            let centre = centre(row);
            Some(NewRegion { code: code?, name, parent, centre })
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
            let latitude = region.centre.map(Point::latitude);
            let longitude = region.centre.map(Point::longitude);
            vec![
                region.code.to_string(),
                region.name,
                super::cell(region.parent.as_ref()),
                super::cell(latitude.as_ref()),
                super::cell(longitude.as_ref()),
            ]
        };
        Ok(file(Self::COLUMNS, regions.into_iter().map(row)))
    }
}

/// The centre of a region, if it is given.
fn centre(row: &mut Row) -> Option<Point> {
    let latitude = row.if_any::<Degrees>("latitude", NOT_DEGREES);
    let longitude = row.if_any::<Degrees>("longitude", NOT_DEGREES);
    let (column, missing) = match (row.raw("latitude"), row.raw("longitude")) {
        ("", "") => return None,
        ("", _) => ("latitude", true),
        (_, "") => ("longitude", true),
        _ => ("latitude", false),
    };
    if missing {
        row.say(column, HALF);
        return None;
    }
    let (latitude, longitude) = (latitude?, longitude?);
    let centre = Point::new(latitude, longitude).ok();
    if centre.is_none() {
        row.say(column, NOT_A_POINT);
    }
    centre
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
        let NewRegion { code, parent, .. } = &block.thing;
        parents.insert(code.clone(), parent.clone());
    }
    for (place, block) in blocks.iter().enumerate() {
        if let Some(parent) = &block.thing.parent {
            children.entry(parent).or_default().push(place);
        }
    }
    let is_lost = |parent: &RegionCode, lost: &BTreeSet<RegionCode>| {
        lost.contains(parent) || !parents.contains_key(parent)
    };
    let mut lost = BTreeSet::new();
    let mut waiting: Vec<usize> = (0..blocks.len()).collect();
    while let Some(place) = waiting.pop() {
        let NewRegion { code, parent, .. } = &blocks[place].thing;
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
    parents.extend(good().map(|block| (block.thing.code.clone(), block.thing.parent.clone())));
    for block in good() {
        if path_of(&block.thing.code, &parents).is_none() {
            table.row(block.rows[0]).say("parent", CYCLE);
        }
    }
}
