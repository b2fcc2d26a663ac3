//! What a whole text was meant to be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::{
    Search,
    catalogue::Catalogue,
    find::Engine,
    hits::{Named, NamedBy},
    understood::{Meaning, Way},
};
use crate::{Error, code::ItemCode, kernel::text::check_text, search::MAX_TEXT};

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
        Ok(corrections(text, engine, &catalogue))
    }
}

fn corrections(text: &str, engine: Engine<'_>, catalogue: &Catalogue) -> Vec<Correction> {
    let understood = catalogue.lexicon().understand(text);
    let is_place = |meaning: &Meaning| matches!(meaning, Meaning::Place(_));
    let mut places = String::new();
    for read in understood.read.iter().filter(|read| read.means.iter().all(is_place)) {
        places.push_str(&read.name);
        places.push(' ');
    }
    let named = engine.named(&understood).into_iter();
    let mut meant: Vec<Named> =
        named.filter(|named| matches!(named.by, NamedBy::Slip | NamedBy::Likeness)).collect();
    if understood.read.iter().any(|read| read.way == Way::Like) {
        meant.extend(categories(&meant, catalogue));
    }
    let mut known = BTreeSet::new();
    meant.retain(|named| known.insert((named.kind.clone(), named.code.clone())));
    let correction = |named: Named| {
        let name = match named.by {
            // The name that was missed, which may be an alias.
            NamedBy::Slip => &named.words,
            NamedBy::Name | NamedBy::Pinyin | NamedBy::Likeness => &named.name,
        };
        Correction { text: format!("{places}{name}"), named }
    };
    meant.into_iter().map(correction).collect()
}

/// The categories of service items, each once.
fn categories(items: &[Named], catalogue: &Catalogue) -> Vec<Named> {
    let codes = items.iter().filter_map(|named| named.code.parse::<ItemCode>().ok());
    let items = codes.filter_map(|code| catalogue.item(&code));
    let category = |code| Named {
        kind: "category".to_owned(),
        code: format!("{code}"),
        name: catalogue.category_name(code).to_owned(),
        words: String::new(),
        by: NamedBy::Likeness,
    };
    items.map(|item| category(&item.category)).collect()
}
