//! What is told of the journal, and what is not.

use super::*;
use crate::{
    Call, Mode,
    case::Fund,
    complaint::Letter,
    purchase::{
        Contact, Notice,
        tests::world::{World, acting, limits, notice, operator},
    },
    testing::on_both,
};

async fn all(market: &Market, call: &Call, filter: &AuditFilter, limit: u32) -> Vec<AuditEntry> {
    market.feed().catch_up_parties().await.unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let paging = Paging { after, limit };
        let page = market.audit().list(&call.actor, filter, &paging).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

fn of(kind: Kind) -> AuditFilter {
    AuditFilter { kind: Some(kind), ..AuditFilter::default() }
}

fn department(code: &str) -> Call {
    acting(Party::Department(code.parse().unwrap()))
}

fn letter() -> Letter {
    Letter {
        facts: "评审标准有倾向性".to_owned(),
        demand: "重新选取".to_owned(),
        evidence: String::new(),
        contact: Contact { name: "钱某".to_owned(), phone: "0574-3333-4444".to_owned() },
    }
}

on_both! {
    async fn each_reads_what_is_for_them_and_who_did_it(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let (market, everything) = (&world.market, AuditFilter::default());
        let draft = world.draft(notice(Mode::LowestPrice, limits())).await.unwrap();
        assert_eq!(all(market, &operator(), &of(Kind::Purchase), 100).await, [], "a draft");
        let open = world.submit(&draft).await.unwrap();
        world.enter(open.id, &["300", "200", "250"]).await;
        let complainant = world.agency(1);
        market.complaints().file(complainant, open.id, letter()).await.unwrap();
        let told = all(market, &operator(), &everything, 100).await;
        assert!(told.is_sorted_by(|one, other| one.pos > other.pos));
        let has = |event: &str| told.iter().any(|entry| entry.event == event);
        assert!(has("purchase_published") && has("complaint_filed") && has("case_opened"));
        // Who registered, nobody knows before the quotes are open.
        assert!(!has("agency_registered") && told.iter().all(|one| one.kind != Kind::Registration));
        let filed = told.iter().find(|entry| entry.event == "complaint_filed").unwrap();
        assert_eq!((filed.person, &filed.party), (None, &None), "who complains");
        let opened = told.iter().find(|entry| entry.event == "case_opened").unwrap();
        assert_eq!(opened.person, Some(world.owner.actor.person));
        assert_eq!(opened.party, Some(world.owner.actor.party.clone()));

        // Asking for whom does not find what is not told of them.
        let by = |party: &Call| AuditFilter {
            party: Some(party.actor.party.clone()), ..AuditFilter::default()
        };
        let of_agency = all(market, &operator(), &by(complainant), 100).await;
        assert!(of_agency.iter().all(|one| one.kind != Kind::Complaint), "{of_agency:?}");
        let of_owner = all(market, &operator(), &by(&world.owner), 100).await;
        assert!(of_owner.iter().any(|one| one.event == "case_opened"));
        assert!(of_owner.iter().all(|one| one.party.as_ref() == Some(&world.owner.actor.party)));
        let person = AuditFilter {
            person: Some(complainant.actor.person), kind: Some(Kind::Complaint),
            ..AuditFilter::default()
        };
        assert_eq!(all(market, &operator(), &person, 100).await, []);

        // A department reads what it takes part in, and of no person.
        let lead = department("market-regulation");
        let own = all(market, &lead, &everything, 100).await;
        assert!(own.iter().any(|one| one.event == "complaint_filed"), "it handles it");
        assert!(own.iter().any(|one| one.event == "case_opened"));
        assert!(own.iter().all(|one| one.person.is_none()));
        let published = own.iter().find(|one| one.event == "purchase_published").unwrap();
        assert_eq!(published.party, None, "the owner of a purchase");
        let stranger = all(market, &department("civil-affairs"), &everything, 100).await;
        let is_public = |one: &AuditEntry| one.kind != Kind::Case && one.kind != Kind::Complaint;
        assert!(stranger.iter().all(is_public), "{stranger:?}");
        let refused = market.audit().list(&lead.actor, &person, &Paging::default()).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OperatorOnly))), "{refused:?}");
        for other in [&world.owner, complainant] {
            let refused = market.audit().list(&other.actor, &everything, &Paging::default()).await;
            assert!(matches!(refused, Err(Error::Refused(Refusal::SupervisorsOnly))), "{refused:?}");
        }
    }

    async fn pages_filters_and_days_agree(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let (market, everything) = (&world.market, AuditFilter::default());
        let first = world.now().day();
        market.env().set(first.plus(2).end().plus_seconds(-60));
        let closes_at = market.env().now().plus_seconds(9 * 24 * 3600);
        let notice = Notice { closes_at, ..notice(Mode::LowestPrice, limits()) };
        let open = world.publish(notice).await.unwrap();
        let whole = all(market, &operator(), &everything, 100).await;
        assert!(whole.len() > 20, "{}", whole.len());
        assert_eq!(all(market, &operator(), &everything, 7).await, whole);
        let of_purchase = AuditFilter {
            object: Some(open.id.to_string()), ..of(Kind::Purchase)
        };
        let expected: Vec<_> =
            whole.iter().filter(|one| one.object == open.id.to_string()).cloned().collect();
        assert!(!expected.is_empty());
        assert_eq!(all(market, &operator(), &of_purchase, 1).await, expected);
        let days = |since, until| AuditFilter { since, until, ..AuditFilter::default() };
        let then = first.plus(2);
        assert_eq!(all(market, &operator(), &days(Some(then), None), 100).await.len(),
            whole.iter().filter(|one| one.at.day() == then).count());
        let before = all(market, &operator(), &days(None, Some(then.plus(-1))), 100).await;
        assert_eq!(before.len(), whole.iter().filter(|one| one.at.day() < then).count());
        assert_eq!(all(market, &operator(), &days(Some(then.plus(1)), None), 100).await, []);
        let bad = [
            (AuditFilter { object: Some("x".to_owned()), ..everything.clone() }, "kind"),
            (AuditFilter { object: Some(String::new()), ..of(Kind::Order) }, "object"),
            (days(Some(then), Some(first)), "until"),
        ];
        for (filter, at) in bad {
            let found = market.audit().list(&operator().actor, &filter, &Paging::default()).await;
            let Err(Error::Invalid(faults)) = found else { panic!("{found:?}") };
            assert_eq!(faults[0].pointer, at);
        }
        for bad in ["-1", "-9223372036854775808", "x"] {
            let paging = Paging { after: Some(Cursor::after(bad)), limit: 1 };
            let found = market.audit().list(&operator().actor, &everything, &paging).await;
            let Err(Error::Invalid(faults)) = found else { panic!("{bad}: {found:?}") };
            assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("after", "cursor"));
        }
        for none in ["0", "1"] {
            let paging = Paging { after: Some(Cursor::after(none)), limit: 1 };
            let found = market.audit().list(&operator().actor, &everything, &paging).await.unwrap();
            assert_eq!((found.items, found.next), (Vec::new(), None));
        }
    }
}
