//! Whether the program runs, and whether requests should come here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use market_core::{Error, Fault, Market, vitals::Lags};
use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};

use crate::{limits::Ready, problem::Problem};

/// For so long a look at the database is good for everybody who asks: probes may be many, and are
/// turned away by nothing.
const FRESH: Duration = Duration::from_millis(250);

/// What decides whether requests should come here.
#[derive(Debug, Clone)]
pub(crate) struct Health(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    is_searchable: AtomicBool,
    is_stopping: AtomicBool,
    bounds: Ready,
    /// What the database said last, and when.
    seen: Mutex<Option<(Instant, Seen)>>,
}

/// What a look at the database says.
type Seen = Result<Lags, &'static str>;

/// A thing that must be well for requests to come here.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// Which.
    #[serde(rename = "check")]
    name: &'static str,
    /// What it says: how far behind, or of which version.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<i64>,
    /// What is wrong; nothing, if it is well.
    #[serde(skip)]
    wrong: Option<String>,
}

/// A server that is ready.
#[derive(Debug, Serialize)]
pub(crate) struct ReadyView {
    status: &'static str,
    checks: Vec<Check>,
}

impl Check {
    /// Which it is.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// What it says: how far behind, or of which version.
    pub(crate) const fn says(&self) -> Option<i64> {
        self.says
    }

    /// What is wrong; nothing, if it is well.
    pub(crate) fn wrong_with(&self) -> Option<&str> {
        self.wrong.as_deref()
    }

    const fn well(name: &'static str) -> Self {
        Self { name, says: None, wrong: None }
    }

    fn wrong(name: &'static str, why: &str) -> Self {
        Self { name, says: None, wrong: Some(why.to_owned()) }
    }

    /// Something that may be so far behind, and no further.
    fn behind(name: &'static str, behind: i64, bound: i64) -> Self {
        let wrong =
            (behind > bound).then(|| format!("{behind} entries behind, of {bound} at most"));
        Self { name, says: Some(behind), wrong }
    }
}

impl Health {
    pub(crate) fn new(bounds: &Ready) -> Self {
        Self(Arc::new(Facts {
            is_searchable: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
            bounds: bounds.clone(),
            seen: Mutex::default(),
        }))
    }

    pub(crate) fn searchable(&self) {
        self.0.is_searchable.store(true, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.0.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the program is about to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.is_stopping.load(Ordering::Relaxed)
    }

    /// A look at the database, at most [`FRESH`] old. It takes no longer than it may.
    pub(crate) async fn look(&self, market: &Market) -> Seen {
        let patience = Duration::from_millis(self.0.bounds.database_millis);
        let look = async {
            let mut seen = self.0.seen.lock().await;
            if let Some((_, seen)) = seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
                return seen.clone();
            }
            let looked: Result<Lags, Error> = market.vitals().lags().await;
            let looked = looked.map_err(|why| {
                tracing::warn!("the database does not answer: {why}");
                "it does not answer"
            });
            *seen = Some((Instant::now(), looked.clone()));
            looked
        };
        timeout(patience, look).await.unwrap_or(Err("it does not answer in time"))
    }

    /// Everything that must be well for requests to come here.
    pub(crate) async fn checks(&self, market: &Market) -> Vec<Check> {
        if self.is_stopping() {
            return vec![Check::wrong("stopping", "about to end")];
        }
        let search = if self.0.is_searchable.load(Ordering::Relaxed) {
            Check::well("index")
        } else {
            Check::wrong("index", "searches do not see yet what is in the database")
        };
        let lags = match self.look(market).await {
            Ok(lags) => lags,
            Err(why) => return vec![search, Check::wrong("database", why)],
        };
        let migrations = Check {
            name: "migrations",
            says: Some(lags.schema),
            wrong: (!lags.is_migrated())
                .then(|| format!("of version {}, not {}", lags.schema, lags.schema_known)),
        };
        let bounds = &self.0.bounds;
        let slowest = lags.slowest().map_or(0, |(_, behind)| *behind);
        vec![
            search,
            Check::well("database"),
            migrations,
            Check::behind("search", lags.search, bounds.search_behind),
            Check::behind("followers", slowest, bounds.followers_behind),
        ]
    }
}

/// `/livez`, and `/healthz` as it was called: the program runs. It asks nothing else, so that
/// neither a slow database nor too much to do restarts anything.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: the database answers and has our tables, searches see what is in it, whatever follows
/// the journal keeps up, and we are not about to end.
pub(crate) async fn ready(
    State(market): State<Market>,
    State(health): State<Health>,
) -> Result<Json<ReadyView>, Problem> {
    let checks = health.checks(&market).await;
    let wrong: Vec<Fault> = checks
        .iter()
        .filter_map(|one| Some(Fault::new(one.name, "check", one.wrong.clone()?)))
        .collect();
    if wrong.is_empty() {
        Ok(Json(ReadyView { status: "ready", checks }))
    } else {
        Err(Problem::not_ready(wrong))
    }
}

#[cfg(test)]
mod tests {
    use market_core::Options;

    use super::*;
    use crate::limits::Limits;

    async fn wrong(health: &Health, market: &Market) -> Vec<&'static str> {
        let checks = health.checks(market).await;
        checks.iter().filter(|one| one.wrong.is_some()).map(|one| one.name).collect()
    }

    async fn market() -> Market {
        Market::open(Options::new("sqlite::memory:")).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let (market, health) = (market().await, Health::new(&Limits::default().ready));
        assert_eq!(wrong(&health, &market).await, ["index"]);
        health.searchable();
        assert_eq!(wrong(&health, &market).await, [""; 0]);
        health.stop();
        assert_eq!(wrong(&health, &market).await, ["stopping"]);
    }

    #[tokio::test]
    async fn whoever_is_too_far_behind_is_not_ready() {
        let market = market().await;
        let bounds = Ready { search_behind: 3, followers_behind: 5, ..Limits::default().ready };
        let health = Health::new(&bounds);
        health.searchable();
        let lags = market.vitals().lags().await.unwrap();
        for (search, follower, named) in
            [(3, 5, vec![]), (4, 5, vec!["search"]), (3, 6, vec!["followers"])]
        {
            let followers = vec![("alarms".to_owned(), follower), ("tidy".to_owned(), 0)];
            let lags = Lags { search, followers, ..lags.clone() };
            *health.0.seen.lock().await = Some((Instant::now(), Ok(lags)));
            assert_eq!(wrong(&health, &market).await, named);
        }
        let old = Lags { schema: lags.schema - 1, ..lags };
        *health.0.seen.lock().await = Some((Instant::now(), Ok(old)));
        assert_eq!(wrong(&health, &market).await, ["migrations"]);
    }

    #[tokio::test]
    async fn a_database_that_takes_too_long_is_not_waited_for() {
        let market = market().await;
        let bounds = Ready { database_millis: 20, ..Limits::default().ready };
        let health = Health::new(&bounds);
        health.searchable();
        // Somebody looks already, and gets no answer.
        let _looking = health.0.seen.lock().await;
        assert_eq!(wrong(&health, &market).await, ["database"]);
    }
}
