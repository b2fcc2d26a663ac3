//! Reading a long list page by page, by key and never by number.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::error::Error;

/// The most that one page holds.
pub(crate) const MAX_LIMIT: u32 = 100;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// What is on the page, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, by: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(by).collect(), next: self.next }
    }
}

/// Where a page begins: opaque to callers, the last key before it inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct Cursor(String);

impl Cursor {
    /// A cursor just after a key.
    pub fn after(key: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(key))
    }

    /// A cursor that a caller gives back; whether it is one of ours shows when it is used.
    pub fn given(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key inside, unless the cursor is not one of ours.
    fn key(&self) -> Option<String> {
        String::from_utf8(URL_SAFE_NO_PAD.decode(&self.0).ok()?).ok()
    }

    /// The cursor as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Begin after this.
    pub after: Option<Cursor>,
    /// At most so many, from 1 to 100.
    pub limit: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { after: None, limit: 20 }
    }
}

impl Paging {
    /// The key to begin after.
    pub(crate) fn key<K: std::str::FromStr>(&self) -> Result<Option<K>, Error> {
        let Some(after) = &self.after else { return Ok(None) };
        let key = after.key().and_then(|key| key.parse().ok());
        key.map(Some).ok_or_else(|| Error::invalid("after", "cursor", "not a cursor of this list"))
    }

    /// One more than asked for, to see whether there is another page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit.clamp(1, MAX_LIMIT)) + 1
    }

    /// Makes a page of what [`Paging::fetch`] rows gave.
    pub(crate) fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = self.limit.clamp(1, MAX_LIMIT) as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Cursor::after(&key(last)));
        Page { items, next }
    }
}
