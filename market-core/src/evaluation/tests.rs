//! Whether everybody who took part says once what they have to say, and nobody hears it too early.

use std::fmt::Write;

use uuid::Uuid;

use super::*;
use crate::{
    Actor, Day, Kind, Options, Paging, Unrated,
    case::Fund,
    deadline::{Consequence, Deadline, DeadlineFilter, DeadlineKind},
    id::PersonId,
    order::tests::world::{World, acting},
    testing::{clock, on_both},
};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn new(marks: &[(&str, u32)], comment: &str) -> NewEvaluation {
    let marks = marks.iter().map(|(code, mark)| ((*code).to_owned(), *mark)).collect();
    NewEvaluation { marks, comment: comment.to_owned() }
}

/// What an applicant says of an agency: the same mark of everything.
fn of_agency(mark: u32) -> NewEvaluation {
    let all = ["quality", "timeliness", "attitude", "fee"].map(|code| (code, mark));
    new(&all, "报告清楚")
}

fn of_deliverable(mark: u32) -> NewEvaluation {
    new(&[("quality", mark), ("lawfulness", mark)], "")
}

fn of_applicant(mark: u32) -> NewEvaluation {
    new(&[("cooperation", mark), ("payment", mark)], "")
}

fn window() -> EvaluationWindow {
    let lead: DepartmentCode = "market-regulation".parse().unwrap();
    EvaluationWindow {
        order_id: OrderId(Uuid::nil()),
        case_id: CaseId(Uuid::nil()),
        agency_id: AgencyId(Uuid::nil()),
        applicant_id: ApplicantId(Uuid::nil()),
        item: "fire-facility-inspection".parse().unwrap(),
        raters: vec![
            Party::Applicant(ApplicantId(Uuid::nil())),
            Party::Agency(AgencyId(Uuid::nil())),
            Party::Department(lead.clone()),
        ],
        supervisor: lead,
        rules: EvaluationRules::default(),
        policy_version: 7,
        state: WindowState::Open { due: day("2026-12-01") },
        points: None,
        version: 1,
        opened_at: clock().now,
        updated_at: clock().now,
    }
}

fn evaluation(rater: usize, mark: u32) -> Evaluation {
    let window = window();
    let new = [of_agency(mark), of_applicant(mark), of_deliverable(mark)][rater].clone();
    window.evaluated(EvaluationId(Uuid::nil()), &window.raters[rater], &new, &clock()).unwrap()
}

fn states() -> Vec<EvaluationState> {
    let appeal = || "与事实不符".to_owned();
    vec![
        EvaluationState::Sealed {},
        EvaluationState::Published { appeal_until: Some(day("2026-12-01")) },
        EvaluationState::Published { appeal_until: None },
        EvaluationState::Appealed { appeal: appeal(), due: day("2026-12-01") },
        EvaluationState::Kept { appeal: appeal(), decision: Some(appeal()) },
        EvaluationState::Hidden { appeal: None, decision: appeal() },
    ]
}

fn at(instant: &str) -> Clock {
    Clock { now: instant.parse().unwrap(), ..clock() }
}

type Step = fn(Evaluation) -> Result<Moved<Evaluation>, Refusal>;

#[test]
fn every_step_from_every_state() {
    let early = || at("2026-12-01T15:59:59Z");
    let late = || at("2026-12-01T16:00:00Z");
    let steps: [(&str, Step); 6] = [
        ("appeal in time", |one| one.appeal("不实".to_owned(), 15, &at("2026-12-01T15:59:59Z"))),
        ("appeal too late", |one| one.appeal("不实".to_owned(), 15, &at("2026-12-01T16:00:00Z"))),
        ("keep", |one| one.keep("属实".to_owned(), clock().now)),
        ("hide", |one| one.hide("不实".to_owned(), clock().now)),
        ("lapse too early", |one| one.lapse(&at("2026-12-01T15:59:59Z"))),
        ("lapse", |one| one.lapse(&at("2026-12-01T16:00:00Z"))),
    ];
    assert!(early().today() < late().today(), "the day ends at midnight in China");
    let mut page = String::new();
    for state in states() {
        writeln!(page, "{}", serde_json::to_string(&state).unwrap()).unwrap();
        for (name, step) in steps {
            let one = Evaluation { state: state.clone(), ..evaluation(0, 5) };
            let cell = match step(one) {
                Ok(moved) => format!("▶ {} ({})", moved.thing.state.name(), moved.event),
                Err(refusal) => format!("✘ {}", refusal.code()),
            };
            writeln!(page, "  {name:16} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(page);
}

#[test]
fn actions_agree_with_steps() {
    let agency = acting(Party::Agency(AgencyId(Uuid::nil()))).actor;
    let lead = acting(Party::Department("market-regulation".parse().unwrap())).actor;
    let now = clock().now;
    for state in states() {
        let one = Evaluation { state, ..evaluation(0, 5) };
        let refusal = |actor: &Actor, name: &str| {
            let actions = one.actions(actor, now);
            actions.into_iter().find(|action| action.name == name).unwrap().refusal
        };
        let appealed = one.clone().appeal(String::new(), 15, &clock()).err();
        assert_eq!(refusal(&agency, "appeal"), appealed);
        assert_eq!(refusal(&lead, "keep"), one.clone().keep(String::new(), now).err());
        assert_eq!(refusal(&lead, "hide"), one.clone().hide(String::new(), now).err());
        assert_eq!(refusal(&lead, "appeal"), Some(Refusal::OtherSide));
        assert_eq!(refusal(&agency, "hide"), Some(Refusal::OtherSide));
    }
}

#[test]
fn a_department_does_not_decide_on_its_own_evaluation() {
    assert_eq!(evaluation(0, 5).supervisor, window().raters[2]);
    assert_eq!(evaluation(2, 5).supervisor, Party::Operator);
}

#[test]
fn points_are_the_weighted_mean_of_the_marks() {
    assert_eq!(evaluation(0, 5).points, 1000);
    assert_eq!(evaluation(0, 1).points, 200);
    let marks = [("quality", 5), ("timeliness", 4), ("attitude", 3), ("fee", 1)];
    let marks = marks::read(&new(&marks, "").marks, Rater::Applicant, &window().rules).unwrap();
    assert_eq!(marks::of_marks(&marks, 5), 730, "(40×5 + 25×4 + 15×3 + 20×1) ÷ 500");
    assert_eq!(marks::of_marks(&marks, 7), 521, "365 ÷ 700 = 0.5214");
}

#[test]
fn an_order_says_what_those_say_whose_evaluations_count() {
    let rules = EvaluationRules::default();
    let published = |rater, mark| Evaluation {
        state: EvaluationState::Published { appeal_until: None },
        ..evaluation(rater, mark)
    };
    let points = |given: &[Evaluation]| marks::of_order(&rules, given.iter());
    assert_eq!(points(&[]), None);
    assert_eq!(points(&[published(1, 5)]), None, "what the agency says is not of the agency");
    assert_eq!(points(&[evaluation(0, 5)]), None, "nobody has seen it");
    assert_eq!(points(&[published(0, 5)]), Some(1000));
    assert_eq!(points(&[published(0, 5), published(2, 1)]), Some(700), "(5×1000 + 3×200) ÷ 8");
    let three = [published(0, 4), published(2, 1), published(2, 2)];
    assert_eq!(points(&three), Some(613), "(5×800 + 3×300) ÷ 8 = 612.5");
    let hidden = Evaluation {
        state: EvaluationState::Hidden { appeal: None, decision: String::new() },
        ..evaluation(0, 1)
    };
    assert_eq!(points(&[hidden, published(2, 4)]), Some(800));
    let unweighed = EvaluationRules { department_weight: 0, ..rules.clone() };
    assert_eq!(marks::of_order(&unweighed, [published(2, 4)].iter()), None);
}

#[test]
fn marks_are_of_every_dimension_and_within_the_scale() {
    let faults = |marks: &[(&str, u32)]| {
        let found = marks::read(&new(marks, "").marks, Rater::Department, &window().rules);
        let Err(Error::Invalid(faults)) = found else { panic!("{found:?}") };
        faults.into_iter().map(|one| format!("{} {}", one.pointer, one.code)).collect::<Vec<_>>()
    };
    assert_eq!(faults(&[]), ["/marks/quality missing", "/marks/lawfulness missing"]);
    assert_eq!(
        faults(&[("quality", 0), ("lawfulness", 6)]),
        ["/marks/quality range", "/marks/lawfulness range"]
    );
    assert_eq!(
        faults(&[("quality", 1), ("lawfulness", 5), ("fee/~", 1)]),
        ["/marks/fee~1~0 unknown"]
    );
}

#[test]
fn a_window_closes_with_the_last_evaluation_or_after_its_last_day() {
    let close = |given: Vec<Evaluation>, at: &Clock| window().close(given, at);
    let (two, three) = (
        || vec![evaluation(0, 4), evaluation(1, 4)],
        || vec![evaluation(0, 4), evaluation(1, 4), evaluation(2, 4)],
    );
    assert_eq!(close(two(), &at("2026-12-01T15:59:59Z")), None);
    let (closed, published) = close(three(), &clock()).unwrap();
    assert_eq!((closed.thing.points, closed.thing.version), (Some(800), 2));
    assert!(published.iter().all(|moved| moved.thing.state.name() == "published"));
    let until = |at: usize| match published[at].thing.state {
        EvaluationState::Published { appeal_until } => appeal_until,
        ref other => panic!("{other:?}"),
    };
    assert_eq!((until(0), until(1)), (Some(day("2026-12-01")), None), "the agency appeals alone");
    let (closed, _) = close(two(), &at("2026-12-01T16:00:00Z")).unwrap();
    assert_eq!(closed.thing.points, Some(800));
    assert_eq!(closed.thing.close(two(), &at("2026-12-09T16:00:00Z")), None, "once");
}

#[test]
fn what_nobody_evaluates_says_what_the_policy_says() {
    let late = at("2026-12-01T16:00:00Z");
    let closed = |unrated, given| {
        let rules = EvaluationRules { unrated, ..EvaluationRules::default() };
        let (closed, _) = EvaluationWindow { rules, ..window() }.close(given, &late).unwrap();
        let WindowState::Closed { deemed, .. } = closed.thing.state else { panic!() };
        (closed.thing.points, deemed)
    };
    assert_eq!(closed(Unrated::None, Vec::new()), (None, false), "unrated is not good");
    assert_eq!(closed(Unrated::Deemed, Vec::new()), (Some(800), true));
    assert_eq!(closed(Unrated::Deemed, vec![evaluation(1, 1)]), (Some(800), true));
    assert_eq!(closed(Unrated::Deemed, vec![evaluation(2, 1)]), (Some(200), false));
}

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
