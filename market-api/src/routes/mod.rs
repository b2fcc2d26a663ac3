//! The handlers, one file for each noun.

pub(crate) mod accounts;
pub(crate) mod agencies;
pub(crate) mod alarms;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod catalogue;
pub(crate) mod complaints;
pub(crate) mod deadlines;
pub(crate) mod deliverables;
pub(crate) mod documents;
pub(crate) mod draws;
pub(crate) mod evaluations;
pub(crate) mod facts;
pub(crate) mod feeds;
pub(crate) mod identities;
pub(crate) mod ledger;
pub(crate) mod listing_import;
pub(crate) mod listings;
pub(crate) mod mail;
pub(crate) mod members;
pub(crate) mod notices;
pub(crate) mod openings;
pub(crate) mod orders;
pub(crate) mod people;
pub(crate) mod public_notices;
pub(crate) mod purchases;
pub(crate) mod records;
pub(crate) mod registrations;
pub(crate) mod saved_searches;
pub(crate) mod search;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod suggestions;
pub(crate) mod vocabulary;
pub(crate) mod webhooks;

use market_core::{Action, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Language;

/// A thing, and what the caller may do to it now; nothing of that for a caller who is nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WithActions<T> {
    #[serde(flatten)]
    thing: T,
    /// Every action, allowed or with the refusal that it would meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<Action>>,
}

impl<T> WithActions<T> {
    /// A thing, and what the caller may do to it, told in their language.
    fn told(thing: T, actions: Option<Vec<Action>>, language: Language) -> Self {
        Self { thing, actions: actions.map(|actions| told(actions, language)) }
    }
}

/// A party as a path has it.
#[derive(Debug, ToSchema)]
#[schema(
    value_type = String,
    pattern = "^(operator|(applicant|agency):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|department:[a-z0-9-]{1,48})$",
    example = "department:fire-rescue",
)]
#[expect(dead_code, reason = "only described; handlers read it as text")]
pub(crate) struct PartyText(String);

/// A file, as it is.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only described; files are read and sent as bytes")]
pub(crate) struct Binary(Vec<u8>);

/// Actions, told in a language.
fn told(actions: Vec<Action>, language: Language) -> Vec<Action> {
    let say = |refusal: Refusal| language.pick(refusal.zh(), refusal.en());
    actions.into_iter().map(|action| action.told(say)).collect()
}
