//! The vocabulary: what people say, and the official names that it means. Clerks edit it; search
//! reads it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Action, Actor, Call, Error, Fault, Market, Page, Paging, Timestamp,
    kernel::{
        authority::{Act, Relation, act},
        text::check_text,
    },
    store::{begin, retry, text_enum},
};

pub(crate) mod store;
#[cfg(test)]
mod tests;

const EDIT: Act = act("synonym.edit");

/// The most characters of a phrase.
const LONGEST_PHRASE: usize = 40;
/// The most names that one phrase may mean.
const MOST_NAMES: usize = 20;
/// The most characters of a name.
const LONGEST_NAME: usize = 100;

text_enum! {
    /// How a phrase belongs to the names that it means.
    pub enum SynonymKind {
        /// Another name that the trade uses (简称), such as 环评.
        Alias = "alias",
        /// What people say (俗称), such as 办环保手续.
        Saying = "saying",
    }
}

/// What people say, and what it means (近义词).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Synonym {
    /// What is said.
    pub phrase: String,
    /// Whether the trade says it, or everybody.
    pub kind: SynonymKind,
    /// The official names of service items, matters or categories that it means. A name need not
    /// exist here: a county offers less than a province.
    pub names: Vec<String>,
    /// Grows by one with every change; goes on after a removal.
    pub version: i64,
    /// When it became what it is.
    pub updated_at: Timestamp,
}

impl Synonym {
    /// What an actor may do with it, and why not.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let may = EDIT.allows(actor.role(), Relation::Stranger, "");
        vec![Action::of("put", may), Action::of("remove", may)]
    }
}

/// What a phrase is to mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewSynonym {
    /// What is said: 1 to 40 characters.
    pub phrase: String,
    /// Whether the trade says it, or everybody.
    pub kind: SynonymKind,
    /// 1 to 20 official names that it means.
    pub names: Vec<String>,
}

impl NewSynonym {
    /// Everything that is wrong with it, each fault's place beginning with `at`.
    pub(crate) fn faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        let phrase = format!("{at}phrase");
        check(&phrase, &self.phrase, LONGEST_PHRASE, &mut faults);
        let names = format!("{at}names");
        if !(1..=MOST_NAMES).contains(&self.names.len()) {
            let message = format!("must be 1 to {MOST_NAMES} names");
            faults.push(Fault::new(&names, "length", message));
        }
        for name in &self.names {
            check(&names, name, LONGEST_NAME, &mut faults);
            if name.contains('|') {
                faults.push(Fault::new(&names, "characters", "a name must hold no |"));
            }
        }
        if self.names.iter().collect::<BTreeSet<_>>().len() < self.names.len() {
            faults.push(Fault::new(&names, "duplicate", "a name stands there twice"));
        }
        faults
    }
}

fn check(pointer: &str, text: &str, longest: usize, faults: &mut Vec<Fault>) {
    check_text(pointer, text, 1, longest, faults);
    if text != text.trim() {
        faults.push(Fault::new(pointer, "blanks", "must have no blanks around it"));
    }
}

/// Whether a text can be a phrase at all.
fn is_phrase(text: &str) -> bool {
    let mut faults = Vec::new();
    check("", text, LONGEST_PHRASE, &mut faults);
    faults.is_empty()
}

/// Whether a phrase can contain a text at all.
fn is_part(text: &str) -> bool {
    let mut faults = Vec::new();
    check_text("", text, 0, LONGEST_PHRASE, &mut faults);
    faults.is_empty()
}

/// The vocabulary of a market.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'a>(pub(crate) &'a Market);

impl Vocabulary<'_> {
    /// Synonyms by phrase; only those whose phrase contains a text, if one is given.
    pub async fn list(
        &self,
        containing: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<Synonym>, Error> {
        self.0.db.synonyms(containing, paging).await
    }

    /// What a phrase means.
    pub async fn get(&self, phrase: &str) -> Result<Synonym, Error> {
        if !is_phrase(phrase) {
            return Err(Error::NotFound("synonym"));
        }
        self.0.db.synonym(phrase).await
    }

    /// Lets a phrase mean what is given; the operator does. Doing so again changes nothing.
    pub async fn put(&self, call: &Call, new: NewSynonym) -> Result<Synonym, Error> {
        EDIT.admits(&call.actor)?;
        Error::unless_faultless(new.faults("/"))?;
        match retry(|| self.put_once(call, &new)).await {
            // Somebody else has just put the same phrase.
            Err(Error::Stale(_)) if call.expected.is_none() => {
                retry(|| self.put_once(call, &new)).await
            }
            done => done,
        }
    }

    async fn put_once(&self, call: &Call, new: &NewSynonym) -> Result<Synonym, Error> {
        let mut tx = begin!(self.0, call, "vocabulary.put", new);
        if let Some(expected) = call.expected {
            tx.synonym(&new.phrase).await?.ok_or(Error::Stale("synonym"))?.expected(expected)?;
        }
        let synonym = tx.put_synonym(new).await?;
        tx.finish(synonym).await
    }

    /// Lets a phrase mean nothing any more; the operator does.
    pub async fn remove(&self, call: &Call, phrase: &str) -> Result<(), Error> {
        EDIT.admits(&call.actor)?;
        if !is_phrase(phrase) {
            return Err(Error::NotFound("synonym"));
        }
        retry(|| self.remove_once(call, phrase)).await
    }

    async fn remove_once(&self, call: &Call, phrase: &str) -> Result<(), Error> {
        let mut tx = begin!(self.0, call, "vocabulary.remove", &phrase);
        let synonym = tx.synonym(phrase).await?.ok_or(Error::NotFound("synonym"))?;
        if let Some(expected) = call.expected {
            synonym.expected(expected)?;
        }
        tx.remove_synonym(&synonym).await?;
        tx.finish(()).await
    }
}
