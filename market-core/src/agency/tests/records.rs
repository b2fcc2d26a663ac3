//! What putting rows does, on both databases.

use super::{
    record::{AgencyRecord, ListingRecord, PractitionerRecord, QualificationRecord, RecordState},
    world::*,
    *,
};
use crate::{
    Change, Kind,
    id::{AgencyId, PractitionerId, QualificationId},
    testing::on_both,
};

fn agency_row() -> AgencyRecord {
    let Details { name, region, profile } = details();
    AgencyRecord {
        uscc: USCC.parse().unwrap(),
        name,
        nature: profile.nature,
        legal_representative: profile.legal_representative,
        region,
        address: profile.address,
        phone: profile.phone,
        established_on: profile.established_on,
        capital: profile.capital,
        scope: profile.scope,
        origin: Origin::Demonstration,
        state: RecordState::Suspended,
        suspended_until: "2027-01-31".parse().ok(),
        state_reason: Some("逾期交付".to_owned()),
        attached_to: profile.attached_to,
    }
}

fn qualification_row() -> QualificationRecord {
    let new = new_qualification("A1");
    QualificationRecord {
        uscc: USCC.parse().unwrap(),
        kind: new.kind,
        level: new.level,
        majors: new.majors,
        number: new.number,
        issuer: new.issuer,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
        revoked: false,
    }
}

fn practitioner_row() -> PractitionerRecord {
    let new = new_practitioner("C1");
    PractitionerRecord {
        uscc: USCC.parse().unwrap(),
        name: new.name,
        specialty: new.specialty,
        certificate: new.certificate,
        valid_until: new.valid_until,
    }
}

fn listing_row() -> ListingRecord {
    let NewListing { code, item, terms } = new_listing("l1", 1_000_000);
    ListingRecord {
        uscc: USCC.parse().unwrap(),
        code,
        item,
        title: terms.title,
        summary: terms.summary,
        price: terms.price,
        unit: terms.unit,
        regions: terms.regions,
        days: terms.days,
        state: ListingState::Published,
    }
}

/// Puts one row of each, found by what is there, and says what each did.
async fn put(
    market: &Market,
    agency: &AgencyRecord,
    qualification: &QualificationRecord,
    practitioner: &PractitionerRecord,
    listing: &ListingRecord,
) -> [Change; 4] {
    let mut tx = market.work().await.unwrap();
    let fresh = || market.env.id();
    let before = tx.all_agencies().await.unwrap().pop();
    let (mut stored, one) =
        tx.put_agency(agency, before.as_ref(), AgencyId(fresh())).await.unwrap();
    let before = tx.all_qualifications().await.unwrap().pop();
    let id = QualificationId(fresh());
    let put = tx.put_qualification(qualification, &mut stored, &kind(), before.as_ref(), id).await;
    let (_, two) = put.unwrap();
    let before = tx.all_practitioners().await.unwrap().pop();
    let id = PractitionerId(fresh());
    let put = tx.put_practitioner(practitioner, &mut stored, before.as_ref(), id).await;
    let (_, three) = put.unwrap();
    let before = tx.all_listings().await.unwrap().pop();
    let put = tx.put_listing(listing, stored.id, before.as_ref(), ListingId(fresh())).await;
    let (_, four) = put.unwrap();
    tx.finish([one, two, three, four]).await.unwrap()
}

on_both! {
    async fn rows_come_in_change_and_go_out_as_they_came(url: &str) {
        let market = world(url).await;
        let (mut agency, mut qualification) = (agency_row(), qualification_row());
        let (mut practitioner, mut listing) = (practitioner_row(), listing_row());
        let done = put(&market, &agency, &qualification, &practitioner, &listing).await;
        assert_eq!(done, [Change::Created; 4]);
        let done = put(&market, &agency, &qualification, &practitioner, &listing).await;
        assert_eq!(done, [Change::Unchanged; 4]);
        agency.phone = "0574-0000-0009".to_owned();
        qualification.level = "grade-a".parse().unwrap();
        practitioner.name = "李工".to_owned();
        listing.price = Money::from_fen(900_000).unwrap();
        let done = put(&market, &agency, &qualification, &practitioner, &listing).await;
        assert_eq!(done, [Change::Changed; 4]);

        let stored = market.db.all_agencies().await.unwrap().remove(0);
        let uscc = &stored.uscc;
        assert_eq!(AgencyRecord::of(&stored), Some(agency));
        let kept = market.db.all_qualifications().await.unwrap();
        assert_eq!(QualificationRecord::of(uscc, &kept[0]), qualification);
        let kept = market.db.all_practitioners().await.unwrap();
        assert_eq!(PractitionerRecord::of(uscc, &kept[0]), practitioner);
        let kept = market.db.all_listings().await.unwrap();
        assert_eq!(ListingRecord::of(uscc, &kept[0]), listing);
        assert_eq!((kept[0].number, kept[0].version), (2, 2));

        assert_eq!(
            story(&market, Kind::Agency, &stored.id.to_string()).await,
            [
                "1 agency_imported ▶suspended public",
                "2 qualification_imported suspended▶suspended public",
                "3 practitioner_imported suspended▶suspended public",
                "4 agency_imported suspended▶suspended public",
                "5 qualification_imported suspended▶suspended public",
                "6 practitioner_imported suspended▶suspended public",
            ],
        );
        assert_eq!(
            story(&market, Kind::Listing, &kept[0].id.to_string()).await,
            [
                "1 listing_imported ▶published public",
                "2 listing_imported published▶published public",
            ],
        );
        let ids = [stored.id, AgencyId(uuid::Uuid::nil())];
        let found = market.db.agencies_by_id(&ids).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&stored));
        assert_eq!(market.db.listings_of(&ids).await.unwrap(), kept);
        assert_eq!(market.db.qualifications_of(&ids).await.unwrap().len(), 1);
        assert_eq!(market.db.agency_ids(None, 10).await.unwrap(), [stored.id]);
        assert!(market.db.agency_ids(Some(stored.id), 10).await.unwrap().is_empty());
    }

    async fn a_row_changes_no_state(url: &str) {
        let market = world(url).await;
        let agency = admitted(&market, USCC).await;
        let mut tx = market.work().await.unwrap();
        let put = tx.put_agency(&agency_row(), Some(&agency), agency.id).await;
        assert_eq!(faults(put), ["state state"]);
        // A suspension that is over is an admission.
        let over = AgencyRecord { suspended_until: "2026-11-23".parse().ok(), ..agency_row() };
        let put = tx.put_agency(&over, Some(&agency), agency.id).await.unwrap();
        assert_eq!((put.1, put.0.origin), (Change::Changed, Origin::Demonstration));
    }

    async fn a_wrong_row_is_told_by_its_columns(url: &str) {
        let market = world(url).await;
        let mut agency = admitted(&market, USCC).await;
        let mut tx = market.work().await.unwrap();
        let wrong = AgencyRecord { phone: String::new(), ..agency_row() };
        let id = agency.id;
        assert_eq!(faults(tx.put_agency(&wrong, None, id).await), ["phone length"]);
        let wrong = AgencyRecord { suspended_until: None, state_reason: None, ..agency_row() };
        let told = faults(tx.put_agency(&wrong, None, id).await);
        assert_eq!(told, ["suspended_until state", "state_reason length"]);
        let wrong = QualificationRecord { majors: vec!["酿酒".to_owned()], ..qualification_row() };
        let id = QualificationId(uuid::Uuid::nil());
        let put = tx.put_qualification(&wrong, &mut agency, &kind(), None, id).await;
        assert_eq!(faults(put), ["majors unknown"]);
        let wrong = ListingRecord { days: 0, title: String::new(), ..listing_row() };
        let put = tx.put_listing(&wrong, agency.id, None, ListingId(uuid::Uuid::nil())).await;
        assert_eq!(faults(put), ["title length", "days range"]);
    }

    async fn an_application_is_in_no_pack(url: &str) {
        let market = world(url).await;
        market.agencies().apply(&applicant(), new_agency(USCC)).await.unwrap();
        let agencies = market.db.all_agencies().await.unwrap();
        assert_eq!(agencies.iter().map(AgencyRecord::of).collect::<Vec<_>>(), [None]);
    }

    async fn every_statement_is_understood(url: &str) {
        let market = world(url).await;
        let files =
            [store::STATEMENTS, listing_store::STATEMENTS, qualification_store::STATEMENTS];
        for (name, sql) in files.into_iter().flatten() {
            assert!(market.db.prepare(sql).await.is_ok(), "{name}: {sql}");
        }
    }
}
