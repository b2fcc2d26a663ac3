//! Whether everybody who took part says once what they have to say, and nobody hears it too early.

mod lives;

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
