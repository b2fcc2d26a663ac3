//! What happened to a thing, as those who take part read it.

use market_core::{Error, Recorded};

use super::{names::Parties, said, words};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    pub(super) what: String,
    pub(super) at: String,
    pub(super) by: String,
    /// The reason that was given, if one was.
    pub(super) reason: Option<String>,
}

/// Entries of the journal, the latest first.
pub(super) async fn history(
    entries: &[Recorded],
    parties: &mut Parties<'_>,
) -> Result<Vec<History>, Error> {
    let mut all = Vec::new();
    for entry in entries.iter().rev() {
        let by = match &entry.party {
            Some(party) => parties.name(party).await?,
            None => String::new(),
        };
        let reason = ["reason", "note"].iter().find_map(|name| entry.data.get(name)?.as_str());
        all.push(History {
            what: said::event(entry.kind, &entry.event).to_owned(),
            at: words::instant(entry.at),
            by,
            reason: reason.filter(|text| !text.is_empty()).map(str::to_owned),
        });
    }
    Ok(all)
}
