use super::*;
use crate::{
    Actor, Change, Money, Party, Refusal,
    testing::{contract_rules, market, on_both, ranking, selection},
};

fn region(code: &str, parent: &str) -> NewRegion {
    let (name, parent) = (format!("region {code}"), parent.parse().ok());
    NewRegion { code: code.parse().unwrap(), name, parent, centre: None }
}

fn profile(region: &str, version: i64, from: &str) -> PolicyProfile {
    PolicyProfile {
        region: region.parse().unwrap(),
        version,
        effective_from: from.parse().unwrap(),
        basis: "test".to_owned(),
        formal_check_days: 2,
        accept_days: 2,
        contract_days: 10,
        confirm_contract_days: 5,
        sign_off_days: 5,
        rework_days: 5,
        use_days: 5,
        direct_limit_fiscal: Money::from_fen(10_000_000).unwrap(),
        expiry_warning_days: 60,
        suspension_months: vec![3, 6, 12],
        deliverable_max_bytes: 1,
        contract: contract_rules(),
        ranking: ranking(),
        selection: selection(),
        evaluation: crate::EvaluationRules::default(),
    }
}

async fn policy_on(market: &Market, region: &str, day: &str) -> Result<(String, i64), Error> {
    let found = market.rules().policy(&region.parse().unwrap(), day.parse().unwrap()).await?;
    Ok((found.region.to_string(), found.version))
}

on_both! {
    async fn the_nearest_region_decides_and_of_it_the_latest_profile(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        let regions = [region("330282", "330200"), region("330200", "330000"),
            region("330000", "100000"), region("100000", ""), region("110000", "100000")];
        assert_eq!(tx.put_regions(&regions).await.unwrap(), [Change::Created; 5]);
        for (code, version, from) in [("100000", 1, "2020-01-01"), ("330200", 1, "2024-01-01"),
            ("330200", 3, "2025-01-01"), ("330200", 2, "2025-01-01"), ("330282", 1, "2030-01-01")] {
            let change = tx.put_policy(&profile(code, version, from)).await.unwrap();
            assert_eq!(change, Change::Created);
        }
        let again = tx.put_policy(&profile("330200", 3, "2025-01-01")).await.unwrap();
        assert_eq!(again, Change::Unchanged);
        assert!(tx.put_policy(&profile("330200", 3, "2025-01-02")).await.is_err());
        tx.finish(()).await.unwrap();

        let cixi = |day| policy_on(&market, "330282", day);
        assert_eq!(cixi("2023-12-31").await.unwrap(), ("100000".to_owned(), 1));
        assert_eq!(cixi("2024-01-01").await.unwrap(), ("330200".to_owned(), 1));
        assert_eq!(cixi("2026-01-01").await.unwrap(), ("330200".to_owned(), 3));
        assert_eq!(cixi("2030-01-01").await.unwrap(), ("330282".to_owned(), 1));
        let beijing = policy_on(&market, "110000", "2026-01-01").await.unwrap();
        assert_eq!(beijing, ("100000".to_owned(), 1));
        let too_early = cixi("2019-12-31").await;
        assert!(matches!(too_early, Err(Error::Inconsistent("policy profile"))));
    }

    async fn the_operator_reads_which_profiles_decide(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        tx.put_regions(&[region("1", ""), region("2", "1")]).await.unwrap();
        for (code, version, from) in [("1", 1, "2020-01-01"), ("1", 2, "2025-01-01"),
            ("1", 3, "2025-01-01"), ("1", 4, "2030-01-01"), ("1", 5, "2030-01-01"),
            ("2", 1, "2031-01-01")] {
            tx.put_policy(&profile(code, version, from)).await.unwrap();
        }
        tx.finish(()).await.unwrap();
        let found = market.rules().profiles(&Actor::system()).await.unwrap();
        let told: Vec<_> = found.iter().map(|one| {
            (one.profile.region.as_str(), one.profile.version, one.standing.as_str())
        }).collect();
        assert_eq!(told, [
            ("1", 1, "past"), ("1", 2, "past"), ("1", 3, "in_force"), ("1", 4, "past"),
            ("1", 5, "coming"), ("2", 1, "coming"),
        ]);
        let department = Party::Department("fire-rescue".parse().unwrap());
        let other = Actor::new(Actor::system().person, department);
        let refused = market.rules().profiles(&other).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OperatorOnly))), "{refused:?}");
    }

    async fn what_lies_in_a_moved_region_moves_with_it(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        let regions = [region("1", ""), region("2", "1"), region("3", "2")];
        tx.put_regions(&regions).await.unwrap();
        let moved = [region("4", "1"), region("2", "4"), region("1", "")];
        let changes = tx.put_regions(&moved).await.unwrap();
        assert_eq!(changes, [Change::Created, Change::Changed, Change::Unchanged]);
        let path = tx.region(&"3".parse().unwrap()).await.unwrap().path;
        assert_eq!(path.iter().map(RegionCode::as_str).collect::<Vec<_>>(), ["1", "4", "2", "3"]);
        assert!(tx.put_regions(&[region("4", "3")]).await.is_err());
        assert!(tx.put_regions(&[region("5", "9")]).await.is_err());
        tx.finish(()).await.unwrap();
        let country = market.rules().regions(None).await.unwrap();
        let inside = market.rules().regions(Some(&country[0].code)).await.unwrap();
        assert_eq!(inside.iter().map(|region| region.code.as_str()).collect::<Vec<_>>(), ["4"]);
        let entries = market.db.journal_of(crate::Kind::Rules, "regions").await.unwrap();
        assert_eq!(entries.len(), 2);
    }

    async fn a_region_keeps_its_centre_until_another_is_given(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        let at = |place: &str| NewRegion { centre: place.parse().ok(), ..region("2", "1") };
        tx.put_regions(&[region("1", ""), at("-0.5,121.266561")]).await.unwrap();
        assert_eq!(tx.put_regions(&[at("-0.5,121.266561")]).await.unwrap(), [Change::Unchanged]);
        tx.put_regions(&[region("1", "")]).await.unwrap();
        let centre = tx.region(&"2".parse().unwrap()).await.unwrap().centre;
        assert_eq!(centre.unwrap().to_string(), "-0.5,121.266561");
        assert_eq!(tx.put_regions(&[at("30,121")]).await.unwrap(), [Change::Changed]);
        assert_eq!(tx.put_regions(&[at("")]).await.unwrap(), [Change::Changed]);
        assert_eq!(tx.region(&"2".parse().unwrap()).await.unwrap().centre, None);
    }

    async fn the_calendar_is_of_every_notice(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        let day = |day: &str, kind| CalendarDay {
            day: day.parse().unwrap(), kind, name: "国庆节".to_owned(),
        };
        let days = [day("2025-12-31", DayKind::Holiday), day("2026-01-01", DayKind::Holiday),
            day("2026-10-10", DayKind::Workday)];
        assert_eq!(tx.put_calendar_days(&days).await.unwrap(), [Change::Created; 3]);
        assert_eq!(tx.put_calendar_days(&days).await.unwrap(), [Change::Unchanged; 3]);
        let calendar = tx.calendar().await.unwrap();
        tx.finish(()).await.unwrap();
        assert!(!calendar.is_working("2026-01-01".parse().unwrap()));
        assert!(calendar.is_working("2026-10-10".parse().unwrap()));
        assert!(calendar.covers("2025-01-01".parse().unwrap()));
        assert!(!calendar.covers("2024-12-31".parse().unwrap()));
    }
}
