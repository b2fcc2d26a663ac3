//! `qualifications.csv`: one row for each level of a kind.

use std::collections::BTreeMap;

use crate::{
    Change, Env, Error,
    catalog::{Level, QualificationType, ServiceItem},
    code::{LevelCode, QualificationKind},
    import::{
        columns::{Column, optional, required},
        row::Row,
        run::{Pack, file},
        table::{Block, Saying, Table},
    },
    store::{Db, Tx},
};

/// Kinds of qualification with their levels.
pub(in crate::import) struct Qualifications;

const DIFFERS: Saying = ("differs", "differs from the kind's first row", "与该资质的第一行不一致");
const SAME_RANK: Saying =
    ("duplicate", "another level of the kind has this rank", "该资质的其他等级已有此级别序号");

impl Pack for Qualifications {
    const COLUMNS: &'static [Column] = &[
        required("kind", &["资质代码", "资质类别代码"]),
        required("kind_name", &["资质名称", "资质类别"]),
        required("level", &["等级代码"]),
        required("level_name", &["等级", "等级名称"]),
        required("rank", &["级别序号", "等级顺序"]),
        required("issuer", &["发证机关", "颁发机关"]),
        optional("majors", &["专业"]),
    ];
    /// The levels that service items ask for, each with one of the items.
    type Known = BTreeMap<(QualificationKind, LevelCode), ServiceItem>;
    type Thing = QualificationType;

    async fn known(tx: &mut Tx) -> Result<Self::Known, Error> {
        let mut asked = BTreeMap::new();
        for item in tx.every_service_item().await? {
            for needed in &item.requirements {
                asked.insert((needed.kind.clone(), needed.level.clone()), item.clone());
            }
        }
        Ok(asked)
    }

    fn read(table: &mut Table<'_>, asked: &Self::Known) -> Vec<Block<QualificationType>> {
        let mut blocks = Vec::new();
        for rows in table.groups("kind") {
            let mut levels = Vec::new();
            let mut first: Option<QualificationType> = None;
            let broken: Vec<_> =
                rows.iter().copied().filter(|index| table.is_broken(*index)).collect();
            for index in rows.iter().filter(|index| !broken.contains(index)) {
                let Some((kind, level)) = read_row(&mut table.row(*index)) else { continue };
                check_row(&mut table.row(*index), first.as_ref(), &levels, &kind, &level);
                first.get_or_insert(kind);
                levels.push(level);
            }
            let Some(kind) = first else { continue };
            levels.sort_by(|one, other| (one.rank, &one.level).cmp(&(other.rank, &other.level)));
            let kind = QualificationType { levels, ..kind };
            check_asked(&mut table.row(rows[0]), &kind, asked);
            blocks.push(Block { rows, thing: kind });
        }
        blocks
    }

    async fn put(
        tx: &mut Tx,
        _: &Env,
        _: &mut Self::Known,
        kind: &QualificationType,
    ) -> Result<Change, Error> {
        tx.put_qualification_type(kind).await
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut kinds = db.qualification_types().await?;
        kinds.sort_unstable_by(|one, other| one.kind.cmp(&other.kind));
        let mut rows = Vec::new();
        for mut kind in kinds {
            kind.levels.sort_unstable_by(|one, other| one.level.cmp(&other.level));
            for level in &kind.levels {
                rows.push(vec![
                    kind.kind.to_string(),
                    kind.name.clone(),
                    level.level.to_string(),
                    level.name.clone(),
                    level.rank.to_string(),
                    kind.issuer.clone(),
                    super::joined(&kind.majors),
                ]);
            }
        }
        Ok(file(Self::COLUMNS, rows))
    }
}

fn read_row(row: &mut Row) -> Option<(QualificationType, Level)> {
    let kind: Option<QualificationKind> = row.code("kind");
    let name = row.text("kind_name", 1..=100);
    let level: Option<LevelCode> = row.code("level");
    let level_name = row.text("level_name", 1..=40);
    let rank = row.number::<u32>("rank", 1..=100).map(i64::from);
    let issuer = row.text("issuer", 1..=100);
    let majors = row.list("majors");
    let (kind, level) = (kind?, level?);
    row.alone("level", format!("{kind} {level}"));
    let kind = QualificationType { kind, name, issuer, majors, levels: Vec::new() };
    Some((kind, Level { level, name: level_name, rank: rank? }))
}

/// Tells if a row says something else of its kind than the first one, or ranks twice.
fn check_row(
    row: &mut Row,
    first: Option<&QualificationType>,
    levels: &[Level],
    kind: &QualificationType,
    level: &Level,
) {
    if let Some(first) = first {
        for (column, differs) in [
            ("kind_name", first.name != kind.name),
            ("issuer", first.issuer != kind.issuer),
            ("majors", first.majors != kind.majors),
        ] {
            if differs {
                row.say(column, DIFFERS);
            }
        }
    }
    if levels.iter().any(|other| other.rank == level.rank) {
        row.say("rank", SAME_RANK);
    }
}

/// Tells of levels that would be gone although service items ask for them.
fn check_asked(
    row: &mut Row,
    kind: &QualificationType,
    asked: &BTreeMap<(QualificationKind, LevelCode), ServiceItem>,
) {
    for ((_, level), item) in asked.iter().filter(|((of, _), _)| *of == kind.kind) {
        if kind.level(level).is_none() {
            let en = format!("the level {level} is missing, which the item {} asks for", item.code);
            let zh = format!("缺少事项 {} 要求的等级 {level}", item.code);
            row.wrong("level", "in-use", &en, &zh);
        }
    }
}
