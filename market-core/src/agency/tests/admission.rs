//! Admission, certificates and practitioners, on both databases.

use super::{world::*, *};
use crate::{Kind, Party, testing::on_both};

const OTHER: &str = "91512081MA62K0260E";

on_both! {
    async fn an_agency_comes_and_goes(url: &str) {
        let market = world(url).await;
        let agencies = market.agencies();
        give_account(&market).await;

        // The clock stands at Tuesday 24 November 2026.
        let applied = agencies.apply(&applicant(), new_agency(USCC)).await.unwrap();
        let id = applied.id;
        assert_eq!(applied.state, Applying { due: "2026-11-26".parse().unwrap() }.into());
        assert_eq!(memberships(&market).await, [format!("agency:{id}")]);
        assert_eq!(refusal(agencies.apply(&applicant(), new_agency(USCC)).await), Refusal::AgencyExists);

        let reasons = vec!["缺少承诺书".to_owned()];
        let rejection = Rejection { reasons: reasons.clone() };
        let rejected = agencies.reject(&operator(), id, rejection).await.unwrap();
        assert_eq!(rejected.state, Rejected { reasons }.into());
        assert_eq!(refusal(agencies.admit(&operator(), id).await), Refusal::AgencyNotApplying);
        let named = Details { name: "慈溪测绘院".to_owned(), ..details() };
        let again = agencies.reapply(&of(id), id, named.clone()).await.unwrap();
        assert_eq!((again.name.as_str(), again.version), ("慈溪测绘院", 3));
        agencies.admit(&operator(), id).await.unwrap();

        let for_months = |months| Suspension { months, reason: "逾期交付".to_owned() };
        let off_ladder = agencies.suspend(&operator(), id, for_months(4)).await;
        assert_eq!(faults(off_ladder), ["/months ladder"]);
        let suspended = agencies.suspend(&operator(), id, for_months(3)).await.unwrap();
        let until = "2027-02-24".parse().unwrap();
        assert_eq!(suspended.state, Suspended { until, reason: "逾期交付".to_owned() }.into());
        let twice = agencies.suspend(&operator(), id, for_months(3)).await;
        assert_eq!(refusal(twice), Refusal::AgencySuspended);
        agencies.reinstate(&operator(), id).await.unwrap();
        let leaving = || Leaving { reason: "业务调整".to_owned() };
        let left = agencies.leave(&of(id), id, leaving()).await.unwrap();
        assert_eq!(left.state, Exited { reason: "业务调整".to_owned() }.into());
        assert_eq!(refusal(agencies.leave(&of(id), id, leaving()).await), Refusal::AgencyExited);
        assert_eq!(refusal(agencies.change(&of(id), id, details()).await), Refusal::AgencyExited);

        assert_eq!(
            story(&market, Kind::Agency, &id.to_string()).await,
            [
                "1 agency_applied ▶applying",
                "2 agency_rejected applying▶rejected",
                "3 agency_reapplied rejected▶applying",
                "4 agency_admitted applying▶admitted public",
                "5 agency_suspended admitted▶suspended public",
                "6 agency_reinstated suspended▶admitted public",
                "7 agency_exited admitted▶exited public",
            ],
        );
    }

    async fn a_suspension_is_over_the_day_after_its_last(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let listing = published(&market, id, "l1").await;
        let suspension = Suspension { months: 3, reason: "逾期交付".to_owned() };
        market.agencies().suspend(&operator(), id, suspension.clone()).await.unwrap();
        let suspended = |state| {
            let filter = AgencyFilter { state: Some(state) };
            let market = market.clone();
            async move {
                let paging = Paging::default();
                market.agencies().list(None, &filter, &paging).await.unwrap().items.len()
            }
        };
        assert_eq!((suspended(Standing::Suspended).await, suspended(Standing::Admitted).await), (1, 0));

        market.env.set("2027-02-24T15:59:59Z".parse().unwrap());
        let offer = market.listings().offer_of(listing.id).await.unwrap();
        let last_day = "2027-02-24".parse().unwrap();
        assert_eq!(offer.agency.trades_on(last_day), Err(Refusal::AgencySuspended));

        market.env.set("2027-02-24T16:00:00Z".parse().unwrap());
        let agency = market.agencies().get(None, id).await.unwrap();
        assert_eq!((agency.state, agency.version), (Admitted {}.into(), 3));
        assert_eq!((suspended(Standing::Suspended).await, suspended(Standing::Admitted).await), (0, 1));
        let reinstated = market.agencies().reinstate(&operator(), id).await;
        assert_eq!(refusal(reinstated), Refusal::AgencyNotSuspended);
        market.agencies().suspend(&operator(), id, suspension).await.unwrap();
    }

    async fn an_agency_with_open_orders_stays(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        open_order(&market, &published(&market, id, "l1").await).await;
        let leaving = || Leaving { reason: "业务调整".to_owned() };
        let left = market.agencies().leave(&operator(), id, leaving()).await;
        assert_eq!(refusal(left), Refusal::AgencyHasOrders);
        close_orders(&market).await;
        market.agencies().leave(&operator(), id, leaving()).await.unwrap();
    }

    async fn an_application_is_known_to_its_own_side_alone(url: &str) {
        let market = world(url).await;
        let agencies = market.agencies();
        let seen = admitted(&market, OTHER).await.id;
        let id = agencies.apply(&applicant(), new_agency(USCC)).await.unwrap().id;
        for stranger in [None, Some(applicant().actor), Some(of(seen).actor)] {
            assert_eq!(missing(agencies.get(stranger.as_ref(), id).await), "agency");
            assert_eq!(missing(agencies.qualifications(stranger.as_ref(), id).await), "agency");
            let (all, paging) = (AgencyFilter::default(), Paging::default());
            let page = agencies.list(stranger.as_ref(), &all, &paging);
            let ids: Vec<_> = page.await.unwrap().items.iter().map(|agency| agency.id).collect();
            assert_eq!(ids, [seen]);
        }
        for insider in [of(id).actor, operator().actor] {
            assert_eq!(agencies.get(Some(&insider), id).await.unwrap().id, id);
            let filter = AgencyFilter { state: Some(Standing::Applying) };
            let page = agencies.list(Some(&insider), &filter, &Paging::default()).await.unwrap();
            assert_eq!(page.items.len(), 1);
        }
    }

    async fn each_side_keeps_to_its_own_steps(url: &str) {
        let market = world(url).await;
        let agencies = market.agencies();
        let (id, other) = (admitted(&market, USCC).await.id, admitted(&market, OTHER).await.id);
        assert_eq!(refusal(agencies.admit(&of(id), id).await), Refusal::OperatorOnly);
        let changed = agencies.change(&operator(), id, details()).await;
        assert_eq!(refusal(changed), Refusal::AgenciesOnly);
        let changed = agencies.change(&of(other), id, details()).await;
        assert_eq!(refusal(changed), Refusal::PartyNotHeld);
        let added = agencies.add_qualification(&applicant(), id, new_qualification("A1")).await;
        assert_eq!(refusal(added), Refusal::AgenciesOnly);
        let leaving = Leaving { reason: "业务调整".to_owned() };
        let left = agencies.leave(&of(other), id, leaving).await;
        assert_eq!(refusal(left), Refusal::PartyNotHeld);
    }

    async fn a_change_is_written_once_and_never_over_another(url: &str) {
        let market = world(url).await;
        let agencies = market.agencies();
        let id = admitted(&market, USCC).await.id;
        let same = agencies.change(&of(id), id, details()).await.unwrap();
        assert_eq!(same.version, 2);
        let named = |name: &str| Details { name: name.to_owned(), ..details() };
        let call = of(id).expecting(2).once("key-1");
        let changed = agencies.change(&call, id, named("慈溪测绘院")).await.unwrap();
        assert_eq!(changed.version, 3);
        let replayed = agencies.change(&call, id, named("慈溪测绘院")).await.unwrap();
        assert_eq!(replayed, changed);
        let stale = agencies.change(&of(id).expecting(2), id, named("慈溪")).await;
        assert!(matches!(stale, Err(Error::Stale("agency"))), "{stale:?}");
        let nowhere = Details { region: region("999999"), ..details() };
        assert_eq!(faults(agencies.change(&of(id), id, nowhere).await), ["/region unknown"]);
    }

    async fn certificates_are_recorded_once_and_revoked_once(url: &str) {
        let market = world(url).await;
        let agencies = market.agencies();
        let id = admitted(&market, USCC).await.id;
        let added = agencies.add_qualification(&of(id), id, new_qualification("A1")).await.unwrap();
        assert!(added.is_valid_on("2026-11-24".parse().unwrap()));
        let twice = agencies.add_qualification(&of(id), id, new_qualification("A1")).await;
        assert_eq!(refusal(twice), Refusal::QualificationExists);
        let wrong = NewQualification {
            level: "grade-z".parse().unwrap(),
            majors: vec!["工程测量".to_owned(), "酿酒".to_owned(), "工程测量".to_owned()],
            ..new_qualification("A2")
        };
        assert_eq!(
            faults(agencies.add_qualification(&of(id), id, wrong).await),
            ["/level unknown", "/majors/1 unknown", "/majors/2 duplicate"],
        );
        let wrong = NewQualification { kind: "none".parse().unwrap(), ..new_qualification("A2") };
        let unknown = agencies.add_qualification(&operator(), id, wrong).await;
        assert_eq!(faults(unknown), ["/kind unknown"]);

        let revoked = agencies.revoke_qualification(&operator(), id, added.id).await.unwrap();
        assert!(revoked.revoked && !revoked.is_valid_on("2026-11-24".parse().unwrap()));
        let twice = agencies.revoke_qualification(&operator(), id, added.id).await;
        assert_eq!(refusal(twice), Refusal::QualificationRevoked);
        assert_eq!(agencies.qualifications(None, id).await.unwrap(), [revoked]);
        let story = story(&market, Kind::Agency, &id.to_string()).await;
        assert_eq!(
            story[2..],
            [
                "3 qualification_added admitted▶admitted public",
                "4 qualification_revoked admitted▶admitted public",
            ],
        );
    }

    async fn practitioners_come_and_go(url: &str) {
        let market = world(url).await;
        let agencies = market.agencies();
        let id = admitted(&market, USCC).await.id;
        let added = agencies.add_practitioner(&of(id), id, new_practitioner("C1")).await.unwrap();
        let twice = agencies.add_practitioner(&of(id), id, new_practitioner("C1")).await;
        assert_eq!(refusal(twice), Refusal::PractitionerExists);
        let known = agencies.practitioners(None, id).await.unwrap();
        assert_eq!(known, std::slice::from_ref(&added));
        let removed = agencies.remove_practitioner(&operator(), id, added.id).await.unwrap();
        assert_eq!(removed, added);
        let twice = agencies.remove_practitioner(&operator(), id, added.id).await;
        assert_eq!(missing(twice), "practitioner");
        assert!(agencies.practitioners(None, id).await.unwrap().is_empty());
        agencies.add_practitioner(&of(id), id, new_practitioner("C1")).await.unwrap();
    }

    async fn twenty_at_once_record_a_certificate_once(url: &str) {
        let market = world(url).await;
        let id = admitted(&market, USCC).await.id;
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let market = market.clone();
            callers.spawn(async move {
                let new = new_qualification("A1");
                market.agencies().add_qualification(&of(id), id, new).await.map(drop)
            });
        }
        let outcomes = callers.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 19));
        for outcome in lost {
            assert_eq!(refusal(outcome), Refusal::QualificationExists);
        }
        assert_eq!(market.agencies().qualifications(None, id).await.unwrap().len(), 1);
    }

    async fn twenty_at_once_apply_with_one_code_once(url: &str) {
        let market = world(url).await;
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let market = market.clone();
            callers.spawn(async move {
                market.agencies().apply(&applicant(), new_agency(USCC)).await.map(drop)
            });
        }
        let outcomes = callers.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 19));
        for outcome in lost {
            assert_eq!(refusal(outcome), Refusal::AgencyExists);
        }
    }

    async fn nobody_without_an_account_becomes_a_member(url: &str) {
        let market = world(url).await;
        let system = Actor::system().into();
        let agency = market.agencies().apply(&system, new_agency(USCC)).await.unwrap();
        assert_eq!(agency.version, 1);
        assert!(memberships(&market).await.is_empty());
        let party = Party::Agency(agency.id);
        assert_eq!(party.to_string().parse(), Ok(party));
    }
}
