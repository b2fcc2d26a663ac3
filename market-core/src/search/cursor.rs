//! Where a page of an answer ends, as a cursor holds it.

use std::{cmp::Reverse, fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::{query::SearchQuery, ranked::Key};

/// What tells a search from another, but for its page.
pub(super) fn fingerprint(query: &SearchQuery) -> u32 {
    let page =
        SearchQuery { after: None, limit: 1, facets: false, explain: false, ..query.clone() };
    let text = serde_json::to_vec(&page).unwrap_or_default();
    let digest = Sha256::digest(text);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// Which part of an answer a hit is in. What follows is decided with the first page, and stays so
/// while the index changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It has most of the words, and nothing looser follows.
    Only,
    /// It has most of the words; what has only some of them follows.
    Followed,
    /// It has only some of the words.
    Loose,
}

/// The place of a hit in an answer; a cursor holds one.
pub(super) struct Place {
    pub(super) query: u32,
    pub(super) part: Part,
    pub(super) key: Key,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { rank, id: Reverse(id) } = self.key;
        write!(f, "{} {} {rank} {id}", self.query, self.part as u8)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(' ');
        let mut part = || parts.next().ok_or(());
        let query = part()?.parse().map_err(drop)?;
        let of = match part()? {
            "0" => Part::Only,
            "1" => Part::Followed,
            "2" => Part::Loose,
            _ => return Err(()),
        };
        let rank = part()?.parse().map_err(drop)?;
        let id = Reverse(part()?.parse().map_err(drop)?);
        Ok(Self { query, part: of, key: Key { rank, id } })
    }
}
