//! What happens by itself: the steps of purchases, orders and evaluations whose stored time has
//! come, and the forgetting of answers that were kept long enough.
//!
//! Any number of nodes may run this at once, and any may stop in the middle: each step is taken in
//! a unit of work of its own that looks once more whether it is due. Whoever comes second finds it
//! taken.

use std::{collections::BTreeSet, convert::Infallible, fmt::Display, time::Duration};

use crate::{Error, Market};

/// How long to sleep while nothing is due; another node may publish something meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// The shortest sleep.
const NAP: Duration = Duration::from_millis(10);

/// How often answers are forgotten, in seconds.
const FORGET_EVERY: i64 = 600;

/// What happens by itself in a market.
#[derive(Debug, Clone, Copy)]
pub struct Timers<'m>(pub(crate) &'m Market);

impl Timers<'_> {
    /// Takes every step that is due, of purchases, orders and evaluations, and says how many it
    /// took.
    pub async fn run_due(&self) -> Result<u64, Error> {
        let purchases = self.0.purchases().run_due().await;
        let orders = self.0.orders().run_due().await;
        let evaluations = self.0.evaluations().run_due().await;
        let taken = purchases? + orders? + evaluations?;
        metrics::counter!("market_timers_steps_total").increment(taken);
        Ok(taken)
    }

    /// Forgets the answers of calls whose keys have expired, and says how many.
    pub async fn forget_answers(&self) -> Result<u64, Error> {
        self.0.forget_answers().await
    }

    /// Takes the steps as they fall due and forgets what is old, for ever.
    pub async fn follow(&self) -> Infallible {
        let mut forget_at = self.0.env.now();
        loop {
            if let Err(why) = self.run_due().await {
                tracing::warn!("due steps are not taken: {why}");
            }
            let now = self.0.env.now();
            if now >= forget_at {
                forget_at = now.plus_seconds(FORGET_EVERY);
                if let Err(why) = self.forget_answers().await {
                    tracing::warn!("old answers are not forgotten: {why}");
                }
            }
            tokio::time::sleep(self.until_next().await).await;
        }
    }

    /// How long nothing is due, but no longer than [`LOOK`]. What is due still could not be taken
    /// just now, and is not tried again before that.
    async fn until_next(&self) -> Duration {
        let Ok(Some(next)) = self.0.db.next_due_purchase().await else { return LOOK };
        let micros = next.micros().saturating_sub(self.0.env.now().micros());
        match u64::try_from(micros) {
            Ok(micros) if micros > 0 => Duration::from_micros(micros).clamp(NAP, LOOK),
            _ => LOOK,
        }
    }
}

/// How many due things are looked up at once, besides those that were passed over.
const BATCH: u32 = 100;

/// Takes every step that is due, and says how many it took; `due` looks up so many things at most,
/// the longest overdue first. A thing whose step fails is passed over, told of in the log, and
/// tried again the next time: however many fail for ever, what is due after them is taken.
pub(crate) async fn run<Id, Due, Take>(
    kind: &'static str,
    due: impl Fn(u32) -> Due,
    take: impl Fn(Id) -> Take,
) -> Result<u64, Error>
where
    Id: Copy + Ord + Display,
    Due: Future<Output = Result<Vec<Id>, Error>>,
    Take: Future<Output = Result<bool, Error>>,
{
    let (mut taken, mut passed) = (0, BTreeSet::new());
    loop {
        let over = u32::try_from(passed.len()).unwrap_or(u32::MAX);
        let mut found = due(over.saturating_mul(2).saturating_add(BATCH)).await?;
        found.retain(|id| !passed.contains(id));
        if found.is_empty() {
            return Ok(taken);
        }
        for id in found {
            match take(id).await {
                Ok(true) => taken += 1,
                Ok(false) => drop(passed.insert(id)),
                Err(why) => {
                    tracing::error!(kind, %id, %why, "a due step failed");
                    passed.insert(id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn what_fails_for_ever_keeps_nothing_waiting() {
        let left = Mutex::new((0..1_000).collect::<BTreeSet<u64>>());
        let due = |limit: u32| {
            let found: Vec<u64> =
                left.lock().unwrap().iter().copied().take(limit as usize).collect();
            std::future::ready(Ok(found))
        };
        let tried = Mutex::new(Vec::new());
        let take = |id: u64| {
            tried.lock().unwrap().push(id);
            std::future::ready(match id {
                0..250 => Err(Error::Inconsistent("purchase")),
                250..500 => Ok(false),
                _ => Ok(left.lock().unwrap().remove(&id)),
            })
        };
        assert_eq!(run("thing", due, take).await.unwrap(), 500);
        assert_eq!(left.lock().unwrap().len(), 500);
        assert_eq!(std::mem::take(&mut *tried.lock().unwrap()).len(), 1_000, "each once");
        // The next time, what failed is tried again.
        assert_eq!(run("thing", due, take).await.unwrap(), 0);
        assert_eq!(tried.lock().unwrap().len(), 500);
    }
}
