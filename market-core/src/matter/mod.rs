//! One-thing matters (一件事情): which departments decide in which steps, and which services they
//! ask for.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Market, Page, Paging,
    code::{DepartmentCode, ItemCode, MatterCode, StepKey},
    kernel::authority::Relation,
    store::text_enum,
};

pub(crate) mod store;

/// A one-thing matter (一件事情), as of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Matter {
    /// Its code.
    pub code: MatterCode,
    /// The version, from 1; a case keeps the one that it was opened under.
    pub version: i64,
    /// What an applicant wants done, such as 开办餐馆.
    pub name: String,
    /// The lead department (牵头部门).
    pub lead: DepartmentCode,
    /// Who it is for.
    pub audience: String,
    /// The statutory limit, in working days.
    pub statutory_days: u32,
    /// The promised limit, in working days.
    pub promised_days: u32,
    /// What departments decide, in the order of their keys.
    pub steps: Vec<Step>,
    /// What an applicant hands in.
    pub materials: Vec<Material>,
    /// The services that it needs.
    pub needs: Vec<Need>,
    /// No new case may be opened.
    pub withdrawn: bool,
}

/// One department's decision within a matter (环节).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MatterStep))]
pub struct Step {
    /// Its key within the matter.
    pub key: StepKey,
    /// What is decided.
    pub name: String,
    /// Who decides.
    pub department: DepartmentCode,
    /// The steps that must be decided before; without any, it runs in parallel (并联审批).
    pub after: Vec<StepKey>,
    /// The statutory limit, in working days.
    pub statutory_days: u32,
    /// The promised limit, in working days.
    pub promised_days: u32,
    /// What else to know.
    pub note: String,
}

text_enum! {
    /// Where a material comes from (材料来源).
    pub enum Source {
        /// The applicant has it.
        Applicant = "applicant",
        /// Another department's data has it (数据共享).
        Shared = "shared",
        /// An agency makes it; it may be taken from the marketplace.
        Market = "market",
    }
}

/// A material that steps ask for (申请材料).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Material {
    /// Its key within the matter.
    pub key: StepKey,
    /// Its name.
    pub name: String,
    /// The steps that ask for it.
    pub steps: Vec<StepKey>,
    /// Where it comes from.
    pub source: Source,
    /// What else to know.
    pub note: String,
}

/// A service that a matter needs, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Need {
    /// The service item.
    pub item: ItemCode,
    /// The steps whose departments use the deliverable.
    pub steps: Vec<StepKey>,
    /// Which approval asks for it.
    pub why: String,
}

impl Matter {
    /// A step by its key.
    pub fn step(&self, key: &StepKey) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == *key)
    }

    /// The need of a service, if there is one.
    pub fn need(&self, item: &ItemCode) -> Option<&Need> {
        self.needs.iter().find(|need| need.item == *item)
    }

    /// Whether a department takes part in the matter.
    pub fn involves(&self, department: &DepartmentCode) -> bool {
        self.lead == *department || self.steps.iter().any(|step| step.department == *department)
    }

    /// The departments that take part in the matter.
    pub fn departments(&self) -> impl Iterator<Item = DepartmentCode> {
        let of_steps = self.steps.iter().map(|step| &step.department);
        std::iter::once(&self.lead).chain(of_steps).cloned()
    }

    /// How a department stands to what is done for the matter: the lead supervises it, the others
    /// that decide in it are party to it.
    pub(crate) fn relation(&self, department: &DepartmentCode) -> Relation {
        let is_involved = self.involves(department);
        Relation::of_department(is_involved && self.lead != *department, is_involved)
    }

    /// The departments that use the deliverable of a service, each once, by code.
    pub fn consumers(&self, item: &ItemCode) -> Vec<DepartmentCode> {
        let steps = self.need(item).map_or(&[][..], |need| &need.steps);
        let mut departments: Vec<_> = steps
            .iter()
            .filter_map(|key| self.step(key))
            .map(|step| step.department.clone())
            .collect();
        departments.sort_unstable();
        departments.dedup();
        departments
    }
}

/// What anybody may read about matters.
#[derive(Debug, Clone, Copy)]
pub struct Matters<'a>(pub(crate) &'a Market);

impl Matters<'_> {
    /// Matters for which a case may be opened, by code.
    pub async fn list(&self, paging: &Paging) -> Result<Page<Matter>, Error> {
        self.0.db.matters(paging).await
    }

    /// The current version of a matter.
    pub async fn get(&self, code: &MatterCode) -> Result<Matter, Error> {
        self.0.db.matter(code).await
    }

    /// A version of a matter, such as the one that a case was opened under.
    pub async fn version(&self, code: &MatterCode, version: i64) -> Result<Matter, Error> {
        self.0.db.matter_version(code, version).await
    }
}
