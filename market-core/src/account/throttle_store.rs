//! Rules and counts of tries in the database.

use serde_json::json;

use super::throttle::{Throttle, ThrottleRule};
use crate::{
    Error, Timestamp,
    store::{
        Db, Tx,
        journal::{Entry, Kind},
        statements,
    },
};

statements! {
    RULE = "select burst, micros from throttle_rules where name = $1";
    RULE_VERSION = "select version from throttle_rules where name = $1";
    RULES = "select name, burst, micros, version from throttle_rules order by name";
    SET_RULE = "update throttle_rules set burst = $2, micros = $3, version = $4 where name = $1";
    HOLD = "\
        insert into throttles (name, subject, until) values ($1, $2, $3) \
        on conflict (name, subject) do update set until = throttles.until";
    COUNTED = "select until from throttles where name = $1 and subject = $2";
    FILL = "update throttles set until = $3 where name = $1 and subject = $2";
    FORGET = "delete from throttles where until <= $1";
}

impl Tx {
    /// How many tries at once, and microseconds until there is one more.
    pub(super) async fn throttle_rule(&mut self, name: Throttle) -> Result<(i64, i64), Error> {
        self.query(RULE).bind(name).one().await
    }

    /// The version of a rule, which is held until this unit of work ends.
    pub(super) async fn throttle_version(&mut self, name: Throttle) -> Result<i64, Error> {
        let version = self.query(RULE_VERSION).bind(name).pg(" for update");
        Ok(version.one::<(i64,)>().await?.0)
    }

    pub(super) async fn set_throttle_rule(&mut self, rule: ThrottleRule) -> Result<(), Error> {
        let version = rule.version;
        let set = self.query(SET_RULE).bind(rule.name).bind(rule.burst);
        set.bind(rule.seconds * 1_000_000).bind(version).execute().await?;
        let object = format!("throttle:{}", rule.name);
        let entry = Entry::new(Kind::Rules, &object, version, "throttle_set");
        let (entry, at) = (entry.data(json!(rule)), self.at);
        self.record(entry, at).await
    }

    /// When everything that was counted is forgotten, in microseconds; the count is held until
    /// this unit of work ends.
    pub(super) async fn throttle(&mut self, name: Throttle, subject: &str) -> Result<i64, Error> {
        let beginning = Timestamp::from_micros(0);
        self.query(HOLD).bind(name).bind(subject).bind(beginning).execute().await?;
        let counted = self.query(COUNTED).bind(name).bind(subject);
        let (until,): (Timestamp,) = counted.one().await?;
        Ok(until.micros())
    }

    pub(super) async fn fill_throttle(
        &mut self,
        name: Throttle,
        subject: &str,
        until: i64,
    ) -> Result<(), Error> {
        let fill = self.query(FILL).bind(name).bind(subject).bind(Timestamp::from_micros(until));
        fill.execute().await.map(drop)
    }

    /// Lets go of counts that count nothing any more.
    pub(super) async fn forget_throttles(&mut self) -> Result<u64, Error> {
        let at = self.at;
        self.query(FORGET).bind(at).execute().await
    }
}

impl Db {
    pub(super) async fn throttle_rules(&self) -> Result<Vec<ThrottleRule>, Error> {
        let rows: Vec<(Throttle, i64, i64, i64)> = self.query(RULES).all().await?;
        let rule = |(name, burst, micros, version)| ThrottleRule {
            name,
            burst,
            seconds: micros / 1_000_000,
            version,
        };
        Ok(rows.into_iter().map(rule).collect())
    }
}
