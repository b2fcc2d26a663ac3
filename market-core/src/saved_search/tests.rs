//! Who is told of what, and how often.

use std::{collections::BTreeSet, future::Future, task::Poll};

use uuid::Uuid;

use super::*;
use crate::{
    Kind, Mode, Paging, Party,
    account::NewPerson,
    case::Fund,
    id::{AgencyId, PersonId},
    notice::{Notice, NoticeFilter},
    purchase::{
        Notice as PurchaseNotice,
        tests::world::{World, fixed, notice, open_case},
    },
    search::{
        Subject,
        tests::{
            market_with_catalogue,
            writing::{certificate, join, offer, on_behalf_of, operator},
        },
    },
    testing::on_both,
};

/// Somebody with an account, acting for the operator.
async fn somebody(market: &Market, login: &str) -> Call {
    let new = NewPerson { login: login.to_owned(), name: login.to_owned(), password: None };
    let person = market.accounts().create_person(&operator(), new).await.unwrap().id;
    Actor::new(person, Party::Operator).into()
}

fn any(kind: Subject, text: Option<&str>) -> NewSavedSearch {
    let query = SearchQuery { text: text.map(str::to_owned), ..SearchQuery::new(kind) };
    NewSavedSearch { name: "新的".to_owned(), wanted: Wanted::Query(query) }
}

async fn notices(market: &Market, call: &Call) -> Vec<Notice> {
    let paging = Paging { after: None, limit: 100 };
    market.notices().list(&call.actor, NoticeFilter::All, &paging).await.unwrap().items
}

/// What somebody was told of, each thing as often as they were.
async fn told(market: &Market, call: &Call) -> Vec<(Kind, Uuid)> {
    market.saved_searches().catch_up().await.unwrap();
    let mut told: Vec<_> =
        notices(market, call).await.iter().map(|notice| (notice.kind, notice.object)).collect();
    told.sort_unstable();
    told
}

fn purchase_notice() -> PurchaseNotice {
    notice(Mode::Random, fixed())
}

/// Another node of the same market.
async fn another(url: &str, market: &Market) -> Market {
    if url.starts_with("postgres") {
        crate::testing::market(url).await.with_env(market.env().clone())
    } else {
        market.clone()
    }
}

/// Goes on with something for so many steps, and gives it up; whether it came to its end.
async fn given_up_after(steps: usize, work: impl Future) -> bool {
    let mut work = std::pin::pin!(work);
    let mut left = steps;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        work.as_mut().poll(context).map(|_| true)
    })
    .await
}

on_both! {
    async fn what_is_new_is_told_once(url: &str) {
        let market = market_with_catalogue(url).await;
        let agency = join(&market, 1, "慈溪某某测绘有限公司").await;
        let old = offer(&market, agency, "l0", "survey", "宗地图").await;
        let call = somebody(&market, "wang").await;
        market.saved_searches().save(&call, any(Subject::Listings, Some("宗地图"))).await.unwrap();
        assert_eq!(told(&market, &call).await, []);

        let new = offer(&market, agency, "l1", "survey", "宗地图测绘").await;
        offer(&market, agency, "l2", "survey", "房产图").await;
        assert_eq!(told(&market, &call).await, [(Kind::Listing, new.0)]);

        for listing in [old, new] {
            market.listings().take_off(&on_behalf_of(agency), listing).await.unwrap();
            market.listings().publish(&on_behalf_of(agency), listing).await.unwrap();
        }
        assert_eq!(told(&market, &call).await, [(Kind::Listing, new.0)]);
    }

    async fn an_agency_is_new_once_it_offers_what_is_asked(url: &str) {
        let market = market_with_catalogue(url).await;
        let old = join(&market, 1, "慈溪甲测绘有限公司").await;
        let call = somebody(&market, "wang").await;
        let searches = market.saved_searches();
        let of_item = SearchQuery { items: vec!["survey".parse().unwrap()], ..SearchQuery::new(Subject::Agencies) };
        searches.save(&call, NewSavedSearch { name: "测绘".to_owned(), wanted: Wanted::Query(of_item) }).await.unwrap();
        let new = join(&market, 2, "慈溪乙测绘有限公司").await;
        assert_eq!(told(&market, &call).await, []);
        for agency in [old, new] {
            offer(&market, agency, "l1", "survey", "宗地图").await;
        }
        assert_eq!(told(&market, &call).await, [(Kind::Agency, new.0)]);

        searches.save(&call, any(Subject::Agencies, None)).await.unwrap();
        let newest = join(&market, 3, "慈溪丙测绘有限公司").await;
        let mut expected = [(Kind::Agency, new.0), (Kind::Agency, newest.0)];
        expected.sort_unstable();
        assert_eq!(told(&market, &call).await, expected);
    }

    async fn a_certificate_lets_what_is_new_be_told(url: &str) {
        let market = market_with_catalogue(url).await;
        let call = somebody(&market, "wang").await;
        market.saved_searches().save(&call, any(Subject::Listings, None)).await.unwrap();
        let agency = join(&market, 1, "慈溪绿源环境科技有限公司").await;
        let listing = offer(&market, agency, "l1", "environment", "环评").await;
        assert_eq!(told(&market, &call).await, []);
        let certificate = certificate("environment", "1", "2027-12-31");
        let agencies = market.agencies();
        agencies.add_qualification(&on_behalf_of(agency), agency, certificate).await.unwrap();
        assert_eq!(told(&market, &call).await, [(Kind::Listing, listing.0)]);
    }

    async fn two_nodes_tell_of_each_thing_once(url: &str) {
        let one = market_with_catalogue(url).await;
        let other = another(url, &one).await;
        let agency = join(&one, 1, "慈溪某某测绘有限公司").await;
        let mut people = Vec::new();
        for login in ["wang", "li", "zhao"] {
            let call = somebody(&one, login).await;
            one.saved_searches().save(&call, any(Subject::Listings, None)).await.unwrap();
            people.push(call);
        }
        let mut new = BTreeSet::new();
        for round in 0..6 {
            for n in 0..3 {
                let code = format!("l{round}-{n}");
                new.insert((Kind::Listing, offer(&one, agency, &code, "survey", "宗地图").await.0));
            }
            let (here, there) = (one.saved_searches(), other.saved_searches());
            let (here, there, again) =
                tokio::join!(here.catch_up(), there.catch_up(), here.catch_up());
            for done in [here, there, again] {
                done.unwrap();
            }
        }
        for call in &people {
            assert!(told(&one, call).await.into_iter().eq(new.iter().copied()));
        }
    }

    async fn who_is_killed_in_between_has_told_all_or_nothing(url: &str) {
        let market = market_with_catalogue(url).await;
        let agency = join(&market, 1, "慈溪某某测绘有限公司").await;
        let call = somebody(&market, "wang").await;
        market.saved_searches().save(&call, any(Subject::Listings, None)).await.unwrap();
        told(&market, &call).await;
        let (mut new, mut steps) = (BTreeSet::new(), 0);
        loop {
            let code = format!("l{steps}");
            new.insert((Kind::Listing, offer(&market, agency, &code, "survey", "宗地图").await.0));
            let searches = market.saved_searches();
            let ended = given_up_after(steps, searches.catch_up()).await;
            let known = notices(&market, &call).await.len();
            assert!(known == new.len() || known == new.len() - 1, "after {steps}: {known}");
            assert!(told(&market, &call).await.into_iter().eq(new.iter().copied()));
            if ended || new.len() == 60 {
                break;
            }
            steps += 1;
        }
        assert!(steps > 3, "nothing was given up in between");
    }

    async fn a_follower_tells_by_itself(url: &str) {
        let market = market_with_catalogue(url).await;
        let agency = join(&market, 1, "慈溪某某测绘有限公司").await;
        let call = somebody(&market, "wang").await;
        market.saved_searches().save(&call, any(Subject::Listings, None)).await.unwrap();
        let follower = tokio::spawn({
            let market = market.clone();
            async move { match market.saved_searches().follow().await {} }
        });
        for n in 1..=3 {
            offer(&market, agency, &format!("l{n}"), "survey", "宗地图").await;
            let until_told = async {
                while notices(&market, &call).await.len() < n {
                    market.changed().await;
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(30), until_told).await.unwrap();
        }
        follower.abort();
        assert!(follower.await.unwrap_err().is_cancelled());
    }

    async fn a_person_saves_fifty_at_most(url: &str) {
        let market = market_with_catalogue(url).await;
        market.search().catch_up().await.unwrap();
        let call = somebody(&market, "wang").await;
        let mut saving = tokio::task::JoinSet::new();
        for _ in 0..MAX_SAVED + 10 {
            let (market, call) = (market.clone(), call.clone());
            saving.spawn(async move {
                market.saved_searches().save(&call, any(Subject::Agencies, None)).await
            });
        }
        let results = saving.join_all().await;
        let refused = results.iter().filter(|result| {
            matches!(result, Err(Error::Refused(Refusal::TooManySavedSearches)))
        });
        assert_eq!(refused.count(), 10);
        let saved = market.saved_searches().list(&call.actor).await.unwrap();
        assert_eq!(saved.len(), 50);
        market.saved_searches().remove(&call, saved[0].id).await.unwrap();
        market.saved_searches().save(&call, any(Subject::Agencies, None)).await.unwrap();
    }

    async fn nobody_else_sees_what_somebody_saved(url: &str) {
        let market = market_with_catalogue(url).await;
        let (wang, li) = (somebody(&market, "wang").await, somebody(&market, "li").await);
        let searches = market.saved_searches();
        let saved = searches.save(&wang, any(Subject::Agencies, None)).await.unwrap();
        let agency = join(&market, 1, "慈溪某某测绘有限公司").await;
        assert_eq!(told(&market, &wang).await, [(Kind::Agency, agency.0)]);
        let notice = notices(&market, &wang).await.remove(0);
        let party = Party::Agency(AgencyId(market.env().id()));
        let elsewhere: Call = Actor::new(wang.actor.person, party).into();
        for call in [&li, &elsewhere] {
            assert_eq!(searches.list(&call.actor).await.unwrap(), []);
            assert_eq!(notices(&market, call).await, []);
            let removed = searches.remove(call, saved.id).await;
            assert!(matches!(removed, Err(Error::NotFound("saved search"))));
            let read = market.notices().read(call, notice.id).await;
            assert!(matches!(read, Err(Error::NotFound("notice"))));
        }
        let told = market.db.journal_of(Kind::SavedSearch, &saved.id.to_string()).await.unwrap();
        assert_eq!((told.len(), &told[0].data), (1, &serde_json::json!({})));
        let public = market.feed().public_after(0, 100).await.unwrap();
        assert!(public.items.iter().all(|entry| entry.kind != Kind::SavedSearch));

        searches.remove(&wang, saved.id).await.unwrap();
        assert_eq!(searches.list(&wang.actor).await.unwrap(), []);
        assert_eq!(notices(&market, &wang).await, []);
    }

    async fn a_notice_once_read_stays_read(url: &str) {
        let market = market_with_catalogue(url).await;
        let call = somebody(&market, "wang").await;
        market.saved_searches().save(&call, any(Subject::Agencies, None)).await.unwrap();
        join(&market, 1, "慈溪甲测绘有限公司").await;
        join(&market, 2, "慈溪乙测绘有限公司").await;
        assert_eq!(told(&market, &call).await.len(), 2);
        let id = notices(&market, &call).await[0].id;
        let read = market.notices().read(&call, id).await.unwrap();
        assert_eq!(read.read_at, Some(market.env().now()));
        market.env().set(market.env().now().plus_seconds(60));
        assert_eq!(market.notices().read(&call, id).await.unwrap(), read);
        let one = Paging { after: None, limit: 1 };
        let unread = market.notices().list(&call.actor, NoticeFilter::Unread, &one).await.unwrap();
        assert_eq!((unread.items.len(), unread.next.is_some()), (1, false));
        assert_ne!(unread.items[0].id, id);
    }

    async fn a_wrong_search_is_not_saved(url: &str) {
        let market = market_with_catalogue(url).await;
        let call = somebody(&market, "wang").await;
        let items = vec!["unheard-of".parse().unwrap()];
        let query = SearchQuery { items, ..SearchQuery::new(Subject::Agencies) };
        let new = NewSavedSearch { name: "新的".to_owned(), wanted: Wanted::Query(query) };
        let Err(Error::Invalid(faults)) = market.saved_searches().save(&call, new).await else {
            panic!("saved");
        };
        assert_eq!(faults[0].pointer, "/query/item");
        let nameless = NewSavedSearch { name: " ".to_owned(), ..any(Subject::Agencies, None) };
        let saved = market.saved_searches().save(&call, nameless).await;
        assert!(matches!(saved, Err(Error::Invalid(_))));
    }

    async fn what_cannot_be_asked_any_more_holds_nobody_up(url: &str) {
        let market = market_with_catalogue(url).await;
        let call = somebody(&market, "wang").await;
        let person = PersonId(market.env().id());
        let lost: Call = Actor::new(person, Party::Operator).into();
        let searches = market.saved_searches();
        let gone = SearchQuery { categories: vec!["gone".parse().unwrap()], ..SearchQuery::new(Subject::Agencies) };
        let new = NewSavedSearch { name: "旧的".to_owned(), wanted: Wanted::Query(gone) };
        searches.save_once(&lost, &new, 0).await.unwrap();
        searches.save(&call, any(Subject::Agencies, None)).await.unwrap();
        let agency = join(&market, 1, "慈溪甲测绘有限公司").await;
        assert_eq!(told(&market, &call).await, [(Kind::Agency, agency.0)]);
    }

    async fn a_purchase_that_is_found_is_told_of_once(url: &str) {
        let mut world = World::new(url, Fund::Fiscal, 1).await;
        let market = world.market.clone();
        let call = world.agency(0).clone();
        let before = world.publish(purchase_notice()).await.unwrap();
        let item = before.item.clone();
        let category = market.catalog().item(&item).await.unwrap().category;
        let all = PurchaseQuery::default();
        let found = [
            all.clone(),
            PurchaseQuery { text: Some("油烟  报告".to_owned()), ..all.clone() },
            PurchaseQuery { categories: vec![category], ..all.clone() },
            PurchaseQuery { items: vec!["land-boundary-survey".parse().unwrap(), item], ..all.clone() },
            PurchaseQuery { regions: vec!["330000".parse().unwrap()], ..all.clone() },
            PurchaseQuery { modes: vec![Mode::Random, Mode::LowestPrice], ..all.clone() },
            PurchaseQuery { min_amount: "30000".parse().ok(), max_amount: "30000".parse().ok(), ..all.clone() },
        ];
        let others = [
            PurchaseQuery { text: Some("油烟 绿化".to_owned()), ..all.clone() },
            PurchaseQuery { items: vec!["land-boundary-survey".parse().unwrap()], ..all.clone() },
            PurchaseQuery { categories: vec!["surveying".parse().unwrap()], ..all.clone() },
            PurchaseQuery { regions: vec!["330281".parse().unwrap()], ..all.clone() },
            PurchaseQuery { modes: vec![Mode::LowestPrice], ..all.clone() },
            PurchaseQuery { min_amount: "30000.01".parse().ok(), ..all.clone() },
            PurchaseQuery { max_amount: "29999.99".parse().ok(), ..all.clone() },
        ];
        let mut wanted = Vec::new();
        for (at, query) in found.iter().chain(&others).enumerate() {
            let new = NewSavedSearch { name: "采购".to_owned(), wanted: Wanted::Purchases(query.clone()) };
            let saved = market.saved_searches().save(&call, new).await.unwrap();
            assert_eq!(saved.wanted, Wanted::Purchases(query.clone()));
            wanted.extend((at < found.len()).then_some(saved.id));
        }
        let kept = market.saved_searches().list(&call.actor).await.unwrap();
        assert_eq!(kept.len(), found.len() + others.len());
        assert_eq!(told(&market, &call).await, [], "what was published before is not new");

        world.case = open_case(&market, &world.owner, Fund::Fiscal).await;
        let draft = world.draft(purchase_notice()).await.unwrap();
        let reviewed = world.submit(&draft).await.unwrap();
        assert_eq!(reviewed.state.name(), "in_review");
        assert_eq!(told(&market, &call).await, [], "nobody may see it yet");
        let open = market.purchases().approve(&operator(), draft.id).await.unwrap();
        let other = another(url, &market).await;
        let (here, there) = (market.saved_searches(), other.saved_searches());
        let (here, there, again) = tokio::join!(here.catch_up(), there.catch_up(), here.catch_up());
        for done in [here, there, again] {
            done.unwrap();
        }
        let mut by: Vec<_> = notices(&market, &call).await;
        assert!(by.iter().all(|one| (one.kind, one.object) == (Kind::Purchase, open.id.0)));
        by.sort_by_key(|one| one.saved_search);
        assert_eq!(by.iter().filter_map(|one| one.saved_search).collect::<Vec<_>>(), wanted);

        let later = PurchaseNotice { content: "更正".to_owned(), ..purchase_notice() };
        market.purchases().correct(&world.owner, open.id, later).await.unwrap();
        assert_eq!(told(&market, &call).await.len(), wanted.len(), "a correction is nothing new");
    }

    async fn nobody_is_told_of_a_purchase_that_was_given_up(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let (market, call) = (&world.market, world.agency(0));
        let wanted = Wanted::Purchases(PurchaseQuery::default());
        let new = NewSavedSearch { name: "采购".to_owned(), wanted };
        market.saved_searches().save(call, new).await.unwrap();
        let open = world.publish(purchase_notice()).await.unwrap();
        market.purchases().void(&world.owner, open.id, "不办了").await.unwrap();
        assert_eq!(told(market, call).await, []);
    }

    async fn a_wrong_search_over_purchases_is_not_saved(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let all = PurchaseQuery::default();
        for (wrong, pointer) in [
            (PurchaseQuery { text: Some(String::new()), ..all.clone() }, "/purchases/text"),
            (PurchaseQuery { text: Some("长".repeat(201)), ..all.clone() }, "/purchases/text"),
            (PurchaseQuery { modes: vec![Mode::Random; 51], ..all.clone() }, "/purchases/mode"),
            (
                PurchaseQuery { min_amount: "2".parse().ok(), max_amount: "1".parse().ok(), ..all.clone() },
                "/purchases/max_amount",
            ),
            (PurchaseQuery { items: vec!["unheard-of".parse().unwrap()], ..all.clone() }, "/purchases/item/0"),
            (PurchaseQuery { categories: vec!["gone".parse().unwrap()], ..all.clone() }, "/purchases/category/0"),
            (PurchaseQuery { regions: vec!["990000".parse().unwrap()], ..all.clone() }, "/purchases/region/0"),
        ] {
            let new = NewSavedSearch { name: "采购".to_owned(), wanted: Wanted::Purchases(wrong) };
            let Err(Error::Invalid(faults)) = world.market.saved_searches().save(world.agency(0), new).await else {
                panic!("saved: {pointer}");
            };
            assert_eq!(faults[0].pointer, pointer);
        }
    }
}
