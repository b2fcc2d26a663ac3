//! What happens by itself: the steps of purchases, orders and evaluations whose stored time has
//! come, and the forgetting of answers that were kept long enough.
//!
//! Any number of nodes may run this at once, and any may stop in the middle: each step is taken in
//! a unit of work of its own that looks once more whether it is due. Whoever comes second finds it
//! taken.

use std::{convert::Infallible, fmt::Display, time::Duration};

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

/// Takes every step that is due, and says how many it took. A thing whose step fails is passed
/// over, told of in the log, and tried again the next time.
pub(crate) async fn run<Id, Due, Take>(
    kind: &'static str,
    due: impl Fn() -> Due,
    take: impl Fn(Id) -> Take,
) -> Result<u64, Error>
where
    Id: Copy + Display,
    Due: Future<Output = Result<Vec<Id>, Error>>,
    Take: Future<Output = Result<bool, Error>>,
{
    let mut taken = 0;
    loop {
        let before = taken;
        for id in due().await? {
            match take(id).await {
                Ok(true) => taken += 1,
                Ok(false) => {}
                Err(why) => tracing::error!(kind, %id, %why, "a due step failed"),
            }
        }
        if taken == before {
            return Ok(taken);
        }
    }
}
