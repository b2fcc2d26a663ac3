//! What each kind of pack holds: its columns, how its rows are read, and what is put.

use std::collections::BTreeSet;

use super::table::Saying;
use crate::{
    Error,
    code::{DepartmentCode, RegionCode},
    store::Tx,
};

pub(super) mod agencies;
pub(super) mod agency_qualifications;
pub(super) mod calendar;
pub(super) mod categories;
mod contract_rules;
pub(super) mod departments;
mod evaluation_rules;
pub(super) mod items;
pub(super) mod listings;
pub(super) mod matters;
pub(super) mod own_listings;
pub(super) mod policy;
mod policy_selection;
pub(super) mod practitioners;
pub(super) mod qualifications;
pub(super) mod regions;
pub(super) mod synonyms;

const UNKNOWN_REGION: Saying = ("unknown-region", "no such region", "没有此行政区划");
const UNKNOWN_DEPARTMENT: Saying = ("unknown-department", "no such department", "没有此部门");
const UNKNOWN_CATEGORY: Saying = ("unknown-category", "no such category", "没有此服务类别");
const UNKNOWN_ITEM: Saying = ("unknown-item", "no such service item", "没有此中介服务事项");
const UNKNOWN_QUALIFICATION: Saying =
    ("unknown-qualification", "no such kind of qualification", "没有此资质类别");
const UNKNOWN_LEVEL: Saying = ("unknown-level", "the kind has no such level", "该资质没有此等级");
const UNKNOWN_MAJOR: Saying = ("unknown-major", "the kind has no such major", "该资质没有此专业");

/// The longest limit, in working days.
const MAX_DAYS: u64 = 3650;

async fn region_codes(tx: &mut Tx) -> Result<BTreeSet<RegionCode>, Error> {
    Ok(tx.regions().await?.into_iter().map(|region| region.code).collect())
}

async fn department_codes(tx: &mut Tx) -> Result<BTreeSet<DepartmentCode>, Error> {
    Ok(tx.departments().await?.into_iter().map(|department| department.code).collect())
}

/// Codes or other texts as a list in a cell.
fn joined<T: ToString>(parts: &[T]) -> String {
    parts.iter().map(T::to_string).collect::<Vec<_>>().join("|")
}

/// A value that may be missing, as a cell.
fn cell<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}
