//! Putting things: what is there already, just so, is left alone.

use super::Tx;
use crate::{Change, Timestamp};

/// The version that putting a thing makes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Put {
    /// Whether the thing is new.
    pub(crate) change: Change,
    /// Its version from now on.
    pub(crate) version: i64,
    /// When.
    pub(crate) at: Timestamp,
}

impl Put {
    /// The event's name, by whether the thing is new.
    pub(crate) fn event(&self, created: &'static str, changed: &'static str) -> &'static str {
        if self.change == Change::Created { created } else { changed }
    }
}

impl Tx {
    /// What comes after the version, made at a time, that a thing has; or its first version.
    pub(crate) fn put_after(&self, before: Option<(i64, Timestamp)>) -> Put {
        match before {
            None => Put { change: Change::Created, version: 1, at: self.at },
            Some((version, updated_at)) => {
                Put { change: Change::Changed, version: version + 1, at: self.at_after(updated_at) }
            }
        }
    }
}
