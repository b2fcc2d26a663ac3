//! Which items an agency offers.

use std::collections::BTreeMap;

use super::catalog::{Catalog, Item};
use super::draw::Draw;
use super::trades::{self, OTHER, Trade};

/// The items of a catalogue by category, and the trade of each.
#[derive(Debug)]
pub(crate) struct Market<'a> {
    items: Vec<&'a Item>,
    licensed: Vec<&'a Item>,
    by_category: BTreeMap<&'a str, Vec<&'a Item>>,
}

/// What one agency does: a main trade, its categories and different items in them.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) trades: Vec<&'static Trade>,
    pub(crate) items: Vec<&'a Item>,
}

impl<'a> Market<'a> {
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let items: Vec<&Item> = catalog.items.iter().collect();
        let mut by_category: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in items.iter().filter(|item| trades::find(&item.code).is_none_or(shared)) {
            by_category.entry(&item.category).or_default().push(item);
        }
        let licensed = items.iter().copied().filter(|item| !item.needs.is_empty()).collect();
        Self { items, licensed, by_category }
    }

    /// Draws the work of an agency, in items that need a qualification when `licensed`.
    pub(crate) fn draw(&self, licensed: bool, draw: &mut Draw) -> Work<'a> {
        let licensed = licensed && !self.licensed.is_empty();
        let main = *draw.pick(if licensed { &self.licensed } else { &self.items });
        if let Some(trade) = trades::find(&main.code).filter(|trade| !shared(trade)) {
            return Work { trades: vec![trade], items: vec![main] };
        }
        let trade = trades::find(&main.category).unwrap_or(&OTHER);
        let mut work = Work { trades: vec![trade], items: vec![main] };
        let count = draw.weighted(&[(50, 0), (34, 1), (16, 2)]);
        let others = draw.some(trade.related, count);
        work.add(self.in_category(&main.category), 3, draw);
        for category in others {
            let before = work.items.len();
            work.add(self.in_category(category), 2, draw);
            if work.items.len() > before {
                work.trades.extend(trades::find(category));
            }
        }
        work
    }

    fn in_category(&self, category: &str) -> &[&'a Item] {
        self.by_category.get(category).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Work<'a> {
    /// Adds up to `most` items of a category that are not there yet; six are enough.
    fn add(&mut self, from: &[&'a Item], most: i64, draw: &mut Draw) {
        let new: Vec<&Item> =
            from.iter().copied().filter(|item| !self.offers(&item.code)).collect();
        let room = 6_usize.saturating_sub(self.items.len());
        let count = usize::try_from(draw.between(1, most)).unwrap_or(1).min(room);
        self.items.extend(draw.some(&new, count));
    }

    fn offers(&self, code: &str) -> bool {
        self.items.iter().any(|item| item.code == code)
    }

    /// The trade whose words fit an item.
    pub(crate) fn trade_of(&self, item: &Item) -> &'static Trade {
        let keys = [item.code.as_str(), item.category.as_str()];
        let fits = |trade: &&&'static Trade| keys.contains(&trade.key);
        self.trades.iter().find(fits).copied().unwrap_or(self.trades[0])
    }
}

/// A trade whose key is a category, not an item that specialists offer alone.
fn shared(trade: &Trade) -> bool {
    !SPECIAL.contains(&trade.key)
}

/// Items whose agencies offer nothing else.
const SPECIAL: [&str; 3] =
    ["special-equipment-inspection", "construction-drawing-review", "safety-facility-design"];
