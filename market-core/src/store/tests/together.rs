//! Statements that are run with those after them.

use super::{COUNT, count, note};
use crate::{
    Error, Refusal,
    store::{
        Meaning,
        journal::{Entry, Kind},
    },
    testing::{market, on_both},
};

on_both! {
    async fn what_waited_and_failed_is_told_by_what_follows(url: &str) {
        const TWICE: &str = "update journal set version = 9 where event = $1";
        let market = market(url).await;
        note(&market, "a", "noted").await.unwrap();
        let stale = Meaning::default().unless_one(|| Error::Stale("note"));
        let taken = Meaning::default().on_duplicate(|| Refusal::KeyReused.into());

        // It says so itself, or the next that is waited for does, or the end.
        for follows in [true, false] {
            let mut tx = market.work().await.unwrap();
            let at = tx.at;
            tx.record(Entry::new(Kind::Account, &"b", 1, "noted"), at).await.unwrap();
            let mut told = tx.query(TWICE).bind("nothing").soon(stale).await;
            if told.is_ok() && follows {
                told = tx.query(COUNT).bind("noted").one::<(i64,)>().await.map(drop);
            }
            let told = match told {
                Ok(()) => tx.finish(()).await,
                Err(why) => Err(why),
            };
            assert!(matches!(told, Err(Error::Stale("note"))), "{told:?}");
        }
        let mut tx = market.work().await.unwrap();
        let at = tx.at;
        tx.record(Entry::new(Kind::Account, &"a", 2, "noted"), at).await.unwrap();
        tx.write_journal().await.unwrap();
        let told = match tx.query(TWICE).bind("noted").soon(taken).await {
            Ok(()) => tx.finish(()).await,
            Err(why) => Err(why),
        };
        assert!(matches!(told, Err(Error::Refused(Refusal::KeyReused))), "{told:?}");
        assert_eq!(count(&market, "noted").await, 1, "and nothing is left of it");
    }

    async fn what_is_asked_for_together_comes_each_to_its_own(url: &str) {
        const VERSIONS: &str = "select version from journal where event = $1";
        let market = market(url).await;
        note(&market, "a", "noted").await.unwrap();
        let mut tx = market.work().await.unwrap();
        let none = tx.query(VERSIONS).bind("nothing").ask::<(i64,)>().await.unwrap();
        let one = tx.query(VERSIONS).bind("noted").ask::<(i64,)>().await.unwrap();
        let at = tx.at;
        tx.record(Entry::new(Kind::Account, &"a", 2, "noted"), at).await.unwrap();
        tx.write_journal().await.unwrap();
        let query = tx.query(VERSIONS).bind("noted").with(" and version > ", 0_i64);
        let two = query.push(" order by version").ask::<(i64,)>().await.unwrap();
        assert_eq!(tx.all(two).await.unwrap(), [(1,), (2,)]);
        assert_eq!(tx.optional(one).await.unwrap(), Some((1,)), "as it was then");
        assert_eq!(tx.all(none).await.unwrap(), []);
        let now = tx.query(COUNT).bind("noted").one::<(i64,)>().await.unwrap();
        assert_eq!(now, (2,));
        tx.finish(()).await.unwrap();
        assert_eq!(count(&market, "noted").await, 2);
    }
}
