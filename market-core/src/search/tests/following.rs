//! What happens in the market is found, or not found any more.

use super::{writing::*, *};
use crate::{
    agency::Leaving,
    search::{SearchQuery, Subject},
    testing::{on_both, until},
};

async fn titles(market: &Market, text: &str) -> Vec<String> {
    let query = SearchQuery { text: Some(text.to_owned()), ..SearchQuery::new(Subject::Listings) };
    let hits = market.search().find(&query).await.unwrap();
    hits.items.into_iter().map(|hit| hit.found.title().to_owned()).collect()
}

/// What is found once the index is in step, which it must be then.
async fn found(market: &Market, text: &str) -> Vec<String> {
    market.search().catch_up().await.unwrap();
    in_step(market).await;
    titles(market, text).await
}

const NOTHING: [&str; 0] = [];

on_both! {
    async fn what_is_published_is_found_until_it_is_taken_off(url: &str) {
        let market = market_with_catalogue(url).await;
        let agency = join(&market, 1, "慈溪绿源环境科技有限公司").await;
        let call = on_behalf_of(agency);
        let agencies = market.agencies();
        agencies.add_qualification(&call, agency, certificate("environment", "1", "2027-12-31"))
            .await.unwrap();
        let listing = offer(&market, agency, "l1", "environment", "图纸会审").await;
        assert_eq!(found(&market, "图纸会审").await, ["图纸会审"]);

        market.listings().change(&call, listing, terms("环保管家")).await.unwrap();
        assert_eq!(found(&market, "环保管家").await, ["环保管家"]);
        assert_eq!(found(&market, "图纸会审").await, NOTHING);

        agencies.change(&call, agency, details("余姚青山咨询有限公司")).await.unwrap();
        assert_eq!(found(&market, "余姚青山").await, ["环保管家"]);
        assert_eq!(found(&market, "绿源").await, NOTHING);

        market.listings().take_off(&call, listing).await.unwrap();
        assert_eq!(found(&market, "环保管家").await, NOTHING);
        market.listings().publish(&call, listing).await.unwrap();
        assert_eq!(found(&market, "环保管家").await, ["环保管家"]);
    }

    async fn who_may_not_sell_is_not_found(url: &str) {
        let market = market_with_catalogue(url).await;
        let agency = join(&market, 1, "慈溪绿源环境科技有限公司").await;
        let (call, agencies) = (on_behalf_of(agency), market.agencies());
        offer(&market, agency, "l1", "environment", "环评").await;
        assert_eq!(found(&market, "环评").await, NOTHING);
        let held = agencies
            .add_qualification(&call, agency, certificate("environment", "1", "2027-12-31"))
            .await.unwrap();
        assert_eq!(found(&market, "环评").await, ["环评"]);

        suspend(&market, agency).await;
        assert_eq!(found(&market, "环评").await, NOTHING);
        agencies.reinstate(&operator(), agency).await.unwrap();
        assert_eq!(found(&market, "环评").await, ["环评"]);

        agencies.revoke_qualification(&operator(), agency, held.id).await.unwrap();
        assert_eq!(found(&market, "环评").await, NOTHING);
        agencies.add_qualification(&call, agency, certificate("environment", "2", "2027-12-31"))
            .await.unwrap();
        assert_eq!(found(&market, "环评").await, ["环评"]);

        agencies.leave(&call, agency, Leaving { reason: "自愿".to_owned() }).await.unwrap();
        assert_eq!(found(&market, "环评").await, NOTHING);
        // What the catalogue names is still there.
        assert_eq!(market.search().verify().await.unwrap().checked, ITEMS.len() as u64);
    }

    async fn changes_of_the_catalogue_are_found(url: &str) {
        let market = market_with_catalogue(url).await;
        let agency = join(&market, 1, "慈溪绿源环境科技有限公司").await;
        market.agencies()
            .add_qualification(&on_behalf_of(agency), agency, certificate("environment", "1", "2027-12-31"))
            .await.unwrap();
        offer(&market, agency, "l1", "environment", "报告表编制").await;
        assert_eq!(found(&market, "办环保手续").await, NOTHING);
        change_item(&market, |item| item.aliases.push("办环保手续".to_owned())).await;
        assert_eq!(found(&market, "办环保手续").await, ["报告表编制"]);

        let highest = |item: &mut ServiceItem| item.requirements[0].level = "first".parse().unwrap();
        change_item(&market, highest).await;
        assert_eq!(found(&market, "报告表编制").await, NOTHING);
        let mut kind = qualification_type("environment");
        kind.levels[1].rank = 1;
        let mut tx = market.work().await.unwrap();
        tx.put_qualification_type(&kind).await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(found(&market, "报告表编制").await, ["报告表编制"]);

        let mut tx = market.work().await.unwrap();
        let region = NewRegion {
            code: "330282".parse().unwrap(),
            name: "新港区".to_owned(),
            parent: "330200".parse().ok(),
            centre: None,
        };
        tx.put_regions(&[region]).await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(found(&market, "新港区").await, ["报告表编制"]);

        change_item(&market, |item| item.withdrawn = true).await;
        assert_eq!(found(&market, "报告表编制").await, NOTHING);
    }

    async fn entries_that_change_nothing_searched_are_passed_over(url: &str) {
        let market = market_with_catalogue(url).await;
        let search = market.search();
        search.catch_up().await.unwrap();
        let (before, commit) = (search.position().unwrap(), market.index.serving().mark().unwrap());
        let mut tx = market.work().await.unwrap();
        tx.put_department(&department("more")).await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(search.catch_up().await.unwrap(), 1);
        assert_eq!(search.catch_up().await.unwrap(), 0);
        assert_eq!(search.position().unwrap(), before + 1);
        assert_eq!(market.index.serving().mark().unwrap(), commit);
    }

    async fn a_follower_lets_writes_be_found_by_itself(url: &str) {
        let market = market_with_catalogue(url).await;
        let follower = tokio::spawn({
            let market = market.clone();
            async move { market.search().follow().await }
        });
        let agency = join(&market, 1, "慈溪绿源环境科技有限公司").await;
        for (code, title) in [("l1", "地籍图"), ("l2", "宗地图"), ("l3", "房产图")] {
            offer(&market, agency, code, "survey", title).await;
            until(async || titles(&market, title).await.contains(&title.to_owned())).await;
        }
        follower.abort();
        assert!(follower.await.unwrap_err().is_cancelled());
        // Whoever writes next goes on from there.
        let listing = offer(&market, agency, "l0", "survey", "界址点").await;
        assert_eq!(found(&market, "界址点").await, ["界址点"]);
        market.listings().take_off(&on_behalf_of(agency), listing).await.unwrap();
        assert_eq!(found(&market, "界址点").await, NOTHING);
    }

    async fn rules_of_which_nothing_is_searched_are_passed_over(url: &str) {
        let market = market_with_catalogue(url).await;
        let (search, accounts) = (market.search(), market.accounts());
        search.catch_up().await.unwrap();
        let (before, commit) = (search.position().unwrap(), market.index.serving().mark().unwrap());
        let name = accounts.throttles(&operator().actor).await.unwrap()[0].name;
        accounts.set_throttle(&operator(), name, 3, 20).await.unwrap();
        assert_eq!(search.catch_up().await.unwrap(), 1);
        assert_eq!(search.position().unwrap(), before + 1);
        assert_eq!(market.index.serving().mark().unwrap(), commit, "nothing is built anew");
    }
}
