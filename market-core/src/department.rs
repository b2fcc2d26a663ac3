//! Approval departments (审批部门).

use serde::{Deserialize, Serialize};

use crate::code::{DepartmentCode, RegionCode};

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
