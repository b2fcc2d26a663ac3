//! What a whole text was meant to be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::{
    Search,
    catalogue::Catalogue,
    find::Engine,
    hits::{Named, NamedBy},
    query::SearchQuery,
    understood::{Meaning, Understood, Way},
};
use crate::{
    Error,
    code::{CategoryCode, ItemCode},
    kernel::text::check_text,
    search::MAX_TEXT,
};

/// Another text that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Correction {
    /// What to search for instead, with the places of the text.
    pub text: String,
    /// What that names, and how it came to it.
    pub named: Named,
}

impl Search<'_> {
    /// What was meant by a text that names nothing: what it misses by a slip or sounds like, or
    /// else the services that it is most like, and their categories. The likeliest comes first.
    pub async fn corrections(&self, text: &str) -> Result<Vec<Correction>, Error> {
        let mut faults = Vec::new();
        check_text("text", text, 1, MAX_TEXT, &mut faults);
        Error::unless_faultless(faults)?;
        let catalogue = self.catalogue().await?;
        let opened = self.0.index.serving();
        let view = opened.view();
        let engine = Engine { view: &view, fields: opened.fields, catalogue: &catalogue };
        Ok(engine.corrections(&catalogue.lexicon().understand(text)))
    }
}

impl Engine<'_> {
    /// What was meant by a text that names nothing.
    pub(in crate::search) fn corrections(&self, understood: &Understood) -> Vec<Correction> {
        let is_place = |meaning: &Meaning| matches!(meaning, Meaning::Place(_));
        let mut places = String::new();
        for read in understood.read.iter().filter(|read| read.means.iter().all(is_place)) {
            places.push_str(&read.name);
            places.push(' ');
        }
        let named = self.named(understood).into_iter();
        let mut meant: Vec<Named> =
            named.filter(|named| matches!(named.by, NamedBy::Slip | NamedBy::Likeness)).collect();
        if understood.read.iter().any(|read| read.way == Way::Like) {
            meant.extend(categories(&meant, self.catalogue));
        }
        let correction = |named: Named| {
            let name = match named.by {
                // The name that was missed, which may be an alias.
                NamedBy::Slip => &named.words,
                NamedBy::Name | NamedBy::Pinyin | NamedBy::Likeness => &named.name,
            };
            Correction { text: format!("{places}{name}"), named }
        };
        each_once(meant).into_iter().map(correction).collect()
    }

    /// The service items that are nearest to what found nothing, and their categories: those that
    /// were chosen, that the text names, that its matters need, or else that it is most like.
    pub(in crate::search) fn nearest(
        &self,
        query: &SearchQuery,
        understood: &Understood,
    ) -> Vec<Named> {
        let catalogue = self.catalogue;
        let item = |code: &ItemCode| {
            let name = catalogue.item(code).filter(|item| !item.withdrawn)?.name.clone();
            let (kind, words) = ("service_item".to_owned(), String::new());
            Some(Named { kind, code: code.to_string(), name, words, by: NamedBy::Likeness })
        };
        let mut codes: Vec<ItemCode> = query.items.clone();
        codes.extend(understood.items().into_keys().cloned());
        let matters = understood.matters();
        let matters = catalogue.matters().iter().filter(|it| matters.contains_key(&it.code));
        codes.extend(matters.flat_map(|matter| matter.needs.iter().map(|need| need.item.clone())));
        if codes.is_empty() {
            let text = query.text.as_deref().unwrap_or_default();
            codes.extend(catalogue.lexicon().nearest(text).cloned());
        }
        let mut nearest: Vec<Named> = codes.iter().filter_map(item).take(MOST).collect();
        let items = nearest.clone();
        nearest.extend(categories(&items, catalogue));
        let meant = query.categories.iter().chain(understood.categories().into_keys());
        nearest.extend(meant.map(|code| category(code, catalogue)));
        each_once(nearest)
    }
}

/// So many service items are told as the nearest.
const MOST: usize = 5;

fn each_once(mut all: Vec<Named>) -> Vec<Named> {
    let mut known = BTreeSet::new();
    all.retain(|named| known.insert((named.kind.clone(), named.code.clone())));
    all
}

/// The categories of service items.
fn categories(items: &[Named], catalogue: &Catalogue) -> Vec<Named> {
    let codes = items.iter().filter_map(|named| named.code.parse::<ItemCode>().ok());
    let items = codes.filter_map(|code| catalogue.item(&code));
    items.map(|item| category(&item.category, catalogue)).collect()
}

fn category(code: &CategoryCode, catalogue: &Catalogue) -> Named {
    Named {
        kind: "category".to_owned(),
        code: code.to_string(),
        name: catalogue.category_name(code).to_owned(),
        words: String::new(),
        by: NamedBy::Likeness,
    }
}
