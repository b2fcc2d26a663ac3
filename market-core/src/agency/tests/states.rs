//! The rules of an agency and of a listing, each on one page.

use std::fmt::Write;

use super::*;
use crate::agency::state::Moved;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn at() -> Timestamp {
    Timestamp::from_micros(1_000_000)
}

fn agency(state: AgencyState) -> Agency {
    let id = AgencyId(uuid::Uuid::nil());
    let applied = Agency::apply(id, &new_agency(USCC), day("2026-11-26"), at()).any().agency;
    Agency { state, ..applied }
}

fn suspended(until: &str) -> AgencyState {
    Suspended { until: day(until), reason: "reason".to_owned() }.into()
}

fn states() -> [AgencyState; 5] {
    [
        Applying { due: day("2026-11-26") }.into(),
        Admitted {}.into(),
        Rejected { reasons: vec!["reason".to_owned()] }.into(),
        suspended("2027-02-24"),
        Exited { reason: "reason".to_owned() }.into(),
    ]
}

/// A step, as far as the state decides it.
type Step<S, T> = fn(S) -> Result<T, Refusal>;

/// One line for each state, one column for each step.
fn page<S: Clone, T, const N: usize>(
    states: &[(&str, S)],
    steps: [(&str, Step<S, T>); N],
    new_state: impl Fn(T) -> &'static str,
) -> String {
    let mut page = format!("{:10}", "");
    for (step, _) in &steps {
        write!(page, " {step:22}").unwrap();
    }
    for (name, state) in states {
        write!(page, "\n{name:10}").unwrap();
        for (_, step) in &steps {
            let cell = match step(state.clone()) {
                Ok(moved) => format!("▶ {}", new_state(moved)),
                Err(refusal) => format!("✘ {}", refusal.code()),
            };
            write!(page, " {cell:22}").unwrap();
        }
    }
    let lines: Vec<_> = page.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn every_step_of_an_agency_from_every_state() {
    let from = states().map(|state| (state.name(), agency(state)));
    let page = page::<Agency, Moved<AgencyState>, 8>(
        &from,
        [
            ("admit", |agency| Ok(agency.applying()?.admit().any())),
            ("reject", |agency| Ok(agency.applying()?.reject(vec!["reason".to_owned()]).any())),
            ("reapply", |agency| {
                Ok(agency.rejected()?.reapply(details(), "2026-11-26".parse().unwrap()).any())
            }),
            ("change", |agency| Ok(agency.present()?.change(details()).any())),
            ("note", |agency| {
                Ok(agency.present()?.note("qualification_added", serde_json::json!({})).any())
            }),
            ("suspend", |agency| {
                let until = "2027-02-24".parse().unwrap();
                Ok(agency.admitted()?.suspend(until, "reason".to_owned()).any())
            }),
            ("reinstate", |agency| Ok(agency.suspended()?.reinstate().any())),
            ("leave", |agency| Ok(agency.joined()?.leave("reason".to_owned()).any())),
        ],
        |moved| moved.agency.state.name(),
    );
    insta::assert_snapshot!(page);
}

#[test]
fn every_step_of_a_listing_from_every_state() {
    let from = ListingState::ALL.iter().map(|state| (state.as_str(), listing(*state)));
    let page = page::<Listing, listing::ListingMoved, 3>(
        &from.collect::<Vec<_>>(),
        [
            ("change", |listing| Ok(listing.change(terms(2)))),
            ("publish", Listing::publish),
            ("take_off", Listing::take_off),
        ],
        |moved| moved.listing.state.as_str(),
    );
    insta::assert_snapshot!(page);
}

fn listing(state: ListingState) -> Listing {
    let (id, agency) = (ListingId(uuid::Uuid::nil()), AgencyId(uuid::Uuid::nil()));
    let created = Listing::create(id, agency, &new_listing("l1", 1), at());
    Listing { state, ..created.listing }
}

/// What each side may do in each state, as the program shows it.
fn actions(named: impl IntoIterator<Item = (String, Vec<Action>)>) -> String {
    let mut page = String::new();
    for (who, actions) in named {
        writeln!(page, "{who}").unwrap();
        for action in actions {
            let why = action.refusal.map_or("allowed", Refusal::code);
            writeln!(page, "  {:20} {why}", action.name).unwrap();
        }
    }
    page
}

fn actors() -> [(&'static str, Actor); 4] {
    let own = AgencyId(uuid::Uuid::nil());
    let other = AgencyId(uuid::Uuid::from_u128(9));
    let applicant = crate::id::ApplicantId(uuid::Uuid::from_u128(8));
    [
        ("operator", crate::Party::Operator),
        ("own", crate::Party::Agency(own)),
        ("other agency", crate::Party::Agency(other)),
        ("applicant", crate::Party::Applicant(applicant)),
    ]
    .map(|(name, party)| (name, Actor::new(person(), party)))
}

#[test]
fn every_side_learns_what_it_may_do_and_why_not_the_rest() {
    let agency = agency(Admitted {}.into());
    let listing = listing(ListingState::Published);
    let agencies = actors().map(|(who, actor)| (format!("agency: {who}"), agency.actions(&actor)));
    let listings =
        actors().map(|(who, actor)| (format!("listing: {who}"), listing.actions(&actor)));
    insta::assert_snapshot!(actions(agencies.into_iter().chain(listings)));
}

#[test]
fn a_suspension_ends_by_itself_the_day_after() {
    let suspended = agency(suspended("2027-02-24"));
    assert_eq!(suspended.trades_on(day("2027-02-24")), Err(Refusal::AgencySuspended));
    assert_eq!(suspended.trades_on(day("2027-02-25")), Ok(()));
    let after = suspended.as_of(day("2027-02-25"));
    assert_eq!(after.state.standing(), Standing::Admitted);
    assert_eq!(after.suspended().unwrap_err(), Refusal::AgencyNotSuspended);
}

#[test]
fn only_the_admitted_trade() {
    let today = day("2026-11-24");
    let trade = states().map(|state| agency(state).trades_on(today));
    assert_eq!(
        trade,
        [
            Err(Refusal::AgencyNotAdmitted),
            Ok(()),
            Err(Refusal::AgencyNotAdmitted),
            Err(Refusal::AgencySuspended),
            Err(Refusal::AgencyExited),
        ],
    );
}

#[test]
fn an_application_is_seen_by_its_own_side_and_the_operator() {
    let applying = agency(Applying { due: day("2026-11-26") }.into());
    assert!(!applying.is_visible_to(None));
    let seen = actors().map(|(_, actor)| applying.is_visible_to(Some(&actor)));
    assert_eq!(seen, [true, true, false, false]);
    assert!(agency(Exited { reason: "reason".to_owned() }.into()).is_visible_to(None));
}

#[test]
fn a_change_of_terms_makes_a_new_number_and_publishing_does_not() {
    let changed = listing(ListingState::Published).change(terms(2));
    assert_eq!((changed.listing.number, changed.listing.version), (2, 2));
    let published = changed.listing.take_off().unwrap().listing.publish().unwrap();
    assert_eq!((published.listing.number, published.listing.version), (2, 4));
}

fn codes(faults: Vec<Fault>) -> Vec<String> {
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn every_wrong_thing_is_named_with_its_place() {
    let mut wrong = details();
    wrong.name = "x".to_owned();
    wrong.profile.phone = "\u{0}12345".to_owned();
    wrong.profile.established_on = day("2026-11-25");
    let faults = codes(wrong.check(day("2026-11-24")));
    let expected = ["/name length", "/profile/phone characters", "/profile/established_on future"];
    assert_eq!(faults, expected);

    let mut wrong = terms(1);
    wrong.days = 0;
    wrong.regions = vec![region("330282"), region("330282")];
    assert_eq!(codes(wrong.check("/terms")), ["/terms/days range", "/terms/regions/1 duplicate"]);
}

#[test]
fn what_the_journal_tells_of_a_practitioner_is_not_who_they_are() {
    let new = NewPractitioner {
        name: "张工".to_owned(),
        specialty: "surveyor".parse().unwrap(),
        certificate: "C-1".to_owned(),
        valid_until: day("2027-01-01"),
    };
    let practitioner =
        new.of(AgencyId(uuid::Uuid::nil()), crate::id::PractitionerId(uuid::Uuid::nil()));
    let told = practitioner.told().to_string();
    assert!(!told.contains("张工") && !told.contains("C-1"), "{told}");
}
