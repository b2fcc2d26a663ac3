//! What differs from place to place and from year to year: regions, the working-day calendar and
//! policy profiles.

use serde::{Deserialize, Serialize};

use crate::code::RegionCode;

/// A division of China, within others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
    /// What it lies in; the country lies in nothing.
    pub parent: Option<RegionCode>,
    /// The codes from the country down to itself.
    pub path: Vec<RegionCode>,
}
