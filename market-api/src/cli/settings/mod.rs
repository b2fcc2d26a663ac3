//! Settings: by flag, by environment, by file, in that order.

mod files;
mod given;
mod key;
mod providers;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use market_core::{
    Error, KEPT_AT_LEAST, Market, Options,
    account::{Identity, PartyKind},
    file::Scanner,
    private_folder,
    publicity::Publisher,
    webhook::AddressRules,
};

pub(super) use self::given::Flags;
use self::{given::Given, key::server_key, providers::ProviderGiven};
use super::Failure;
use crate::{Limits, Web, mailer::Post, provider::Providers, sender::HttpSender};

/// The most minutes that an access token is good, or a browser signed in without a request.
const MOST_MINUTES: u32 = 24 * 60;

/// Settings, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) data: PathBuf,
    pub(super) files: PathBuf,
    store: files::StoreGiven,
    pub(super) scanner: Option<Scanner>,
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
    pub(super) providers: Vec<ProviderGiven>,
    pub(super) mail: Option<String>,
    pub(super) mail_from: Option<String>,
    pub(super) mail_ca: Option<PathBuf>,
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
        providers::check(&self.providers)?;
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
        let scanner = given.scanner.map(|url| url.parse::<Scanner>()).transpose();
        let scanner = scanner.map_err(|why| Failure::Usage(format!("scanner: {why}")))?;
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
            store: given.store,
            scanner,
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
            providers: given.provider.unwrap_or_default(),
            mail: given.mail,
            mail_from: given.mail_from,
            mail_ca: given.mail_ca,
            limits: Limits { rates, ..limits },
            metrics_listen: given.metrics_listen,
            otlp_endpoint,
            log: given.log.unwrap_or_else(|| "info,sqlx=warn".to_owned()),
            log_json: given.log_json.unwrap_or(false),
        })
    }

    /// Opens the market, whose folder is made if it is not there.
    pub(super) async fn open(&self) -> Result<Market, Failure> {
        let (files, store) = files::places(&self.files, &self.data, &self.store)?;
        for folder in [&self.data, &files] {
            private_folder(folder)
                .map_err(|why| Failure::Failed(format!("{}: {why}", folder.display())))?;
        }
        let options = Options {
            files: Some(files),
            object_store: store,
            file_rules: self.limits.files.clone(),
            scanner: self.scanner.clone(),
            index: Some(self.index.clone()),
            fonts: self.fonts.clone(),
            keep_asked_days: self.keep_asked_days,
            keep_keys_hours: self.keep_keys_hours,
            publisher: self.publisher.clone(),
            identity: self.identity()?,
            webhook_rules: self.webhook_rules.clone(),
            sends_mail: self.mail.is_some(),
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
            providers: self.providers.iter().map(ProviderGiven::provider).collect(),
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

    /// What speaks with the providers by which people sign in.
    pub(super) fn providers(&self) -> Result<Providers, Failure> {
        providers::clients(&self.providers, &self.publisher.url)
    }

    /// What takes mail away, if anything does.
    pub(super) fn mailer(&self) -> Result<Option<Post>, Failure> {
        let Some(to) = &self.mail else { return Ok(None) };
        let from = match &self.mail_from {
            Some(from) => from,
            None if to.starts_with("file:") => "market@localhost",
            None => return Err(Failure::Usage("mail_from: must be given with mail".to_owned())),
        };
        let authorities = self.mail_ca.as_ref().map(fs::read).transpose();
        let authorities = authorities.map_err(|why| Failure::Usage(format!("mail_ca: {why}")))?;
        let post = Post::new(from, to, authorities.as_deref());
        post.map(Some).map_err(|why| Failure::Usage(why.to_string()))
    }

    /// Whether the database is the one in the data folder.
    pub(super) fn has_own_database(&self) -> bool {
        self.database == sqlite_in(&self.data)
    }
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
