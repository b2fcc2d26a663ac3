//! What a listing offers, and what may be wrong with that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Fault, Money, code::RegionCode, kernel::text::check_text};

/// What a listing offers; a change makes a new version, and orders keep the one they saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Its title.
    #[cfg_attr(feature = "openapi", schema(min_length = 2, max_length = 100))]
    pub title: String,
    /// What is done for the price.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 2000))]
    pub summary: String,
    /// The price.
    pub price: Money,
    /// What the price is for, such as 元/项.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 20))]
    pub unit: String,
    /// The regions served, each with all that is below it.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 100))]
    pub regions: Vec<RegionCode>,
    /// The promised turnaround, in working days.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub days: u32,
}

impl Terms {
    /// What is wrong with the terms by themselves, which stand at a pointer of the request.
    pub(super) fn check(&self, at: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        check_text(&format!("{at}/title"), &self.title, 2, 100, &mut faults);
        check_text(&format!("{at}/summary"), &self.summary, 1, 2000, &mut faults);
        check_text(&format!("{at}/unit"), &self.unit, 1, 20, &mut faults);
        if !(1..=1000).contains(&self.days) {
            let message = "must be between 1 and 1000 working days";
            faults.push(Fault::new(format!("{at}/days"), "range", message));
        }
        if !(1..=100).contains(&self.regions.len()) {
            faults.push(Fault::new(format!("{at}/regions"), "length", "name 1 to 100 regions"));
        }
        let mut named = BTreeSet::new();
        for (place, region) in self.regions.iter().enumerate() {
            if !named.insert(region) {
                let pointer = format!("{at}/regions/{place}");
                faults.push(Fault::new(pointer, "duplicate", "the region is named twice"));
            }
        }
        faults
    }
}
