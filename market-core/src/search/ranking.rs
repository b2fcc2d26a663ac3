//! The order of hits: a published formula (docs/decisions/0011-ranking.md).
//!
//! ```text
//! fit   = words + names + place + qualification
//! score = fit × (1 + credit_weight × credit + newcomer_weight × newcomer)
//! ```
//!
//! Nothing else moves a hit, and nothing can be paid for. The weights of credit and newcomers are
//! data of the policy profile; so that neither outweighs what was asked for, they only scale it.

use serde::{Deserialize, Serialize};

use crate::kernel::policy::Ranking;

/// What a text that names a service item adds to the offers of that item.
pub(super) const ITEM: f32 = 60.0;
/// What a text that names a matter adds to the offers of the services that it needs.
pub(super) const NEEDED: f32 = 30.0;
/// What being itself what the text names adds to an item or a matter.
pub(super) const ITSELF: f32 = 80.0;
/// What serving a place that is named adds, where the text names what is wanted there …
pub(super) const PLACE: f32 = 160.0;
/// … and where it does not, and the place may be part of an agency's name.
pub(super) const PLACE_ALONE: f32 = 60.0;
/// What holding a qualification that is named adds.
pub(super) const QUALIFICATION: f32 = 20.0;
/// What a hit fits where nothing was asked for in words.
pub(super) const ANYTHING: f32 = 1.0;

/// The parts of a hit's score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// The words of the text, by how rare they are and where they stand.
    pub words: f32,
    /// The service item or the matter that the text names.
    pub names: f32,
    /// Whether the places that the text names are served, or lie nearby.
    pub place: f32,
    /// Whether the qualifications that the text names are held.
    pub qualification: f32,
    /// The sum of the above.
    pub fit: f32,
    /// What the agency's credit adds.
    pub credit: f32,
    /// What being new adds to an agency that has had few orders so far.
    pub newcomer: f32,
    /// The sum of the last three: what hits are ordered by.
    pub score: f32,
}

/// The formula, with its weights for one day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Formula {
    credit_weight: f32,
    newcomer_weight: f32,
    /// Who was admitted after this day is a newcomer.
    newcomer_since: i32,
    newcomer_orders: f32,
}

impl Formula {
    #[expect(clippy::cast_precision_loss, reason = "weights are small numbers")]
    pub(super) fn new(ranking: Option<&Ranking>, day: i32) -> Self {
        let Some(ranking) = ranking else { return Self::default() };
        let days = i32::try_from(ranking.newcomer_days).unwrap_or(i32::MAX);
        Self {
            credit_weight: ranking.credit_weight as f32 / 1000.0,
            newcomer_weight: ranking.newcomer_weight as f32 / 1000.0,
            newcomer_since: day.saturating_sub(days),
            newcomer_orders: ranking.newcomer_orders as f32,
        }
    }

    /// What credit adds to each point of fit.
    #[expect(clippy::cast_precision_loss, reason = "at most 1000 points")]
    pub(super) fn credit(&self, points: u32) -> f32 {
        self.credit_weight * points as f32 / 1000.0
    }

    /// What being new adds to each point of fit: the less, the more orders there were.
    #[expect(clippy::cast_precision_loss, reason = "an order count is small")]
    pub(super) fn newcomer(&self, admitted: i32, completed: u32) -> f32 {
        let completed = completed as f32;
        if admitted <= self.newcomer_since || completed >= self.newcomer_orders {
            return 0.0;
        }
        self.newcomer_weight * (1.0 - completed / self.newcomer_orders)
    }
}
