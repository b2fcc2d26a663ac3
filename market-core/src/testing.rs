//! A fresh market for a test, on either database.

use std::{path::PathBuf, time::Duration};

use sqlx::{Connection, Executor};
use tokio::sync::OnceCell;

use crate::{
    Actor, Calendar, Call, ContractRules, Env, EvaluationRules, Market, Options, Party, PolicyFile,
    PolicyProfile, Ranking, SelectionRules, Uscc, account::NewPerson, rules::Clock,
};

/// When tests begin.
pub(crate) const START: &str = "2026-11-24T01:00:00Z";

/// Tests that run on both databases: `name::sqlite` and `name::postgres`, of a body that takes
/// the URL of a fresh database.
macro_rules! on_both {
    ($(async fn $name:ident($url:ident: &str) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn body($url: &str) $body

            #[tokio::test]
            async fn sqlite() {
                body("sqlite::memory:").await;
            }

            #[tokio::test]
            async fn postgres() {
                body(&crate::testing::fresh_postgres().await).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// The URL of a new database on the tests' server, with the tables of a market and nothing in them.
pub(crate) async fn fresh_postgres() -> String {
    static TABLES: OnceCell<String> = OnceCell::const_new();
    let migrated = || async {
        let name = database("").await;
        market(&database_url(&name)).await.close().await.unwrap();
        name
    };
    let tables = TABLES.get_or_init(migrated).await;
    database_url(&database(&format!("template {tables}")).await)
}

/// The name of a new database on the tests' server.
async fn database(like: &str) -> String {
    let name = format!("test_{}", Env::real().id().simple());
    let mut conn = sqlx::PgConnection::connect(&database_url("")).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("create database {name} {like}"));
    conn.execute(create).await.unwrap();
    name
}

fn database_url(name: &str) -> String {
    let server = std::env::var("MARKET_TEST_POSTGRES")
        .expect("MARKET_TEST_POSTGRES names the tests' PostgreSQL; ./check starts one");
    format!("{}/{name}", server.trim_end_matches('/'))
}

/// Somebody with an account who acts for a party.
pub(crate) async fn member(market: &Market, login: &str, party: &Party) -> Call {
    let (accounts, system) = (market.accounts(), Call::from(Actor::system()));
    let new = NewPerson { login: login.to_owned(), name: login.to_owned(), password: None };
    let person = accounts.create_person(&system, new).await.unwrap().id;
    accounts.grant(&system, person, party.clone()).await.unwrap();
    Actor::new(person, party.clone()).into()
}

/// Looks again and again until something is so; if it is not in half a minute, the test fails.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), look).await.unwrap();
}

/// The fonts of `MARKET_FONT`; none where documents are printed with those that `check` installs.
pub(crate) fn fonts() -> Vec<PathBuf> {
    let named = std::env::var("MARKET_FONT").unwrap_or_default();
    named.split(',').filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

/// A market at a URL, whose clock stands at [`START`].
pub(crate) async fn market(url: &str) -> Market {
    let env = Env::fixed(START.parse().unwrap());
    let options = Options { env, fonts: fonts(), sends_mail: true, ..Options::new(url) };
    Market::open(options).await.unwrap()
}

/// The nth of many codes with right check digits.
pub(crate) fn uscc(n: u32) -> Uscc {
    let symbols = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let checks = symbols.chars().flat_map(|a| symbols.chars().map(move |b| (a, b)));
    let codes = checks.map(|(a, b)| format!("91330282{n:08}{a}{b}").parse());
    codes.flatten().next().unwrap()
}

/// Weights of round numbers.
pub(crate) fn ranking() -> Ranking {
    Ranking {
        credit_prior: 700,
        credit_confidence: 5,
        return_penalty: 250,
        late_penalty: 150,
        decline_penalty: 20,
        evaluation_weight: 500,
        credit_grades: [900, 750, 600, 400],
        newcomer_days: 365,
        newcomer_orders: 5,
        credit_weight: 150,
        newcomer_weight: 60,
    }
}

/// Numbers of open selection, as `data/policy.toml` has them.
pub(crate) fn selection() -> SelectionRules {
    let file: PolicyFile = toml::from_str(include_str!("../../data/policy.toml")).unwrap();
    file.profiles.into_iter().next().unwrap().selection
}

/// Rules of round numbers for contracts.
pub(crate) fn contract_rules() -> ContractRules {
    ContractRules {
        change_limit_percent: 10,
        payment_days: 30,
        payment_max_days: 60,
        late_interest_per_myriad_day: 5,
        least_interest_per_myriad_day: 1,
        deemed_sign_off: false,
    }
}

/// A clock at [`START`], with a policy of round numbers and no holidays.
pub(crate) fn clock() -> Clock {
    let policy = PolicyProfile {
        region: "330282".parse().unwrap(),
        version: 7,
        effective_from: "2026-01-01".parse().unwrap(),
        basis: "a test".to_owned(),
        formal_check_days: 2,
        accept_days: 2,
        contract_days: 10,
        confirm_contract_days: 5,
        sign_off_days: 5,
        rework_days: 5,
        use_days: 3,
        direct_limit_fiscal: "100000".parse().unwrap(),
        expiry_warning_days: 60,
        suspension_months: vec![3],
        deliverable_max_bytes: 1024,
        contract: contract_rules(),
        ranking: ranking(),
        selection: selection(),
        evaluation: EvaluationRules::default(),
    };
    Clock { now: START.parse().unwrap(), calendar: Calendar::default(), policy }
}
