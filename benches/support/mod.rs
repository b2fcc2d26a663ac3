//! Markets to measure, on either database.

use std::{path::Path, sync::atomic::AtomicU32};

use market_api::demo;
use market_core::{Env, Market, Options};
use sqlx::{Connection, Executor};

/// The database that a measurement runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A file in a temporary folder, with full durability.
    Sqlite,
    /// A new database on the server of `MARKET_BENCH_POSTGRES`.
    Postgres,
}

impl Engine {
    /// The engines that can be measured here; says so, if one cannot.
    pub(crate) fn available() -> Vec<Self> {
        if std::env::var("MARKET_BENCH_POSTGRES").is_ok() {
            return vec![Self::Sqlite, Self::Postgres];
        }
        eprintln!("MARKET_BENCH_POSTGRES is not set: PostgreSQL is NOT measured");
        vec![Self::Sqlite]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// The URL of a new, empty database.
    pub(crate) async fn fresh(self, folder: &Path) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match self {
            Self::Sqlite => format!("sqlite:{}/bench-{next}.sqlite", folder.display()),
            Self::Postgres => {
                let server = std::env::var("MARKET_BENCH_POSTGRES").unwrap();
                let name = format!("bench_{}", Env::real().id().simple());
                let admin = format!("{}/postgres", server.trim_end_matches('/'));
                let mut conn = sqlx::PgConnection::connect(&admin).await.unwrap();
                let create = format!("create database {name}");
                conn.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
                format!("{}/{name}", server.trim_end_matches('/'))
            }
        }
    }
}

/// A market with the catalogue and so many agencies.
pub(crate) async fn market(options: Options, agencies: usize) -> Market {
    let market = Market::open(options).await.unwrap();
    demo::load_catalogue(&market).await.unwrap();
    demo::load_agencies(&market, agencies, market.env().now().day()).await.unwrap();
    market
}
