//! The table of permissions, tried: every operation of the API by somebody on every seat, in every
//! state that the table tells apart, on both databases.

mod buying;
mod canaries;
mod cast;
mod lists;
mod own;
mod people;
mod requests;
mod scenes;

use std::{collections::BTreeSet, panic::AssertUnwindSafe};

use axum::http::Method;
use futures::FutureExt;
use market_core::{
    authority::{self, Decision, Row, Seat},
    complaint::ComplaintState,
    order::AnyState,
    purchase::PurchaseState,
};

use self::{cast::Cast, scenes::Scene};
use crate::{
    asking::Answer,
    harness::{TestApp, on_both},
};

/// An operation of the description.
struct Operation {
    id: String,
    method: Method,
    path: String,
}

fn operations() -> Vec<Operation> {
    let description = serde_json::to_value(market_api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            let id = operation["operationId"].as_str().unwrap().to_owned();
            operations.push(Operation { id, method, path: path.clone() });
        }
    }
    operations
}

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let described: BTreeSet<String> = operations().into_iter().map(|one| one.id).collect();
    let known = authority::rows().iter().flat_map(|row| row.operations.iter().cloned());
    let known: BTreeSet<String> = known.collect();
    let without: Vec<_> = described.difference(&known).collect();
    assert!(without.is_empty(), "permissions.csv has no row for {without:?}");
    let unknown: Vec<_> = known.difference(&described).collect();
    assert!(unknown.is_empty(), "permissions.csv names what is no operation: {unknown:?}");
}

#[test]
fn every_state_is_one_of_its_noun() {
    let of = |act: &str| -> Vec<&str> {
        let noun = act.trim_start_matches("field.").split('.').next().unwrap();
        match noun {
            "purchase" | "registration" | "reply" | "quote" => PurchaseState::NAMES.to_vec(),
            "complaint" if act == "complaint.file" => PurchaseState::NAMES.to_vec(),
            "complaint" => [ComplaintState::NAMES, &["of_owner"]].concat(),
            "order" => AnyState::NAMES.to_vec(),
            "deliverable" => vec!["uploaded", "handed_over", "accepted"],
            "agency" => vec!["applying", "rejected", "admitted", "suspended", "exited"],
            "listing" => vec!["draft", "published", "off_shelf"],
            "webhook" => vec!["of_operator"],
            "applicant" => vec!["asked"],
            _ => Vec::new(),
        }
    };
    for row in authority::rows() {
        for state in &row.states {
            assert!(of(&row.act).contains(&state.as_str()), "{}: {state}", row.act);
        }
    }
}

/// Operations that tests of their own try with outsiders: of documents and evaluations, which take
/// a whole life of an order each; codes that change; a file of listings; streams, which do not end;
/// and what would take the ground from under all other scenes.
const ELSEWHERE: [&str; 23] = [
    "accounts_confirm_second_factor",
    "accounts_give_up_second_factor",
    "catalogue_clear_opening_key",
    "catalogue_restore_item",
    "catalogue_restore_matter",
    "catalogue_withdraw_item",
    "catalogue_withdraw_matter",
    "documents_award_letter",
    "documents_award_letters",
    "documents_contract_summaries",
    "documents_contract_summary",
    "documents_verify",
    "documents_verify_file",
    "evaluations_appeal",
    "evaluations_decide",
    "evaluations_give",
    "evaluations_of_agency",
    "evaluations_of_order",
    "evaluations_show",
    "facts_feed_own_stream",
    "facts_feed_stream",
    "listings_import",
    "purchases_receipt",
];

fn is_tried_here(operation: &str) -> bool {
    !ELSEWHERE.contains(&operation)
}

/// The rows of an operation.
fn rows_of(operation: &str) -> Vec<&'static Row> {
    let names = |row: &&Row| row.operations.iter().any(|one| one == operation);
    authority::rows().iter().filter(names).collect()
}

/// The row that holds in a state.
fn row_in<'r>(rows: &[&'r Row], state: &str) -> &'r Row {
    let named = rows.iter().find(|row| row.states.iter().any(|one| one == state));
    named.or_else(|| rows.iter().find(|row| row.states.is_empty())).unwrap()
}

/// The path of an operation in a scene that has all that it names.
fn path(operation: &Operation, scene: &Scene) -> Option<String> {
    let mut path = String::new();
    for part in operation.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => path.push_str(part),
            Some("code") => path.push_str(requests::catalogue(&operation.id)),
            Some("id") if operation.id == "people_revoke_token" => {
                path.push_str(scene.names.get("token")?);
            }
            Some("id") if operation.id == "api-keys_revoke" => {
                path.push_str(scene.names.get("key")?);
            }
            Some(name) => path.push_str(scene.names.get(name)?),
        }
    }
    Some(path + &requests::query(&operation.id, scene))
}

impl Cast<'_> {
    async fn try_as(
        &self,
        seat: Seat,
        operation: &Operation,
        scene: &Scene,
        version: Option<&str>,
    ) -> Answer {
        let token = match scene.players.get(&seat) {
            Some(player) if !operation.id.ends_with("sign_in") => &player.token,
            _ => self.token(seat),
        };
        let path = path(operation, scene).unwrap_or_else(|| panic!("{} {scene:?}", operation.id));
        if operation.id == "orders_upload" {
            return self.file(&path, token, "检测报告").await;
        }
        let body = requests::body(self, &operation.id, scene);
        self.send_if(operation.method.clone(), &path, body, token, version).await
    }
}

/// What is wrong with an answer, if anything.
fn flaw(decision: Decision, answer: &Answer, is_time: bool) -> Option<String> {
    let code = answer.json["code"].as_str().unwrap_or_default();
    let is_right = match decision {
        Decision::SignIn => (answer.status, code) == (401, "anonymous"),
        Decision::Hidden => (answer.status, code) == (404, "not-found"),
        Decision::Refused(refusal) => code == refusal.code() && matches!(answer.status, 403 | 409),
        Decision::Allowed | Decision::Own | Decision::Masked if is_time => {
            (200..300).contains(&answer.status)
        }
        // It would be theirs, at another time.
        Decision::Allowed | Decision::Own | Decision::Masked => {
            matches!(answer.status, 200..300 | 409) || answer.status == 404
        }
    };
    (!is_right).then(|| format!("{decision}, but {} {}", answer.status, answer.text))
}

/// The answer without the ids in it.
fn without(answer: &Answer, id: &str) -> (u16, String, Vec<String>) {
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}"));
    (answer.status, answer.text.replace(id, "…"), headers.collect())
}

/// What tells of a thing that there is one.
fn telling(act: &str) -> Option<&'static str> {
    let nouns = [
        "order",
        "purchase",
        "case",
        "complaint",
        "alarm",
        "agency",
        "listing",
        "person",
        "applicant",
        "webhook",
    ];
    let noun = match act.split('.').next()? {
        "deliverable" => "order",
        "registration" | "reply" => "purchase",
        noun => noun,
    };
    let noun = if act == "complaint.file" { "purchase" } else { noun };
    nouns.iter().find(|one| **one == noun).copied()
}

/// The row of an act that holds in a state.
fn row_of(act: &str, state: &str) -> &'static Row {
    let rows: Vec<_> = authority::rows().iter().filter(|row| row.act == act).collect();
    row_in(&rows, state)
}

/// Whether somebody who may not do something knows nevertheless that its thing is there.
fn is_known(act: &str, decision: Decision, seat: Seat, state: &str) -> bool {
    let Some(noun) = telling(act) else { return decision != Decision::Hidden };
    // The state of a file is none of an order.
    let state = if act.starts_with("deliverable") { "" } else { state };
    let cell = row_of(&format!("{noun}.show"), state).cell(seat);
    matches!(cell, Decision::Allowed | Decision::Own | Decision::Masked)
}

on_both! { loaded:
    async fn everybody_may_do_what_the_table_says(app: &TestApp) {
        let cast = Cast::gather(app).await;
        let (mut flaws, mut tried) = (Vec::new(), BTreeSet::new());
        for operation in operations().into_iter().filter(|one| is_tried_here(&one.id)) {
            let rows = rows_of(&operation.id);
            let (at, early) = requests::scenes(&operation.id);
            let scenes = at.iter().map(|scene| (*scene, true));
            for (name, is_time) in scenes.chain(early.iter().map(|scene| (*scene, false))) {
                let trying = try_scene(&cast, &operation, &rows, name, is_time);
                // One scene that cannot be made is not to hide what is wrong in others.
                let Ok(found) = Box::pin(AssertUnwindSafe(trying).catch_unwind()).await else {
                    flaws.push(format!("{} {name}: cannot be tried", operation.id));
                    continue;
                };
                for (seat, row, flaw) in found {
                    tried.insert((operation.id.clone(), row, seat));
                    flaws.extend(flaw.map(|flaw| format!("{} {name} {seat}: {flaw}", operation.id)));
                }
            }
        }
        for row in authority::rows().iter().filter(|row| !row.operations.is_empty()) {
            let states = row.states.join(" ");
            let here = row.operations.iter().filter(|one| is_tried_here(one));
            for (operation, seat) in here.flat_map(|operation| {
                Seat::ALL.iter().map(move |seat| (operation.clone(), *seat))
            }) {
                let is_tried = tried.contains(&(operation.clone(), states.clone(), seat));
                if !is_tried {
                    flaws.push(format!("{operation} [{states}] {seat} was not tried"));
                }
            }
        }
        assert!(flaws.is_empty(), "{} flaws:\n{}", flaws.len(), flaws.join("\n"));
    }
}

/// Tries an operation in a scene by everybody; those who may come last, since they change it.
async fn try_scene(
    cast: &Cast<'_>,
    operation: &Operation,
    rows: &[&Row],
    name: &str,
    is_time: bool,
) -> Vec<(Seat, String, Option<String>)> {
    let (mut found, mut kept) = (Vec::new(), None::<Scene>);
    let mut seats = Seat::ALL.to_vec();
    if let Some(row) = (rows.len() == 1).then(|| rows[0]) {
        let may = |seat: &Seat| !matches!(row.cell(*seat), Decision::Refused(_) | Decision::Hidden);
        seats.sort_by_key(may);
    }
    for seat in seats {
        let scene = match kept.take() {
            Some(scene) => scene,
            None => cast.scene(name, seat).await,
        };
        let row = row_in(rows, &scene.state);
        let decision = row.cell(seat);
        let answer = cast.try_as(seat, operation, &scene, None).await;
        let mut flaw = flaw(decision, &answer, is_time);
        let id = scene.names.get("id").filter(|_| operation.path.contains("{id}"));
        if let Some(id) = id.filter(|_| flaw.is_none())
            && !is_known(&row.act, decision, seat, &scene.state)
        {
            let random = scenes::uuid();
            let id = if operation.id == "api-keys_revoke" { &scene.names["key"] } else { id };
            let mut elsewhere = Scene {
                names: scene.names.clone(),
                players: scene.players.clone(),
                thing: scene.thing.clone(),
                ..Scene::default()
            };
            elsewhere.names.extend([
                ("id", random.clone()),
                ("token", random.clone()),
                ("key", random.clone()),
            ]);
            // Neither as it is nor for a version that it never had.
            for version in [None, Some("\"9999\"")] {
                let answer = cast.try_as(seat, operation, &scene, version).await;
                let nothing = cast.try_as(seat, operation, &elsewhere, version).await;
                let (here, there) = (without(&answer, id), without(&nothing, &random));
                if here != there {
                    flaw = Some(format!("tells that it is there: {here:?} but {there:?}"));
                }
            }
        }
        found.push((seat, row.states.join(" "), flaw));
        let is_changed = operation.method != Method::GET && answer.status < 300;
        if !is_changed && !requests::is_personal(name) {
            kept = Some(scene);
        }
    }
    found
}
