//! Settings: by flag, by environment, by file, in that order.

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use clap::Args;
use market_core::{
    Env, Error, KEPT_AT_LEAST, Market, Options,
    account::{Identity, PartyKind},
    publicity::Publisher,
    sealing::ServerKey,
    webhook::{AddressRules, Network},
};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Failure;
use crate::{Limits, Web, sender::HttpSender};

/// The most minutes that an access token is good, or a browser signed in without a request.
const MOST_MINUTES: u32 = 24 * 60;

/// Settings as flags or in the environment.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Flags {
    /// A file of settings [default: market.toml in the data folder, if there is one]
    #[arg(long, global = true, env = "MARKET_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
}

/// Settings that somebody gave; a file has the same ones.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// The folder of everything that is kept [default: ./market-data]
    #[arg(long, global = true, env = "MARKET_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The folder of the search index; servers that share a data folder need one each
    /// [default: index in the data folder]
    #[arg(long, global = true, env = "MARKET_INDEX", value_name = "FOLDER")]
    index: Option<PathBuf>,
    /// The folder of deliverables, which all servers of one database share
    /// [default: files in the data folder]
    #[arg(long, global = true, env = "MARKET_FILES", value_name = "FOLDER")]
    files: Option<PathBuf>,
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
    font: Option<Vec<PathBuf>>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "MARKET_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// The database, sqlite:PATH or postgres://… [default: SQLite in the data folder]
    #[arg(
        long,
        global = true,
        env = "MARKET_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<String>,
    /// How many days it is kept what was asked of search, without who asked [default: 180]
    #[arg(long, global = true, env = "MARKET_KEEP_ASKED_DAYS", value_name = "DAYS")]
    keep_asked_days: Option<u32>,
    /// How many hours an answer is kept under its Idempotency-Key, at least 72 [default: 72]
    #[arg(long, global = true, env = "MARKET_KEEP_KEYS_HOURS", value_name = "HOURS")]
    keep_keys_hours: Option<u32>,
    /// The address of the server as others reach it, for links in what is published and the QR
    /// codes of documents
    /// [default: http:// and where it listens]
    #[arg(long, global = true, env = "MARKET_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// As whom open data is published [default: 网上中介服务超市]
    #[arg(long, global = true, env = "MARKET_PUBLISHER", value_name = "NAME")]
    publisher: Option<String>,
    /// The prefix of open contracting ids, as registered with the Open Contracting Partnership
    /// [default: ocds-000000-, which is nobody's]
    #[arg(long, global = true, env = "MARKET_OCDS_PREFIX", value_name = "PREFIX")]
    ocds_prefix: Option<String>,
    /// How many minutes an access token is good, 1440 at most [default: 15]
    #[arg(long, global = true, env = "MARKET_ACCESS_MINUTES", value_name = "MINUTES")]
    access_minutes: Option<u32>,
    /// After how many minutes without a request a browser is signed out, 1440 at most [default: 30]
    #[arg(long, global = true, env = "MARKET_BROWSER_MINUTES", value_name = "MINUTES")]
    browser_minutes: Option<u32>,
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
    second_factor_for: Option<Vec<PartyKind>>,
    /// The file of the key that keeps secrets of second factors, which all servers of one database
    /// share; it is made if it is not there [default: server.key in the data folder]
    #[arg(long, global = true, env = "MARKET_SERVER_KEY", value_name = "FILE")]
    server_key: Option<PathBuf>,
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
    webhook_allow: Option<Vec<Network>>,
    /// A port that webhooks may be sent to on the open internet [default: 443 and 8443]
    #[arg(
        long,
        global = true,
        env = "MARKET_WEBHOOK_PORT",
        value_name = "PORT",
        value_delimiter = ',',
        num_args = 1
    )]
    webhook_port: Option<Vec<u16>>,
    /// Certificates in PEM of authorities that receivers of webhooks may also prove themselves by
    #[arg(long, global = true, env = "MARKET_WEBHOOK_CA", value_name = "FILE")]
    webhook_ca: Option<PathBuf>,
    /// Whether to limit how often one may ask, as `[limits]` of the file says [default: true]
    #[arg(long, global = true, env = "MARKET_RATE_LIMITS", value_name = "BOOL")]
    rate_limits: Option<bool>,
    /// Where to tell Prometheus, and nobody else, how the server is; an address that the public
    /// cannot reach [default: nowhere]
    #[arg(long, global = true, env = "MARKET_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    metrics_listen: Option<SocketAddr>,
    /// The OpenTelemetry collector that gets traces, such as `http://127.0.0.1:4318`
    /// [default: none]
    #[arg(long, global = true, env = "MARKET_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Limits that differ from the usual ones; docs/operations.md lists all. In the file only.
    #[arg(skip)]
    limits: Option<toml::Table>,
    /// What to log, such as `debug` or `info,market_api=debug` [default: info]
    #[arg(long, global = true, env = "MARKET_LOG", value_name = "FILTER")]
    log: Option<String>,
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
    log_json: Option<bool>,
}

/// Each setting from the first place that gives it; limits are of the file alone.
macro_rules! first {
    ($given:ident $file:ident $($setting:ident)*) => {
        Given { limits: $file.limits, $($setting: $given.$setting.or($file.$setting)),* }
    };
}

impl Given {
    /// What was given, and what the file gives of the rest.
    fn before(self, file: Self) -> Self {
        let given = self;
        first!(given file
            data index files font listen database keep_asked_days keep_keys_hours public_url
            publisher ocds_prefix access_minutes browser_minutes second_factor_for server_key
            webhook_allow webhook_port webhook_ca rate_limits metrics_listen otlp_endpoint log
            log_json)
    }
}

/// Settings, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) data: PathBuf,
    pub(super) files: PathBuf,
    pub(super) index: PathBuf,
    pub(super) fonts: Vec<PathBuf>,
    pub(super) listen: SocketAddr,
    pub(super) database: String,
    pub(super) keep_asked_days: u32,
    pub(super) keep_keys_hours: u32,
    pub(super) publisher: Publisher,
    pub(super) access_minutes: u32,
    pub(super) browser_minutes: u32,
    pub(super) second_factor_for: Vec<PartyKind>,
    pub(super) server_key: PathBuf,
    pub(super) webhook_rules: AddressRules,
    pub(super) webhook_ca: Option<PathBuf>,
    pub(super) limits: Limits,
    pub(super) metrics_listen: Option<SocketAddr>,
    pub(super) otlp_endpoint: Option<String>,
    pub(super) log: String,
    pub(super) log_json: bool,
}

impl Settings {
    /// Completes what flags and environment gave from the file, and that from the defaults.
    pub(super) fn load(flags: Flags) -> Result<Self, Failure> {
        let Flags { config, given } = flags;
        let folder = given.data.clone().unwrap_or_else(default_data);
        let usual = Some(folder.join("market.toml")).filter(|path| path.exists());
        let file = config.or(usual).map_or_else(|| Ok(Given::default()), |path| read(&path))?;
        Self::complete(given, file)?.checked()
    }

    /// Refuses what no server does, whichever place gave it.
    fn checked(self) -> Result<Self, Failure> {
        let wrong = |name: &str, why: &str| Err(Failure::Usage(format!("{name}: {why}")));
        // Callers are promised that their keys are kept for a time.
        if self.keep_keys_hours < KEPT_AT_LEAST {
            return wrong("keep_keys_hours", &format!("must be at least {KEPT_AT_LEAST}"));
        }
        let minutes =
            [("access_minutes", self.access_minutes), ("browser_minutes", self.browser_minutes)];
        for (name, minutes) in minutes {
            if !(1..=MOST_MINUTES).contains(&minutes) {
                return wrong(name, &format!("must be from 1 to {MOST_MINUTES}"));
            }
        }
        let url = &self.publisher.url;
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return wrong("public_url", "must begin with http:// or https://");
        }
        Ok(self)
    }

    fn complete(given: Given, file: Given) -> Result<Self, Failure> {
        let given = given.before(file);
        let data = given.data.unwrap_or_else(default_data);
        let listen = given.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 8080).into());
        let usual = Publisher::default();
        let url = given.public_url.unwrap_or_else(|| format!("http://{listen}"));
        let publisher = Publisher {
            name: given.publisher.unwrap_or(usual.name),
            url: url.trim_end_matches('/').to_owned(),
            ocds_prefix: given.ocds_prefix.unwrap_or(usual.ocds_prefix),
        };
        let open = AddressRules::default();
        let webhook_rules = AddressRules {
            allowed: given.webhook_allow.unwrap_or(open.allowed),
            ports: given.webhook_port.unwrap_or(open.ports),
        };
        let limits = Limits::read(&given.limits.unwrap_or_default());
        let limits = limits.map_err(|faults| Failure::from(Error::Invalid(faults)))?;
        let rates = given.rate_limits.unwrap_or(true);
        let otlp_endpoint = given.otlp_endpoint;
        if otlp_endpoint.as_ref().is_some_and(|url| !url.starts_with("http://")) {
            let why = "otlp_endpoint: must begin with http://; a collector on this machine or in \
                this network can pass traces on over TLS";
            return Err(Failure::Usage(why.to_owned()));
        }
        Ok(Self {
            access_minutes: given.access_minutes.unwrap_or(15),
            browser_minutes: given.browser_minutes.unwrap_or(30),
            second_factor_for: given.second_factor_for.unwrap_or_default(),
            server_key: given.server_key.unwrap_or_else(|| data.join("server.key")),
            files: given.files.unwrap_or_else(|| data.join("files")),
            index: given.index.unwrap_or_else(|| data.join("index")),
            database: given.database.unwrap_or_else(|| sqlite_in(&data)),
            data,
            fonts: given.font.unwrap_or_default(),
            listen,
            keep_asked_days: given.keep_asked_days.unwrap_or(180),
            keep_keys_hours: given.keep_keys_hours.unwrap_or(KEPT_AT_LEAST),
            publisher,
            webhook_rules,
            webhook_ca: given.webhook_ca,
            limits: Limits { rates, ..limits },
            metrics_listen: given.metrics_listen,
            otlp_endpoint,
            log: given.log.unwrap_or_else(|| "info,sqlx=warn".to_owned()),
            log_json: given.log_json.unwrap_or(false),
        })
    }

    /// Opens the market, whose folder is made if it is not there.
    pub(super) async fn open(&self) -> Result<Market, Failure> {
        for folder in [&self.data, &self.files] {
            fs::create_dir_all(folder)
                .map_err(|why| Failure::Failed(format!("{}: {why}", folder.display())))?;
        }
        let files = self.files.clone();
        let options = Options {
            files: Some(files),
            index: Some(self.index.clone()),
            fonts: self.fonts.clone(),
            keep_asked_days: self.keep_asked_days,
            keep_keys_hours: self.keep_keys_hours,
            publisher: self.publisher.clone(),
            identity: self.identity()?,
            webhook_rules: self.webhook_rules.clone(),
            ..Options::new(self.database.clone())
        };
        Ok(Market::open(options).await?)
    }

    /// How people sign in, with the key from its file.
    fn identity(&self) -> Result<Identity, Failure> {
        Ok(Identity {
            access_seconds: i64::from(self.access_minutes) * 60,
            browser_idle_seconds: i64::from(self.browser_minutes) * 60,
            second_factor_for: self.second_factor_for.clone(),
            server_key: Some(server_key(&self.server_key)?),
            ..Identity::default()
        })
    }

    /// How browsers reach the server.
    pub(super) fn web(&self) -> Web {
        // What only this machine can reach may do without TLS, unless a proxy stands before it.
        let is_local = self.listen.ip().is_loopback() && !self.publisher.url.starts_with("https:");
        Web { secure_cookies: !is_local }
    }

    /// What sends messages of webhooks.
    pub(super) fn sender(&self) -> Result<HttpSender, Failure> {
        let Some(path) = &self.webhook_ca else {
            return HttpSender::new(self.webhook_rules.clone(), None)
                .map_err(|why| Failure::Failed(why.to_string()));
        };
        let wrong =
            |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
        let pem = fs::read(path).map_err(|why| wrong(&why))?;
        HttpSender::new(self.webhook_rules.clone(), Some(&pem)).map_err(|why| wrong(&why))
    }

    /// Whether the database is the one in the data folder.
    pub(super) fn has_own_database(&self) -> bool {
        self.database == sqlite_in(&self.data)
    }
}

/// The server's key from its file, which is made if it is not there: for its owner alone.
fn server_key(path: &Path) -> Result<ServerKey, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Failed(format!("{}: {why}", path.display()));
    let fresh = ServerKey::new(&Env::real());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Written beside it and then linked: whoever finds the file finds the whole key, though two
    // begin at once.
    let beside = path.with_extension(format!("new-{}", Env::real().id()));
    if !path.exists() {
        let mut file = options.open(&beside).map_err(|why| wrong(&why))?;
        file.write_all(fresh.reveal().as_bytes()).map_err(|why| wrong(&why))?;
        file.sync_all().map_err(|why| wrong(&why))?;
        let linked = fs::hard_link(&beside, path);
        let _ = fs::remove_file(&beside);
        match linked {
            Err(why) if why.kind() != std::io::ErrorKind::AlreadyExists => return Err(wrong(&why)),
            _ => {}
        }
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|why| wrong(&why))?);
    text.trim().parse().map_err(|why| wrong(&why))
}

fn default_data() -> PathBuf {
    PathBuf::from("market-data")
}

/// The URL of the database file in a folder.
pub(crate) fn sqlite_in(folder: &Path) -> String {
    let path = folder.join("market.db").display().to_string();
    format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

fn read(path: &Path) -> Result<Given, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|why| wrong(&why))?;
    toml::from_str(&text).map_err(|why| wrong(&why))
}

#[cfg(test)]
mod tests;
