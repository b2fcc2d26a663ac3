//! Keeping suggestions in step with what searches see, without holding anybody up.

use std::{
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};

use super::gather::{Segments, Suggester};
use crate::{
    Day, Error, Market,
    search::{Home, Search, blocking, catalogue::Catalogue, view::View},
};

/// The shortest time from one making to the next.
const PACE: Duration = Duration::from_secs(3);
/// Making may take one part in so many of the time.
const SHARE: u32 = 10;

/// Where suggestions are kept.
#[derive(Debug, Default)]
pub(in crate::search) struct Desk {
    serving: RwLock<Option<Arc<Made>>>,
    /// Whose turn it is to make suggestions.
    making: Arc<Mutex<Making>>,
}

/// What one making leaves to the next.
#[derive(Debug, Default)]
struct Making {
    segments: Segments,
    /// Not before this, unless somebody asks.
    next: Option<Instant>,
}

/// Suggestions, and what they were made of.
#[derive(Debug)]
struct Made {
    suggester: Arc<Suggester>,
    view: Weak<View>,
    catalogue: Weak<Catalogue>,
    day: Day,
}

impl Made {
    fn is_of(&self, view: &Arc<View>, catalogue: &Arc<Catalogue>, day: Day) -> bool {
        self.day == day
            && self.view.ptr_eq(&Arc::downgrade(view))
            && self.catalogue.ptr_eq(&Arc::downgrade(catalogue))
    }
}

impl Desk {
    fn serving(&self) -> Option<Arc<Made>> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Search<'_> {
    /// Lets suggestions show what searches see now; [`Search::follow`] does so by itself.
    pub async fn refresh_suggestions(&self) -> Result<(), Error> {
        let turn = self.0.index.suggestions.making.clone().lock_owned().await;
        self.make_suggestions(turn).await
    }

    /// What suggests. Only who asks before the first was made waits for it.
    pub(super) async fn suggester(&self) -> Result<Arc<Suggester>, Error> {
        let desk = &self.0.index.suggestions;
        if desk.serving().is_none() {
            let turn = desk.making.clone().lock_owned().await;
            if desk.serving().is_none() {
                self.make_suggestions(turn).await?;
            }
        } else {
            self.keep_suggestions().await?;
        }
        Ok(desk.serving().map(|made| made.suggester.clone()).unwrap_or_default())
    }

    /// Begins to make suggestions in the background, if they are out of step, nobody does so yet,
    /// and it was not done just now.
    pub(in crate::search) async fn keep_suggestions(&self) -> Result<(), Error> {
        let desk = &self.0.index.suggestions;
        let catalogue = self.catalogue().await?;
        let view = self.0.index.serving().view();
        let day = self.0.env.now().day();
        if desk.serving().is_some_and(|made| made.is_of(&view, &catalogue, day)) {
            return Ok(());
        }
        let Ok(turn) = desk.making.clone().try_lock_owned() else { return Ok(()) };
        if turn.next.is_some_and(|next| Instant::now() < next) {
            return Ok(());
        }
        let market: Market = self.0.clone();
        tokio::spawn(async move {
            if let Err(why) = market.search().make_suggestions(turn).await {
                tracing::warn!("suggestions are not made: {why}");
            }
        });
        Ok(())
    }

    async fn make_suggestions(&self, turn: OwnedMutexGuard<Making>) -> Result<(), Error> {
        let catalogue = self.catalogue().await?;
        let day = self.0.env.now().day();
        let home = self.0.index.clone();
        blocking(move || make(&home, &catalogue, day, turn)).await
    }
}

/// Makes suggestions of what searches see, and lets them serve.
fn make(
    home: &Home,
    catalogue: &Arc<Catalogue>,
    day: Day,
    mut turn: OwnedMutexGuard<Making>,
) -> Result<(), Error> {
    let began = Instant::now();
    let opened = home.serving();
    let view = opened.view();
    let suggester = Suggester::new(&view, opened.fields, catalogue, day, &mut turn.segments);
    let took = began.elapsed();
    turn.next = Some(Instant::now() + PACE.max(took * SHARE));
    let made = Made {
        suggester: Arc::new(suggester?),
        view: Arc::downgrade(&view),
        catalogue: Arc::downgrade(catalogue),
        day,
    };
    tracing::debug!(?took, "suggestions were made");
    let serving = &home.suggestions.serving;
    *serving.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(made));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::tests::market_with_catalogue;

    #[tokio::test]
    async fn suggestions_are_made_in_the_background_when_they_are_out_of_step() {
        let market = market_with_catalogue("sqlite::memory:").await;
        market.search().catch_up().await.unwrap();
        let desk = &market.index.suggestions;
        let keep = async || {
            market.search().keep_suggestions().await.unwrap();
            // Whoever makes them has the turn until they serve.
            drop(desk.making.lock().await);
            desk.serving()
        };
        let first = keep().await.unwrap();
        assert!(Arc::ptr_eq(&first, &keep().await.unwrap()), "nothing happened");

        market.search().reload_catalogue().await.unwrap();
        desk.making.lock().await.next = Some(Instant::now() + Duration::from_hours(1));
        assert!(Arc::ptr_eq(&first, &keep().await.unwrap()), "it is too soon");

        desk.making.lock().await.next = None;
        let second = keep().await.unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(desk.making.lock().await.next.is_some());
    }
}
