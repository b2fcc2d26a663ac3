//! Searches over open purchases: what is asked, and whether a purchase is found by it. The index
//! holds no purchases; each new one is looked at by itself.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Fault, Market, Mode, Money,
    catalog::ServiceItem,
    code::{CategoryCode, ItemCode, RegionCode},
    kernel::text::check_text,
    purchase::{Purchase, PurchaseState},
    search::{MAX_TEXT, MAX_VALUES},
};

/// A search over open purchases (采购项目). Filters narrow it: those of different kinds must all
/// hold, of several values of one any; without any, every purchase is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PurchaseQuery {
    /// Words, of which title, content or the item's names must hold each.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub text: Option<String>,
    /// Categories of the service item.
    #[serde(rename = "category")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub categories: Vec<CategoryCode>,
    /// Service items.
    #[serde(rename = "item")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub items: Vec<ItemCode>,
    /// Where the service is needed: in one of these regions, or in what lies in them.
    #[serde(rename = "region")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub regions: Vec<RegionCode>,
    /// How the agency is chosen.
    #[serde(rename = "mode")]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub modes: Vec<Mode>,
    /// The least that the purchase may cost at most.
    pub min_amount: Option<Money>,
    /// The most that the purchase may cost at most.
    pub max_amount: Option<Money>,
}

/// A purchase that was published, with what searches look at.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) purchase: Purchase,
    item: ServiceItem,
    /// The regions that it lies in, itself included.
    path: Vec<RegionCode>,
}

impl Published {
    /// A purchase, if anybody may still take part in it.
    pub(super) async fn of(market: &Market, purchase: Purchase) -> Result<Option<Self>, Error> {
        if !matches!(purchase.state, PurchaseState::Open(_)) {
            return Ok(None);
        }
        let item = market.db.service_item_version(&purchase.item, purchase.item_version).await?;
        let path = market.db.region(&purchase.region).await?.path;
        Ok(Some(Self { purchase, item, path }))
    }
}

impl PurchaseQuery {
    /// What is wrong with it, each with its place.
    pub(super) async fn faults(&self, market: &Market) -> Result<Vec<Fault>, Error> {
        let mut faults = Vec::new();
        if let Some(text) = &self.text {
            check_text("/purchases/text", text, 1, MAX_TEXT, &mut faults);
        }
        for (name, count) in [
            ("category", self.categories.len()),
            ("item", self.items.len()),
            ("region", self.regions.len()),
            ("mode", self.modes.len()),
        ] {
            if count > MAX_VALUES {
                let message = format!("must be {MAX_VALUES} at most");
                faults.push(Fault::new(format!("/purchases/{name}"), "length", message));
            }
        }
        if self.min_amount.zip(self.max_amount).is_some_and(|(min, max)| min > max) {
            let message = "must not be below min_amount";
            faults.push(Fault::new("/purchases/max_amount", "range", message));
        }
        if !faults.is_empty() {
            return Ok(faults);
        }
        let known = market.db.categories().await?;
        for (at, code) in self.categories.iter().enumerate() {
            if !known.iter().any(|category| category.code == *code) {
                faults.push(unknown("category", at, "category"));
            }
        }
        for (at, code) in self.items.iter().enumerate() {
            faults.extend(missing(market.db.service_item(code).await, "item", at)?);
        }
        for (at, code) in self.regions.iter().enumerate() {
            faults.extend(missing(market.db.region(code).await, "region", at)?);
        }
        Ok(faults)
    }

    /// Whether it finds a purchase.
    pub(super) fn finds(&self, published: &Published) -> bool {
        let Published { purchase, item, path } = published;
        let budget = purchase.notice.price.budget();
        is_any_of(&self.categories, &item.category)
            && is_any_of(&self.items, &purchase.item)
            && (self.regions.is_empty() || self.regions.iter().any(|code| path.contains(code)))
            && is_any_of(&self.modes, &purchase.notice.mode)
            && self.min_amount.is_none_or(|min| budget >= min)
            && self.max_amount.is_none_or(|max| budget <= max)
            && self.text.as_deref().is_none_or(|text| published.has_words(text))
    }
}

impl Published {
    /// Whether each word stands in the title, the content or a name of the item.
    fn has_words(&self, text: &str) -> bool {
        let notice = &self.purchase.notice;
        let own = [&notice.title, &notice.content, &self.item.name];
        let told: Vec<String> =
            own.into_iter().chain(&self.item.aliases).map(|text| text.to_lowercase()).collect();
        let mut words = text.split_whitespace().map(str::to_lowercase);
        words.all(|word| told.iter().any(|text| text.contains(&word)))
    }
}

fn is_any_of<T: PartialEq>(values: &[T], value: &T) -> bool {
    values.is_empty() || values.contains(value)
}

fn unknown(name: &str, at: usize, what: &str) -> Fault {
    Fault::new(format!("/purchases/{name}/{at}"), "unknown", format!("no such {what}"))
}

/// A fault, if there is no such thing.
fn missing<T>(found: Result<T, Error>, name: &str, at: usize) -> Result<Option<Fault>, Error> {
    match found {
        Ok(_) => Ok(None),
        Err(Error::NotFound(what)) => Ok(Some(unknown(name, at, what))),
        Err(why) => Err(why),
    }
}
