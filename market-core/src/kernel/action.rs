//! What may be done to a thing next.

use serde::{Deserialize, Serialize};

use super::error::Refusal;

/// One thing that can be done to an object: allowed now to whoever asked, or why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Action {
    /// What it is called, such as `publish`.
    pub name: String,
    /// Whether it may be done now.
    pub allowed: bool,
    /// Why it may not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The sentence of the refusal, in the language of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

impl Action {
    /// An action, and what would come of it.
    pub fn of(name: &str, outcome: Result<(), Refusal>) -> Self {
        let (name, allowed) = (name.to_owned(), outcome.is_ok());
        Self { name, allowed, refusal: outcome.err(), sentence: None }
    }

    /// The action with the sentence of its refusal, as somebody says it who knows the language.
    #[must_use]
    pub fn told(self, say: impl FnOnce(Refusal) -> &'static str) -> Self {
        Self { sentence: self.refusal.map(|refusal| say(refusal).to_owned()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_action_says_why() {
        let action = Action::of("publish", Err(Refusal::ListingPublished));
        let shown = serde_json::to_string(&action).unwrap();
        assert_eq!(shown, r#"{"name":"publish","allowed":false,"refusal":"listing-published"}"#,);
        let shown = serde_json::to_string(&Action::of("publish", Ok(()))).unwrap();
        assert_eq!(shown, r#"{"name":"publish","allowed":true}"#);
    }
}
