//! What one caller may take of the server, as data: `[limits]` in the file of settings.

use std::{num::NonZeroU32, time::Duration};

use ipnet::IpNet;
use market_core::{Fault, file::FileRules};
use serde::{Deserialize, Serialize};
use toml::Table;

/// Every limit of a server. The file names those that differ from [`Limits::default`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether it is limited how often one asks.
    #[serde(skip, default = "yes")]
    pub rates: bool,
    /// Networks of reverse proxies, whose word counts for where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// How often one address may ask.
    pub per_address: Rates,
    /// How often a person may ask on behalf of a party.
    pub per_actor: Rates,
    /// How much is done at once.
    pub at_once: Budgets,
    /// What a connection may take.
    pub connections: Connections,
    /// What a request may take.
    pub requests: Requests,
    /// What files may be.
    pub files: FileRules,
    /// How many wait for what happens.
    pub waiting: Waiting,
    /// How far behind a server may be that says it is ready.
    pub ready: Ready,
}

/// How often something may be asked, by class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Whatever changes nothing, searches apart.
    pub read: Rate,
    /// Searches and suggestions.
    pub search: Rate,
    /// Whatever changes something.
    pub write: Rate,
    /// Files.
    pub upload: Rate,
}

/// So many in a minute over time, and so many at a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many in a minute, over time.
    pub per_minute: NonZeroU32,
    /// How many at once, by one who has asked for nothing lately.
    pub burst: NonZeroU32,
}

/// How much is done at once, by class: no class takes what another needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Whatever changes nothing, searches apart.
    pub read: Budget,
    /// Searches and suggestions.
    pub search: Budget,
    /// Whatever changes something.
    pub write: Budget,
    /// Files.
    pub upload: Budget,
    /// For so long a request waits for its turn.
    pub wait_millis: u64,
}

/// So many at once, and so many more that wait for their turn; others are sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many are under way.
    pub running: NonZeroU32,
    /// How many more wait.
    pub waiting: u32,
}

/// What a connection may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// How many there are at once. Some more are answered that the server is busy.
    pub most: NonZeroU32,
    /// How many of them from one address that is no trusted proxy.
    pub per_address: NonZeroU32,
    /// For so long one may say nothing.
    pub idle_seconds: u64,
    /// For so long the head of a request may take, once it has begun.
    pub head_seconds: u64,
    /// For so long a client may take nothing of an answer.
    pub stalled_seconds: u64,
}

/// What a request may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// The longest path with its query, in bytes.
    pub url_bytes: usize,
    /// The largest head, with all of its headers, in bytes.
    pub head_bytes: usize,
    /// How many headers there may be.
    pub headers: usize,
    /// The largest body that is not a file, in bytes.
    pub body_bytes: usize,
    /// The bodies that are being received, all of them together, in bytes.
    pub all_bodies_bytes: usize,
    /// For so long nothing of a body may come.
    pub body_idle_seconds: u64,
    /// How much of a body must come in a second, over time, in bytes.
    pub body_bytes_per_second: u64,
    /// The longest that a request may take.
    pub seconds: u64,
    /// The longest that an upload may take.
    pub upload_seconds: u64,
}

/// How many wait for what happens: by a stream, or by a read of a feed that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// How many there are at once; others are sent away.
    pub most: NonZeroU32,
    /// How many of them from one address.
    pub per_address: NonZeroU32,
}

/// How far behind a server may be that says it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// The longest that the database may take to answer.
    pub database_millis: u64,
    /// Journal entries that search may not have shown yet.
    pub search_behind: i64,
    /// Journal entries that any other follower may not have passed yet.
    pub followers_behind: i64,
}

const fn yes() -> bool {
    true
}

const fn some(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

const fn rate(per_minute: u32, burst: u32) -> Rate {
    Rate { per_minute: some(per_minute), burst: some(burst) }
}

const fn budget(running: u32, waiting: u32) -> Budget {
    Budget { running: some(running), waiting }
}

impl Default for Limits {
    /// What a server of two processors bears, and no person at a screen ever meets. An address may
    /// be a whole office.
    fn default() -> Self {
        Self {
            rates: true,
            trusted_proxies: Vec::new(),
            per_address: Rates {
                read: rate(12_000, 2_000),
                search: rate(3_000, 500),
                write: rate(3_000, 500),
                upload: rate(300, 100),
            },
            per_actor: Rates {
                read: rate(3_000, 600),
                search: rate(600, 200),
                write: rate(600, 200),
                upload: rate(60, 40),
            },
            at_once: Budgets {
                read: budget(32, 256),
                search: budget(16, 128),
                write: budget(64, 256),
                upload: budget(16, 32),
                wait_millis: 2_000,
            },
            connections: Connections {
                most: some(4_096),
                per_address: some(1_024),
                idle_seconds: 75,
                head_seconds: 10,
                stalled_seconds: 30,
            },
            requests: Requests {
                url_bytes: 8 << 10,
                head_bytes: 64 << 10,
                headers: 100,
                body_bytes: 1 << 20,
                all_bodies_bytes: 64 << 20,
                body_idle_seconds: 15,
                body_bytes_per_second: 4 << 10,
                seconds: 30,
                upload_seconds: 600,
            },
            files: FileRules::default(),
            waiting: Waiting { most: some(256), per_address: some(64) },
            ready: Ready {
                database_millis: 2_000,
                search_behind: 10_000,
                followers_behind: 100_000,
            },
        }
    }
}

impl Limits {
    /// The usual limits, but nothing is said about how often one may ask: for tests and
    /// measurements, and where a gateway before the server says it.
    pub fn without_rates() -> Self {
        Self { rates: false, ..Self::default() }
    }

    /// The usual limits, but for those that a table names.
    pub(crate) fn read(given: &Table) -> Result<Self, Vec<Fault>> {
        let usual = Table::try_from(Self::default());
        let mut table = usual.map_err(|why| fault("limits", why.to_string()))?;
        lay_over(&mut table, given);
        let limits: Self =
            serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|why| {
                fault(&format!("limits.{}", why.path()), why.inner().message().to_owned())
            })?;
        let faults = limits.faults();
        if faults.is_empty() { Ok(limits) } else { Err(faults) }
    }

    /// Everything that no server could keep.
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut check = |name: &str, is_fit: bool, message: &str| {
            if !is_fit {
                faults.extend(fault(&format!("limits.{name}"), message.to_owned()));
            }
        };
        let Connections { most, per_address, idle_seconds, head_seconds, stalled_seconds } =
            &self.connections;
        check("connections.per_address", per_address <= most, "must not be over connections.most");
        let Waiting { most, per_address } = &self.waiting;
        check("waiting.per_address", per_address <= most, "must not be over waiting.most");
        let positive = [
            ("at_once.wait_millis", self.at_once.wait_millis),
            ("connections.idle_seconds", *idle_seconds),
            ("connections.head_seconds", *head_seconds),
            ("connections.stalled_seconds", *stalled_seconds),
            ("requests.body_idle_seconds", self.requests.body_idle_seconds),
            ("requests.seconds", self.requests.seconds),
            ("requests.upload_seconds", self.requests.upload_seconds),
            ("ready.database_millis", self.ready.database_millis),
        ];
        for (name, number) in positive {
            check(name, (1..=86_400_000).contains(&number), "must be from 1 to 86400000");
        }
        let Requests { url_bytes, head_bytes, headers, body_bytes, all_bodies_bytes, .. } =
            &self.requests;
        check(
            "requests.url_bytes",
            (256..=65_534).contains(url_bytes),
            "must be from 256 to 65534",
        );
        let heads = 8_192..=1 << 20;
        check("requests.head_bytes", heads.contains(head_bytes), "must be from 8192 to 1048576");
        check("requests.headers", (16..=1_000).contains(headers), "must be from 16 to 1000");
        let bodies = 1_024..=256 << 20;
        check("requests.body_bytes", bodies.contains(body_bytes), "must be from 1024 to 268435456");
        let fits = body_bytes <= all_bodies_bytes && *all_bodies_bytes <= 16 << 30;
        check("requests.all_bodies_bytes", fits, "must be from requests.body_bytes to 17179869184");
        let FileRules { per_order, archive_entries, archive_bytes, archive_ratio, archive_depth } =
            self.files;
        check("files.per_order", (1..=1_000).contains(&per_order), "must be from 1 to 1000");
        let entries = 1..=65_534;
        check(
            "files.archive_entries",
            entries.contains(&archive_entries),
            "must be from 1 to 65534",
        );
        let bytes = 1 << 20..=64 << 30;
        let range = "must be from 1048576 to 68719476736";
        check("files.archive_bytes", bytes.contains(&archive_bytes), range);
        check(
            "files.archive_ratio",
            (1..=1_100).contains(&archive_ratio),
            "must be from 1 to 1100",
        );
        check("files.archive_depth", archive_depth <= 8, "must be 8 at most");
        let Ready { search_behind, followers_behind, .. } = self.ready;
        check("ready.search_behind", search_behind > 0, "must be over 0");
        check("ready.followers_behind", followers_behind > 0, "must be over 0");
        faults
    }
}

impl Rate {
    /// How long it takes until one more may be asked.
    pub(crate) fn period(self) -> Duration {
        Duration::from_mins(1) / self.per_minute.get()
    }
}

fn fault(name: &str, message: String) -> Vec<Fault> {
    vec![Fault::new(name, "setting", message)]
}

/// Lays a table over another, table by table.
fn lay_over(below: &mut Table, above: &Table) {
    for (name, value) in above {
        match (below.get_mut(name), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay_over(below, above),
            _ => drop(below.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Limits, Vec<Fault>> {
        Limits::read(&toml::from_str(text).unwrap())
    }

    #[test]
    fn what_the_file_does_not_name_stays_as_usual() {
        assert_eq!(read("").unwrap(), Limits::default());
        let limits = read(
            "trusted_proxies = ['10.0.0.0/8', '::1/128']\nper_actor.write.burst = 3\n\
             [connections]\nmost = 2000",
        );
        let limits = limits.unwrap();
        assert_eq!(limits.per_actor.write, rate(600, 3));
        assert_eq!(limits.per_address, Limits::default().per_address);
        assert_eq!(limits.connections.most.get(), 2_000);
        assert!(limits.rates && limits.trusted_proxies.len() == 2);
    }

    #[test]
    fn a_bad_limit_is_named_with_the_reason() {
        for (text, name, reason) in [
            ("per_actor.write.burst = 0", "limits.per_actor.write.burst", "nonzero"),
            ("per_actor.write.bursts = 1", "limits.per_actor.write.bursts", "unknown field"),
            ("per_actr.write.burst = 1", "limits.per_actr", "unknown field"),
            ("trusted_proxies = ['10.0.0.0/33']", "limits.trusted_proxies[0]", "invalid"),
            ("connections.most = 10", "limits.connections.per_address", "connections.most"),
            ("waiting.most = 10", "limits.waiting.per_address", "waiting.most"),
            ("requests.head_bytes = 10", "limits.requests.head_bytes", "8192"),
            ("requests.seconds = 0", "limits.requests.seconds", "1"),
            ("requests.seconds = -1", "limits.requests.seconds", "-1"),
            ("requests.seconds = '1'", "limits.requests.seconds", "string"),
            ("files.archive_entries = 65535", "limits.files.archive_entries", "65534"),
            ("files.archive_depth = 9", "limits.files.archive_depth", "8"),
            ("ready.search_behind = 0", "limits.ready.search_behind", "over 0"),
            ("read = 1", "limits.read", "unknown field"),
        ] {
            let faults = read(text).unwrap_err();
            let told = faults.iter().any(|f| f.pointer == name && f.message.contains(reason));
            assert!(told, "{text}: {faults:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(read("requests.seconds = 0\nrequests.headers = 1").unwrap_err().len(), 2);
    }
}
