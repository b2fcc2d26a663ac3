//! How long answers are kept under the keys of their calls, and how they are forgotten.

use super::{retry, statements};
use crate::{Error, Market, Timestamp};

/// The shortest time that an answer is kept, in hours. Callers are promised it, whatever else the
/// operator sets.
pub const KEPT_AT_LEAST: u32 = 72;

/// How many answers are forgotten at once: others wait for no more than that.
const AT_ONCE: i64 = 500;

statements! {
    FORGET = "\
        delete from idempotency where (scope, key) in \
        (select scope, key from idempotency where at < $1 order by at, scope, key limit $2)";
}

impl Market {
    /// Forgets the answers of calls that are older than they are kept, and says how many there
    /// were. Any number of nodes may: each answer is forgotten once, and whoever comes second
    /// finds it gone.
    pub(crate) async fn forget_answers(&self) -> Result<u64, Error> {
        let seconds = i64::from(self.keep_keys_hours) * 3600;
        let before = self.env.now().plus_seconds(-seconds);
        let mut forgotten = 0;
        loop {
            let some = retry(|| self.forget_some(before)).await?;
            forgotten += some;
            if some < AT_ONCE.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }

    async fn forget_some(&self, before: Timestamp) -> Result<u64, Error> {
        let mut tx = self.work().await?;
        let forgotten = tx.query(FORGET).bind(before).bind(AT_ONCE).execute().await?;
        tx.finish(forgotten).await
    }
}
