use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    Act, Decision, FILE, Relation, Role, Seat, act, decide, page, rows,
    table::{names, read},
};
use crate::Refusal;

#[test]
fn the_file_can_be_read() {
    let read = read(FILE);
    assert_eq!(read.as_deref().map_err(|faults| faults.join("\n")), Ok(rows()));
    assert!(rows().len() > 100);
}

#[test]
fn every_act_holds_in_every_state_just_once() {
    let mut acts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows() {
        let states = row.states.iter().map(String::as_str);
        let states = if row.states.is_empty() { vec![""] } else { states.collect() };
        for state in states {
            let is_new = acts.entry(&row.act).or_default().insert(state);
            assert!(is_new, "{} {state:?} has two rows", row.act);
        }
    }
    for (act, states) in acts {
        let is_file = act == "deliverable.read";
        assert!(states.contains("") || is_file, "{act} has no row for other states");
    }
}

#[test]
fn an_operation_is_one_act() {
    let mut acts: BTreeMap<&str, &str> = BTreeMap::new();
    for row in rows() {
        for operation in &row.operations {
            let before = *acts.entry(operation).or_insert(&row.act);
            assert_eq!(before, row.act, "{operation}");
        }
        let same = rows().iter().filter(|other| other.act == row.act);
        let same = same.map(|other| &other.operations).collect::<BTreeSet<_>>();
        assert!(same.len() == 1 || row.act == "deliverable.read", "{}", row.act);
    }
}

#[test]
fn a_cell_is_what_is_decided() {
    const SHOW: Act = act("purchase.show");
    const CHANGE: Act = act("listing.sell");
    let of = |state| decide(SHOW, Role::Operator, Relation::Stranger, state);
    let decisions = ["draft", "in_review", "open", "anything"].map(of);
    let yes = Decision::Allowed;
    assert_eq!(decisions, [Decision::Hidden, yes, yes, yes]);
    let other = decide(CHANGE, Role::Agency, Relation::Stranger, "published");
    assert_eq!(other, Decision::Refused(Refusal::PartyNotHeld));
    let nobody = decide(CHANGE, Role::Anonymous, Relation::Stranger, "draft");
    assert_eq!(nobody, Decision::SignIn);
    for (role, relation) in
        [(Role::Applicant, Relation::Party), (Role::Department, Relation::Party)]
    {
        assert_ne!(Seat::of(role, relation), Seat::of(role, Relation::Stranger));
    }
}

#[test]
fn what_the_file_does_not_know_is_hidden() {
    const READ: Act = act("deliverable.read");
    for role in Role::ALL {
        let found = decide(READ, *role, Relation::Party, "lost");
        assert_eq!(found, Decision::Hidden);
        assert_eq!(decide(Act("nothing.known"), *role, Relation::Party, ""), Decision::Hidden);
    }
}

#[test]
fn a_name_is_a_whole_one_at_the_beginning_of_a_line() {
    let file = "act,states\norder.accept,,x\norder.cancel,order.pay,x\n";
    assert!(names(file, "order.accept") && names(file, "order.cancel") && names(file, "act"));
    for unknown in ["order", "rder.accept", "order.pay", "order.acceptor", ""] {
        assert!(!names(file, unknown), "{unknown}");
    }
}

#[test]
fn a_wrong_file_says_where() {
    let head = FILE.lines().next().unwrap();
    let cells = "yes,own,masked,hidden,sign-in,operator-only,yes,yes";
    let right = format!("{head}\na.b,,,{cells},yes,甲,A\n");
    assert_eq!(read(&right).unwrap()[0].cell(Seat::OtherOwner), Decision::Masked);
    let wrong = format!("{head}\na.b,,,{cells},perhaps,甲,A\na.b,,,{cells},yes,,A\na.b,,\n");
    let faults = read(&wrong).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].starts_with("line 2: \"perhaps\""), "{faults:?}");
    assert_eq!(faults[1], "line 3: it does not say what it is");
    assert!(read("act,zh\n").is_err());
}

#[test]
fn the_page_is_what_the_file_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/permissions.md");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, page()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page(), "docs/permissions.md is stale: run this test with UPDATE_PAGES=1");
}

#[test]
fn nobody_who_does_not_say_who_they_are_does_more_than_read() {
    let acts = rows().iter().filter(|row| !row.is_field());
    for row in acts.filter(|row| row.cell(Seat::Anonymous) == Decision::Allowed) {
        let reads = [".show", ".list", ".search"].iter().any(|end| row.act.ends_with(end));
        assert!(
            reads || ["session.open", "document.verify", "evaluation.public"].contains(&&*row.act),
            "{}",
            row.act
        );
    }
}
