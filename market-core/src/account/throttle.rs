//! How often may be tried what can be guessed: passwords, codes.
//!
//! Each rule is a row that the operator can change, each count a row that all nodes share: so many
//! tries at once, and one more after each interval (a leaky bucket, kept as the time at which it is
//! empty). A password is tried against three: the pair of address and login, which fills first,
//! the address, and the login. The last is wide, so that nobody can lock somebody else out; who
//! knows the password takes nothing from any.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Accounts;
use crate::{
    Actor, Call, Error,
    id::PersonId,
    kernel::{
        authority::{Act, act},
        secret::sha256_hex,
    },
    store::{Tx, begin, retry, text_enum},
};

const MANAGE: Act = act("throttle.manage");

text_enum! {
    /// A rule of how often something may be tried (尝试频次规则).
    pub enum Throttle {
        /// Passwords of one login from one address.
        SignInPair = "sign_in_pair",
        /// Passwords from one address.
        SignInAddress = "sign_in_address",
        /// Passwords of one login.
        SignInAccount = "sign_in_account",
        /// Codes of a second factor, and one's own password, of one person.
        SecondFactor = "second_factor",
        /// New accounts from one address.
        SignUpAddress = "sign_up_address",
        /// Codes of invitations from one address.
        InvitationAddress = "invitation_address",
        /// Browsers that are sent to another provider, from one address.
        ProviderAddress = "provider_address",
        /// Codes that prove an address of mail, of one person.
        MailCode = "mail_code",
        /// Mails with such a code, for one person.
        MailPerson = "mail_person",
        /// Mails with such a code, to one address of mail, for all people together: wide, so that
        /// nobody can keep its owner from proving it.
        MailAddress = "mail_address",
    }
}

/// A rule with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThrottleRule {
    /// Which.
    pub name: Throttle,
    /// How many tries at once.
    pub burst: i64,
    /// Seconds until there is one more.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub seconds: i64,
    /// Grows by one with every change.
    pub version: i64,
}

/// Whence a call comes (来源).
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The address, where it is known.
    pub address: Option<IpAddr>,
    /// What the program calls itself.
    pub agent: String,
}

impl Origin {
    /// What of the address tries are counted by: of IPv6, the network, for one household has
    /// billions of addresses.
    fn place(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// What the program calls itself, as far as it is kept.
    pub(super) fn agent(&self) -> String {
        self.agent.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

/// Something that was tried, with all that it counts against.
#[derive(Debug, Clone)]
pub(crate) struct Tried(pub(crate) Vec<(Throttle, String)>);

impl Tried {
    /// A password of a login. A login is kept as its digest: people type passwords there, too.
    pub(super) fn password(login: &str, from: &Origin) -> Self {
        let (place, login) = (from.place(), sha256_hex(login.as_bytes()));
        Self(vec![
            (Throttle::SignInAccount, login.clone()),
            (Throttle::SignInAddress, place.clone()),
            (Throttle::SignInPair, format!("{place} {login}")),
        ])
    }

    /// Something that counts against the address alone.
    pub(super) fn from(throttle: Throttle, from: &Origin) -> Self {
        Self(vec![(throttle, from.place())])
    }

    /// Something that counts against a person alone.
    pub(crate) fn by(throttle: Throttle, person: PersonId) -> Self {
        Self(vec![(throttle, person.to_string())])
    }
}

impl Accounts<'_> {
    /// Counts a try, before it is made: two that are made at once are two.
    pub(crate) async fn count(&self, tried: &Tried) -> Result<(), Error> {
        retry(|| self.count_once(tried)).await
    }

    async fn count_once(&self, tried: &Tried) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        tx.count(tried).await?;
        tx.finish(()).await
    }

    /// Counts a new account against the address that it comes from, where that is known: a program
    /// that embeds the market, or loads it, makes as many as it likes.
    pub(crate) async fn count_sign_up(&self, from: &Origin) -> Result<(), Error> {
        if from.address.is_none() {
            return Ok(());
        }
        self.count(&Tried::from(Throttle::SignUpAddress, from)).await
    }

    /// Takes a try back that was none: the secret was right.
    pub(crate) async fn uncount(&self, tried: &Tried) -> Result<(), Error> {
        retry(|| self.uncount_once(tried)).await
    }

    async fn uncount_once(&self, tried: &Tried) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        for (throttle, subject) in &tried.0 {
            let (_, micros) = tx.throttle_rule(*throttle).await?;
            let until = tx.throttle(*throttle, subject).await?;
            // Whoever signs in from here has nothing to guess here.
            let left = if *throttle == Throttle::SignInPair { 0 } else { until - micros };
            tx.fill_throttle(*throttle, subject, left.max(0)).await?;
        }
        tx.finish(()).await
    }

    /// The rules, with their numbers; for the operator.
    pub async fn throttles(&self, actor: &Actor) -> Result<Vec<ThrottleRule>, Error> {
        MANAGE.admits(actor)?;
        self.0.db.throttle_rules().await
    }

    /// Gives a rule other numbers, from the next try on; the operator does.
    pub async fn set_throttle(
        &self,
        call: &Call,
        name: Throttle,
        burst: i64,
        seconds: i64,
    ) -> Result<ThrottleRule, Error> {
        MANAGE.admits(&call.actor)?;
        for (pointer, number) in [("/burst", burst), ("/seconds", seconds)] {
            if !(1..=1_000_000).contains(&number) {
                return Err(Error::invalid(pointer, "range", "must be from 1 to 1000000"));
            }
        }
        retry(|| self.set_throttle_once(call, name, burst, seconds)).await
    }

    async fn set_throttle_once(
        &self,
        call: &Call,
        name: Throttle,
        burst: i64,
        seconds: i64,
    ) -> Result<ThrottleRule, Error> {
        let mut tx = begin!(self.0, call, "accounts.set_throttle", &(name, burst, seconds));
        let version = tx.throttle_version(name).await?;
        if call.expected.is_some_and(|expected| expected != version) {
            return Err(Error::Stale("throttle"));
        }
        let rule = ThrottleRule { name, burst, seconds, version: version + 1 };
        tx.set_throttle_rule(rule).await?;
        tx.finish(rule).await
    }
}

impl Tx {
    /// Counts a try in this unit of work, or says how long to wait.
    pub(crate) async fn count(&mut self, tried: &Tried) -> Result<(), Error> {
        let mut wait = 0;
        let mut filled = Vec::new();
        for (throttle, subject) in &tried.0 {
            let (burst, micros) = self.throttle_rule(*throttle).await?;
            let until = self.throttle(*throttle, subject).await?;
            self.settle_time().await?;
            let now = self.at.micros();
            let until = until.max(now);
            wait = wait.max(until - now - (burst - 1) * micros);
            filled.push((*throttle, subject, until + micros));
        }
        if wait > 0 {
            let seconds = u32::try_from((wait + 999_999) / 1_000_000).unwrap_or(u32::MAX);
            return Err(Error::TooOften(seconds));
        }
        for (throttle, subject, until) in filled {
            self.fill_throttle(throttle, subject, until).await?;
        }
        Ok(())
    }
}
