//! Signing in by another provider (`OpenID` Connect): what it says of who somebody is, and whose
//! account that is.
//!
//! A browser carries a secret in a cookie. From it follow the state, the nonce and the verifier
//! (PKCE) that go to the provider and come back, so that what comes back by another browser is
//! worth nothing. The visit itself is a row: it comes back once, and leads once to a session, an
//! account or a link.
//!
//! An identity is an issuer and what that one calls somebody, and nothing else: no account is ever
//! found by an address of mail or a name. It becomes an account's when its person links it, signed
//! in and with their password; or with a new account, by an invitation or where the provider makes
//! accounts. What speaks with providers is not here: it hands over what it has verified.

use super::{
    Accounts,
    provider_store::{Stage, Visit},
    session::{Proved, SessionKind, SignedIn},
    throttle::{Origin, Throttle, Tried},
};
use crate::{
    Actor, Error, Refusal,
    id::PersonId,
    kernel::secret::{is_same_secret, sha256_hex},
    store::{Tx, retry},
};

/// How long somebody may take at the provider,
const AWAY_SECONDS: i64 = 10 * 60;
/// and how long over what is left to do once they are back.
const BACK_SECONDS: i64 = 15 * 60;

/// Another provider that says who somebody is (身份提供方).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// What it is called in addresses.
    pub key: String,
    /// What people know it as.
    pub name: String,
    /// Who it is: the issuer of what it says.
    pub issuer: String,
    /// Whether somebody whom nobody knows may make an account by it.
    pub makes_accounts: bool,
    /// What it says of how somebody signed in there (`acr`, `amr`) that is as good as our second
    /// factor; of others, ours is asked.
    pub second_factors: Vec<String>,
}

/// What a browser takes along to a provider.
#[derive(Clone)]
pub struct Departure {
    /// What the browser must bring back.
    pub state: String,
    /// What the provider must sign.
    pub nonce: String,
    /// What proves to the provider that who asked is who came back (PKCE).
    pub verifier: String,
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Departure(…)")
    }
}

impl Departure {
    /// What follows from the secret of a browser.
    pub(super) fn of(secret: &str) -> Self {
        let derived = |label: &str| sha256_hex(format!("market {label} v1 {secret}").as_bytes());
        Self { state: derived("state"), nonce: derived("nonce"), verifier: derived("verifier") }
    }

    pub(super) fn digest(&self) -> String {
        sha256_hex(self.state.as_bytes())
    }
}

/// What a provider says of somebody, once it is verified that it does.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// Which identity of theirs; among those of this provider it is one person's for ever.
    pub subject: String,
    /// What they are called, if the provider says so.
    pub name: Option<String>,
    /// How they signed in there.
    pub acr: Option<String>,
    /// By which methods.
    pub amr: Vec<String>,
}

/// Another provider that vouches for who begins a session.
pub(super) struct By {
    pub(super) provider: String,
    /// What is kept of the identity.
    pub(super) identity: String,
    /// The visit, which leads to one session.
    pub(super) visit: String,
    /// Whether it asked for what is as good as our second factor.
    pub(super) has_factor: bool,
}

/// What is left to do once somebody is back from a provider.
#[derive(Debug)]
pub enum Arrival {
    /// Nothing: they are signed in, and go on to a page.
    SignedIn(Box<SignedIn>, String),
    /// To give a code of their second factor.
    CodeNeeded,
    /// To say whose account it shall be.
    Unknown,
    /// To confirm that it is linked to the account of who is signed in.
    ToLink,
}

/// Somebody who is back from a provider, and has something left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The provider.
    pub provider: Provider,
    /// What it calls them.
    pub name: String,
}

impl Accounts<'_> {
    /// The providers by which people may sign in.
    pub fn providers(&self) -> &[Provider] {
        &self.0.identity.providers
    }

    /// A provider.
    pub fn provider(&self, key: &str) -> Result<&Provider, Error> {
        self.providers().iter().find(|one| one.key == key).ok_or(Error::NotFound("provider"))
    }

    /// Sends a browser with a secret to a provider: to sign in, and go on to a page afterwards, or
    /// to link an identity to somebody's account.
    pub async fn depart(
        &self,
        provider: &str,
        secret: &str,
        next: &str,
        links: Option<&Actor>,
        from: &Origin,
    ) -> Result<Departure, Error> {
        self.provider(provider)?;
        self.count(&Tried::from(Throttle::ProviderAddress, from)).await?;
        let departure = Departure::of(secret);
        let visit = Visit {
            digest: departure.digest(),
            provider: provider.to_owned(),
            person_id: links.map(|actor| actor.person),
            next: next.to_owned(),
            stage: Stage::Away,
            identity: None,
            name: None,
            has_factor: false,
        };
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.insert_visit(&visit, tx.at.plus_seconds(AWAY_SECONDS)).await?;
            tx.finish(()).await
        })
        .await?;
        Ok(departure)
    }

    /// Takes a browser back that brings a state: it must be the one that its secret leads to, from
    /// this provider, in time, and for the first time.
    pub async fn come_back(
        &self,
        provider: &str,
        secret: &str,
        state: &str,
    ) -> Result<Departure, Error> {
        let departure = Departure::of(secret);
        if !is_same_secret(&departure.state, state) {
            return Err(Refusal::SignInOver.into());
        }
        let digest = departure.digest();
        retry(|| async {
            let mut tx = self.0.work().await?;
            let visit = tx.visit(&digest, Stage::Away).await?;
            visit.filter(|visit| visit.provider == provider).ok_or(Refusal::SignInOver)?;
            tx.move_visit(&digest, Stage::Back).await?;
            tx.finish(()).await
        })
        .await?;
        Ok(departure)
    }

    /// Takes what a provider vouches for, of a browser that came back; signs its person in, if
    /// nothing else is left to do.
    pub async fn arrive(
        &self,
        secret: &str,
        vouched: &Vouched,
        kind: SessionKind,
        from: &Origin,
    ) -> Result<Arrival, Error> {
        let visit = retry(|| self.arrive_once(secret, vouched)).await?;
        // Whoever is vouched for has nothing to guess.
        self.uncount(&Tried::from(Throttle::ProviderAddress, from)).await?;
        if visit.person_id.is_some() {
            return Ok(Arrival::ToLink);
        }
        match self.enter_identified(secret, None, kind, from).await {
            Ok((signed_in, next)) => Ok(Arrival::SignedIn(Box::new(signed_in), next)),
            Err(Error::Refused(Refusal::SecondFactorNeeded)) => Ok(Arrival::CodeNeeded),
            Err(Error::Refused(Refusal::IdentityUnknown)) => Ok(Arrival::Unknown),
            Err(why) => Err(why),
        }
    }

    async fn arrive_once(&self, secret: &str, vouched: &Vouched) -> Result<Visit, Error> {
        let digest = Departure::of(secret).digest();
        let mut tx = self.0.work().await?;
        let visit = tx.visit(&digest, Stage::Back).await?.ok_or(Refusal::SignInOver)?;
        let provider = self.provider(&visit.provider)?;
        let name = vouched.name.clone().unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        let visit = Visit {
            stage: Stage::Proved,
            identity: Some(provider.identity(&vouched.subject)),
            name: Some(name),
            has_factor: provider.asked_second_factor(vouched),
            ..visit
        };
        tx.prove_visit(&visit, tx.at.plus_seconds(BACK_SECONDS)).await?;
        tx.finish(()).await?;
        Ok(visit)
    }

    /// Somebody who is back and has something left to do.
    pub async fn waiting(&self, secret: &str) -> Result<Waiting, Error> {
        let visit = self.proved(secret).await?;
        let provider = self.provider(&visit.provider)?.clone();
        Ok(Waiting { provider, name: visit.name.unwrap_or_default() })
    }

    async fn proved(&self, secret: &str) -> Result<Visit, Error> {
        let mut tx = self.0.work().await?;
        let visit = tx.proved(secret).await?;
        tx.finish(()).await?;
        Ok(visit)
    }

    /// Signs in who is back from a provider, with a code of their second factor if they have one
    /// and the provider asked for none; and says to which page they go on.
    pub async fn enter_identified(
        &self,
        secret: &str,
        code: Option<&str>,
        kind: SessionKind,
        from: &Origin,
    ) -> Result<(SignedIn, String), Error> {
        let visit = self.proved(secret).await?;
        let identity = visit.identity.as_deref().ok_or(Refusal::SignInOver)?;
        let person = self.0.db.person_identified(identity).await?;
        let person = person.ok_or(Refusal::IdentityUnknown)?;
        if self.0.db.person(person).await?.is_none_or(|person| person.disabled) {
            return Err(Refusal::AccountDisabled.into());
        }
        let mut by_code = visit.has_factor;
        if !by_code && self.0.db.has_second_factor(person).await? {
            let code = code.ok_or(Refusal::SecondFactorNeeded)?;
            self.check_code(person, code).await?;
            by_code = true;
        }
        let proved = Proved {
            person,
            password: self.0.db.password_of(person).await?,
            by_code,
            by: Some(By {
                provider: visit.provider,
                identity: identity.to_owned(),
                visit: visit.digest,
                has_factor: visit.has_factor,
            }),
        };
        let signed_in = self.begin_session(&proved, None, kind, from).await?;
        Ok((signed_in, visit.next))
    }
}

impl Provider {
    /// What is kept of what it calls somebody. The issuer is part of it: two that call different
    /// people alike do not meet.
    fn identity(&self, subject: &str) -> String {
        sha256_hex(format!("market identity v1\n{}\n{subject}", self.issuer).as_bytes())
    }

    /// Whether it asked somebody for what is as good as our second factor.
    fn asked_second_factor(&self, vouched: &Vouched) -> bool {
        let said = vouched.acr.iter().chain(&vouched.amr);
        said.into_iter().any(|one| self.second_factors.contains(one))
    }
}

impl Tx {
    /// Ends the visit that leads to a session, of somebody whose identity it still is.
    pub(super) async fn take_identity(&mut self, by: &By, person: PersonId) -> Result<(), Error> {
        if !self.end_visit(&by.visit).await? || !self.use_identity(&by.identity, person).await? {
            return Err(Refusal::SignInOver.into());
        }
        Ok(())
    }

    /// Somebody who is back from a provider, by the secret of their browser.
    pub(super) async fn proved(&mut self, secret: &str) -> Result<Visit, Error> {
        let visit = self.visit(&Departure::of(secret).digest(), Stage::Proved).await?;
        visit.ok_or_else(|| Refusal::SignInOver.into())
    }
}
