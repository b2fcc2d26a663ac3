//! What putting a thing into the market did.

use serde::{Deserialize, Serialize};

/// What putting a thing into the market did: a thing that is there already, just so, is left
/// alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was not there.
    Created,
    /// It was there, but different.
    Changed,
    /// It was there, just so.
    Unchanged,
}
