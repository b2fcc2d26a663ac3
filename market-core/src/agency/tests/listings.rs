//! Listings and what orders see of them, on both databases.

use std::time::Duration;

use super::{world::*, *};
use crate::{Kind, store::Tx, testing::on_both};

async fn offered(tx: &mut Tx, id: ListingId) -> Result<Offer, Error> {
    let asked = tx.ask_offer(id).await?;
    tx.asked_offer(asked).await
}

on_both! {
    async fn a_listing_is_drafted_sold_changed_and_taken_off(url: &str) {
        let market = world(url).await;
        let listings = market.listings();
        let id = admitted(&market, USCC).await.id;
        let draft = listings.create(&of(id), new_listing("l1", 1_000_000)).await.unwrap();
        let same_code = listings.create(&of(id), new_listing("l1", 900_000)).await;
        assert_eq!(refusal(same_code), Refusal::ListingExists);
        assert_eq!(refusal(listings.take_off(&of(id), draft.id).await), Refusal::ListingNotPublished);
        listings.publish(&of(id), draft.id).await.unwrap();
        assert_eq!(refusal(listings.publish(&of(id), draft.id).await), Refusal::ListingPublished);

        let same = listings.change(&of(id), draft.id, terms(1_000_000)).await.unwrap();
        assert_eq!((same.number, same.version), (1, 2));
        let cheaper = listings.change(&of(id), draft.id, terms(900_000)).await.unwrap();
        assert_eq!((cheaper.number, cheaper.version), (2, 3));
        let off = listings.take_off(&operator(), draft.id).await.unwrap();
        assert_eq!(off.state, ListingState::OffShelf);
        assert_eq!(listings.get(None, draft.id).await.unwrap(), off);

        for (number, price) in [(1, 1_000_000), (2, 900_000)] {
            let at = listings.terms_at(None, draft.id, number).await.unwrap();
            assert_eq!((at.number, at.terms), (number, terms(price)));
        }
        assert_eq!(missing(listings.terms_at(None, draft.id, 3).await), "listing");
        assert_eq!(
            story(&market, Kind::Listing, &draft.id.to_string()).await,
            [
                "1 listing_created ▶draft",
                "2 listing_published draft▶published public",
                "3 listing_changed published▶published public",
                "4 listing_taken_off published▶off_shelf public",
            ],
        );
    }

    async fn only_who_trades_publishes_and_only_what_may_be_sold(url: &str) {
        let market = world(url).await;
        let (agencies, listings) = (market.agencies(), market.listings());
        let id = agencies.apply(&applicant(), new_agency(USCC)).await.unwrap().id;
        let draft = listings.create(&of(id), new_listing("l1", 1_200_001)).await.unwrap();
        let publish = || async { refusal(listings.publish(&of(id), draft.id).await) };
        assert_eq!(publish().await, Refusal::AgencyNotAdmitted);
        agencies.admit(&operator(), id).await.unwrap();
        let suspension = Suspension { months: 3, reason: "逾期交付".to_owned() };
        agencies.suspend(&operator(), id, suspension).await.unwrap();
        assert_eq!(publish().await, Refusal::AgencySuspended);
        agencies.reinstate(&operator(), id).await.unwrap();
        assert_eq!(publish().await, Refusal::PriceOverCap);
        listings.change(&of(id), draft.id, terms(1_200_000)).await.unwrap();
        listings.publish(&of(id), draft.id).await.unwrap();
        let dearer = listings.change(&of(id), draft.id, terms(1_200_001)).await;
        assert_eq!(refusal(dearer), Refusal::PriceOverCap);

        let mut tx = market.work().await.unwrap();
        tx.put_item(&item(true)).await.unwrap();
        tx.finish(()).await.unwrap();
        listings.take_off(&of(id), draft.id).await.unwrap();
        assert_eq!(publish().await, Refusal::ItemWithdrawn);
        let leaving = Leaving { reason: "业务调整".to_owned() };
        agencies.leave(&of(id), id, leaving).await.unwrap();
        assert_eq!(publish().await, Refusal::AgencyExited);
        let another = listings.create(&of(id), new_listing("l2", 1)).await;
        assert_eq!(refusal(another), Refusal::AgencyExited);
    }

    async fn what_a_listing_names_must_exist(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let listings = market.listings();
        let create = |new| async move { faults(listings.create(&of(id), new).await) };
        let mut nowhere = new_listing("l1", 1);
        nowhere.terms.regions.push(region("999999"));
        assert_eq!(create(nowhere).await, ["/terms/regions/1 unknown"]);
        let draft = listings.create(&of(id), new_listing("l1", 1)).await.unwrap();
        let nowhere = Terms { regions: vec![region("999999")], days: 0, ..terms(1) };
        let changed = listings.change(&of(id), draft.id, nowhere.clone()).await;
        assert_eq!(faults(changed), ["/days range"]);
        let nowhere = Terms { days: 1, ..nowhere };
        let changed = listings.change(&of(id), draft.id, nowhere).await;
        assert_eq!(faults(changed), ["/regions/0 unknown"]);
        let nothing = NewListing { item: "none".parse().unwrap(), ..new_listing("l1", 1) };
        assert_eq!(create(nothing).await, ["/item unknown"]);
    }

    async fn drafts_are_known_to_their_own_side_alone(url: &str) {
        let market = world(url).await;
        let listings = market.listings();
        let id = admitted(&market, USCC).await.id;
        let other = admitted(&market, "91512081MA62K0260E").await.id;
        let draft = listings.create(&of(id), new_listing("l1", 1)).await.unwrap();
        let shown = published(&market, id, "l2").await;
        for stranger in [None, Some(applicant().actor), Some(of(other).actor)] {
            let stranger = stranger.as_ref();
            assert_eq!(missing(listings.get(stranger, draft.id).await), "listing");
            assert_eq!(missing(listings.terms_at(stranger, draft.id, 1).await), "listing");
            let (all, paging) = (ListingFilter::default(), Paging::default());
            let page = listings.list(stranger, &all, &paging);
            assert_eq!(page.await.unwrap().items, std::slice::from_ref(&shown));
        }
        assert_eq!(missing(listings.publish(&of(other), draft.id).await), "listing");
        assert_eq!(refusal(listings.publish(&of(other), shown.id).await), Refusal::PartyNotHeld);
        for insider in [of(id).actor, operator().actor] {
            assert_eq!(listings.get(Some(&insider), draft.id).await.unwrap(), draft);
        }
    }

    async fn a_long_list_is_read_page_by_page(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let mut made = Vec::new();
        for number in 1..=5 {
            made.push(published(&market, id, &format!("l{number}")).await.id);
        }
        made.reverse();
        let filter = ListingFilter {
            item: "survey".parse().ok(),
            agency: Some(id),
            state: Some(ListingState::Published),
        };
        let (mut read, mut paging) = (Vec::new(), Paging { after: None, limit: 2 });
        loop {
            let page = market.listings().list(None, &filter, &paging).await.unwrap();
            read.extend(page.items.iter().map(|listing| listing.id));
            let Some(next) = page.next else { break };
            paging.after = Some(next);
        }
        assert_eq!(read, made);
        let nothing = ListingFilter { item: "none".parse().ok(), ..filter };
        let page = market.listings().list(None, &nothing, &Paging::default()).await.unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    }

    async fn of_two_who_change_the_same_version_one_wins(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let listing = published(&market, id, "l1").await;
        let change = |price| {
            let (market, call) = (market.clone(), of(id).expecting(listing.version));
            async move { market.listings().change(&call, listing.id, terms(price)).await }
        };
        let (one, other) = tokio::join!(tokio::spawn(change(1)), tokio::spawn(change(2)));
        let (won, lost): (Vec<_>, Vec<_>) =
            [one.unwrap(), other.unwrap()].into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(matches!(lost[0], Err(Error::Stale("listing"))), "{lost:?}");
        let now = market.listings().get(None, listing.id).await.unwrap();
        assert_eq!(won[0].as_ref().unwrap(), &now);
        assert_eq!((now.number, now.version), (2, 3));
    }

    async fn twenty_changes_at_once_are_all_kept_in_turn(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let listing = published(&market, id, "l1").await.id;
        let mut callers = tokio::task::JoinSet::new();
        for price in 1..=20 {
            let market = market.clone();
            callers.spawn(async move {
                market.listings().change(&of(id), listing, terms(price)).await.unwrap().number
            });
        }
        let mut numbers = callers.join_all().await;
        numbers.sort_unstable();
        assert_eq!(numbers, (2..=21).collect::<Vec<_>>());
    }

    async fn an_offer_stays_as_it_is_until_its_order_is_done(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        market.agencies().add_qualification(&of(id), id, new_qualification("A1")).await.unwrap();
        let listing = published(&market, id, "l1").await;

        let mut tx = market.work().await.unwrap();
        let offer = offered(&mut tx, listing.id).await.unwrap();
        assert_eq!((&offer.listing, offer.qualifications.len()), (&listing, 1));
        assert_eq!(offer.agency.trades_on("2026-11-24".parse().unwrap()), Ok(()));
        let suspend = || {
            let suspension = Suspension { months: 3, reason: "逾期交付".to_owned() };
            let market = market.clone();
            async move { market.agencies().suspend(&operator(), id, suspension).await }
        };
        let take_off = || {
            let market = market.clone();
            async move { market.listings().take_off(&of(id), listing.id).await }
        };
        let meanwhile = Duration::from_millis(300);
        assert!(tokio::time::timeout(meanwhile, suspend()).await.is_err());
        assert!(tokio::time::timeout(meanwhile, take_off()).await.is_err());
        tx.finish(()).await.unwrap();
        suspend().await.unwrap();
        take_off().await.unwrap();

        let mut tx = market.work().await.unwrap();
        let offer = offered(&mut tx, listing.id).await.unwrap();
        assert_eq!(offer.listing.state, ListingState::OffShelf);
        assert_eq!(offer.agency.state.standing(), Standing::Suspended);
        tx.finish(()).await.unwrap();
    }

    async fn an_offer_waits_for_terms_that_are_about_to_change(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let listing = published(&market, id, "l1").await;
        let mut tx = market.work().await.unwrap();
        let before = tx.listing(listing.id).await.unwrap();
        let waiting = market.clone();
        let mut offer = tokio::spawn(async move {
            let mut tx = waiting.work().await.unwrap();
            offered(&mut tx, listing.id).await.unwrap()
        });
        tx.save_listing(before.change(terms(7))).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(300), &mut offer).await.is_err());
        tx.finish(()).await.unwrap();
        let offered = offer.await.unwrap().listing;
        assert_eq!((offered.number, offered.terms), (listing.number + 1, terms(7)));
    }

    async fn there_is_no_offer_of_a_draft(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let draft = market.listings().create(&of(id), new_listing("l1", 1)).await.unwrap().id;
        assert_eq!(missing(market.listings().offer_of(draft).await), "listing");
        let mut tx = market.work().await.unwrap();
        for absent in [draft, ListingId(uuid::Uuid::nil())] {
            assert_eq!(missing(offered(&mut tx, absent).await), "listing");
        }
    }
}
