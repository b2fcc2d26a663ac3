//! Accounts: people, the parties that each may act for, and the tokens that prove it.
//!
//! This file is how people are kept. `bearer` is how a token of any kind becomes an [`Actor`],
//! `reach` what the token lets them do. `session` is signing in, `provider` and `identity` signing
//! in by another provider, `token` and `key` what lasts longer, for people and for programs.
//! `defence` is what a new password ends, `factor` the second factor, `member` who acts for a party
//! and as what, `invitation` how somebody comes to, `throttle` how often may be tried what can be
//! guessed. Nothing here ever shows or records a password or a token, except the token to whom it
//! was just made for.

use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use self::throttle::Tried;
pub use self::{
    bearer::{Bearer, Proof},
    factor::{Enrolment, RecoveryCodes, SecondFactor},
    identity::LinkedIdentity,
    invitation::{Invitation, InvitationState, Invited, NewInvitation},
    key::{ApiKey, IssuedKey, NewApiKey},
    member::{Member, Membership, PartyState},
    password::Password,
    provider::{Arrival, Departure, Provider, Vouched, Waiting},
    reach::{Need, Reach, Role, Scope},
    session::{Credentials, Refresh, Session, SessionKind, SignedIn},
    settings::{Identity, PartyKind},
    throttle::{Origin, Throttle, ThrottleRule},
    token::{Issued, Token},
};
use crate::{
    Action, Actor, Call, Error, Fault, Market, Page, Paging, Party, Refusal, Timestamp,
    id::PersonId,
    kernel::{
        authority::{Act, Relation, act},
        text::check_text,
    },
    store::{begin, retry},
};

mod bearer;
mod defence;
mod factor;
pub(crate) mod factor_store;
mod identity;
mod invitation;
mod key;
pub(crate) mod key_store;
mod member;
pub(crate) mod member_store;
mod password;
mod provider;
pub(crate) mod provider_store;
mod reach;
mod session;
pub(crate) mod session_store;
mod settings;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod throttle;
pub(crate) mod throttle_store;
mod token;

/// A person with an account (自然人账号).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// What they sign in with.
    pub login: String,
    /// Their name.
    pub name: String,
    /// May not sign in, and their tokens are no good.
    pub disabled: bool,
    /// Grows by one with every change, also of memberships and tokens.
    pub version: i64,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A person with all the parties that they may act for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Who it is.
    #[serde(flatten)]
    pub person: Person,
    /// For whom they may act, in the order in which they were granted.
    pub parties: Vec<Party>,
}

impl Person {
    /// What an actor may do to the account, and why not the rest.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let relation = oneself(actor, self.id);
        let operator = MANAGE.allows(actor.role(), relation, "");
        let set_password = operator.and_then(|()| not_ones_own(actor, self.id));
        let grant = operator.and_then(|()| for_another(actor, self.id));
        let issue = token::issues(actor, actor.person == self.id);
        let revoke = token::REVOKE.allows(actor.role(), relation, "");
        vec![
            Action::of("disable", operator),
            Action::of("enable", operator),
            Action::of("set_password", set_password),
            Action::of("grant", grant),
            Action::of("revoke", operator),
            Action::of("issue_token", issue),
            Action::of("revoke_token", revoke),
        ]
    }
}

/// A person to be given an account.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// What they will sign in with: 2 to 64 of `a-z`, `0-9`, `.`, `_`, `@` and `-`.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 2, max_length = 64, pattern = "^[a-z0-9._@-]+$")
    )]
    pub login: String,
    /// Their name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    pub name: String,
    /// Their password, of at least 8 characters; without one they act by tokens only.
    pub password: Option<Password>,
}

impl NewPerson {
    /// Finds fault with what was asked, each fault's place beginning with `at`.
    pub(crate) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        if !token::is_login(&self.login) {
            let message = "must have 2 to 64 of a-z, 0-9, '.', '_', '@' and '-'";
            faults.push(Fault::new(format!("{at}/login"), "login", message));
        }
        check_text(&format!("{at}/name"), &self.name, 1, 64, faults);
        if let Some(password) = &self.password {
            password.check(&format!("{at}/password"), faults);
        }
    }

    /// The person, and what is kept of their password.
    pub(crate) async fn make(self, market: &Market) -> Result<(Person, Option<String>), Error> {
        let password = match self.password {
            Some(password) => Some(password.hash(market).await?),
            None => None,
        };
        let person = Person {
            id: PersonId(market.env.id()),
            login: self.login,
            name: self.name,
            disabled: false,
            version: 1,
            created_at: market.env.now(),
        };
        Ok((person, password))
    }
}

/// The accounts of a market.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a>(pub(crate) &'a Market);

const LIST: Act = act("person.list");
const MANAGE: Act = act("person.manage");
const SHOW: Act = act("person.show");

/// Whether an account is the actor's own.
fn oneself(actor: &Actor, person: PersonId) -> Relation {
    Relation::party_if(actor.person == person)
}

/// Refuses whoever would let themselves act for a party, or as more than they do.
pub(crate) fn for_another(actor: &Actor, person: PersonId) -> Result<(), Refusal> {
    if actor.person == person { Err(Refusal::NotForOneself) } else { Ok(()) }
}

/// Refuses whoever would change by their office what proves that they are themselves.
fn not_ones_own(actor: &Actor, person: PersonId) -> Result<(), Refusal> {
    if actor.person == person { Err(Refusal::OwnAccount) } else { Ok(()) }
}

impl Accounts<'_> {
    /// Gives a person an account; the operator does.
    pub async fn create_person(&self, call: &Call, new: NewPerson) -> Result<Person, Error> {
        MANAGE.admits(&call.actor)?;
        let mut faults = Vec::new();
        new.check("", &mut faults);
        Error::unless_faultless(faults)?;
        let apart = match &new.password {
            Some(password) => password.apart(call).await?,
            None => None,
        };
        let (person, password) = new.make(self.0).await?;
        retry(|| self.create_once(call, &person, password.as_deref(), apart.as_deref())).await
    }

    async fn create_once(
        &self,
        call: &Call,
        person: &Person,
        password: Option<&str>,
        apart: Option<&str>,
    ) -> Result<Person, Error> {
        // Not the password: what is kept of a call could be used to guess it quickly.
        let asked = (&person.login, &person.name, password.is_some(), apart);
        let mut tx = begin!(self.0, call, "accounts.create_person", &asked);
        tx.insert_person(person, password).await?;
        tx.finish(person.clone()).await
    }

    /// Gives a person a new password, and makes all useless that anybody acts by in their name; the
    /// operator does, for instance when the old one is forgotten. Nobody does to themselves: whoever
    /// robs a session would have the account.
    pub async fn set_password(
        &self,
        call: &Call,
        person: PersonId,
        password: Password,
    ) -> Result<Person, Error> {
        MANAGE.admits(&call.actor)?;
        not_ones_own(&call.actor, person)?;
        self.keep_password(call, person, "", password).await
    }

    /// Changes the actor's own password, and makes all useless that anybody acts by in their name:
    /// tokens, sessions, keys that they made, open invitations of theirs, linked identities.
    pub async fn change_password(
        &self,
        call: &Call,
        current: Password,
        new: Password,
    ) -> Result<Person, Error> {
        let person = call.actor.person;
        let tried = Tried::by(Throttle::SecondFactor, person);
        self.count(&tried).await?;
        let kept = self.0.db.password_of(person).await?;
        token::check_password(kept, current.0).await?;
        self.uncount(&tried).await?;
        self.keep_password(call, person, "/new", new).await
    }

    async fn keep_password(
        &self,
        call: &Call,
        person: PersonId,
        at: &str,
        password: Password,
    ) -> Result<Person, Error> {
        let mut faults = Vec::new();
        password.check(at, &mut faults);
        Error::unless_faultless(faults)?;
        let apart = password.apart(call).await?;
        let hash = password.hash(self.0).await?;
        retry(|| self.keep_password_once(call, person, &hash, apart.as_deref())).await
    }

    async fn keep_password_once(
        &self,
        call: &Call,
        person: PersonId,
        hash: &str,
        apart: Option<&str>,
    ) -> Result<Person, Error> {
        let mut tx = begin!(self.0, call, "accounts.set_password", &(person, apart));
        let person = tx.person(person).await?.expected(call)?;
        tx.decides_over(person.id).await?;
        tx.shut_out(&person).await?;
        tx.set_password(person.id, hash).await?;
        let person = tx.save_person(person, "password_set", json!({})).await?;
        tx.finish(person).await
    }

    /// Lets nobody sign in as the person until enabled again; the operator does.
    pub async fn disable(&self, call: &Call, person: PersonId) -> Result<Person, Error> {
        retry(|| self.set_disabled(call, person, true)).await
    }

    /// Lets a disabled person sign in again; the operator does.
    pub async fn enable(&self, call: &Call, person: PersonId) -> Result<Person, Error> {
        retry(|| self.set_disabled(call, person, false)).await
    }

    async fn set_disabled(
        &self,
        call: &Call,
        person: PersonId,
        disabled: bool,
    ) -> Result<Person, Error> {
        MANAGE.admits(&call.actor)?;
        let mut tx = begin!(self.0, call, "accounts.set_disabled", &(person, disabled));
        let mut person = tx.person(person).await?.expected(call)?;
        tx.decides_over(person.id).await?;
        if person.disabled == disabled {
            return tx.finish(person).await;
        }
        person.disabled = disabled;
        let event = if disabled { "account_disabled" } else { "account_enabled" };
        let person = tx.save_person(person, event, json!({})).await?;
        tx.finish(person).await
    }

    /// Lets a person act for a party as an admin; the operator does. Doing so again changes
    /// nothing.
    pub async fn grant(&self, call: &Call, person: PersonId, party: Party) -> Result<(), Error> {
        self.grant_as(call, person, party, Role::Admin).await
    }

    /// Lets a person act for a party; the operator does, for itself only its admins, and nobody
    /// for themselves. A role that they have stays.
    pub async fn grant_as(
        &self,
        call: &Call,
        person: PersonId,
        party: Party,
        role: Role,
    ) -> Result<(), Error> {
        retry(|| self.grant_once(call, person, &party, role)).await
    }

    async fn grant_once(
        &self,
        call: &Call,
        person: PersonId,
        party: &Party,
        role: Role,
    ) -> Result<(), Error> {
        MANAGE.admits(&call.actor)?;
        for_another(&call.actor, person)?;
        let mut tx = begin!(self.0, call, "accounts.grant", &(person, party, role));
        tx.manages(member::MANAGE, party).await?;
        let person = tx.person(person).await?.expected(call)?;
        if !tx.has_party(party).await? {
            return Err(Error::invalid("/party", "unknown", "there is no such party"));
        }
        if tx.insert_membership(person.id, party, role).await? {
            let data = json!({ "party": party, "role": role });
            tx.save_person(person, "membership_granted", data).await?;
        }
        tx.finish(()).await
    }

    /// Lets a person no longer act for a party, at once; the operator does, whose own people only
    /// its admins remove.
    pub async fn revoke(&self, call: &Call, person: PersonId, party: Party) -> Result<(), Error> {
        retry(|| self.revoke_once(call, person, &party)).await
    }

    async fn revoke_once(&self, call: &Call, person: PersonId, party: &Party) -> Result<(), Error> {
        MANAGE.admits(&call.actor)?;
        let mut tx = begin!(self.0, call, "accounts.revoke", &(person, party));
        tx.hold_party(party).await?;
        tx.manages(member::MANAGE, party).await?;
        let person = tx.person(person).await?.expected(call)?;
        tx.drop_membership(person.id, party).await?;
        tx.finish(()).await
    }

    /// A person with their parties: the operator sees everybody, others themselves.
    pub async fn get(&self, actor: &Actor, person: PersonId) -> Result<Account, Error> {
        SHOW.permits(actor, oneself(actor, person), "")?;
        let found = self.0.db.person(person).await?.ok_or(Error::NotFound("person"))?;
        let parties = self.0.db.parties(person).await?;
        Ok(Account { person: found, parties })
    }

    /// The person with a login, for the operator.
    pub async fn by_login(&self, actor: &Actor, login: &str) -> Result<Account, Error> {
        LIST.admits(actor)?;
        let found = self.0.db.login(login).await?.ok_or(Error::NotFound("person"))?;
        self.get(actor, found.person.id).await
    }

    /// Everybody with an account, by login; for the operator.
    pub async fn list(&self, actor: &Actor, paging: &Paging) -> Result<Page<Person>, Error> {
        LIST.admits(actor)?;
        self.0.db.people(paging).await
    }
}
