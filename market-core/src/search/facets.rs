//! What hits can be narrowed by, with how many there would be.

use serde::{Deserialize, Serialize};

use crate::store::text_enum;

/// The end of each price band but the last, in yuan.
const PRICE_ENDS: [u64; 5] = [1_000, 5_000, 10_000, 50_000, 100_000];
/// The last day of each turnaround band but the last, in working days.
const DAY_ENDS: [u32; 4] = [5, 10, 20, 30];

text_enum! {
    /// A band of prices in yuan, the first included and the last not.
    pub enum PriceBand {
        /// Below 1,000.
        Below1000 = "0-1000",
        /// From 1,000.
        From1000 = "1000-5000",
        /// From 5,000.
        From5000 = "5000-10000",
        /// From 10,000.
        From10000 = "10000-50000",
        /// From 50,000.
        From50000 = "50000-100000",
        /// From 100,000.
        From100000 = "100000-",
    }
}

text_enum! {
    /// A band of turnarounds in working days, both ends included.
    pub enum Turnaround {
        /// Up to 5.
        UpTo5 = "1-5",
        /// Up to 10.
        UpTo10 = "6-10",
        /// Up to 20.
        UpTo20 = "11-20",
        /// Up to 30.
        UpTo30 = "21-30",
        /// Longer.
        Longer = "31-",
    }
}

text_enum! {
    /// How a listing may be bought (选取方式).
    pub enum SelectionMode {
        /// Directly, whoever pays.
        Direct = "direct",
        /// With fiscal money by open selection only: the price reaches the limit.
        OpenSelection = "open_selection",
    }
}

text_enum! {
    /// What hits can be narrowed by. Filters by different ones must all hold; of several values
    /// of one, any.
    pub enum Dimension {
        /// The category of the service item.
        Category = "category",
        /// The service item.
        Item = "item",
        /// A region that is served.
        Region = "region",
        /// The price.
        Price = "price",
        /// The promised turnaround.
        Turnaround = "turnaround",
        /// A kind of qualification, or a level of one, that the agency holds.
        Qualification = "qualification",
        /// The agency's credit.
        Grade = "grade",
        /// How a listing may be bought.
        Mode = "mode",
    }
}

/// So many dimensions there are.
pub(super) const DIMENSIONS: usize = 8;
/// So many price bands there are.
pub(super) const PRICES: usize = PRICE_ENDS.len() + 1;
/// So many turnaround bands there are.
pub(super) const TURNAROUNDS: usize = DAY_ENDS.len() + 1;

/// The number of the band of a price in fen.
pub(super) fn price_band(fen: u64) -> usize {
    PRICE_ENDS.partition_point(|end| end * 100 <= fen)
}

/// The number of the band of a turnaround.
pub(super) fn day_band(days: u32) -> usize {
    DAY_ENDS.partition_point(|end| *end < days)
}

/// The values of one dimension, with how many hits each would leave if it alone of its dimension
/// were chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facet {
    /// What is narrowed by.
    pub by: Dimension,
    /// The values with hits, and those that are chosen.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetValue {
    /// What to give as the filter.
    pub value: String,
    /// Its name.
    pub name: String,
    /// What it lies under: the region around a region, an item's category, a level's kind.
    pub parent: Option<String>,
    /// How many hits it would leave, with the filters of the other dimensions.
    pub count: u64,
    /// Whether it is chosen now.
    pub chosen: bool,
}

/// The name of a price band.
pub(super) fn price_name(band: PriceBand) -> String {
    let at = band as usize;
    match at {
        0 => format!("{} 元以下", PRICE_ENDS[0]),
        at if at < PRICE_ENDS.len() => format!("{}–{} 元", PRICE_ENDS[at - 1], PRICE_ENDS[at]),
        _ => format!("{} 元以上", PRICE_ENDS[PRICE_ENDS.len() - 1]),
    }
}

/// The name of a turnaround band.
pub(super) fn day_name(band: Turnaround) -> String {
    match band as usize {
        0 => format!("{} 个工作日内", DAY_ENDS[0]),
        at if at < DAY_ENDS.len() => {
            format!("{}–{} 个工作日", DAY_ENDS[at - 1] + 1, DAY_ENDS[at])
        }
        _ => format!("{} 个工作日以上", DAY_ENDS[DAY_ENDS.len() - 1]),
    }
}
