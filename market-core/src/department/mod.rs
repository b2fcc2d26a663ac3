//! Approval departments (审批部门).

use serde::{Deserialize, Serialize};

use crate::{
    Error, Market,
    code::{DepartmentCode, RegionCode},
};

pub(crate) mod store;

/// An approval department (审批部门).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Department {
    /// Its code.
    pub code: DepartmentCode,
    /// Its name.
    pub name: String,
    /// Where it decides.
    pub region: RegionCode,
    /// Its telephone.
    pub phone: String,
}

/// What anybody may read about departments.
#[derive(Debug, Clone, Copy)]
pub struct Departments<'a>(pub(crate) &'a Market);

impl Departments<'_> {
    /// Every department, by code.
    pub async fn list(&self) -> Result<Vec<Department>, Error> {
        self.0.db.departments().await
    }

    /// A department by its code.
    pub async fn get(&self, code: &DepartmentCode) -> Result<Department, Error> {
        self.0.db.department(code).await
    }
}
