//! What to type next, and what was meant.
//!
//! Names of service items, matters, places and agencies are suggested by how they begin, or how
//! a part of them begins, in characters, in full pinyin, in initials or in a mixture.
//!
//! `names` says where in a name one may begin, `table` (with `walk`) finds what begins so, `gather` fills two
//! tables from the catalogue and from what searches see, `fresh` makes them anew in the
//! background, `correct` is for texts that are whole.

mod correct;
mod fresh;
mod gather;
mod names;
mod table;
#[cfg(test)]
mod tests;
mod walk;

use serde::{Deserialize, Serialize};

pub use self::correct::Correction;
pub(super) use self::fresh::Desk;
use super::{
    Search,
    text::{Heard, Part},
};
use crate::{Error, Fault, kernel::text::check_text, store::text_enum};

/// The longest text that is completed, in characters.
pub const MAX_SUGGESTED_TEXT: usize = 40;
/// So many suggestions may be asked for.
pub const MAX_SUGGESTIONS: u32 = 20;

text_enum! {
    /// What a suggestion is of.
    pub enum SuggestionKind {
        /// A service item (中介服务事项).
        ServiceItem = "service_item",
        /// A one-thing matter (一件事情).
        Matter = "matter",
        /// A place.
        Region = "region",
        /// An agency (中介服务机构).
        Agency = "agency",
    }
}

/// Something whose name begins with what was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suggestion {
    /// What it is.
    pub kind: SuggestionKind,
    /// Its code; the id of an agency.
    #[cfg_attr(feature = "openapi", schema(example = "environmental-impact-assessment"))]
    pub key: String,
    /// Its official name; of a place together with what it lies in.
    #[cfg_attr(feature = "openapi", schema(example = "环境影响评价"))]
    pub name: String,
    /// The name of it that fits what was typed.
    #[cfg_attr(feature = "openapi", schema(example = "环评"))]
    pub text: String,
    /// How many listings can be bought today: of the item, in the place, or of the agency. How
    /// many services the matter needs.
    pub count: u64,
    /// The name that fits in parts, with what was typed, where it was typed in characters.
    pub marks: Vec<Part>,
}

impl Search<'_> {
    /// What begins with a text of 1 to [`MAX_SUGGESTED_TEXT`] characters: at most `limit` things,
    /// from 1 to [`MAX_SUGGESTIONS`], of the given kinds, or of all if none is given. Items and
    /// matters come first, then places, then agencies.
    ///
    /// What happened in the last seconds may be missing: no suggestion waits for it.
    pub async fn suggest(
        &self,
        text: &str,
        limit: u32,
        kinds: &[SuggestionKind],
    ) -> Result<Vec<Suggestion>, Error> {
        let mut faults = Vec::new();
        check_text("text", text, 1, MAX_SUGGESTED_TEXT, &mut faults);
        if !(1..=MAX_SUGGESTIONS).contains(&limit) {
            let message = format!("must be from 1 to {MAX_SUGGESTIONS}");
            faults.push(Fault::new("limit", "range", message));
        }
        Error::unless_faultless(faults)?;
        let Some(heard) = Heard::of(text) else { return Ok(Vec::new()) };
        let kinds = if kinds.is_empty() { SuggestionKind::ALL } else { kinds };
        let limit = usize::try_from(limit).unwrap_or_default();
        Ok(self.suggester().await?.suggest(&heard, limit, kinds))
    }
}
