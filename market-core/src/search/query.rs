//! What is asked.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::catalogue::Catalogue;
use crate::{
    Cursor, Day, Error, Fault, Money,
    code::{CategoryCode, ItemCode, RegionCode},
    kernel::{page::MAX_LIMIT, text::check_text},
    store::text_enum,
};

/// The most things that a search chooses from when it is given them.
pub(crate) const MAX_WITHIN: usize = 100;

/// The longest text that is searched for, in characters.
pub const MAX_TEXT: usize = 200;

text_enum! {
    /// What is searched for.
    pub enum Subject {
        /// Listings (上架服务).
        Listings = "listings",
        /// Agencies (中介服务机构).
        Agencies = "agencies",
    }
}

text_enum! {
    /// The order of hits; of equals, the newest first.
    pub enum Sort {
        /// What fits the text best first.
        Relevance = "relevance",
        /// The lowest price first; listings only.
        Price = "price",
        /// The shortest turnaround first; listings only.
        Days = "days",
    }
}

/// A search. Filters narrow it: every one must hold.
///
/// Filters by what is offered (category, item, region, price) find the agencies that have a
/// listing of which they all hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// What is searched for.
    pub kind: Subject,
    /// Words that people use, at most [`MAX_TEXT`] characters; none finds everything.
    pub text: Option<String>,
    /// The category of the service item.
    pub category: Option<CategoryCode>,
    /// The service item.
    pub item: Option<ItemCode>,
    /// Where the service is needed.
    pub region: Option<RegionCode>,
    /// The lowest price.
    pub min_price: Option<Money>,
    /// The highest price.
    pub max_price: Option<Money>,
    /// The day on which it is to be bought; today, if none is given. What is suspended or not
    /// qualified on that day is not found.
    pub eligible_on: Option<Day>,
    /// The ids of the agencies or listings to choose from, at most 100; all, if none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub within: Option<Vec<Uuid>>,
    /// The order of hits.
    pub sort: Sort,
    /// Begin after this.
    pub after: Option<Cursor>,
    /// At most so many hits, from 1 to 100.
    pub limit: u32,
}

impl SearchQuery {
    /// Everything of a kind that can be bought today, 20 at a time.
    pub const fn new(kind: Subject) -> Self {
        Self {
            kind,
            text: None,
            category: None,
            item: None,
            region: None,
            min_price: None,
            max_price: None,
            eligible_on: None,
            within: None,
            sort: Sort::Relevance,
            after: None,
            limit: 20,
        }
    }

    /// Finds every fault with what is asked.
    pub(super) fn check(&self, catalogue: &Catalogue) -> Result<(), Error> {
        let mut faults = Vec::new();
        if let Some(text) = &self.text {
            check_text("text", text, 0, MAX_TEXT, &mut faults);
        }
        let mut fault = |bad: bool, pointer: &str, code, message: &str| {
            if bad {
                faults.push(Fault::new(pointer, code, message));
            }
        };
        let category = self.category.as_ref();
        fault(
            category.is_some_and(|code| !catalogue.has_category(code)),
            "category",
            "unknown",
            "no such category",
        );
        let item = self.item.as_ref();
        fault(
            item.is_some_and(|code| catalogue.item(code).is_none()),
            "item",
            "unknown",
            "no such service item",
        );
        let region = self.region.as_ref();
        fault(
            region.is_some_and(|code| catalogue.region(code).is_none()),
            "region",
            "unknown",
            "no such region",
        );
        let band = self.min_price.zip(self.max_price);
        fault(
            band.is_some_and(|(min, max)| min > max),
            "max_price",
            "range",
            "must not be below min_price",
        );
        let within = self.within.as_ref().map_or(0, Vec::len);
        fault(within > MAX_WITHIN, "within", "length", "must have at most 100 ids");
        let unsorted = self.kind == Subject::Agencies && self.sort != Sort::Relevance;
        fault(
            unsorted,
            "sort",
            "sort",
            "agencies have no price and no turnaround: sort by relevance",
        );
        fault(!(1..=MAX_LIMIT).contains(&self.limit), "limit", "range", "must be from 1 to 100");
        Error::unless_faultless(faults)
    }

    /// Whether agencies are narrowed by what they offer.
    pub(super) fn narrows_offers(&self) -> bool {
        self.category.is_some()
            || self.item.is_some()
            || self.region.is_some()
            || self.min_price.is_some()
            || self.max_price.is_some()
    }
}
