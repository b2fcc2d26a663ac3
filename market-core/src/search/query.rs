//! What is asked.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    catalogue::Catalogue,
    facets::{PriceBand, SelectionMode, Turnaround},
};
use crate::{
    Cursor, Day, Error, Fault, Money, Point,
    code::{CategoryCode, ItemCode, RegionCode},
    kernel::{page::MAX_LIMIT, text::check_text},
    order::Grade,
    store::text_enum,
};

/// The longest text that is searched for, in characters.
pub const MAX_TEXT: usize = 200;
/// So many values of one filter may be given.
pub const MAX_VALUES: usize = 50;
/// So many ids a search may choose from.
pub const MAX_WITHIN: usize = 100;

text_enum! {
    /// What is searched for.
    pub enum Subject {
        /// Everything that can be found.
        All = "all",
        /// Listings (上架服务).
        Listings = "listings",
        /// Agencies (中介服务机构).
        Agencies = "agencies",
        /// Service items (中介服务事项).
        Items = "items",
        /// One-thing matters (一件事情).
        Matters = "matters",
    }
}

text_enum! {
    /// The order of hits; of equals, the newest first.
    pub enum Sort {
        /// What fits best first.
        Relevance = "relevance",
        /// The lowest price first; listings only.
        Price = "price",
        /// The shortest turnaround first; listings only.
        Days = "days",
        /// The highest credit first; listings and agencies.
        Credit = "credit",
        /// The most completed orders first; listings and agencies.
        Completed = "completed",
        /// The nearest agency first; needs a point.
        Distance = "distance",
        /// The newest first.
        Newest = "newest",
    }
}

/// A search. Filters narrow it: those of different kinds must all hold, of several values of one
/// any.
///
/// Filters by what is offered find the agencies that have a listing of which they all hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SearchQuery {
    /// What is searched for.
    pub kind: Subject,
    /// Words that people use, at most [`MAX_TEXT`] characters; none finds everything.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub text: Option<String>,
    /// Categories of the service item.
    #[serde(rename = "category")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub categories: Vec<CategoryCode>,
    /// Service items.
    #[serde(rename = "item")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub items: Vec<ItemCode>,
    /// Where the service is needed.
    #[serde(rename = "region")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub regions: Vec<RegionCode>,
    /// Price bands.
    #[serde(rename = "price")]
    pub prices: Vec<PriceBand>,
    /// Turnaround bands.
    #[serde(rename = "turnaround")]
    pub turnarounds: Vec<Turnaround>,
    /// Kinds of qualification, or levels as `kind:level`, that the agency holds on the day.
    #[serde(rename = "qualification")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub qualifications: Vec<String>,
    /// Grades of the agency's credit.
    #[serde(rename = "grade")]
    pub grades: Vec<Grade>,
    /// How it may be bought.
    #[serde(rename = "mode")]
    pub modes: Vec<SelectionMode>,
    /// The lowest price.
    pub min_price: Option<Money>,
    /// The highest price.
    pub max_price: Option<Money>,
    /// The day on which it is to be bought; today, if none is given. What is suspended or not
    /// qualified on that day is not found.
    pub eligible_on: Option<Day>,
    /// The ids of the agencies or listings to choose from, at most [`MAX_WITHIN`]; all, if none
    /// are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub within: Option<Vec<Uuid>>,
    /// Where to measure distances from.
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Option<String>, pattern = r"^-?([0-8]?[0-9](\.[0-9]{1,6})?|90(\.0{1,6})?),-?((1[0-7]|[0-9])?[0-9](\.[0-9]{1,6})?|180(\.0{1,6})?)$")
    )]
    pub near: Option<Point>,
    /// The order of hits.
    pub sort: Sort,
    /// Whether to count what hits can be narrowed by.
    pub facets: bool,
    /// Whether to tell the parts of each hit's score.
    pub explain: bool,
    /// Begin after this.
    pub after: Option<Cursor>,
    /// At most so many hits, from 1 to 100.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub limit: u32,
}

impl Default for SearchQuery {
    fn default() -> Self {
        Self::new(Subject::Listings)
    }
}

impl SearchQuery {
    /// Everything of a kind that can be bought today, 20 at a time.
    pub const fn new(kind: Subject) -> Self {
        Self {
            kind,
            text: None,
            categories: Vec::new(),
            items: Vec::new(),
            regions: Vec::new(),
            prices: Vec::new(),
            turnarounds: Vec::new(),
            qualifications: Vec::new(),
            grades: Vec::new(),
            modes: Vec::new(),
            min_price: None,
            max_price: None,
            eligible_on: None,
            within: None,
            near: None,
            sort: Sort::Relevance,
            facets: false,
            explain: false,
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
        let known = |code: &CategoryCode| catalogue.categories().iter().any(|c| c.code == *code);
        unknown("category", "category", self.categories.iter().filter(|c| !known(c)), &mut faults);
        let known = |code: &&ItemCode| catalogue.item(code).is_none();
        unknown("item", "service item", self.items.iter().filter(known), &mut faults);
        let known = |code: &&RegionCode| catalogue.region(code).is_none();
        unknown("region", "region", self.regions.iter().filter(known), &mut faults);
        self.check_qualifications(catalogue, &mut faults);
        let mut fault = |bad: bool, pointer: &str, code, message: &str| {
            if bad {
                faults.push(Fault::new(pointer, code, message));
            }
        };
        for (pointer, many) in [
            ("category", self.categories.len()),
            ("item", self.items.len()),
            ("region", self.regions.len()),
            ("qualification", self.qualifications.len()),
        ] {
            fault(many > MAX_VALUES, pointer, "many", "must be at most 50 values");
        }
        let within = self.within.as_ref().map_or(0, Vec::len);
        fault(within > MAX_WITHIN, "within", "many", "must be at most 100 ids");
        let band = self.min_price.zip(self.max_price);
        fault(
            band.is_some_and(|(min, max)| min > max),
            "max_price",
            "range",
            "must not be below min_price",
        );
        fault(
            !self.sort.fits(self.kind),
            "sort",
            "sort",
            "only listings have a price and a turnaround, and only listings and agencies have \
             credit, orders and a place",
        );
        fault(
            self.sort == Sort::Distance && self.near.is_none(),
            "near",
            "required",
            "must be given to sort by distance",
        );
        fault(!(1..=MAX_LIMIT).contains(&self.limit), "limit", "range", "must be from 1 to 100");
        Error::unless_faultless(faults)
    }

    fn check_qualifications(&self, catalogue: &Catalogue, faults: &mut Vec<Fault>) {
        let known = |asked: &str| {
            let (kind, level) = asked.split_once(':').map_or((asked, None), |(k, l)| (k, Some(l)));
            let mut kinds = catalogue.qualifications().iter().filter(|k| k.kind.as_str() == kind);
            kinds.any(|kind| {
                level.is_none_or(|level| kind.levels.iter().any(|l| l.level.as_str() == level))
            })
        };
        let unheard = self.qualifications.iter().filter(|asked| !known(asked));
        unknown("qualification", "kind or level of qualification", unheard, faults);
    }
}

impl Sort {
    fn fits(self, kind: Subject) -> bool {
        match self {
            Self::Relevance | Self::Newest => true,
            Self::Price | Self::Days => kind == Subject::Listings,
            Self::Credit | Self::Completed | Self::Distance => {
                matches!(kind, Subject::Listings | Subject::Agencies)
            }
        }
    }
}

fn unknown<T: std::fmt::Display>(
    pointer: &str,
    what: &str,
    values: impl Iterator<Item = T>,
    faults: &mut Vec<Fault>,
) {
    faults.extend(
        values.map(|value| Fault::new(pointer, "unknown", format!("no such {what}: {value}"))),
    );
}
