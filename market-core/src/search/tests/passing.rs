//! What changes because time passes, and nobody writes.

use super::{
    keeping::with_index_in,
    trading::{Ending, matter, trade},
    writing::*,
    *,
};
use crate::{
    agency::Listing,
    search::{Found, Hit, SearchQuery, Subject},
    testing::{on_both, until},
};

async fn find(market: &Market) -> Vec<Hit> {
    let query = SearchQuery {
        text: Some("地籍图".to_owned()),
        explain: true,
        ..SearchQuery::new(Subject::Listings)
    };
    market.search().find(&query).await.unwrap().items
}

/// The credit of each hit.
async fn credits(market: &Market) -> Vec<u32> {
    let credit = |hit: Hit| match hit.found {
        Found::Listing(listing) => listing.credit,
        other => panic!("{other:?}"),
    };
    find(market).await.into_iter().map(credit).collect()
}

/// What each hit has for being new.
async fn newcomers(market: &Market) -> Vec<bool> {
    let is_new = |hit: Hit| hit.explanation.unwrap().newcomer > 0.0;
    find(market).await.into_iter().map(is_new).collect()
}

async fn one_listing(url: &str) -> (Market, Listing) {
    let market = market_with_catalogue(url).await;
    let agency = join(&market, 1, "慈溪测绘院").await;
    let id = offer(&market, agency, "l1", "survey", "地籍图").await;
    let listing = market.listings().get(None, id).await.unwrap();
    market.search().catch_up().await.unwrap();
    (market, listing)
}

fn set(market: &Market, day: &str) {
    market.env.set(format!("{day}T01:00:00Z").parse().unwrap());
}

/// From a day on, an agency of which nothing is known has so many points.
async fn prior_from(market: &Market, day: &str, points: u32) {
    let mut profile = policy();
    profile.version = 2;
    profile.effective_from = day.parse().unwrap();
    profile.ranking.credit_prior = points;
    put_policy(market, &profile).await;
}

on_both! {
    async fn an_agency_is_new_for_a_year(url: &str) {
        let (market, _) = one_listing(url).await;
        set(&market, "2027-11-23");
        assert_eq!(newcomers(&market).await, [true]);
        set(&market, "2027-11-24");
        assert_eq!(newcomers(&market).await, [false]);
        market.search().catch_up().await.unwrap();
        in_step(&market).await;
    }

    async fn a_suspension_ends_by_itself(url: &str) {
        let (market, listing) = one_listing(url).await;
        suspend(&market, listing.agency_id).await;
        market.search().catch_up().await.unwrap();
        assert!(find(&market).await.is_empty());
        set(&market, "2027-02-23");
        assert!(find(&market).await.is_empty());
        set(&market, "2027-03-01");
        assert_eq!(find(&market).await.len(), 1);
        assert_eq!(market.search().catch_up().await.unwrap(), 0);
        in_step(&market).await;
    }

    async fn a_certificate_begins_and_ends_by_itself(url: &str) {
        let (market, listing) = one_listing(url).await;
        let held = crate::agency::NewQualification {
            valid_from: "2026-12-01".parse().unwrap(),
            ..certificate("environment", "1", "2026-12-31")
        };
        let call = on_behalf_of(listing.agency_id);
        market.agencies().add_qualification(&call, listing.agency_id, held).await.unwrap();
        market.listings().take_off(&call, listing.id).await.unwrap();
        offer(&market, listing.agency_id, "l2", "environment", "地籍图").await;
        market.search().catch_up().await.unwrap();
        for (day, found) in
            [("2026-11-30", 0), ("2026-12-01", 1), ("2026-12-31", 1), ("2027-01-01", 0)]
        {
            set(&market, day);
            assert_eq!(find(&market).await.len(), found, "{day}");
        }
        in_step(&market).await;
    }

    async fn an_order_that_ends_changes_what_its_agency_has(url: &str) {
        let (market, listing) = one_listing(url).await;
        let mut tx = market.work().await.unwrap();
        tx.put_matter(&matter("build", "建房")).await.unwrap();
        tx.finish(()).await.unwrap();
        let mut known = credits(&market).await;
        for ending in [Ending::Declined, Ending::Terminated, Ending::Completed] {
            trade(&market, "build", &listing, ending).await.unwrap();
            market.search().catch_up().await.unwrap();
            in_step(&market).await;
            let now = credits(&market).await;
            assert_ne!(now, known, "{ending:?}");
            known = now;
        }
    }

    async fn a_profile_weighs_from_its_first_day_on(url: &str) {
        let (market, _) = one_listing(url).await;
        prior_from(&market, "2027-01-01", 300).await;
        market.search().catch_up().await.unwrap();
        assert_eq!(credits(&market).await, [700]);
        let follower = tokio::spawn({
            let market = market.clone();
            async move { market.search().follow().await }
        });
        set(&market, "2027-01-01");
        // Whoever searches first on a day does not take the change from the follower.
        until(async || credits(&market).await == [300]).await;
        follower.abort();
        in_step(&market).await;
    }
}

#[tokio::test]
async fn a_profile_that_begins_while_nobody_follows_weighs_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let (base, _) = one_listing("sqlite::memory:").await;
    prior_from(&base, "2027-01-01", 300).await;
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    assert_eq!(credits(&market).await, [700]);
    drop(market);
    set(&base, "2027-01-01");
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    assert_eq!(credits(&market).await, [300]);
    in_step(&market).await;
}
