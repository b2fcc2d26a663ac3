//! How the journal becomes messages: a webhook's cursor moves on, and what it may tell of stands in
//! its queue. The queue is short: while it is full the cursor stays, and the journal keeps the rest.

use super::{Webhook, WebhookScope, message::Message, store::Stored};
use crate::{Error, Kind, Recorded, feed::PARTIES, store::Tx};

/// The most messages that wait for one webhook.
pub(super) const MOST_WAITING: i64 = 200;
/// So many entries are read at once,
const ENTRIES: i64 = 100;
/// and so often in one step: who wants little of a long journal holds nobody up.
const READS: usize = 10;

impl Tx {
    /// Makes messages of what the journal tells behind a webhook's cursor, as many as may wait, and
    /// says whether more could be made at once. The webhook is held.
    pub(super) async fn queue(&mut self, stored: &mut Stored) -> Result<bool, Error> {
        let end = self.follower_position(PARTIES).await?;
        let mut room = MOST_WAITING - self.count_waiting(stored.webhook.id).await?;
        for _ in 0..READS {
            if room <= 0 || stored.webhook.cursor >= end {
                break;
            }
            let entries = self.entries_for(&stored.webhook, end).await?;
            if entries.is_empty() {
                stored.webhook.cursor = end;
            }
            for entry in entries {
                if room == 0 {
                    break;
                }
                stored.webhook.cursor = entry.pos;
                if stored.webhook.tells_of(entry.kind) {
                    let message = Message::of_entry(&entry, self.at);
                    self.insert_message(stored.webhook.id, &message).await?;
                    room -= 1;
                }
            }
        }
        Ok(room > 0 && stored.webhook.cursor < end)
    }

    /// Entries that a webhook may tell of, from its cursor up to a position, in order.
    async fn entries_for(&mut self, webhook: &Webhook, end: i64) -> Result<Vec<Recorded>, Error> {
        let (party, after) = (webhook.party.clone(), webhook.cursor);
        let mut found = self.entries_of_party(&party, after, end, ENTRIES).await?;
        if webhook.scope == WebhookScope::All {
            found.extend(self.journal_public_between(after, end, ENTRIES).await?);
            found.sort_unstable_by_key(|entry| entry.pos);
            found.dedup_by_key(|entry| entry.pos);
            // Behind these, one of the two lists may have been cut off.
            found.truncate(usize::try_from(ENTRIES).unwrap_or(0));
        }
        Ok(found)
    }
}

impl Webhook {
    fn tells_of(&self, kind: Kind) -> bool {
        let wanted = if self.kinds.is_empty() { super::event::KINDS } else { &self.kinds };
        wanted.contains(&kind)
    }
}
