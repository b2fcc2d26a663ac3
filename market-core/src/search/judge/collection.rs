//! What a judged collection holds.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;

use super::metrics::Judgements;
use crate::Error;

/// Documents, queries and what the documents are worth to the queries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collection {
    /// Where it was read from.
    pub folder: PathBuf,
    /// Its documents, in the file's order.
    pub documents: Vec<JudgedDocument>,
    /// Its queries, in the file's order.
    pub queries: Vec<JudgedQuery>,
}

/// A query, and how well each document answers it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JudgedQuery {
    /// Its id.
    pub id: String,
    /// What kind of query it is, such as `typo`.
    pub class: String,
    /// What was typed.
    pub text: String,
    /// The documents that were judged for it.
    pub judgements: Judgements,
}

/// A document of a collection; a listing, if it says so much of itself.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct JudgedDocument {
    /// Its id.
    pub id: u64,
    /// Whose it is.
    pub agency_id: Option<u64>,
    /// The service item, a number or a code.
    pub item: Option<ItemMark>,
    /// Its title.
    pub title: String,
    /// The agency's name.
    pub agency: String,
    /// Its text.
    pub desc: String,
    /// The category's name.
    pub kind: String,
    /// The service item's name.
    pub item_name: String,
    /// The family of service items.
    pub family: String,
    /// The path of the category, such as `/04/036`.
    pub cat: String,
    /// The path of the region served, such as `/33/3302/330282`.
    pub region: String,
    /// The names of the region's path, joined.
    pub region_name: String,
    /// The qualification that the agency holds.
    pub qual: String,
    /// The price in fen.
    pub price: u64,
    /// The promised turnaround, in working days.
    pub days: u32,
    /// Stars in hundredths.
    pub rating: u64,
    /// The credit score.
    pub credit: u64,
    /// So many orders were done.
    pub orders: u64,
    /// Latitude.
    pub lat: Option<f64>,
    /// Longitude.
    pub lon: Option<f64>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
}

/// What a collection knows a service item by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum ItemMark {
    /// A number.
    Number(u64),
    /// A code.
    Code(String),
}

impl Collection {
    /// The names of its classes of queries.
    pub fn classes(&self) -> BTreeSet<&str> {
        self.queries.iter().map(|query| query.class.as_str()).collect()
    }

    /// Leaves out the queries of all other classes.
    pub fn keep_class(&mut self, class: &str) -> Result<(), Error> {
        if !self.classes().contains(class) {
            let known: Vec<_> = self.classes().into_iter().collect();
            let message = format!("no query is of class {class}; there are {}", known.join(", "));
            return Err(Error::invalid("class", "unknown", message));
        }
        self.queries.retain(|query| query.class == class);
        Ok(())
    }

    /// Keeps every n-th query, for when there is no time for all.
    pub fn keep_every(&mut self, nth: usize) {
        let mut place = 0;
        self.queries.retain(|_| {
            place += 1;
            (place - 1) % nth.max(1) == 0
        });
    }
}
