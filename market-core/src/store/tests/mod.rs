//! What the store promises: nothing acknowledged is lost, nothing undone is seen, and the journal
//! has no gaps, whoever writes at once.

mod together;

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use crate::{
    Actor, Call, DayKind, Error, Market, Options, Party, Refusal, Went,
    id::PersonId,
    kernel::time::Timestamp,
    reference::Kept,
    rules::CalendarDay,
    store::{
        Begun, Db,
        journal::{Entry, Kind},
    },
    testing::{fresh_postgres, market, on_both, until},
};

const COUNT: &str = "select cast(count(*) as bigint) from journal where event = $1";

/// One change: an entry of its own object.
async fn note(market: &Market, object: &str, event: &'static str) -> Result<(), Error> {
    let mut tx = market.work().await?;
    let at = tx.at;
    tx.record(Entry::new(Kind::Account, &object, 1, event), at).await?;
    tx.finish(()).await
}

async fn count(market: &Market, event: &str) -> i64 {
    market.db.query(COUNT).bind(event).one::<(i64,)>().await.unwrap().0
}

/// Numbers what is there and reads it all.
async fn positions(market: &Market) -> Vec<i64> {
    while market.db.has_unnumbered().await.unwrap() {
        let mut tx = market.work().await.unwrap();
        tx.number_journal().await.unwrap();
        tx.finish(()).await.unwrap();
    }
    let entries = market.db.journal_after(0, false, 10_000).await.unwrap();
    entries.into_iter().map(|entry| entry.pos).collect()
}

on_both! {
    async fn what_is_known_of_rules_is_what_was_committed_last(url: &str) {
        let market = market(url).await;
        let other = Db { kept: Kept::default(), ..market.db.clone() };
        let day = |day: &str| CalendarDay {
            day: day.parse().unwrap(),
            kind: DayKind::Holiday,
            name: "国庆节".to_owned(),
        };
        let (one, two) = (day("2026-10-05"), day("2026-10-06"));
        assert!(other.calendar().await.unwrap().is_working(one.day));

        let mut tx = market.work().await.unwrap();
        tx.put_calendar_days(std::slice::from_ref(&one)).await.unwrap();
        assert!(!tx.calendar().await.unwrap().is_working(one.day), "its own");
        drop(tx);
        for db in [&market.db, &other] {
            assert!(db.calendar().await.unwrap().is_working(one.day), "taken back");
        }

        let mut tx = market.work().await.unwrap();
        tx.put_calendar_days(std::slice::from_ref(&two)).await.unwrap();
        tx.finish(()).await.unwrap();
        for db in [&market.db, &other] {
            let calendar = db.calendar().await.unwrap();
            assert!(calendar.is_working(one.day) && !calendar.is_working(two.day));
        }
    }

    async fn what_is_dropped_never_happened(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        let at = tx.at;
        tx.record(Entry::new(Kind::Account, &"a", 1, "noted"), at).await.unwrap();
        drop(tx);
        note(&market, "b", "noted").await.unwrap();
        assert_eq!(count(&market, "noted").await, 1);
    }

    async fn a_unit_of_work_writes_as_many_entries_as_it_likes(url: &str) {
        let market = market(url).await;
        for entries in [1, 7, 8, 9, 40] {
            let mut tx = market.work().await.unwrap();
            let at = tx.at;
            for n in 0..entries {
                let entry = Entry::new(Kind::Account, &format!("{entries}-{n}"), 1, "noted");
                tx.record(entry, at).await.unwrap();
            }
            tx.finish(()).await.unwrap();
        }
        assert_eq!(positions(&market).await, (1..=65).collect::<Vec<_>>());
    }

    async fn many_writers_give_a_journal_without_gaps(url: &str) {
        let market = market(url).await;
        let mut writers = JoinSet::new();
        for writer in 0..16 {
            let market = market.clone();
            writers.spawn(async move {
                for n in 0..10 {
                    note(&market, &format!("{writer}-{n}"), "noted").await.unwrap();
                    if n % 3 == writer % 3 {
                        let mut tx = market.work().await.unwrap();
                        tx.number_journal().await.unwrap();
                        tx.finish(()).await.unwrap();
                    }
                }
            });
        }
        writers.join_all().await;
        assert_eq!(positions(&market).await, (1..=160).collect::<Vec<_>>());
    }

    // They leave neither halves nor a stuck writer behind.
    async fn calls_given_up_in_the_middle_do_no_harm(url: &str) {
        let market = market(url).await;
        let acknowledged = Arc::new(std::sync::atomic::AtomicI64::new(0));
        let mut writers = JoinSet::new();
        for writer in 0..24_u64 {
            let (market, acknowledged) = (market.clone(), acknowledged.clone());
            writers.spawn(async move {
                for n in 0..20_u64 {
                    let object = format!("{writer}-{n}");
                    let patience = std::time::Duration::from_micros((writer * 37 + n * 101) % 3000);
                    let call = note(&market, &object, "noted");
                    if let Ok(Ok(())) = timeout(patience, call).await {
                        acknowledged.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                }
            });
        }
        writers.join_all().await;
        note(&market, "last", "noted").await.unwrap();
        let kept = count(&market, "noted").await;
        let acknowledged = acknowledged.load(std::sync::atomic::Ordering::SeqCst) + 1;
        assert!(kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");
        let all = positions(&market).await;
        assert_eq!(all.len(), usize::try_from(kept).unwrap());
    }

    async fn one_key_gives_one_effect_and_one_answer(url: &str) {
        let market = market(url).await;
        let actor = Actor::new(PersonId(uuid::Uuid::nil()), Party::Operator);
        let call = Call::from(actor).once("key-1");
        let mut callers = JoinSet::new();
        for n in 0..16_i64 {
            let (market, call) = (market.clone(), call.clone());
            callers.spawn(async move {
                let begun: Begun<i64> = market.begin(&call, "tests.note", &"x").await.unwrap();
                match begun {
                    Begun::Done(answer) => answer,
                    Begun::Fresh(mut tx) => {
                        let at = tx.at;
                        let entry = Entry::new(Kind::Account, &n, 1, "noted");
                        tx.record(entry, at).await.unwrap();
                        tx.finish(n).await.unwrap()
                    }
                }
            });
        }
        let answers = callers.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(count(&market, "noted").await, 1);

        let reused = market.begin::<i64>(&call, "tests.note", &"another").await;
        assert!(matches!(reused, Err(Error::Refused(Refusal::KeyReused))));
    }

    async fn a_key_counts_at_its_place_alone(url: &str) {
        let market = market(url).await;
        let actor = Actor::new(PersonId(uuid::Uuid::nil()), Party::Operator);
        let at = |place: &str| {
            Call { place: place.to_owned(), ..Call::from(&actor) }.once("key-1")
        };
        let long = format!("POST /api/v1/{}", "x".repeat(60_000));
        for place in ["", "POST /api/v1/orders/1/accept", "POST /api/v1/orders/2/accept", &long] {
            let begun = market.begin::<i64>(&at(place), "tests.note", &"x").await.unwrap();
            let Begun::Fresh(tx) = begun else { panic!("{place:.40}: done before") };
            tx.finish(7_i64).await.unwrap();
            let call = at(place);
            let again = market.begin::<i64>(&call, "tests.note", &"x").await.unwrap();
            assert!(matches!(again, Begun::Done(7)), "{place:.40}");
            assert_eq!(call.outcome.went(), Went::Replayed);
        }
    }

    async fn a_rehearsal_leaves_nothing_and_uses_no_key(url: &str) {
        let market = market(url).await;
        let actor = Actor::new(PersonId(uuid::Uuid::nil()), Party::Operator);
        let call = Call::from(actor).once("key-1");
        for _ in 0..2 {
            let rehearsal = call.clone().rehearsed();
            let begun = market.begin::<i64>(&rehearsal, "tests.note", &"x").await.unwrap();
            let Begun::Fresh(mut tx) = begun else { panic!("done before") };
            let at = tx.at;
            tx.record(Entry::new(Kind::Account, &"a", 1, "noted"), at).await.unwrap();
            assert_eq!(tx.finish(7_i64).await.unwrap(), 7);
            assert_eq!(rehearsal.outcome.went(), Went::Rehearsed);
            assert_eq!(count(&market, "noted").await, 0);
        }
        let begun = market.begin::<i64>(&call, "tests.note", &"another").await.unwrap();
        let Begun::Fresh(tx) = begun else { panic!("done before") };
        tx.finish(1_i64).await.unwrap();
    }

    // Rehearsals take turns with writers whose savepoints share their commit.
    async fn rehearsals_among_writers_take_nothing_with_them(url: &str) {
        let market = market(url).await;
        let mut writers = JoinSet::new();
        for n in 0..60 {
            let market = market.clone();
            writers.spawn(async move {
                if n % 3 > 0 {
                    return note(&market, &n.to_string(), "noted").await.unwrap();
                }
                let rehearsal = Call::from(Actor::system()).rehearsed();
                let mut tx = market.work_for(&rehearsal).await.unwrap();
                if n % 2 > 0 {
                    let entry = Entry::new(Kind::Account, &n, 1, "noted");
                    let at = tx.at;
                    tx.record(entry, at).await.unwrap();
                }
                tx.finish(()).await.unwrap();
            });
        }
        writers.join_all().await;
        assert_eq!(count(&market, "noted").await, 40);
    }

    async fn answers_are_forgotten_once_they_are_old(url: &str) {
        let market = market(url).await;
        let actor = Actor::new(PersonId(uuid::Uuid::nil()), Party::Operator);
        let call = |key: &str| Call::from(&actor).once(key);
        for n in 0..1_234 {
            if n == 1_200 {
                market.env.set(market.env.now().plus_seconds(3600));
            }
            let call = call(&n.to_string());
            let begun = market.begin::<i64>(&call, "tests.note", &"x").await.unwrap();
            let Begun::Fresh(tx) = begun else { panic!("done before") };
            tx.finish(n).await.unwrap();
        }
        assert_eq!(market.timers().forget_answers().await.unwrap(), 0);
        market.env.set(market.env.now().plus_seconds(72 * 3600 - 1));
        // Two nodes at once.
        let other = market.clone();
        let (one, two) = tokio::join!(market.forget_answers(), other.forget_answers());
        assert_eq!(one.unwrap() + two.unwrap(), 1_200);
        let kept = market.begin::<i64>(&call("1200"), "tests.note", &"x").await.unwrap();
        assert!(matches!(kept, Begun::Done(1_200)));
        let gone = market.begin::<i64>(&call("1199"), "tests.note", &"x").await.unwrap();
        assert!(matches!(gone, Begun::Fresh(_)));
    }

    async fn a_timestamp_comes_back_as_it_went(url: &str) {
        let market = market(url).await;
        let at: Timestamp = "2026-11-24T02:03:04.567891Z".parse().unwrap();
        let mut tx = market.work().await.unwrap();
        tx.record(Entry::new(Kind::Account, &"a", 1, "noted").public(), at).await.unwrap();
        tx.finish(()).await.unwrap();
        positions(&market).await;
        assert_eq!(market.db.journal_after(0, true, 10).await.unwrap()[0].at, at);
    }
}

/// What was acknowledged is there when the file is opened again, however often.
#[tokio::test]
async fn a_file_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("market.sqlite").display());
    for round in 1..=3 {
        let market = Market::open(Options::new(&url)).await.unwrap();
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            let market = market.clone();
            let object = format!("{round}-{writer}");
            writers.spawn(async move { note(&market, &object, "noted").await.unwrap() });
        }
        writers.join_all().await;
        assert_eq!(count(&market, "noted").await, round * 8);
        market.close().await.unwrap();
    }
}

/// Whoever repeats a call while the first one still waits for the disk waits with it.
#[tokio::test]
async fn a_repeated_answer_is_kept_before_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("market.sqlite").display());
    let market = Market::open(Options::new(&url)).await.unwrap();
    let actor = Actor::new(PersonId(uuid::Uuid::nil()), Party::Operator);
    let call = Call::from(actor).once("key-1");
    assert_eq!(count(&market, "noted").await, 0);

    let turn = market.work().await.unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..2 {
        let (market, call) = (market.clone(), call.clone());
        callers.spawn(async move {
            let begun: Begun<i64> = market.begin(&call, "tests.note", &"x").await.unwrap();
            if let Begun::Fresh(mut tx) = begun {
                let at = tx.at;
                tx.record(Entry::new(Kind::Account, &"a", 1, "noted"), at).await.unwrap();
                tx.finish(7).await.unwrap();
            }
            count(&market, "noted").await
        });
    }
    // Both queue, so that the second begins before the first one's commit.
    tokio::task::yield_now().await;
    drop(turn);
    assert_eq!(callers.join_all().await, [1, 1]);
}

/// A full disk may have `SQLite` undo a whole batch by itself: nobody in it is told that it is kept.
#[tokio::test]
async fn a_batch_that_the_database_undid_was_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("market.sqlite").display());
    let market = Market::open(Options::new(&url)).await.unwrap();

    let turn = market.work().await.unwrap();
    let (first, second) = (market.clone(), market.clone());
    let finished = tokio::spawn(async move { note(&first, "a", "noted").await });
    let undone = tokio::spawn(async move {
        let mut tx = second.work().await.unwrap();
        tx.query("rollback").execute().await.unwrap();
    });
    // Both queue, so that the second has its turn before the first one's commit.
    tokio::task::yield_now().await;
    drop(turn);
    undone.await.unwrap();
    assert!(finished.await.unwrap().is_err());
    note(&market, "b", "noted").await.unwrap();
    assert_eq!(count(&market, "noted").await, 1);
}

/// Two nodes number one journal: each entry once.
#[tokio::test]
async fn two_nodes_number_one_journal() {
    let url = fresh_postgres().await;
    let (one, other) = (market(&url).await, market(&url).await);
    let mut writers = JoinSet::new();
    for n in 0..40 {
        let market = if n % 2 == 0 { one.clone() } else { other.clone() };
        writers.spawn(async move {
            note(&market, &n.to_string(), "noted").await.unwrap();
            let mut tx = market.work().await.unwrap();
            tx.number_journal().await.unwrap();
            tx.finish(()).await.unwrap();
        });
    }
    writers.join_all().await;
    assert_eq!(positions(&one).await, (1..=40).collect::<Vec<_>>());
}

/// Whoever repeats a call that is under way on another node waits for a while, and is told to
/// come back.
#[tokio::test]
async fn a_call_under_way_elsewhere_is_told_of() {
    let url = fresh_postgres().await;
    let (one, other) = (market(&url).await, market(&url).await);
    let actor = Actor::new(PersonId(uuid::Uuid::nil()), Party::Operator);
    let call = Call::from(actor).once("key-1");
    let first = one.begin::<i64>(&call, "tests.note", &"x").await.unwrap();
    let second = other.begin::<i64>(&call, "tests.note", &"x").await;
    assert!(matches!(second, Err(Error::Refused(Refusal::KeyInUse))), "{second:?}");
    let Begun::Fresh(tx) = first else { panic!("done before") };
    tx.finish(7_i64).await.unwrap();
    let third = other.begin::<i64>(&call, "tests.note", &"x").await.unwrap();
    assert!(matches!(third, Begun::Done(7)));
}

#[tokio::test]
async fn another_node_hears_of_the_journal() {
    let url = fresh_postgres().await;
    let (one, other) = (market(&url).await, market(&url).await);
    let hearing = tokio::spawn({
        let other = other.clone();
        async move { match other.db.hear(&other.wake).await {} }
    });
    // Nobody says when it has begun to listen: it is told until it has heard.
    let (mut told, mut heard) = (0, pin!(other.changed()));
    until(async || {
        told += 1;
        note(&one, &told.to_string(), "noted").await.unwrap();
        one.number().await.unwrap();
        timeout(Duration::from_millis(20), &mut heard).await.is_ok()
    })
    .await;
    hearing.abort();
}
