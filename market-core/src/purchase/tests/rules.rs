//! Who may do what, and what is refused.

use super::{
    numbers::{KNOWN_AT, index},
    *,
};
use crate::{
    Party,
    agency::Suspension,
    draw::{Bytes32, Commitment},
    kernel::sealing::{SupervisorKey, open_deposit},
};

on_both! {
    async fn a_draft_is_its_owners_alone(url: &str) {
        let world = World::new(url, Fund::Fiscal, 1).await;
        let draft = world.draft(notice(Mode::Random, fixed())).await.unwrap();
        let purchases = world.market.purchases();
        for actor in [None, Some(&world.agency(0).actor), Some(&operator().actor)] {
            assert!(matches!(purchases.get(actor, draft.id).await, Err(Error::NotFound(_))));
        }
        let page = purchases.list(None, &PurchaseFilter::default(), &Paging::default()).await.unwrap();
        assert_eq!(page.items, []);
        let submitted = world.submit(&draft).await.unwrap();
        assert!(purchases.get(Some(&operator().actor), draft.id).await.is_ok());
        assert!(matches!(world.register(0, draft.id).await, Err(Error::NotFound(_))));
        let sent_back = purchases.send_back(&operator(), submitted.id, "缺少项目代码").await.unwrap();
        assert_eq!(sent_back.state, state::Draft { returned: Some("缺少项目代码".to_owned()) }.into());
        let mended = Notice { project_code: "2020-330282".to_owned(), ..notice(Mode::Random, fixed()) };
        purchases.revise(&world.owner, draft.id, mended).await.unwrap();
        world.submit(&draft).await.unwrap();
        let open = purchases.approve(&operator(), draft.id).await.unwrap();
        assert_eq!(open.notice_number, 2);
    }

    async fn the_notice_says_what_the_policy_allows(url: &str) {
        let world = World::new(url, Fund::Fiscal, 0).await;
        let over = Price::Fixed { amount: "500000".parse().unwrap() };
        let draft = world.draft(notice(Mode::Random, over)).await.unwrap();
        assert_eq!(refusal(world.submit(&draft).await), Refusal::RandomOverLimit);
        let soon = Notice { closes_at: world.now().plus_seconds(3600), ..notice(Mode::Random, fixed()) };
        let draft = world.draft(soon).await.unwrap();
        assert_eq!(refusal(world.submit(&draft).await), Refusal::WindowTooShort);
        for (wrong, pointer) in [
            (notice(Mode::Random, limits()), "/notice/price/kind"),
            (notice(Mode::LowestPrice, fixed()), "/notice/price/kind"),
            (notice(Mode::PlanPreferred, limits()), "/notice/criteria"),
            (notice(Mode::CreditPreferred, fixed()), "/notice/long_list"),
            (notice(Mode::MultiRound, limits()), "/notice/rounds"),
            (Notice { title: " ".to_owned(), ..notice(Mode::Random, fixed()) }, "/notice/title"),
            (Notice { service_days: 0, ..notice(Mode::Random, fixed()) }, "/notice/service_days"),
            (
                Notice { closes_at: world.now().plus_seconds(368 * 86_400), ..notice(Mode::Random, fixed()) },
                "/notice/closes_at",
            ),
        ] {
            let wrong = world.draft(wrong).await;
            let Err(Error::Invalid(faults)) = wrong else { panic!("{wrong:?}") };
            assert_eq!(faults[0].pointer, pointer);
        }
        let rounds = Notice { rounds: Some(9), ..notice(Mode::MultiRound, limits()) };
        let draft = world.draft(rounds).await.unwrap();
        let Err(Error::Invalid(faults)) = world.submit(&draft).await else { panic!() };
        assert_eq!(faults[0].pointer, "/notice/rounds");
    }

    async fn a_correction_gives_time_to_read_it(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        let purchases = world.market.purchases();
        world.env().set("2026-11-27T02:00:00Z".parse().unwrap());
        let dearer = notice(Mode::LowestPrice, fixed());
        assert!(purchases.correct(&world.owner, open.id, dearer).await.is_err());
        let avoiding = vec![Avoidance { agency_id: world.agencies[0].0, reason: "有利害关系".to_owned() }];
        let avoiding = Notice { avoid: avoiding, ..open.notice.clone() };
        assert_eq!(refusal(purchases.correct(&world.owner, open.id, avoiding).await), Refusal::NoticeFixed);
        let clearer = Notice { content: "补充检测点位".to_owned(), ..open.notice.clone() };
        let corrected = purchases.correct(&world.owner, open.id, clearer).await.unwrap();
        assert_eq!(corrected.notice_number, 2);
        assert_eq!(corrected.notice.closes_at.to_string(), "2026-12-02T16:00:00Z");
        let before = purchases.notice_at(None, open.id, 1).await.unwrap();
        assert_eq!(before.content, open.notice.content);
    }

    async fn a_notice_is_not_written_for_ever(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let purchases = world.market.purchases();
        let notice = notice(Mode::LowestPrice, limits());
        let mut draft = world.draft(notice.clone()).await.unwrap();
        for number in 2..=100 {
            draft = purchases.revise(&world.owner, draft.id, notice.clone()).await.unwrap();
            assert_eq!(draft.notice_number, number);
        }
        let once_more = purchases.revise(&world.owner, draft.id, notice.clone()).await;
        assert_eq!(refusal(once_more), Refusal::TooManyNotices);
        let offered = async |name: &str| {
            let actions = purchases.actions(&world.owner.actor, draft.id).await.unwrap();
            actions.into_iter().find(|one| one.name == name).unwrap().refusal
        };
        assert_eq!(offered("revise").await, Some(Refusal::TooManyNotices));
        // What is published can still be corrected, as often.
        let open = world.submit(&draft).await.unwrap();
        assert_eq!(offered("correct").await, None);
        let next = open.notice.clone();
        for _ in 0..100 {
            purchases.correct(&world.owner, open.id, next.clone()).await.unwrap();
        }
        let once_more = purchases.correct(&world.owner, open.id, next).await;
        assert_eq!(refusal(once_more), Refusal::TooManyNotices);
        assert_eq!(offered("correct").await, Some(Refusal::TooManyNotices));
    }

    async fn who_may_not_take_part_is_told_why(url: &str) {
        let mut world = World::new(url, Fund::Social, 3).await;
        let (avoided, suspended) = (world.agencies[0].0, world.agencies[1].0);
        let avoid = vec![Avoidance { agency_id: avoided, reason: "有利害关系".to_owned() }];
        let open = world.publish(Notice { avoid, ..notice(Mode::LowestPrice, limits()) }).await.unwrap();
        let purchases = world.market.purchases();
        assert_eq!(reasons(world.register(0, open.id).await), ["agency-avoided"]);
        let shown = purchases.get(Some(&world.agency(2).actor), open.id).await.unwrap();
        assert_eq!(shown.notice.avoid, [], "nobody else is told");
        let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
        world.market.agencies().suspend(&operator(), suspended, suspension).await.unwrap();
        let asked = purchases.eligibility(&world.agency(1).actor, open.id).await.unwrap();
        assert!(!asked.eligible);
        assert_eq!(asked.reasons[0].refusal, Refusal::AgencySuspended);
        world.register(2, open.id).await.unwrap();
        assert_eq!(refusal(world.quote(0, open.id, amount("10")).await), Refusal::NotRegistered);
        let off = world.quote(2, open.id, amount("0.99")).await;
        let Err(Error::Invalid(faults)) = off else { panic!("{off:?}") };
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("/quote", "too-low"));
        // The certificates expire with the year: at the close, not when it registered.
        let at = world.join(9, "0574-9999").await;
        assert_eq!(world.agencies[3].0, at);
    }

    async fn the_close_freezes_who_takes_part_and_why_not(url: &str) {
        let mut world = World::new(url, Fund::Social, 4).await;
        let shill = world.join(8, "0574-1000-0000").await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "250"]).await;
        world.register(3, open.id).await.unwrap();
        world.register(4, open.id).await.unwrap();
        world.quote(4, open.id, amount("1")).await.unwrap();
        let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
        world.market.agencies().suspend(&operator(), world.agencies[1].0, suspension).await.unwrap();
        let published = world.open(&open).await;
        assert_eq!(world.states(open.id).await, ["runner_up", "ineligible", "won", "ineligible", "ineligible"]);
        assert_eq!(world.winner(&published), 2, "the shill's telephone is the first agency's");
        let frozen = world.market.db.registration_of(open.id, shill).await.unwrap().unwrap();
        assert_eq!(frozen.reasons[0].refusal, Refusal::SameGroup);
        let proof = proof(&world, open.id).await;
        let mut reasons: Vec<_> = proof.sealed.excluded.iter().flat_map(|one| one.reasons.clone()).collect();
        reasons.sort();
        assert_eq!(reasons, ["agency-suspended", "quote-missing", "same-group"]);
        let purchases = world.market.purchases();
        let seen = purchases.registrations(&world.agency(0).actor, open.id).await.unwrap();
        assert_eq!(seen.len(), 1, "an agency sees its own alone");
    }

    async fn an_agency_of_the_deciding_department_keeps_out(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let (id, call) = world.agencies[0].clone();
        let agencies = world.market.agencies();
        let agency = agencies.get(None, id).await.unwrap();
        let mut details = agency.details();
        details.profile.attached_to = Some("market-regulation".parse().unwrap());
        agencies.change(&call, id, details).await.unwrap();
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        assert_eq!(reasons(world.register(0, open.id).await), ["conflict-of-interest"]);
        // What it has declared it does not take back by itself.
        let mut details = agencies.get(None, id).await.unwrap().details();
        details.profile.attached_to = None;
        let taken_back = agencies.change(&call, id, details).await;
        assert!(matches!(taken_back, Err(Error::Invalid(faults))
            if faults[0].pointer == "/profile/attached_to"));
        assert_eq!(reasons(world.register(0, open.id).await), ["conflict-of-interest"]);
    }

    async fn giving_up_a_draft_leaves_what_is_under_way_alone(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let other = world.draft(notice(Mode::LowestPrice, limits())).await.unwrap();
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.market.purchases().void(&world.owner, other.id, "重复").await.unwrap();
        let case = world.market.cases().get(&world.owner.actor, world.case.id).await.unwrap();
        let serves = case.requirements.iter().filter(|one| one.purchase_id == Some(open.id));
        assert_eq!(serves.count(), 1);
        let again = world.draft(notice(Mode::LowestPrice, limits())).await;
        assert_eq!(refusal(again), Refusal::PurchaseUnderWay);
    }

    async fn the_rules_limit_a_short_list_and_ask_for_secrets(url: &str) {
        let world = World::new(url, Fund::Social, 0).await;
        let region = "330282".parse().unwrap();
        let region = world.market.db.region(&region).await.unwrap();
        let in_force = world.market.db.policy(&region, world.now().day()).await.unwrap();
        let most = in_force.selection.short_list;
        let by_credit = |short| Notice {
            long_list: Some(100),
            short_list: Some(short),
            ..notice(Mode::CreditPreferred, fixed())
        };
        let pointer = |result: Result<Purchase, Error>| match result {
            Err(Error::Invalid(faults)) => faults[0].pointer.clone(),
            other => panic!("{other:?}"),
        };
        let draft = world.draft(by_credit(most + 1)).await.unwrap();
        assert_eq!(pointer(world.submit(&draft).await), "/notice/short_list");
        world.market.purchases().revise(&world.owner, draft.id, by_credit(most)).await.unwrap();

        let mut stricter = in_force.clone();
        stricter.version += 1;
        stricter.selection.least_reveals = 3;
        let mut tx = world.market.work().await.unwrap();
        tx.put_policy(&stricter).await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(pointer(world.submit(&draft).await), "/notice/witness_department");
        let witness_department = Some("fire-rescue".parse().unwrap());
        let witnessed = Notice { witness_department, ..by_credit(most) };
        world.market.purchases().revise(&world.owner, draft.id, witnessed).await.unwrap();
        let open = world.submit(&draft).await.unwrap();
        // The department that was to promise a secret never did.
        assert_eq!(world.wait(&open).await.state.name(), "failed");
    }

    async fn nobody_reads_a_quote_before_its_time(url: &str) {
        let world = World::new(url, Fund::Social, 2).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["12345.67", "200"]).await;
        let purchases = world.market.purchases();
        for call in [&world.owner, &operator()] {
            let seen = purchases.registrations(&call.actor, open.id).await;
            assert_eq!(refusal(seen), Refusal::PurchaseNotOpening);
        }
        let own = purchases.own_registration(&world.agency(0).actor, open.id).await.unwrap();
        assert_eq!(own.quotes[0].quote, None, "not even its own");
        let closed = world.wait(&open).await;
        assert_eq!(refusal(purchases.registrations(&world.owner.actor, closed.id).await), Refusal::PurchaseNotOpening);
        let mut tx = world.market.work().await.unwrap();
        let kept = tx.all_quotes(open.id).await.unwrap();
        assert!(kept.iter().all(|row| row.quote.is_none() && row.nonce.is_none()));
        assert!(!format!("{kept:?}").contains("12345"));
    }

    async fn a_witness_adds_a_secret_and_its_silence_is_named(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let witness = acting(Party::Department("fire-rescue".parse().unwrap()));
        let other = acting(Party::Department("market-regulation".parse().unwrap()));
        let named = Notice {
            witness_department: Some("fire-rescue".parse().unwrap()),
            beacon: Some(index(2)),
            ..notice(Mode::Random, fixed())
        };
        let open = world.publish(named).await.unwrap();
        for at in 0..3 {
            world.register(at, open.id).await.unwrap();
        }
        let purchases = world.market.purchases();
        let value = Bytes32([7; 32]);
        let commitment = Commitment::to(open.id, "department:fire-rescue", &value);
        assert_eq!(refusal(purchases.commit(&other, open.id, commitment.sha256).await), Refusal::NotAParticipant);
        purchases.commit(&witness, open.id, commitment.sha256).await.unwrap();
        let early = purchases.reveal(&witness, open.id, NewReveal { value }).await;
        assert_eq!(refusal(early), Refusal::PurchaseNotOpening);
        world.wait(&open).await;
        let waiting = purchases.open(&world.owner, open.id, &code()).await.unwrap();
        assert_eq!(waiting.state.name(), "opening", "a secret and the number are missing");
        let false_one = NewReveal { value: Bytes32([8; 32]) };
        assert_eq!(refusal(purchases.reveal(&witness, open.id, false_one).await), Refusal::RevealMismatch);
        world.env().set(KNOWN_AT.parse().unwrap());
        purchases.give_beacon(&other, open.id, "3871.28").await.unwrap();
        let waiting = purchases.give_beacon(&operator(), open.id, "3871.28").await.unwrap();
        assert_eq!(waiting.state.name(), "opening");
        let published = world.wait(&waiting).await;
        assert_eq!(published.state.name(), "publicity", "without the silent witness");
        let proof = proof(&world, open.id).await;
        assert_eq!(proof.withheld, ["department:fire-rescue"]);
        assert_eq!(proof.beacon.as_deref(), Some("3871.28"));
    }

    async fn the_supervisor_opens_what_a_silent_owner_does_not(url: &str) {
        let world = World::new(url, Fund::Social, 3).await;
        let key = SupervisorKey::new(world.env());
        let lead = acting(Party::Department("market-regulation".parse().unwrap()));
        let departments = world.market.departments();
        let market_regulation = "market-regulation".parse().unwrap();
        departments.set_opening_key(&lead, &market_regulation, &key.public()).await.unwrap();
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "250"]).await;
        let closed = world.wait(&open).await;
        let purchases = world.market.purchases();
        assert!(matches!(purchases.deposit(&acting(Party::Department("fire-rescue".parse().unwrap())).actor, open.id).await, Err(Error::NotFound(_))));
        let deposit = purchases.deposit(&lead.actor, open.id).await.unwrap();
        let code = open_deposit(&key, open.id, &deposit).unwrap();
        let published = purchases.open(&lead, closed.id, &code).await.unwrap();
        assert_eq!(world.winner(&published), 1);
        proof(&world, open.id).await;
    }

    async fn questions_are_published_without_who_asked(url: &str) {
        let world = World::new(url, Fund::Social, 1).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        let purchases = world.market.purchases();
        let asked = purchases.ask(world.agency(0), open.id, "检测几个点位？").await.unwrap();
        assert_eq!(refusal(purchases.answer(world.agency(0), open.id, asked.id, "三个").await), Refusal::OtherSide);
        purchases.answer(&world.owner, open.id, asked.id, "三个").await.unwrap();
        let page = purchases.questions(None, open.id, &Paging::default()).await.unwrap();
        assert_eq!(page.items[0].answered.as_ref().unwrap().text, "三个");
        assert!(!serde_json::to_string(&page.items).unwrap().contains(&world.agencies[0].0.to_string()));
        assert_eq!(refusal(purchases.answer(&world.owner, open.id, asked.id, "四个").await), Refusal::AlreadyReplied);
    }

    async fn one_requirement_has_one_purchase_however_many_try(url: &str) {
        let world = World::new(url, Fund::Social, 0).await;
        let mut drafts = Vec::new();
        for _ in 0..6 {
            drafts.push(world.draft(notice(Mode::Random, fixed())).await.unwrap());
        }
        let all = drafts.iter().map(|draft| world.submit(draft));
        let done = futures::future::join_all(all).await;
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1);
        let refused = done.into_iter().filter(Result::is_err).map(refusal);
        assert!(refused.into_iter().all(|one| one == Refusal::PurchaseUnderWay));
        let case = open_case(&world.market, &world.owner, Fund::Social).await;
        let item = drafts[0].item.clone();
        let new = NewPurchase { case_id: case.id, item, notice: notice(Mode::Random, fixed()), predecessor: None };
        let other = world.market.purchases().create(&world.owner, new).await.unwrap();
        assert_eq!(world.submit(&other).await.unwrap().state.name(), "open", "another case");
    }
}
