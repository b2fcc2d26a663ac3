//! `matters.csv`: one block of rows for each matter.

use std::collections::{BTreeMap, BTreeSet};

use super::{MAX_DAYS, UNKNOWN_DEPARTMENT, UNKNOWN_ITEM, department_codes, joined};
use crate::{
    Change, Env, Error,
    code::{DepartmentCode, ItemCode, MatterCode, StepKey},
    import::{
        columns::{Column, optional, required},
        row::Row,
        run::{Pack, file_with_marks, mark},
        table::{Block, Saying, Table},
    },
    matter::{Material, Matter, Need, Step},
    store::{Db, Tx, text_enum},
};

/// One-thing matters.
pub(in crate::import) struct Matters;

/// What matters name.
pub(in crate::import) struct Named {
    departments: BTreeSet<DepartmentCode>,
    /// Every service item, and whether it is withdrawn.
    items: BTreeMap<ItemCode, bool>,
    /// The matters that are withdrawn, and stay so where a sheet does not say.
    withdrawn: BTreeSet<MatterCode>,
}

text_enum! {
    /// What a row of a block tells of.
    pub(super) enum Part {
        /// The matter itself.
        Matter = "matter",
        /// A step.
        Step = "step",
        /// A material.
        Material = "material",
        /// A service that is needed.
        Service = "service",
    }
}

const WITHDRAWN_ITEM: Saying = (
    "withdrawn-item",
    "the item is withdrawn: no matter on the list may need it",
    "该事项已撤销，清单内的一件事不能需要它",
);
const NO_MATTER: Saying =
    ("no-matter", "the block has no row of the part matter", "该事项缺少 matter 行");
const TWO_MATTERS: Saying =
    ("duplicate", "the block has a row of the part matter already", "该事项的 matter 行重复");
const NO_STEPS: Saying = ("no-steps", "the matter has no steps", "该事项没有环节");
const UNKNOWN_STEP: Saying = ("unknown-step", "the matter has no such step", "该事项没有此环节");
const CYCLE: Saying = ("cycle", "the step would have to wait for itself", "环节先后关系成环");
const TOO_SLOW: Saying =
    ("range", "the promised limit is over the statutory one", "承诺时限超过法定时限");
const NO_STEP: Saying =
    ("missing", "name at least one step that uses it", "至少填写一个使用该项的环节");

impl Pack for Matters {
    const COLUMNS: &'static [Column] = &[
        required("matter", &["事项代码", "一件事代码"]),
        required("part", &["类型", "组成"]),
        required("key", &["编号", "序号"]),
        required("name", &["名称"]),
        required("department", &["部门", "部门代码", "办理部门"]),
        required("after", &["前置环节"]),
        required("statutory_days", &["法定时限"]),
        required("promised_days", &["承诺时限"]),
        required("step", &["环节", "使用环节"]),
        required("source", &["来源", "材料来源"]),
        optional("note", &["说明", "备注"]),
        optional("withdrawn", &["已撤销", "撤销"]),
    ];
    type Known = Named;
    type Thing = Matter;

    async fn known(tx: &mut Tx) -> Result<Named, Error> {
        let items = tx.every_service_item().await?.into_iter();
        let matters = tx.every_matter().await?.into_iter().filter(|matter| matter.withdrawn);
        Ok(Named {
            departments: department_codes(tx).await?,
            items: items.map(|item| (item.code, item.withdrawn)).collect(),
            withdrawn: matters.map(|matter| matter.code).collect(),
        })
    }

    fn read(table: &mut Table<'_>, named: &Named) -> Vec<Block<Matter>> {
        let mut blocks = Vec::new();
        for rows in table.groups("matter") {
            if let Some(thing) = read_block(table, &rows, named) {
                blocks.push(Block { rows, thing });
            }
        }
        blocks
    }

    async fn put(tx: &mut Tx, _: &Env, _: &mut Named, matter: &Matter) -> Result<Change, Error> {
        tx.put_matter(matter).await
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut matters = db.every_matter().await?;
        matters.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        Ok(file_with_marks(Self::COLUMNS, matters.iter().flat_map(cells).collect()))
    }
}

fn read_block(table: &mut Table<'_>, rows: &[usize], named: &Named) -> Option<Matter> {
    let mut steps: Vec<(usize, Step)> = Vec::new();
    let (mut heads, mut materials, mut needs) = (Vec::new(), Vec::new(), Vec::new());
    let mut has_head = false;
    let mut has_steps = false;
    for index in rows {
        if table.is_broken(*index) {
            continue;
        }
        let mut row = table.row(*index);
        match row.word::<Part>("part") {
            Some(Part::Matter) => {
                if has_head {
                    row.say("part", TWO_MATTERS);
                }
                has_head = true;
                heads.extend(read_matter(&mut row, named));
            }
            Some(Part::Step) => {
                has_steps = true;
                steps.extend(read_step(&mut row, named).map(|step| (*index, step)));
            }
            Some(Part::Material) => {
                materials.extend(read_material(&mut row).map(|material| (*index, material)));
            }
            Some(Part::Service) => {
                needs.extend(read_need(&mut row, named).map(|need| (*index, need)));
            }
            None => {}
        }
    }
    if rows.iter().any(|index| table.is_broken(*index)) {
        return None;
    }
    let first = rows[0];
    if !has_head {
        table.row(first).say("part", NO_MATTER);
    }
    if !has_steps {
        table.row(first).say("part", NO_STEPS);
    }
    check_steps(table, rows, &steps);
    let mut matter = heads.into_iter().next()?;
    for (index, need) in &needs {
        if !matter.withdrawn && named.items.get(&need.item) == Some(&true) {
            table.row(*index).say("key", WITHDRAWN_ITEM);
        }
    }
    matter.steps = sorted(steps, |step| natural(&step.key));
    matter.materials = sorted(materials, |material| natural(&material.key));
    matter.needs = sorted(needs, |need| (0, need.item.to_string()));
    Some(matter)
}

/// Keys such as `s9` and `s10`, in the order of their numbers.
fn natural(key: &StepKey) -> (usize, String) {
    (key.as_str().len(), key.to_string())
}

fn sorted<T, K: Ord>(parts: Vec<(usize, T)>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut parts: Vec<T> = parts.into_iter().map(|(_, part)| part).collect();
    parts.sort_by_key(key);
    parts
}

fn read_matter(row: &mut Row, named: &Named) -> Option<Matter> {
    let code: Option<MatterCode> = row.code("matter");
    row.unused(&["key", "after", "step", "source"]);
    let withdrawn = row.mark("withdrawn");
    let withdrawn = withdrawn
        .unwrap_or_else(|| code.as_ref().is_some_and(|code| named.withdrawn.contains(code)));
    let name = row.text("name", 1..=100);
    let lead = department(row, named);
    let (statutory_days, promised_days) = days(row);
    let audience = row.text("note", 0..=500);
    Some(Matter {
        code: code?,
        version: 0,
        name,
        lead: lead?,
        audience,
        statutory_days: statutory_days?,
        promised_days: promised_days?,
        steps: Vec::new(),
        materials: Vec::new(),
        needs: Vec::new(),
        withdrawn,
    })
}

fn department(row: &mut Row, named: &Named) -> Option<DepartmentCode> {
    row.known("department", |code| named.departments.contains(code), UNKNOWN_DEPARTMENT)
}

/// The statutory and the promised limit.
fn days(row: &mut Row) -> (Option<u32>, Option<u32>) {
    let statutory = row.number("statutory_days", 0..=MAX_DAYS);
    let promised = row.number("promised_days", 0..=MAX_DAYS);
    if statutory.zip(promised).is_some_and(|(statutory, promised)| promised > statutory) {
        row.say("promised_days", TOO_SLOW);
    }
    (statutory, promised)
}

/// A key that no other row of the same part and block has.
fn key<T: std::str::FromStr + ToString>(row: &mut Row) -> Option<T> {
    let key: T = row.code("key")?;
    let part = row.raw("part").to_owned();
    let matter = row.raw("matter").to_owned();
    row.alone("key", format!("{matter} {part} {}", key.to_string()));
    Some(key)
}

fn read_step(row: &mut Row, named: &Named) -> Option<Step> {
    let key = key(row);
    row.unused(&["step", "source", "withdrawn"]);
    let name = row.text("name", 1..=100);
    let department = department(row, named);
    // Whether they are steps of the matter shows when all of them are read.
    let after = row.codes("after", |_: &StepKey| true, UNKNOWN_STEP);
    let (statutory_days, promised_days) = days(row);
    let note = row.text("note", 0..=500);
    Some(Step {
        key: key?,
        name,
        department: department?,
        after,
        statutory_days: statutory_days?,
        promised_days: promised_days?,
        note,
    })
}

/// The steps that a material or a service is for.
fn used_by(row: &mut Row) -> Vec<StepKey> {
    if row.raw("step").is_empty() {
        row.say("step", NO_STEP);
    }
    row.codes("step", |_: &StepKey| true, UNKNOWN_STEP)
}

fn read_material(row: &mut Row) -> Option<Material> {
    let key = key(row);
    row.unused(&["department", "after", "statutory_days", "promised_days", "withdrawn"]);
    let name = row.text("name", 1..=100);
    let steps = used_by(row);
    let source = row.word("source");
    let note = row.text("note", 0..=500);
    Some(Material { key: key?, name, steps, source: source?, note })
}

fn read_need(row: &mut Row, named: &Named) -> Option<Need> {
    let item: Option<ItemCode> = key(row);
    if item.as_ref().is_some_and(|item| !named.items.contains_key(item)) {
        row.say("key", UNKNOWN_ITEM);
    }
    row.unused(&["name", "department", "after", "statutory_days", "promised_days", "source"]);
    row.unused(&["withdrawn"]);
    let steps = used_by(row);
    let why = row.text("note", 1..=500);
    Some(Need { item: item?, steps, why })
}

/// Tells of steps that are named but not there, and of steps that would wait for themselves.
fn check_steps(table: &mut Table<'_>, rows: &[usize], steps: &[(usize, Step)]) {
    // A step with a fault is there all the same.
    let is_step = |table: &mut Table<'_>, index: usize| table.row(index).raw("part") == "step";
    let mut keys = BTreeSet::new();
    for index in rows {
        if is_step(table, *index) {
            keys.insert(table.row(*index).raw("key").to_owned());
        }
    }
    for index in rows {
        let column = if is_step(table, *index) { "after" } else { "step" };
        let mut row = table.row(*index);
        let named: Vec<String> =
            row.raw(column).split('|').map(|key| key.trim().to_owned()).collect();
        for key in named {
            if key.parse::<StepKey>().is_ok() && !keys.contains(&key) {
                let (code, en, zh) = UNKNOWN_STEP;
                row.wrong(column, code, &format!("{key}: {en}"), &format!("{key}：{zh}"));
            }
        }
    }
    let after: BTreeMap<&StepKey, &[StepKey]> =
        steps.iter().map(|(_, step)| (&step.key, &*step.after)).collect();
    for (index, step) in steps {
        if waits_for_itself(&step.key, &after) {
            table.row(*index).say("after", CYCLE);
        }
    }
}

fn waits_for_itself(key: &StepKey, after: &BTreeMap<&StepKey, &[StepKey]>) -> bool {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![key];
    while let Some(at) = waiting.pop() {
        for before in after.get(at).copied().unwrap_or_default() {
            if before == key {
                return true;
            }
            if seen.insert(before) {
                waiting.push(before);
            }
        }
    }
    false
}

fn cells(matter: &Matter) -> Vec<Vec<String>> {
    let code = matter.code.to_string();
    let row = |cells: [String; 11]| std::iter::once(code.clone()).chain(cells).collect::<Vec<_>>();
    let none = String::new;
    let mut rows = vec![row([
        Part::Matter.to_string(),
        none(),
        matter.name.clone(),
        matter.lead.to_string(),
        none(),
        matter.statutory_days.to_string(),
        matter.promised_days.to_string(),
        none(),
        none(),
        matter.audience.clone(),
        mark(matter.withdrawn),
    ])];
    rows.extend(matter.steps.iter().map(|step| {
        row([
            Part::Step.to_string(),
            step.key.to_string(),
            step.name.clone(),
            step.department.to_string(),
            joined(&step.after),
            step.statutory_days.to_string(),
            step.promised_days.to_string(),
            none(),
            none(),
            step.note.clone(),
            none(),
        ])
    }));
    rows.extend(matter.materials.iter().map(|material| {
        row([
            Part::Material.to_string(),
            material.key.to_string(),
            material.name.clone(),
            none(),
            none(),
            none(),
            none(),
            joined(&material.steps),
            material.source.to_string(),
            material.note.clone(),
            none(),
        ])
    }));
    rows.extend(matter.needs.iter().map(|need| {
        row([
            Part::Service.to_string(),
            need.item.to_string(),
            none(),
            none(),
            none(),
            none(),
            none(),
            joined(&need.steps),
            none(),
            need.why.clone(),
            none(),
        ])
    }));
    rows
}
