//! A list holds what its reader may read one by one, and nothing else.

use std::collections::BTreeSet;

use axum::http::Method;
use market_core::authority::{Decision, Seat};

use super::{cast::Cast, row_of};
use crate::harness::{TestApp, on_both};

/// The scenes of each list, and the act that shows one of its things.
const LISTS: &[(&str, &str, &[&str])] = &[
    ("agencies", "agency.show", &["agency applying", "agency rejected", "agency admitted"]),
    ("listings", "listing.show", &["listing draft", "listing published"]),
    ("cases", "case.show", &["case open"]),
    ("orders", "order.show", &["order placed", "order completed"]),
    ("purchases", "purchase.show", &["purchase draft", "purchase in_review", "purchase open"]),
    (
        "complaints",
        "complaint.show",
        &["complaint filed", "complaint investigating", "complaint of_owner"],
    ),
    ("alarms", "alarm.show", &["alarm"]),
];

impl Cast<'_> {
    /// The ids of a list as somebody sees it; nothing, if they may not see any.
    async fn listed(&self, list: &str, token: &str) -> BTreeSet<String> {
        let (mut ids, mut after) = (BTreeSet::new(), String::new());
        loop {
            let path = format!("/api/v1/{list}?limit=100{after}");
            let page = self.send(Method::GET, &path, None, token).await;
            for item in page.json["items"].as_array().into_iter().flatten() {
                ids.insert(item["id"].as_str().unwrap().to_owned());
            }
            let Some(next) = page.json["next"].as_str() else { return ids };
            after = format!("&after={next}");
        }
    }
}

on_both! { loaded:
    async fn a_list_holds_what_may_be_read_and_nothing_else(app: &TestApp) {
        let cast = Cast::gather(app).await;
        let mut flaws = Vec::new();
        for (list, show, names) in LISTS {
            let mut scenes = Vec::new();
            for name in *names {
                scenes.push((name, cast.scene(name, Seat::Owner).await));
            }
            for seat in Seat::ALL {
                let listed = cast.listed(list, cast.token(*seat)).await;
                for id in &listed {
                    let path = format!("/api/v1/{list}/{id}");
                    let shown = cast.send(Method::GET, &path, None, cast.token(*seat)).await;
                    if shown.status != 200 {
                        flaws.push(format!("{list} {seat}: {id} is listed, but {}", shown.status));
                    }
                }
                for (name, scene) in &scenes {
                    // The agency of the scene is another one than that of the cast.
                    if *list == "agencies" && *seat == Seat::Agency {
                        continue;
                    }
                    let is_there = listed.contains(&scene.names["id"]);
                    let is_open = *seat != Seat::Anonymous || !listed.is_empty();
                    if is_open && is_there != may_read(show, *seat, &scene.state) {
                        flaws.push(format!("{list} {seat}: {name} listed: {is_there}"));
                    }
                }
            }
        }
        assert!(flaws.is_empty(), "{} flaws:\n{}", flaws.len(), flaws.join("\n"));
    }
}

/// Whether somebody may read a thing, and not only be told why not.
fn may_read(show: &str, seat: Seat, state: &str) -> bool {
    let cell = row_of(show, state).cell(seat);
    matches!(cell, Decision::Allowed | Decision::Own | Decision::Masked)
}
