//! What a complaint may come to, and who learns of it.

use std::fmt::Write;

use uuid::Uuid;

use super::*;
use crate::{
    Kind, Mode, Refusal,
    case::Fund,
    id::PersonId,
    purchase::{
        Failure, Notice, Purchase, PurchaseState,
        tests::world::{World, acting, amount, code, limits, notice, operator},
    },
    testing::{clock, on_both},
};

/// What only the complainant and the handler may read.
const CANARY: &str = "金丝雀";

fn letter() -> Letter {
    Letter {
        facts: format!("{CANARY}：评审标准有倾向性\n违反选取规则"),
        demand: format!("{CANARY}：重新选取"),
        evidence: format!("{CANARY}：公告截图"),
        contact: Contact { name: format!("{CANARY}某"), phone: "0574-3333-4444".to_owned() },
    }
}

fn handler() -> Call {
    acting(Party::Department("market-regulation".parse().unwrap()))
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// A purchase whose award is being published, to the second of three agencies.
async fn published(url: &str) -> (World, Purchase) {
    let world = Box::pin(World::new(url, Fund::Social, 4)).await;
    let open = Box::pin(world.publish(notice(Mode::LowestPrice, limits()))).await.unwrap();
    Box::pin(world.enter(open.id, &["300", "200", "250"])).await;
    let purchase = Box::pin(world.open(&open)).await;
    assert_eq!(purchase.state.name(), "publicity");
    (world, purchase)
}

fn until(purchase: &Purchase) -> String {
    match &purchase.state {
        PurchaseState::Publicity(state) => state.until.to_string(),
        other => panic!("{}", other.name()),
    }
}

async fn stands(world: &World, purchase: &Purchase) -> &'static str {
    world.get(purchase.id).await.state.name()
}

fn complaint(state: ComplaintState) -> Complaint {
    let at = "2026-11-23T02:00:00Z".parse().unwrap();
    Complaint {
        id: ComplaintId(Uuid::nil()),
        number: "TS20261123-0000000000".to_owned(),
        purchase_id: PurchaseId(Uuid::nil()),
        owner_id: ApplicantId(Uuid::nil()),
        handler: "market-regulation".parse().unwrap(),
        complainant: Some(Party::Applicant(ApplicantId(Uuid::nil()))),
        letter: Some(letter()),
        due_at: state.due_at(),
        state,
        since: at,
        overdue: false,
        version: 3,
        created_at: at,
        updated_at: at,
    }
}

fn states() -> Vec<ComplaintState> {
    let due = "2026-12-01".parse().unwrap();
    let text = || "查无实据".to_owned();
    vec![
        ComplaintState::Filed { due },
        ComplaintState::NotAccepted { reason: text() },
        ComplaintState::Investigating { due },
        ComplaintState::Upheld { decision: text() },
        ComplaintState::Dismissed { decision: text() },
        ComplaintState::Withdrawn {},
    ]
}

#[test]
fn every_step_from_every_state() {
    type Step = fn(Complaint) -> Result<Moved, Refusal>;
    let steps: [(&str, Step); 5] = [
        ("accept", |one| one.accept(&clock())),
        ("refuse", |one| one.refuse("不是当事人".to_owned(), clock().now)),
        ("uphold", |one| one.uphold("属实".to_owned(), clock().now)),
        ("dismiss", |one| one.dismiss("不属实".to_owned(), clock().now)),
        ("withdraw", |one| one.withdraw(clock().now)),
    ];
    let department = handler().actor;
    let own = acting(Party::Applicant(ApplicantId(Uuid::nil()))).actor;
    let mut page = String::new();
    for state in states() {
        assert!(ComplaintState::NAMES.contains(&state.name()));
        writeln!(page, "{}", state.name()).unwrap();
        for (name, step) in &steps {
            let outcome = step(complaint(state.clone()));
            let actor = if *name == "withdraw" { &own } else { &department };
            let shown = complaint(state.clone()).actions(actor);
            let shown = shown.iter().find(|action| action.name == *name).unwrap();
            assert_eq!(shown.refusal, outcome.as_ref().err().copied(), "{name}");
            let cell = match outcome {
                Ok(moved) => {
                    let due = moved.complaint.state.due_at().map(|at| format!(" until {at}"));
                    let to = moved.complaint.state.name();
                    format!("▶ {to} ({}){}", moved.event, due.unwrap_or_default())
                }
                Err(refusal) => format!("✘ {}", refusal.code()),
            };
            writeln!(page, "  {name:8} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(page);
}

on_both! {
    async fn an_accepted_complaint_stops_the_clock_until_the_last_is_dismissed(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        let before = until(&purchase);
        let first = complaints.file(world.agency(0), purchase.id, letter()).await.unwrap();
        assert!(first.number.starts_with("TS2026"), "{}", first.number);
        assert_eq!(stands(&world, &purchase).await, "publicity", "filed is not accepted");
        let second = complaints.file(&world.owner, purchase.id, letter()).await.unwrap();
        complaints.accept(&handler(), first.id).await.unwrap();
        let stopped = world.get(purchase.id).await;
        let PurchaseState::Suspended(suspended) = &stopped.state else { panic!() };
        assert_eq!((suspended.complaint_id, suspended.days_left), (first.id, 3));
        let waiting = stopped.waiting().unwrap();
        assert_eq!(waiting.parties, [handler().actor.party]);
        // Weeks pass, and nothing happens by itself.
        assert_eq!(world.until(world.now().plus_seconds(20 * 24 * 3600)).await, 0);
        complaints.accept(&handler(), second.id).await.unwrap();
        complaints.dismiss(&handler(), first.id, "不成立").await.unwrap();
        assert_eq!(stands(&world, &purchase).await, "suspended", "the other joined");
        complaints.dismiss(&handler(), second.id, "不成立").await.unwrap();
        let resumed = world.get(purchase.id).await;
        assert!(until(&resumed) > before);
        let today = world.now().day();
        let calendar = world.market.db.calendar().await.unwrap();
        assert_eq!(until(&resumed), calendar.after(today, 3).to_string(), "the days that were left");
        assert_eq!(world.wait(&resumed).await.state.name(), "awarded");
    }

    async fn an_upheld_complaint_ends_the_purchase(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        let filed = complaints.file(world.agency(0), purchase.id, letter()).await.unwrap();
        let other = complaints.file(world.agency(2), purchase.id, letter()).await.unwrap();
        let early = complaints.uphold(&handler(), filed.id, "成立").await;
        assert_eq!(refusal(early), Refusal::ComplaintNotInvestigating);
        complaints.accept(&handler(), filed.id).await.unwrap();
        complaints.accept(&handler(), other.id).await.unwrap();
        let upheld = complaints.uphold(&handler(), filed.id, "成立，中选无效").await.unwrap();
        assert_eq!(upheld.due_at, None);
        let ended = world.get(purchase.id).await;
        let failure = Failure::ComplaintUpheld;
        assert_eq!(ended.state, crate::purchase::state::Failed { failure }.into());
        // The other is still decided, and changes nothing any more.
        complaints.dismiss(&handler(), other.id, "已处理").await.unwrap();
        assert_eq!(world.get(purchase.id).await, ended);
        // The requirement may be purchased again.
        let case = world.market.cases().get(&world.owner.actor, world.case.id).await.unwrap();
        assert!(case.requirements.iter().all(|need| need.purchase_id.is_none()));
    }

    async fn who_complains_is_known_to_itself_and_the_handler_alone(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        let complainant = &world.agencies[0];
        // The complainant's own person, so that a name in a journal would show.
        let person = PersonId(Uuid::from_u128(0xCA11));
        let call: Call = Actor::new(person, complainant.1.actor.party.clone()).into();
        let filed = complaints.file(&call, purchase.id, letter()).await.unwrap();
        let others = [&operator(), &world.owner, world.agency(1), world.agency(3)];
        let fire = acting(Party::Department("fire-rescue".parse().unwrap()));
        let paging = Paging::default();
        let all = ComplaintFilter::default();
        // What anybody else may read anywhere, as text.
        let seen = async || {
            let mut seen = String::new();
            for call in others.into_iter().chain([&fire]) {
                let actor = &call.actor;
                writeln!(seen, "{:?}", complaints.get(actor, filed.id).await).unwrap();
                writeln!(seen, "{:?}", complaints.list(actor, &all, &paging).await).unwrap();
                writeln!(seen, "{:?}", complaints.actions(actor, filed.id).await).unwrap();
                let purchases = world.market.purchases();
                let id = purchase.id;
                for entry in purchases.timeline(Some(actor), id).await.unwrap() {
                    // That the agency registered is no secret after the opening; who acted is.
                    writeln!(seen, "{} {:?} {:?}", entry.event, entry.person, entry.party).unwrap();
                }
                if let Ok(entries) = world.market.progress().timeline(actor, world.case.id).await {
                    writeln!(seen, "{entries:?}").unwrap();
                }
            }
            world.market.number().await.unwrap();
            let feed = world.market.feed().public_after(0, 100).await.unwrap();
            assert!(feed.items.iter().all(|entry| entry.kind != Kind::Complaint));
            writeln!(seen, "{feed:?}").unwrap();
            seen
        };
        let check = |seen: &str| {
            for secret in [CANARY, &person.to_string(), "0574-3333-4444"] {
                assert!(!seen.contains(secret), "{secret} in {seen}");
            }
        };
        check(&seen().await);
        for call in [&world.owner, world.agency(1), world.agency(3), &fire] {
            let got = complaints.get(&call.actor, filed.id).await;
            assert!(matches!(got, Err(Error::NotFound("complaint"))), "{got:?}");
        }
        let received = complaints.get(&operator().actor, filed.id).await.unwrap();
        assert_eq!((received.complainant, received.letter), (None, None));
        let stepped = complaints.accept(&operator(), filed.id).await;
        assert_eq!(refusal(stepped), Refusal::OtherSide);
        let handled = complaints.get(&handler().actor, filed.id).await.unwrap();
        assert_eq!(handled.complainant, Some(complainant.1.actor.party.clone()));
        assert_eq!(handled.letter, Some(letter()));
        assert_eq!(complaints.get(&complainant.1.actor, filed.id).await.unwrap(), handled);
        complaints.accept(&handler(), filed.id).await.unwrap();
        let told = complaints.get(&world.owner.actor, filed.id).await.unwrap();
        assert_eq!((told.complainant, told.letter), (None, None));
        check(&seen().await);
        complaints.withdraw(&call, filed.id).await.unwrap();
        assert_eq!(stands(&world, &purchase).await, "publicity");
        let purchases = world.market.purchases();
        let told = purchases.timeline(Some(&world.owner.actor), purchase.id).await.unwrap();
        assert_eq!(told.last().unwrap().event, "purchase_resumed");
        check(&seen().await);
    }

    async fn a_party_complains_once_at_a_time_and_in_time(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        for call in [world.agency(3), &operator(), &handler()] {
            let filed = complaints.file(call, purchase.id, letter()).await;
            assert_eq!(refusal(filed), Refusal::NotPartyToPurchase);
        }
        let nothing = Letter { facts: " ".to_owned(), ..letter() };
        let Err(Error::Invalid(faults)) = complaints.file(&world.owner, purchase.id, nothing).await
        else { panic!() };
        assert_eq!(faults[0].pointer, "/facts");
        let eight = (0..8).map(|_| complaints.file(world.agency(0), purchase.id, letter()));
        let mut filed = Vec::new();
        for outcome in futures::future::join_all(eight).await {
            match outcome {
                Ok(one) => filed.push(one),
                refused => assert_eq!(refusal(refused), Refusal::ComplaintExists),
            }
        }
        assert_eq!(filed.len(), 1);
        let refused = complaints.refuse(&handler(), filed[0].id, "材料不齐").await.unwrap();
        assert_eq!(refused.state, ComplaintState::NotAccepted { reason: "材料不齐".to_owned() });
        assert_eq!(refusal(complaints.accept(&handler(), refused.id).await), Refusal::ComplaintOver);
        let again = complaints.file(world.agency(0), purchase.id, letter()).await.unwrap();
        let stale = handler().expecting(7);
        assert!(matches!(complaints.accept(&stale, again.id).await, Err(Error::Stale(_))));
        let ends = purchase.state.due_at().unwrap();
        world.env().set(Timestamp::from_micros(ends.micros() - 1));
        complaints.file(world.agency(2), purchase.id, letter()).await.unwrap();
        world.env().set(ends);
        let late = complaints.file(world.agency(1), purchase.id, letter()).await;
        assert_eq!(refusal(late), Refusal::ComplaintTooLate);
    }

    // The handler has longer to accept it than the publicity of an award takes.
    async fn a_complaint_that_comes_in_time_keeps_an_award_from_standing(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        let filed = complaints.file(world.agency(0), purchase.id, letter()).await.unwrap();
        let other = complaints.file(world.agency(2), purchase.id, letter()).await.unwrap();
        let stopped = world.wait(&purchase).await;
        let PurchaseState::Suspended(suspended) = &stopped.state else { panic!() };
        assert_eq!((suspended.complaint_id, suspended.days_left), (filed.id, 0));
        let early = world.market.purchases().confirm(world.agency(1), purchase.id).await;
        assert_eq!(refusal(early), Refusal::PurchaseNotAwarded);
        // One is not accepted, the other still waits: the award does not stand yet.
        complaints.refuse(&handler(), filed.id, "不属于受理范围").await.unwrap();
        let resumed = world.get(purchase.id).await;
        assert_eq!(resumed.state.name(), "publicity", "one more day");
        assert_eq!(world.wait(&resumed).await.state.name(), "suspended");
        complaints.accept(&handler(), other.id).await.unwrap();
        assert_eq!(stands(&world, &purchase).await, "suspended");
        complaints.uphold(&handler(), other.id, "成立，中选无效").await.unwrap();
        assert_eq!(stands(&world, &purchase).await, "failed");
    }

    async fn a_complaint_that_is_taken_back_lets_the_award_stand(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        let filed = complaints.file(world.agency(0), purchase.id, letter()).await.unwrap();
        world.wait(&purchase).await;
        complaints.withdraw(world.agency(0), filed.id).await.unwrap();
        let resumed = world.get(purchase.id).await;
        assert_eq!(world.wait(&resumed).await.state.name(), "awarded");
    }

    async fn an_award_that_comes_later_stops_too(url: &str) {
        let (world, _) = published(url).await;
        let complaints = world.market.complaints();
        // Accepted while registration is open; the award that comes of it stops.
        let open_case = crate::purchase::tests::world::open_case;
        let case = open_case(&world.market, &world.owner, Fund::Social).await;
        let later = World { case, ..world.clone() };
        let closes_at = world.now().plus_seconds(10 * 24 * 3600);
        let next = Notice { closes_at, ..notice(Mode::LowestPrice, limits()) };
        let open = later.publish(next).await.unwrap();
        later.register(0, open.id).await.unwrap();
        later.quote(0, open.id, amount("300")).await.unwrap();
        let filed = complaints.file(&later.owner, open.id, letter()).await.unwrap();
        complaints.accept(&handler(), filed.id).await.unwrap();
        assert_eq!((stands(&later, &open).await, complaints.run_due().await.unwrap()), ("open", 0));
        world.until(open.state.due_at().unwrap()).await;
        let purchases = world.market.purchases();
        let published = purchases.open(&world.owner, open.id, &code()).await.unwrap();
        assert_eq!(published.state.name(), "publicity");
        assert_eq!(complaints.run_due().await.unwrap(), 1);
        assert_eq!((stands(&later, &open).await, complaints.run_due().await.unwrap()), ("suspended", 0));
    }

    async fn a_late_handler_shows(url: &str) {
        let (world, purchase) = published(url).await;
        let complaints = world.market.complaints();
        let filed = complaints.file(world.agency(0), purchase.id, letter()).await.unwrap();
        let overdue = ComplaintFilter { overdue: true, ..ComplaintFilter::default() };
        let late = async || {
            let actor = handler().actor;
            let found = complaints.list(&actor, &overdue, &Paging::default()).await.unwrap();
            let one = complaints.get(&actor, filed.id).await.unwrap();
            assert_eq!(one.overdue, !found.items.is_empty());
            one.overdue
        };
        let due = filed.due_at.unwrap();
        world.env().set(Timestamp::from_micros(due.micros() - 1));
        assert!(!late().await);
        world.env().set(due);
        assert!(late().await);
        let accepted = complaints.accept(&handler(), filed.id).await.unwrap();
        assert!(!late().await, "the decision has its own time");
        world.env().set(accepted.due_at.unwrap());
        assert!(late().await);
        complaints.dismiss(&handler(), filed.id, "不成立").await.unwrap();
        assert!(!late().await);
    }

    async fn one_award_that_cannot_be_stopped_keeps_no_other_going(url: &str) {
        let first = World::new(url, Fund::Social, 1).await;
        let open_case = crate::purchase::tests::world::open_case;
        let case = open_case(&first.market, &first.owner, Fund::Social).await;
        let second = World { case, ..first.clone() };
        let complaints = first.market.complaints();
        let mut open = Vec::new();
        for world in [&first, &second] {
            let purchase = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
            world.register(0, purchase.id).await.unwrap();
            world.quote(0, purchase.id, amount("300")).await.unwrap();
            let filed = complaints.file(&world.owner, purchase.id, letter()).await.unwrap();
            complaints.accept(&handler(), filed.id).await.unwrap();
            open.push(purchase);
        }
        first.until(open[0].state.due_at().unwrap()).await;
        for purchase in &open {
            first.market.purchases().open(&first.owner, purchase.id, &code()).await.unwrap();
        }
        let mut tx = first.market.work().await.unwrap();
        let spoil = "update purchases set detail = '{}' where id = $1";
        assert_eq!(tx.query(spoil).bind(open[0].id).execute().await.unwrap(), 1);
        tx.finish(()).await.unwrap();
        assert_eq!(complaints.run_due().await.unwrap(), 1);
        assert_eq!(stands(&second, &open[1]).await, "suspended");
        assert_eq!(complaints.run_due().await.unwrap(), 0);
    }
}
