//! Evaluations of a completed order, from the opening of their window to what the public sees.

use super::*;

/// A completed order, and who evaluates it.
struct Done {
    world: World,
    order: OrderId,
    fire: Call,
}

impl Done {
    async fn new(url: &str) -> Self {
        let world = World::new(url, Fund::Social).await;
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        world.deliver(&order).await;
        let orders = world.market.orders();
        orders.sign_off(&world.applicant, order.id).await.unwrap();
        let fire = acting(Party::Department("fire-rescue".parse().unwrap()));
        let order = orders.use_deliverable(&fire, order.id).await.unwrap();
        assert_eq!(order.state.name(), "completed");
        Self { world, order: order.id, fire }
    }

    fn all(&self) -> Evaluations<'_> {
        self.world.market.evaluations()
    }

    async fn give(&self, call: &Call, new: NewEvaluation) -> Result<Evaluation, Error> {
        self.all().give(call, self.order, new).await
    }

    async fn seen(&self, call: &Call) -> OrderEvaluations {
        self.all().of_order(&call.actor, self.order).await.unwrap()
    }

    /// The department that leads the matter.
    async fn lead(&self) -> Call {
        let case = &self.world.case;
        let matters = self.world.market.matters();
        let matter = matters.version(&case.matter, case.matter_version).await.unwrap();
        acting(Party::Department(matter.lead))
    }

    async fn deadlines(&self, call: &Call, kind: DeadlineKind) -> Vec<Deadline> {
        let filter = DeadlineFilter { kind: Some(kind), ..DeadlineFilter::default() };
        let deadlines = self.world.market.deadlines();
        deadlines.list(&call.actor, &filter, &Paging::default()).await.unwrap().items
    }

    async fn credit(&self) -> (u32, u32, Option<u32>) {
        let agency = self.world.listing.agency_id;
        let standing = self.world.market.orders().standing(None, agency).await.unwrap();
        (standing.credit, standing.evaluated, standing.evaluation)
    }

    async fn public(&self) -> AgencyEvaluations {
        let agency = self.world.listing.agency_id;
        self.all().of_agency(None, agency, &Paging::default()).await.unwrap()
    }

    async fn events(&self, kind: Kind, object: &str) -> Vec<String> {
        let entries = self.world.market.db.journal_of(kind, object).await.unwrap();
        entries.into_iter().map(|entry| entry.event).collect()
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

on_both! {
    async fn nobody_sees_what_others_say_before_all_have_said_it(url: &str) {
        let done = Done::new(url).await;
        let (applicant, agency) = (done.world.applicant.clone(), done.world.agency.clone());
        let waiting = done.deadlines(&agency, DeadlineKind::Evaluation).await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].holders.len(), 3);
        assert_eq!(waiting[0].then, Some(Consequence::EvaluationCloses));
        let own = done.give(&applicant, of_agency(2)).await.unwrap();
        assert_eq!(own.state.name(), "sealed");
        let seen = done.seen(&applicant).await;
        assert_eq!((seen.evaluations.len(), &seen.evaluations[0].evaluation), (1, &own));
        assert_eq!(seen.actions[0].refusal, Some(Refusal::AlreadyEvaluated));
        let lead = done.lead().await;
        for other in [&agency, &done.fire, &lead, &acting(Party::Operator)] {
            let seen = done.seen(other).await;
            assert_eq!((seen.evaluations.len(), seen.points), (0, None));
            assert!(seen.raters[0].given);
            let found = done.all().get(&other.actor, own.id).await;
            assert!(matches!(found, Err(Error::NotFound("evaluation"))), "{found:?}");
            let hidden = done.all().decide(other, own.id, Decision::Hide, "不实").await;
            assert!(matches!(hidden, Err(Error::NotFound("evaluation"))), "{hidden:?}");
        }
        assert_eq!(refused(done.give(&applicant, of_agency(5)).await), Refusal::AlreadyEvaluated);
        let waiting = done.deadlines(&applicant, DeadlineKind::Evaluation).await;
        assert_eq!(waiting[0].holders.len(), 2);
        done.give(&agency, of_applicant(4)).await.unwrap();
        assert_eq!(done.public().await.items, [], "a department has not said anything");
        assert_eq!(done.credit().await, (750, 0, None));
        let last = done.give(&done.fire, of_deliverable(5)).await.unwrap();
        assert_eq!(last.state.name(), "published");
        let seen = done.seen(&agency).await;
        assert_eq!((seen.evaluations.len(), seen.points), (3, Some(625)), "(5×400 + 3×1000) ÷ 8");
        assert_eq!(done.credit().await, (740, 1, Some(625)), "(4500 + 312.5) ÷ 6.5 = 740.4");
        let public = done.public().await;
        assert_eq!((public.items.len(), public.orders, public.points), (2, 1, Some(625)));
        let quality = public.dimensions.iter().find(|one| one.code == "quality").unwrap();
        assert_eq!((quality.count, &*quality.mean), (2, "3.50"));
        let counts: Vec<_> = quality.distribution.iter().map(|one| one.count).collect();
        assert_eq!(counts, [0, 1, 0, 0, 1]);
        assert_eq!(done.deadlines(&agency, DeadlineKind::Evaluation).await, []);
        assert_eq!(done.events(Kind::EvaluationWindow, &done.order.to_string()).await,
            ["evaluation_opened", "evaluation_closed"]);
        assert_eq!(done.events(Kind::Evaluation, &own.id.to_string()).await,
            ["evaluation_given", "evaluation_published"]);
    }

    async fn a_window_closes_by_itself_once_however_many_watch(url: &str) {
        let done = Done::new(url).await;
        let own = done.give(&done.world.applicant, of_agency(5)).await.unwrap();
        let due = done.deadlines(&done.fire, DeadlineKind::Evaluation).await[0].until;
        done.world.env().set(crate::Timestamp::from_micros(due.micros() - 1));
        let here = &done.world.market;
        // On a server, two nodes with connections of their own.
        let there = if url.starts_with("postgres") {
            let env = here.env().clone();
            Market::open(Options { env, ..Options::new(url) }).await.unwrap()
        } else {
            here.clone()
        };
        let timers = || async {
            let nodes = [here, &there].repeat(4).into_iter().map(|node| {
                let market = node.clone();
                tokio::spawn(async move { market.timers().run_due().await.unwrap() })
            });
            let mut taken = 0;
            for node in nodes.collect::<Vec<_>>() {
                taken += node.await.unwrap();
            }
            taken
        };
        assert_eq!(timers().await, 0, "the last day is not over");
        done.world.env().set(due);
        let late = done.give(&done.fire, of_deliverable(5)).await;
        assert_eq!(refused(late), Refusal::EvaluationClosed, "nobody has closed it yet");
        assert_eq!(timers().await, 1);
        assert_eq!(timers().await, 0);
        assert_eq!(refused(done.give(&done.fire, of_deliverable(5)).await),
            Refusal::EvaluationClosed);
        assert_eq!(done.events(Kind::EvaluationWindow, &done.order.to_string()).await,
            ["evaluation_opened", "evaluation_closed"]);
        assert_eq!(done.events(Kind::Evaluation, &own.id.to_string()).await,
            ["evaluation_given", "evaluation_published"]);
        assert_eq!(done.seen(&done.world.agency).await.points, Some(1000));
        assert_eq!(done.credit().await, (769, 1, Some(1000)));
    }

    async fn all_at_once_are_heard_and_the_last_of_them_closes(url: &str) {
        let done = Done::new(url).await;
        let mut giving = tokio::task::JoinSet::new();
        for (call, new) in [
            (done.world.applicant.clone(), of_agency(3)),
            (done.world.agency.clone(), of_applicant(3)),
            (done.fire.clone(), of_deliverable(3)),
        ] {
            for _ in 0..4 {
                let (market, call, new, order) =
                    (done.world.market.clone(), call.clone(), new.clone(), done.order);
                giving.spawn(async move { market.evaluations().give(&call, order, new).await });
            }
        }
        let outcomes = giving.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3, "{outcomes:?}");
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(refused(outcome), Refusal::AlreadyEvaluated);
        }
        let seen = done.seen(&done.fire).await;
        assert_eq!((seen.evaluations.len(), seen.points), (3, Some(600)));
    }

    async fn an_appeal_takes_an_evaluation_out_until_it_is_decided(url: &str) {
        let done = Done::new(url).await;
        let (agency, applicant) = (done.world.agency.clone(), done.world.applicant.clone());
        let bad = done.give(&applicant, of_agency(1)).await.unwrap();
        let own = done.give(&agency, of_applicant(1)).await.unwrap();
        done.give(&done.fire, of_deliverable(5)).await.unwrap();
        assert_eq!(done.credit().await.2, Some(500), "(5×200 + 3×1000) ÷ 8");
        let all = done.all();
        let lead = done.lead().await;
        assert_eq!(refused(all.decide(&lead, bad.id, Decision::Keep, "属实").await),
            Refusal::EvaluationNotAppealed);
        assert_eq!(refused(all.appeal(&applicant, bad.id, "不实").await), Refusal::OtherSide);
        assert_eq!(refused(all.appeal(&agency, own.id, "不实").await), Refusal::OtherSide);
        assert_eq!(refused(all.appeal(&applicant, own.id, "不实").await), Refusal::NotAppealable);
        assert_eq!(all.appeal(&agency, bad.id, "与事实不符").await.unwrap().state.name(), "appealed");
        assert_eq!(done.credit().await.2, Some(1000), "an appealed evaluation does not count");
        let public = done.public().await;
        let appealed: Vec<_> = public.items.iter().map(|one| one.appealed).collect();
        assert_eq!(appealed, [false, true], "the newest first");
        let waiting = done.deadlines(&lead, DeadlineKind::EvaluationAppeal).await;
        assert_eq!((&waiting[0].holders, waiting[0].then),
            (&vec![lead.actor.party.clone()], Some(Consequence::EvaluationKept)));
        assert_eq!(refused(all.decide(&acting(Party::Operator), bad.id, Decision::Hide, "不实").await),
            Refusal::OtherSide);
        let kept = all.decide(&lead, bad.id, Decision::Keep, "属实").await.unwrap();
        assert_eq!(kept.state.name(), "kept");
        assert_eq!(done.credit().await.2, Some(500));
        assert_eq!(refused(all.appeal(&agency, bad.id, "再次申诉").await), Refusal::AlreadyAppealed);
        let hidden = all.decide(&lead, bad.id, Decision::Hide, "经复核不实").await.unwrap();
        assert_eq!(hidden.state.name(), "hidden");
        assert_eq!(done.credit().await.2, Some(1000));
        let public = done.public().await;
        assert_eq!((public.items.len(), public.hidden), (1, 1));
        assert!(public.dimensions.iter().all(|one| one.count == 1), "{:?}", public.dimensions);
        assert_eq!(refused(all.decide(&lead, bad.id, Decision::Hide, "再次").await),
            Refusal::EvaluationHidden);
        assert_eq!(done.events(Kind::Evaluation, &bad.id.to_string()).await, ["evaluation_given",
            "evaluation_published", "evaluation_appealed", "evaluation_kept", "evaluation_hidden"]);
    }

    async fn an_appeal_that_nobody_decides_ends_by_itself(url: &str) {
        let done = Done::new(url).await;
        let (agency, applicant) = (done.world.agency.clone(), done.world.applicant.clone());
        let bad = done.give(&applicant, of_agency(1)).await.unwrap();
        done.give(&agency, of_applicant(5)).await.unwrap();
        done.give(&done.fire, of_deliverable(5)).await.unwrap();
        done.all().appeal(&agency, bad.id, "与事实不符").await.unwrap();
        let waiting = done.deadlines(&agency, DeadlineKind::EvaluationAppeal).await;
        done.world.env().set(waiting[0].until);
        assert_eq!(done.world.market.timers().run_due().await.unwrap(), 1);
        assert_eq!(done.world.market.timers().run_due().await.unwrap(), 0);
        let kept = done.all().get(&agency.actor, bad.id).await.unwrap();
        assert!(matches!(kept.state, EvaluationState::Kept { decision: None, .. }), "{kept:?}");
        assert_eq!(done.credit().await.2, Some(500));
        let lead = done.lead().await;
        done.all().decide(&lead, bad.id, Decision::Hide, "经复核不实").await.unwrap();
    }

    async fn only_who_took_part_evaluates_and_only_what_has_ended(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        let all = world.market.evaluations();
        let give = |call: Call, new| async move { all.give(&call, order.id, new).await };
        assert_eq!(refused(give(world.applicant.clone(), of_agency(5)).await),
            Refusal::EvaluationNotOpen);
        let none = all.of_order(&world.applicant.actor, order.id).await.unwrap();
        assert_eq!((none.window, none.raters), (None, Vec::new()));
        world.market.orders().terminate(&world.agency, order.id, "人员不足").await.unwrap();
        let seen = all.of_order(&world.applicant.actor, order.id).await.unwrap();
        assert_eq!(seen.raters.len(), 2, "no department has used anything");
        assert_eq!(seen.dimensions.len(), 4);
        let fire = acting(Party::Department("fire-rescue".parse().unwrap()));
        assert_eq!(refused(give(fire, of_deliverable(5)).await), Refusal::NotARater);
        assert_eq!(refused(give(acting(Party::Operator), of_agency(5)).await), Refusal::NotARater);
        let stranger = acting(Party::Applicant(ApplicantId(Uuid::from_u128(9))));
        let unknown = give(stranger.clone(), of_agency(5)).await;
        assert!(matches!(unknown, Err(Error::NotFound("order"))), "{unknown:?}");
        let unknown = all.of_order(&stranger.actor, order.id).await;
        assert!(matches!(unknown, Err(Error::NotFound("order"))), "{unknown:?}");
        let named = NewEvaluation { comment: "李明很满意".to_owned(), ..of_agency(5) };
        let wrong = give(world.applicant.clone(), named).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "a natural person is named");
        give(world.applicant.clone(), of_agency(5)).await.unwrap();
        let given = give(world.agency.clone(), of_applicant(5)).await.unwrap();
        assert_eq!(given.state.name(), "published", "the last of them");
    }

    async fn one_key_gives_one_evaluation(url: &str) {
        let done = Done::new(url).await;
        let call = done.world.applicant.clone().once("evaluate-1");
        let first = done.give(&call, of_agency(4)).await.unwrap();
        assert_eq!(done.give(&call, of_agency(4)).await.unwrap(), first);
        assert_eq!(refused(done.give(&call, of_agency(3)).await), Refusal::KeyReused);
    }

    async fn public_entries_name_nobody(url: &str) {
        let done = Done::new(url).await;
        let (agency, applicant) = (done.world.agency.clone(), done.world.applicant.clone());
        done.give(&applicant, of_agency(1)).await.unwrap();
        done.give(&agency, of_applicant(5)).await.unwrap();
        done.give(&done.fire, of_deliverable(5)).await.unwrap();
        done.world.market.number().await.unwrap();
        let feed = done.world.market.feed().public_after(0, 100_000).await.unwrap();
        let told: Vec<_> = feed.items.iter().filter(|one| one.kind == Kind::Evaluation).collect();
        assert_eq!(told.len(), 2, "what the agency says of the applicant is for the parties");
        for entry in told {
            assert_eq!((&entry.party, entry.person, entry.case_id), (&None, None, None));
            let text = serde_json::to_string(entry).unwrap();
            let Party::Applicant(owner) = &applicant.actor.party else { panic!() };
            for secret in [owner.to_string(), done.order.to_string(), "报告清楚".to_owned()] {
                assert!(!text.contains(&secret), "{secret} in {text}");
            }
        }
        assert!(feed.items.iter().all(|one| one.kind != Kind::EvaluationWindow));
        let person = PersonId(Uuid::from_u128(3)).to_string();
        let public = serde_json::to_string(&done.public().await).unwrap();
        assert!(!public.contains(&person) && !public.contains("李明"), "{public}");
    }
}
