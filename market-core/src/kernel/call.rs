//! One call that changes something: who makes it, how it is guarded, and how it went.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use super::actor::Actor;

/// One call that changes something: who makes it, and how it is guarded.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who makes it.
    pub actor: Actor,
    /// The same key, used again by the same actor at the same place, gives the first answer
    /// again and changes nothing.
    pub key: Option<String>,
    /// Where the call came in, such as `POST /api/v1/orders`: a key counts there alone. A program
    /// that embeds the market need not name one.
    pub place: String,
    /// Refuse as stale unless the object is still at this version.
    pub expected: Option<i64>,
    /// Whether it is meant.
    pub intent: Intent,
    /// How it went, for whoever made the call and keeps a clone of this.
    pub outcome: Outcome,
}

/// Whether a call is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Intent {
    /// It is: do it.
    #[default]
    Do,
    /// It is a rehearsal (预检): do everything, answer what would have been, and take all of it
    /// back. No key is used, nothing is kept, and nobody hears of it.
    Rehearse,
}

/// How a call went, beside its answer. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Outcome(Arc<AtomicU8>);

/// What an outcome tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Went {
    /// It was done, or refused.
    Plainly = 0,
    /// It had been done before: the answer is the one that was given then.
    Replayed = 1,
    /// It was rehearsed, and taken back.
    Rehearsed = 2,
}

impl Outcome {
    /// How it went.
    pub fn went(&self) -> Went {
        match self.0.load(Ordering::Acquire) {
            1 => Went::Replayed,
            2 => Went::Rehearsed,
            _ => Went::Plainly,
        }
    }

    pub(crate) fn note(&self, went: Went) {
        self.0.store(went as u8, Ordering::Release);
    }
}

impl Call {
    /// The call guarded by an idempotency key.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The call guarded by the version of the object that it changes.
    #[must_use]
    pub const fn expecting(mut self, version: i64) -> Self {
        self.expected = Some(version);
        self
    }

    /// The call as a rehearsal: answered as if it were done, and taken back.
    #[must_use]
    pub const fn rehearsed(mut self) -> Self {
        self.intent = Intent::Rehearse;
        self
    }
}

impl From<Actor> for Call {
    fn from(actor: Actor) -> Self {
        Self {
            actor,
            key: None,
            place: String::new(),
            expected: None,
            intent: Intent::Do,
            outcome: Outcome::default(),
        }
    }
}

impl From<&Actor> for Call {
    fn from(actor: &Actor) -> Self {
        actor.clone().into()
    }
}
