//! `items.csv`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    MAX_DAYS, UNKNOWN_CATEGORY, UNKNOWN_DEPARTMENT, UNKNOWN_LEVEL, UNKNOWN_MAJOR,
    UNKNOWN_QUALIFICATION, department_codes,
};
use crate::{
    Change, Env, Error,
    catalog::{QualificationType, Requirement, ServiceItem},
    code::{CategoryCode, DepartmentCode, ItemCode, LevelCode, QualificationKind},
    import::{
        columns::{Column, optional, required},
        row::Row,
        run::{Pack, file_with_marks, mark},
        table::{Block, Saying, Table, short},
    },
    store::{Db, Tx},
};

/// Service items.
pub(in crate::import) struct Items;

/// What service items name.
pub(in crate::import) struct Named {
    categories: BTreeSet<CategoryCode>,
    departments: BTreeSet<DepartmentCode>,
    kinds: BTreeMap<QualificationKind, QualificationType>,
    /// What is withdrawn, and stays so where a sheet does not say.
    withdrawn: BTreeSet<ItemCode>,
    /// What matters on the list need.
    needed: BTreeSet<ItemCode>,
}

const NEEDED: Saying = (
    "needed",
    "a matter on the list needs the item: change or withdraw the matter first",
    "清单内的一件事仍需要该事项，请先修改或撤销该一件事",
);
const NOT_A_REQUIREMENT: Saying = (
    "requirement",
    "not kind:level or kind:level:major",
    "应写作 资质代码:等级代码 或 资质代码:等级代码:专业",
);

impl Pack for Items {
    const COLUMNS: &'static [Column] = &[
        required("code", &["代码", "事项代码", "事项编码"]),
        required("name", &["名称", "事项名称"]),
        required("category", &["类别", "服务类别", "类别代码"]),
        required("department", &["部门", "主管部门", "部门代码"]),
        optional("aliases", &["别名", "俗称"]),
        required("nature", &["性质", "事项性质"]),
        required("legal_basis", &["设定依据", "法律依据"]),
        required("qualification_rule", &["资质规则", "资质要求方式"]),
        required("qualifications", &["资质", "资质要求"]),
        required("days", &["时限", "服务时限", "办理时限"]),
        required("price_mode", &["价格方式", "价格管理方式", "收费方式"]),
        optional("price_cap", &["最高限价", "限价"]),
        required("price_unit", &["计价单位"]),
        required("deliverable", &["成果", "成果类型", "服务成果"]),
        optional("withdrawn", &["已撤销", "撤销"]),
    ];
    type Known = Named;
    type Thing = ServiceItem;

    async fn known(tx: &mut Tx) -> Result<Named, Error> {
        let categories = tx.categories().await?.into_iter().map(|category| category.code).collect();
        let kinds = tx.qualification_types().await?;
        let items = tx.every_service_item().await?.into_iter();
        let matters = tx.every_matter().await?.into_iter().filter(|matter| !matter.withdrawn);
        Ok(Named {
            withdrawn: items.filter(|item| item.withdrawn).map(|item| item.code).collect(),
            needed: matters.flat_map(|matter| matter.needs).map(|need| need.item).collect(),
            categories,
            departments: department_codes(tx).await?,
            kinds: kinds.into_iter().map(|kind| (kind.kind.clone(), kind)).collect(),
        })
    }

    fn read(table: &mut Table<'_>, named: &Named) -> Vec<Block<ServiceItem>> {
        table.each(|row| read_row(row, named))
    }

    async fn put(tx: &mut Tx, _: &Env, _: &mut Named, item: &ServiceItem) -> Result<Change, Error> {
        tx.put_item(item).await
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut items = db.every_service_item().await?;
        items.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        Ok(file_with_marks(Self::COLUMNS, items.iter().map(cells).collect()))
    }
}

fn read_row(row: &mut Row, named: &Named) -> Option<ServiceItem> {
    let code: Option<ItemCode> = row.unique("code");
    let name = row.text("name", 1..=100);
    let category = row.known("category", |code| named.categories.contains(code), UNKNOWN_CATEGORY);
    let department =
        row.known("department", |code| named.departments.contains(code), UNKNOWN_DEPARTMENT);
    let aliases = row.list("aliases");
    let nature = row.word("nature");
    let legal_basis = row.text("legal_basis", 1..=1000);
    let rule = row.word("qualification_rule");
    let requirements = requirements(row, &named.kinds);
    let days = row.number("days", 1..=MAX_DAYS);
    let price_mode = row.word("price_mode");
    let price_cap = row.money_if_any("price_cap");
    let price_unit = row.text("price_unit", 1..=20);
    let deliverable = row.word("deliverable");
    let withdrawn = row.mark("withdrawn");
    if withdrawn == Some(true) && code.as_ref().is_some_and(|code| named.needed.contains(code)) {
        row.say("withdrawn", NEEDED);
    }
    let withdrawn = withdrawn
        .unwrap_or_else(|| code.as_ref().is_some_and(|code| named.withdrawn.contains(code)));
    Some(ServiceItem {
        code: code?,
        version: 0,
        name,
        category: category?,
        department: department?,
        aliases,
        nature: nature?,
        legal_basis,
        rule: rule?,
        requirements,
        days: days?,
        price_mode: price_mode?,
        price_cap,
        price_unit,
        deliverable: deliverable?,
        withdrawn,
    })
}

fn requirements(
    row: &mut Row,
    kinds: &BTreeMap<QualificationKind, QualificationType>,
) -> Vec<Requirement> {
    let mut requirements = Vec::new();
    for part in row.list("qualifications") {
        match requirement(&part, kinds) {
            Ok(requirement) => requirements.push(requirement),
            Err((code, en, zh)) => {
                let part = short(&part);
                let (en, zh) = (format!("{part}: {en}"), format!("{part}：{zh}"));
                row.wrong("qualifications", code, &en, &zh);
            }
        }
    }
    requirements
}

fn requirement(
    part: &str,
    kinds: &BTreeMap<QualificationKind, QualificationType>,
) -> Result<Requirement, Saying> {
    let mut parts = part.splitn(3, ':').map(str::trim);
    let (Some(kind), Some(level)) = (parts.next(), parts.next()) else {
        return Err(NOT_A_REQUIREMENT);
    };
    let kind: QualificationKind = kind.parse().map_err(|_| NOT_A_REQUIREMENT)?;
    let level: LevelCode = level.parse().map_err(|_| NOT_A_REQUIREMENT)?;
    let known = kinds.get(&kind).ok_or(UNKNOWN_QUALIFICATION)?;
    known.level(&level).ok_or(UNKNOWN_LEVEL)?;
    let major = parts.next().map(str::to_owned);
    if major.as_ref().is_some_and(|major| !known.majors.contains(major)) {
        return Err(UNKNOWN_MAJOR);
    }
    Ok(Requirement { kind, level, major })
}

fn cells(item: &ServiceItem) -> Vec<String> {
    let requirement = |needed: &Requirement| {
        let Requirement { kind, level, major } = needed;
        match major {
            Some(major) => format!("{kind}:{level}:{major}"),
            None => format!("{kind}:{level}"),
        }
    };
    let requirements: Vec<String> = item.requirements.iter().map(requirement).collect();
    vec![
        item.code.to_string(),
        item.name.clone(),
        item.category.to_string(),
        item.department.to_string(),
        super::joined(&item.aliases),
        item.nature.to_string(),
        item.legal_basis.clone(),
        item.rule.to_string(),
        super::joined(&requirements),
        item.days.to_string(),
        item.price_mode.to_string(),
        super::cell(item.price_cap.as_ref()),
        item.price_unit.clone(),
        item.deliverable.to_string(),
        mark(item.withdrawn),
    ]
}
