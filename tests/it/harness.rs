//! A market of one's own for each test, on either database.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use axum::{Router, http::Method};
use market_api::{
    App, Limits,
    provider::{Client, Providers, Registration},
};
use market_core::{
    Actor, Call, Durability, Env, Market, Options, Party,
    account::{Identity, NewPerson, Origin, Password, Provider},
    applicant::{ApplicantKind, NewApplicant},
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{
    asking::Asking, fixtures::load_packs, issuer::Issuer, patience::within, server::server_key,
};

/// When tests happen: 10:00 in China, on a Tuesday.
pub(crate) const NOW: &str = "2026-11-24T02:00:00Z";

pub(crate) const PASSWORD: &str = "correct horse";

/// Runs one test body on SQLite and on PostgreSQL: `name::sqlite` and `name::postgres`. After
/// `loaded:`, in a market that has the packs of `data/`.
macro_rules! on_both {
    (loaded: $(async fn $name:ident($app:ident: &TestApp) $body:block)*) => {
        on_both! { loaded_sqlite loaded_postgres: $(async fn $name($app: &TestApp) $body)* }
    };
    (async $($tests:tt)*) => { on_both! { sqlite postgres: async $($tests)* } };
    ($lite:ident $pg:ident: $(async fn $name:ident($app:ident: &TestApp) $body:block)*) => {$(
        pub(crate) mod $name {
            use super::*;

            pub(crate) async fn run($app: &TestApp) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                let app = TestApp::$lite().await;
                run(&app).await;
                app.close().await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                let app = TestApp::$pg().await;
                run(&app).await;
                app.close().await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// A market with its server.
#[derive(Debug)]
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) market: Market,
    router: Router,
    place: Place,
    /// Whether everything is rehearsed before it is done.
    rehearsing: AtomicBool,
    /// Providers that vouch for people.
    pub(crate) issuers: Vec<Issuer>,
}

/// Where a market is kept, until the test ends.
#[derive(Debug)]
pub(crate) enum Place {
    Folder(TempDir),
    Database(String),
}

impl Place {
    /// A folder with nothing in it.
    pub(crate) fn sqlite() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    /// A database with nothing in it, on the tests' server.
    pub(crate) async fn postgres() -> Self {
        static EMPTY: OnceCell<String> = OnceCell::const_new();
        let make = || template(async |_| {});
        Self::Database(fresh_database(EMPTY.get_or_init(make).await).await)
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Folder(folder) => sqlite_url(folder.path()),
            Self::Database(name) => database_url(name),
        }
    }

    /// Waits until the database has done with everybody: a server that was killed may have left
    /// it a commit to finish.
    pub(crate) async fn is_quiet(&self) {
        let Self::Database(name) = self else { return };
        let is_quiet = async || {
            let mut conn = PgConnection::connect(&database_url("postgres")).await.unwrap();
            let busy = "select 1 from pg_stat_activity \
                where datname = $1 and backend_type = 'client backend'";
            let busy = sqlx::query(busy).bind(name).fetch_optional(&mut conn).await.unwrap();
            busy.is_none().then_some(())
        };
        within(Duration::from_secs(30), "everybody is gone", is_quiet).await;
    }

    pub(crate) async fn remove(self) {
        if let Self::Database(name) = self {
            on_server(&format!("drop database if exists {name} with (force)")).await;
        }
    }
}

impl TestApp {
    /// A market with nothing in it, on SQLite.
    pub(crate) async fn sqlite() -> Self {
        Self::open(Place::sqlite(), fixed()).await
    }

    /// A market with nothing in it, on PostgreSQL.
    pub(crate) async fn postgres() -> Self {
        Self::open(Place::postgres().await, fixed()).await
    }

    /// A market with the packs of `data/`, but no agencies, on SQLite.
    pub(crate) async fn loaded_sqlite() -> Self {
        static LOADED: OnceCell<Vec<u8>> = OnceCell::const_new();
        let bytes = LOADED.get_or_init(|| async {
            let folder = tempfile::tempdir().unwrap();
            let market = open(&sqlite_url(folder.path()), fixed()).await;
            load_packs(&market).await;
            market.close().await.unwrap();
            fs::read(folder.path().join("market.db")).unwrap()
        });
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("market.db"), bytes.await).unwrap();
        Self::open(Place::Folder(folder), fixed()).await
    }

    /// A market with the packs of `data/`, but no agencies, on PostgreSQL.
    pub(crate) async fn loaded_postgres() -> Self {
        static LOADED: OnceCell<String> = OnceCell::const_new();
        let make = || template(async |market| load_packs(&market).await);
        let name = fresh_database(LOADED.get_or_init(make).await).await;
        Self::open(Place::Database(name), fixed()).await
    }

    pub(crate) async fn open(place: Place, env: Env) -> Self {
        let market = open(&place.url(), env).await;
        Self::around(place, market)
    }

    /// The same market on a server that prints with other fonts.
    pub(crate) async fn with_fonts(self, fonts: Vec<PathBuf>) -> Self {
        let place = self.leave().await;
        let options = Options { fonts, ..options(&place.url(), fixed()) };
        let market = Market::open(options).await.unwrap();
        Self::around(place, market)
    }

    /// A market with nothing in it, on SQLite, where providers vouch for people.
    pub(crate) async fn vouched_sqlite() -> Self {
        Self::sqlite().await.vouched().await
    }

    /// The same on PostgreSQL.
    pub(crate) async fn vouched_postgres() -> Self {
        Self::postgres().await.vouched().await
    }

    /// The same market, where two providers vouch for people, and a third is never there.
    async fn vouched(self) -> Self {
        let issuers = vec![Issuer::begin("one").await, Issuer::begin("two").await];
        let gone = Provider {
            key: "gone".to_owned(),
            issuer: "http://127.0.0.1:1".to_owned(),
            ..issuers[0].provider()
        };
        let place = self.leave().await;
        let mut options = options(&place.url(), fixed());
        options.identity.providers = issuers.iter().map(Issuer::provider).collect();
        options.identity.providers.push(gone.clone());
        let away = Registration {
            client_id: "market".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            public_url: "https://market.example".to_owned(),
            authorities: None,
        };
        let clients = issuers.iter().map(Issuer::client);
        let clients = clients.chain([Client::new(gone, away).unwrap()]).collect();
        let served = Self::around(place, Market::open(options).await.unwrap());
        let app = served.app.clone().vouched_by(Providers::new(clients));
        let router = market_api::router(app.clone());
        Self { app, router, issuers, ..served }
    }

    /// How the tests open a market, with a clock that stands still.
    pub(crate) fn options(url: &str) -> Options {
        options(url, fixed())
    }

    /// The server of a market.
    pub(crate) fn around(place: Place, market: Market) -> Self {
        let app = App::with_limits(market.clone(), Limits::without_rates());
        app.searchable();
        let router = market_api::router(app.clone());
        let (rehearsing, issuers) = (AtomicBool::new(false), Vec::new());
        Self { app, market, router, place, rehearsing, issuers }
    }

    /// Where its database is.
    pub(crate) fn url(&self) -> String {
        self.place.url()
    }

    /// Lets go of the database, and removes it.
    pub(crate) async fn close(self) {
        self.leave().await.remove().await;
    }

    /// Lets go of the database, and leaves it to others.
    pub(crate) async fn leave(self) -> Place {
        self.market.close().await.unwrap();
        self.place
    }

    /// From now on, has everything rehearsed before it is done: nothing of the rehearsal may be
    /// left, and what is done then must be answered alike.
    pub(crate) fn rehearse_first(&self) {
        self.rehearsing.store(true, Ordering::Relaxed);
    }

    /// Every entry of the feed, page after page.
    pub(crate) async fn feed(&self) -> Vec<Value> {
        self.market.number().await.unwrap();
        let (mut feed, mut after) = (Vec::new(), 0);
        loop {
            let page = self.get(&format!("/api/v1/feed?limit=100&after={after}")).gives(200).await;
            let items = page.json["items"].as_array().unwrap();
            let Some(last) = items.last() else { return feed };
            after = last["pos"].as_i64().unwrap();
            feed.extend(items.iter().cloned());
        }
    }

    pub(crate) fn get(&self, path: &str) -> Asking {
        self.ask(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Asking {
        self.ask(Method::POST, path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Asking {
        self.ask(Method::PUT, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Asking {
        self.ask(Method::DELETE, path)
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Asking {
        let rehearsing = self.rehearsing.load(Ordering::Relaxed).then(|| self.place.url());
        let asking = Asking::new(self.router.clone(), method, path, rehearsing);
        asking.header("x-request-id", "test")
    }

    /// The token of a new person who acts for the operator.
    pub(crate) async fn operator(&self) -> String {
        self.person("operator", Party::Operator).await
    }

    /// The token of a new person who acts for a party that there is.
    pub(crate) async fn person(&self, login: &str, party: Party) -> String {
        let (accounts, call) = (self.market.accounts(), Call::from(Actor::system()));
        let new = NewPerson { login: login.to_owned(), name: login.to_owned(), password: None };
        let person = accounts.create_person(&call, new).await.unwrap().id;
        accounts.grant(&call, person, party.clone()).await.unwrap();
        accounts.issue_token(&call, person, &party, "test", None).await.unwrap().token
    }

    /// The token of a new person who acts for a new applicant.
    pub(crate) async fn applicant(&self, login: &str) -> String {
        let new = NewPerson {
            login: login.to_owned(),
            name: "王小明".to_owned(),
            password: Some(Password::new(PASSWORD)),
        };
        let applicant = NewApplicant {
            kind: ApplicantKind::Natural,
            name: "慈溪某某餐饮店".to_owned(),
            uscc: None,
            phone: "13800000000".to_owned(),
        };
        let from = Origin::default();
        let (person, applicant) =
            self.market.applicants().sign_up(new, applicant, &from).await.unwrap();
        // Not a session: tests let days pass.
        let (call, party) = (Call::from(Actor::system()), Party::Applicant(applicant.id));
        let accounts = self.market.accounts();
        accounts.issue_token(&call, person.id, &party, "test", None).await.unwrap().token
    }
}

impl TestApp {
    /// Another server of the same market, with limits of its own.
    pub(crate) fn within(&self, limits: Limits) -> Router {
        market_api::router(App::with_limits(self.market.clone(), limits))
    }
}

/// A clock that stands at [`NOW`].
fn fixed() -> Env {
    Env::fixed(NOW.parse().unwrap())
}

async fn open(url: &str, env: Env) -> Market {
    Market::open(options(url, env)).await.unwrap()
}

fn options(url: &str, env: Env) -> Options {
    let fonts = fonts();
    let server_key = Some(server_key().clone());
    // One that nothing speaks with: only what is done without it can be tried.
    let provider = Provider {
        key: "harness".to_owned(),
        name: "测试平台".to_owned(),
        issuer: "https://harness.example".to_owned(),
        makes_accounts: false,
        second_factors: Vec::new(),
    };
    let identity = Identity { server_key, providers: vec![provider], ..Identity::default() };
    let durability = Durability::Relaxed;
    Options { env, fonts, identity, durability, sends_mail: true, ..Options::new(url) }
}

/// The fonts of `MARKET_FONT`; none where documents are printed with those that `check` installs.
pub(crate) fn fonts() -> Vec<PathBuf> {
    let named = std::env::var("MARKET_FONT").unwrap_or_default();
    named.split(',').filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

fn sqlite_url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("market.db").display())
}

/// The address of the tests' PostgreSQL server.
fn server() -> String {
    let server = std::env::var("MARKET_TEST_POSTGRES").expect(
        "MARKET_TEST_POSTGRES is not set. Run `./check test`, which starts a PostgreSQL for the \
         tests, or leave `./check postgres` running and export what it prints.",
    );
    server.trim_end_matches('/').to_owned()
}

fn database_url(name: &str) -> String {
    format!("{}/{name}", server())
}

async fn on_server(sql: &str) {
    let mut conn = PgConnection::connect(&database_url("postgres")).await.unwrap();
    conn.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    conn.close().await.unwrap();
}

/// A text that nothing else in the tests has.
pub(crate) fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (process, micros) = (std::process::id(), Env::real().now().micros());
    format!("it_{what}_{process}_{micros}_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A database to be copied by many tests, with something in it.
async fn template(fill: impl AsyncFnOnce(Market)) -> String {
    let name = unique("template");
    on_server(&format!("create database {name}")).await;
    let market = open(&database_url(&name), fixed()).await;
    fill(market.clone()).await;
    market.close().await.unwrap();
    name
}

async fn fresh_database(template: &str) -> String {
    let name = unique("test");
    on_server(&format!("create database {name} template {template}")).await;
    name
}
