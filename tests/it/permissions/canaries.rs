//! Secrets, each unlike anything else, and nobody finds them who may not: in no answer, no line of
//! the log, no file of the index; what is sealed, not even in the database.

use std::{
    collections::BTreeSet,
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::http::Method;
use market_core::{
    Market, Options, Party,
    authority::{self, Decision, Seat},
};
use sqlx::{Connection, PgConnection, Row as _};
use tracing_subscriber::fmt::MakeWriter;

use super::{
    Operation,
    buying::{asked, secret},
    cast::Cast,
    operations, path, row_in,
    scenes::{Scene, kept_code, text},
};
use crate::{
    browsing::Browser,
    harness::{PASSWORD, TestApp, on_both},
};

/// A secret, and the row that says who may read it.
struct Plant {
    secret: String,
    act: &'static str,
    state: &'static str,
    /// The operations whose answers it stands in; in those of others it may mean something else.
    within: &'static str,
    seen: BTreeSet<Seat>,
}

impl Plant {
    fn may_be_read_by(&self, seat: Seat) -> bool {
        let rows = authority::rows().iter().filter(|row| row.act == self.act);
        let rows: Vec<_> = rows.collect();
        let cell = row_in(&rows, self.state).cell(seat);
        matches!(cell, Decision::Allowed | Decision::Own)
    }
}

/// Everything that was read, by whom.
struct Reading {
    seat: Seat,
    operation: String,
    text: String,
}

/// The log of this thread, line after line.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The scenes that secrets are planted in, with the paths that lead to them.
const SCENES: &[(&str, &str)] = &[
    ("purchase draft", "purchases"),
    ("purchase in_review", "purchases"),
    ("purchase open", "purchases"),
    ("purchase choosing", "purchases"),
    ("purchase publicity", "purchases"),
    ("complaint filed", "complaints"),
    ("complaint investigating", "complaints"),
    ("complaint of_owner", "complaints"),
    ("order uploaded", "orders"),
    ("order delivered", "orders"),
    ("order signed_off", "orders"),
    ("webhook enabled", "webhooks"),
];

/// What is planted in a scene.
fn plants(name: &str, scene: &Scene) -> Vec<Plant> {
    let plant = |secret: String, act, state, within| Plant {
        secret,
        act,
        state,
        within,
        seen: BTreeSet::new(),
    };
    let avoided = |state| {
        plant(text(&scene.thing, "/notice/avoid/0/reason"), "field.purchase.avoided", state, "")
    };
    let told =
        |state| plant(scene.names["facts"].clone(), "field.complaint.complainant", state, "");
    let content = |state| plant(scene.names["content"].clone(), "deliverable.read", state, "");
    match name {
        "purchase draft" => vec![avoided("draft")],
        "purchase in_review" => vec![avoided("in_review")],
        "purchase open" => {
            let quote = plant(asked(0, true), "field.quote.content", "open", "");
            let other = plant(asked(1, true), "field.quote.content", "open", "");
            vec![avoided("open"), quote, other]
        }
        "complaint filed" => vec![told("filed")],
        "complaint investigating" => vec![told("investigating")],
        "complaint of_owner" => vec![told("of_owner")],
        "order uploaded" => vec![content("uploaded")],
        "order delivered" => vec![content("handed_over")],
        "order signed_off" => vec![content("accepted")],
        "webhook enabled" => {
            vec![plant(scene.names["secret"].clone(), "field.webhook.secret", "", "")]
        }
        _ => Vec::new(),
    }
}

impl Cast<'_> {
    /// Reads everything that a scene leads to, as everybody.
    async fn read(
        &self,
        scene: &Scene,
        is_wanted: impl Fn(&Operation) -> bool,
        readings: &mut Vec<Reading>,
    ) {
        let reads = |one: &&Operation| one.method == Method::GET && !one.id.ends_with("_stream");
        for operation in operations().iter().filter(reads) {
            let Some(path) = path(operation, scene).filter(|_| is_wanted(operation)) else {
                continue;
            };
            for seat in Seat::ALL {
                let answer = self.send(Method::GET, &path, None, self.token(*seat)).await;
                let text = format!("{:?} {}", answer.headers, answer.text);
                readings.push(Reading { seat: *seat, operation: operation.id.clone(), text });
            }
        }
    }

    /// The pages that people and feed readers see.
    async fn read_pages(&self, readings: &mut Vec<Reading>) {
        let Party::Agency(agency) = &self.seats[&Seat::Agency].actor.party else { panic!() };
        let agency = format!("/agencies/{agency}");
        let pages = ["/", "/feeds/notices.atom", "/search?q=消防", "/matters/open-restaurant"];
        for path in pages.into_iter().chain([agency.as_str()]) {
            let answer = self.send(Method::GET, path, None, "").await;
            assert_eq!(answer.status, 200, "{path}");
            let operation = format!("publicity {path}");
            readings.push(Reading { seat: Seat::Anonymous, operation, text: answer.text });
        }
    }
}

/// The pages of the operator, and with what a department is answered there.
const DESK: [(&str, u16); 5] = [
    ("/desk/audit", 200),
    ("/desk/audit.csv", 200),
    ("/desk/jobs", 403),
    ("/desk/policies", 403),
    ("/desk", 200),
];

impl Cast<'_> {
    /// The pages of those who supervise, as they see them.
    async fn read_desks(&self, readings: &mut Vec<Reading>) {
        for seat in [Seat::Operator, Seat::Supervisor] {
            let party = self.seats[&seat].actor.party.clone();
            let desk = Browser::acting(self.app, &format!("desk-of-{seat}"), party).await;
            for (path, of_department) in DESK {
                let status = if seat == Seat::Operator { 200 } else { of_department };
                let text = desk.get(path, status).await.text;
                assert!(path != "/desk/audit.csv" || text.lines().count() > 20, "{text}");
                readings.push(Reading { seat, operation: format!("desk {path}"), text });
            }
        }
    }
}

/// Everything in a database, as text.
async fn dump(url: &str) -> String {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let beside = [path.to_owned(), format!("{path}-wal")];
        let bytes = beside.iter().flat_map(|path| fs::read(path).unwrap_or_default());
        return String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned();
    }
    let mut conn = PgConnection::connect(url).await.unwrap();
    let tables = "select tablename::text from pg_tables where schemaname = 'public'";
    let tables = sqlx::query(tables).fetch_all(&mut conn).await.unwrap();
    let mut text = String::new();
    for table in tables {
        let table: String = table.get(0);
        let rows = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
        let rows = sqlx::query(sqlx::AssertSqlSafe(rows)).fetch_one(&mut conn).await.unwrap();
        text += rows.get::<&str, _>(0);
    }
    text
}

/// Everything in a folder, as text.
fn files(folder: &Path, text: &mut String) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += files(&path, text);
        } else {
            *text += &String::from_utf8_lossy(&fs::read(path).unwrap());
            count += 1;
        }
    }
    count
}

/// The index of a market, built in a folder, as text.
async fn index(url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { index: Some(folder.path().to_owned()), ..Options::new(url) };
    let market = Market::open(options).await.unwrap();
    market.search().catch_up().await.unwrap();
    market.close().await.unwrap();
    let mut text = String::new();
    assert!(files(folder.path(), &mut text) > 0, "there is no index");
    text
}

on_both! { loaded:
    async fn nobody_finds_a_secret_who_may_not(app: &TestApp) {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        let subscriber = subscriber.with_writer(log.clone()).with_ansi(false).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let cast = Cast::gather(app).await;
        let (mut plants_of_all, mut readings) = (Vec::new(), Vec::new());
        for (name, paths) in SCENES {
            let scene = cast.scene(name, Seat::Owner).await;
            plants_of_all.extend(plants(name, &scene));
            let start = format!("/api/v1/{paths}/");
            let leads = |one: &Operation| {
                one.path.starts_with(&start) || one.path.contains("{purchase")
                    || one.id == "publicity_notice"
            };
            cast.read(&scene, leads, &mut readings).await;
        }
        let Party::Applicant(owner) = &cast.seats[&Seat::Owner].actor.party else { panic!() };
        let of_owner = Scene { names: [("id", owner.to_string())].into(), ..Scene::default() };
        cast.read(&of_owner, |one| one.id == "accounts_applicant", &mut readings).await;
        // A session's password and token, and the witness's value before it is shown.
        let session = cast.scene("account", Seat::Owner).await;
        let body = serde_json::json!({ "login": session.names["login"], "password": PASSWORD });
        let token = text(&cast.post("/api/v1/sessions", body, "").await, "/token");
        cast.scene("purchase revealing", Seat::Owner).await;
        app.market.feed().catch_up_parties().await.unwrap();
        cast.read(&Scene::default(), |one| !one.path.contains('{') && !one.id.ends_with("eligibility"), &mut readings).await;
        cast.read_pages(&mut readings).await;
        cast.read_desks(&mut readings).await;
        drop(guard);

        let plant = |secret: &str, act, state, within| Plant {
            secret: secret.to_owned(), act, state, within, seen: BTreeSet::new(),
        };
        let person = cast.seats[&Seat::Owner].actor.person.to_string();
        plants_of_all.extend([
            plant("13871450293", "field.applicant.phone", "", ""),
            plant("欧阳秘名", "field.applicant.name", "", "publicity"),
            plant("欧阳秘名", "field.applicant.name", "", "draws"),
            plant("欧阳秘名", "field.applicant.name", "", "facts"),
            plant("欧阳秘名", "field.applicant.name", "", "desk /desk/"),
            plant(&person, "field.purchase.actor", "open", "purchases_"),
        ]);
        let mut found = Vec::new();
        for plant in &mut plants_of_all {
            for reading in readings.iter().filter(|one| one.operation.starts_with(plant.within)) {
                if !reading.text.contains(&plant.secret) {
                    continue;
                }
                plant.seen.insert(reading.seat);
                if !plant.may_be_read_by(reading.seat) {
                    let Plant { secret, act, state, .. } = plant;
                    found.push(format!("{secret} ({act} {state}) by {} in {}", reading.seat, reading.operation));
                }
            }
            for seat in Seat::ALL.iter().filter(|seat| plant.may_be_read_by(**seat)) {
                let Plant { secret, act, state, seen, .. } = &plant;
                if !seen.contains(seat) {
                    found.push(format!("{secret} ({act} {state}) is not read by {seat}, who may"));
                }
            }
        }

        let url = app.url();
        let (database, index) = (dump(&url).await, index(&url).await);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("answered"), "nothing was logged");
        assert!(database.contains("欧阳秘名"), "the dump of the database is not one");
        let places = [("log", &log), ("database", &database), ("index", &index)];
        let (yuan, fen) = (asked(0, true), asked(0, true).replace('.', ""));
        let (code, secret) = (kept_code(), secret());
        for secret in [yuan.as_str(), &fen, &code, &secret, &token, cast.token(Seat::Owner), PASSWORD] {
            for (place, text) in places {
                if text.contains(secret) {
                    found.push(format!("{secret} in the {place}"));
                }
            }
            let read = readings.iter().find(|one| one.text.contains(secret));
            found.extend(read.map(|one| format!("{secret} by {} in {}", one.seat, one.operation)));
        }
        for plant in &plants_of_all {
            let is_personal = plant.act.starts_with("field.") && plant.secret != person;
            for (place, text) in [places[0], places[2]].into_iter().filter(|_| is_personal) {
                if text.contains(&plant.secret) {
                    found.push(format!("{} in the {place}", plant.secret));
                }
            }
        }
        assert!(found.is_empty(), "{} secrets:\n{}", found.len(), found.join("\n"));
    }
}
