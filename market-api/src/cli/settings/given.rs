//! What may be set, by a flag, a variable of the environment or a line of the file.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use market_core::{account::PartyKind, webhook::Network};
use serde::Deserialize;

use super::{files, providers::ProviderGiven};

/// Settings as flags or in the environment.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct Flags {
    /// A file of settings [default: market.toml in the data folder, if there is one]
    #[arg(long, global = true, env = "MARKET_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) given: Given,
}

/// Settings that somebody gave; a file has the same ones.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    /// The folder of everything that is kept [default: ./market-data]
    #[arg(long, global = true, env = "MARKET_DATA", value_name = "FOLDER")]
    pub(super) data: Option<PathBuf>,
    /// The folder of the search index; servers that share a data folder need one each
    /// [default: index in the data folder]
    #[arg(long, global = true, env = "MARKET_INDEX", value_name = "FOLDER")]
    pub(super) index: Option<PathBuf>,
    /// The folder of files, or `s3://BUCKET/PREFIX`; all servers of one database share it
    /// [default: files in the data folder]
    #[arg(long, global = true, env = "MARKET_FILES", value_name = "PLACE")]
    pub(super) files: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) store: files::StoreGiven,
    /// What scans files, before which none is given out: `clamd://HOST:PORT` or
    /// `clamd:///SOCKET`
    /// [default: nothing]
    #[arg(long, global = true, env = "MARKET_SCANNER", value_name = "URL")]
    pub(super) scanner: Option<String>,
    /// A font of letters, asked in order of naming for each character; several with commas in the
    /// environment [default: Noto Serif CJK, of Debian's fonts-noto-cjk]
    #[arg(
        long,
        global = true,
        env = "MARKET_FONT",
        value_name = "FILE",
        value_delimiter = ',',
        num_args = 1
    )]
    pub(super) font: Option<Vec<PathBuf>>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "MARKET_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// The database, sqlite:PATH or postgres://… [default: SQLite in the data folder]
    #[arg(
        long,
        global = true,
        env = "MARKET_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(super) database: Option<String>,
    /// How many days it is kept what was asked of search, without who asked [default: 180]
    #[arg(long, global = true, env = "MARKET_KEEP_ASKED_DAYS", value_name = "DAYS")]
    pub(super) keep_asked_days: Option<u32>,
    /// How many hours an answer is kept under its Idempotency-Key, at least 72 [default: 72]
    #[arg(long, global = true, env = "MARKET_KEEP_KEYS_HOURS", value_name = "HOURS")]
    pub(super) keep_keys_hours: Option<u32>,
    /// The address of the server as others reach it, for links in what is published and the QR
    /// codes of documents
    /// [default: http:// and where it listens]
    #[arg(long, global = true, env = "MARKET_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// As whom open data is published [default: 网上中介服务超市]
    #[arg(long, global = true, env = "MARKET_PUBLISHER", value_name = "NAME")]
    pub(super) publisher: Option<String>,
    /// The prefix of open contracting ids, as registered with the Open Contracting Partnership
    /// [default: ocds-000000-, which is nobody's]
    #[arg(long, global = true, env = "MARKET_OCDS_PREFIX", value_name = "PREFIX")]
    pub(super) ocds_prefix: Option<String>,
    /// How many minutes an access token is good, 1440 at most [default: 15]
    #[arg(long, global = true, env = "MARKET_ACCESS_MINUTES", value_name = "MINUTES")]
    pub(super) access_minutes: Option<u32>,
    /// After how many minutes without a request a browser is signed out, 1440 at most [default: 30]
    #[arg(long, global = true, env = "MARKET_BROWSER_MINUTES", value_name = "MINUTES")]
    pub(super) browser_minutes: Option<u32>,
    /// For which parties nobody acts without a second factor: applicant, agency, department,
    /// operator; several with commas in the environment [default: none; in production, at least
    /// department and operator]
    #[arg(
        long,
        global = true,
        env = "MARKET_SECOND_FACTOR_FOR",
        value_name = "KIND",
        value_delimiter = ',',
        num_args = 1
    )]
    pub(super) second_factor_for: Option<Vec<PartyKind>>,
    /// The file of the key that keeps secrets of second factors, which all servers of one database
    /// share; it is made if it is not there [default: server.key in the data folder]
    #[arg(long, global = true, env = "MARKET_SERVER_KEY", value_name = "FILE")]
    pub(super) server_key: Option<PathBuf>,
    /// A network inside that webhooks may be sent to, such as 10.20.0.0/16; several with commas in
    /// the environment [default: none]
    #[arg(
        long,
        global = true,
        env = "MARKET_WEBHOOK_ALLOW",
        value_name = "NETWORK",
        value_delimiter = ',',
        num_args = 1
    )]
    pub(super) webhook_allow: Option<Vec<Network>>,
    /// A port that webhooks may be sent to on the open internet [default: 443 and 8443]
    #[arg(
        long,
        global = true,
        env = "MARKET_WEBHOOK_PORT",
        value_name = "PORT",
        value_delimiter = ',',
        num_args = 1
    )]
    pub(super) webhook_port: Option<Vec<u16>>,
    /// Certificates in PEM of authorities that receivers of webhooks may also prove themselves by
    #[arg(long, global = true, env = "MARKET_WEBHOOK_CA", value_name = "FILE")]
    pub(super) webhook_ca: Option<PathBuf>,
    /// Where mail goes: `smtps://USER:PASSWORD@HOST`, `smtp://…`, or `file:FOLDER` where it can be
    /// looked at [default: nowhere]
    #[arg(long, global = true, env = "MARKET_MAIL", value_name = "URL", hide_env_values = true)]
    pub(super) mail: Option<String>,
    /// From which address mail is sent, such as `网上中介服务超市 <noreply@market.example>`
    #[arg(long, global = true, env = "MARKET_MAIL_FROM", value_name = "ADDRESS")]
    pub(super) mail_from: Option<String>,
    /// Certificates in PEM of authorities that the server of mail may also prove itself by
    #[arg(long, global = true, env = "MARKET_MAIL_CA", value_name = "FILE")]
    pub(super) mail_ca: Option<PathBuf>,
    /// Whether to limit how often one may ask, as `[limits]` of the file says [default: true]
    #[arg(long, global = true, env = "MARKET_RATE_LIMITS", value_name = "BOOL")]
    pub(super) rate_limits: Option<bool>,
    /// Where to tell Prometheus, and nobody else, how the server is; an address that the public
    /// cannot reach [default: nowhere]
    #[arg(long, global = true, env = "MARKET_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub(super) metrics_listen: Option<SocketAddr>,
    /// The OpenTelemetry collector that gets traces, such as `http://127.0.0.1:4318`
    /// [default: none]
    #[arg(long, global = true, env = "MARKET_OTLP_ENDPOINT", value_name = "URL")]
    pub(super) otlp_endpoint: Option<String>,
    /// Limits that differ from the usual ones; docs/operations.md lists all. In the file only.
    #[arg(skip)]
    pub(super) limits: Option<toml::Table>,
    /// Other providers by which people sign in; docs/identity.md says how. In the file only.
    #[arg(skip)]
    pub(super) provider: Option<Vec<ProviderGiven>>,
    /// What to log, such as `debug` or `info,market_api=debug` [default: info]
    #[arg(long, global = true, env = "MARKET_LOG", value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// Log as JSON
    #[arg(
        long,
        global = true,
        env = "MARKET_LOG_JSON",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    pub(super) log_json: Option<bool>,
}

/// Each setting from the first place that gives it; limits and providers are of the file alone.
macro_rules! first {
    ($given:ident $file:ident $($setting:ident)*) => {
        Given {
            limits: $file.limits,
            provider: $file.provider,
            store: $given.store.before($file.store),
            $($setting: $given.$setting.or($file.$setting)),*
        }
    };
}

impl Given {
    /// What was given, and what the file gives of the rest.
    pub(super) fn before(self, file: Self) -> Self {
        let given = self;
        first!(given file
            data index files scanner font listen database keep_asked_days keep_keys_hours public_url
            publisher ocds_prefix access_minutes browser_minutes second_factor_for server_key
            webhook_allow webhook_port webhook_ca mail mail_from mail_ca rate_limits
            metrics_listen otlp_endpoint log log_json)
    }
}
