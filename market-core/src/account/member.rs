//! Who acts for a party, and as what: roles, leaving, parties that are disabled.
//!
//! A party never loses its last admin, however many leave at once, except by the operator.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Accounts, Role, for_another};
use crate::{
    Actor, Call, Error, Party, Refusal, Timestamp,
    id::PersonId,
    kernel::{
        authority::{Act, Relation, act},
        text::check_reason,
    },
    store::{
        Tx, begin,
        journal::{Entry, Kind},
        retry,
    },
};

const LIST: Act = act("member.list");
pub(super) const MANAGE: Act = act("member.manage");
const MANAGE_PARTY: Act = act("party.manage");

/// A person who acts for a party, as its people see them (经办人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    pub person_id: PersonId,
    /// What they sign in with.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// Since when.
    pub since: Timestamp,
}

/// A party that a person acts for, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Membership {
    /// For whom.
    pub party: Party,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

/// A party that may be disabled, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartyState {
    /// Which.
    pub party: Party,
    /// Whether nobody may act for it.
    pub disabled: bool,
    /// Why; empty if it is not.
    pub reason: String,
    /// Grows by one with every change.
    pub version: i64,
}

impl PartyState {
    /// The state, unless the call expects another version.
    fn expected(self, call: &Call) -> Result<Self, Error> {
        match call.expected {
            Some(version) if version != self.version => Err(Error::Stale("party")),
            _ => Ok(self),
        }
    }
}

/// Of those who act for a party, its admins manage who does.
fn manages_as(role: Role) -> Result<(), Refusal> {
    match role {
        Role::Admin => Ok(()),
        Role::Member | Role::Viewer => Err(Refusal::AdminsOnly),
    }
}

impl Accounts<'_> {
    /// Who acts for a party; for those who do, and the operator.
    pub async fn members(&self, actor: &Actor, party: &Party) -> Result<Vec<Member>, Error> {
        LIST.permits(actor, Relation::party_if(actor.party == *party), "")?;
        self.0.db.members(party).await
    }

    /// Refuses whoever may not manage who acts for a party: what a page asks before it offers to.
    pub async fn may_manage(&self, actor: &Actor, party: &Party) -> Result<(), Error> {
        let is_its = actor.party == *party;
        MANAGE.permits(actor, Relation::party_if(is_its), "")?;
        if !is_its {
            return Ok(());
        }
        let held = self.0.db.memberships(actor.person).await?;
        let own = held.iter().find(|one| one.party == *party).ok_or(Refusal::PartyNotHeld)?;
        Ok(manages_as(own.role)?)
    }

    /// The parties that the actor may act for, and as what.
    pub async fn memberships(&self, actor: &Actor) -> Result<Vec<Membership>, Error> {
        self.0.db.memberships(actor.person).await
    }

    /// Gives a person of a party another role; its admins do, and the operator to others than
    /// themselves.
    pub async fn set_role(
        &self,
        call: &Call,
        party: &Party,
        person: PersonId,
        role: Role,
    ) -> Result<(), Error> {
        retry(|| self.set_role_once(call, party, person, role)).await
    }

    async fn set_role_once(
        &self,
        call: &Call,
        party: &Party,
        person: PersonId,
        role: Role,
    ) -> Result<(), Error> {
        if call.actor.party != *party {
            for_another(&call.actor, person)?;
        }
        let input = (party, person, role);
        let mut tx = begin!(self.0, call, "accounts.set_role", &input);
        tx.hold_party(party).await?;
        tx.manages(MANAGE, party).await?;
        let before = tx.role(person, party).await?.ok_or(Error::NotFound("member"))?;
        if before != role {
            tx.keep_an_admin(party, person, before).await?;
            let found = tx.person(person).await?;
            tx.set_role(person, party, role).await?;
            let data = json!({ "party": party, "from": before, "to": role });
            tx.save_person(found, "role_changed", data).await?;
        }
        tx.finish(()).await
    }

    /// Lets a person no longer act for a party, at once: its admins do, and everybody for
    /// themselves, who leaves by that.
    pub async fn remove_member(
        &self,
        call: &Call,
        party: &Party,
        person: PersonId,
    ) -> Result<(), Error> {
        retry(|| self.remove_member_once(call, party, person)).await
    }

    async fn remove_member_once(
        &self,
        call: &Call,
        party: &Party,
        person: PersonId,
    ) -> Result<(), Error> {
        let mut tx = begin!(self.0, call, "accounts.remove_member", &(party, person));
        tx.hold_party(party).await?;
        if call.actor != Actor::new(person, party.clone()) {
            tx.manages(MANAGE, party).await?;
        }
        if !tx.drop_membership(person, party).await? {
            return Err(Error::NotFound("member"));
        }
        tx.finish(()).await
    }

    /// Lets nobody act for a party until enabled again, neither people nor keys; the operator
    /// does.
    pub async fn disable_party(
        &self,
        call: &Call,
        party: &Party,
        reason: &str,
    ) -> Result<PartyState, Error> {
        check_reason(reason)?;
        retry(|| self.set_party_once(call, party, Some(reason))).await
    }

    /// Lets people act for a disabled party again; the operator does.
    pub async fn enable_party(&self, call: &Call, party: &Party) -> Result<PartyState, Error> {
        retry(|| self.set_party_once(call, party, None)).await
    }

    async fn set_party_once(
        &self,
        call: &Call,
        party: &Party,
        reason: Option<&str>,
    ) -> Result<PartyState, Error> {
        MANAGE_PARTY.admits(&call.actor)?;
        if *party == Party::Operator {
            return Err(Error::invalid("/party", "operator", "the operator cannot be disabled"));
        }
        let mut tx = begin!(self.0, call, "accounts.set_party", &(party, reason));
        if !tx.has_party(party).await? {
            return Err(Error::NotFound("party"));
        }
        let before = tx.hold_party(party).await?.expected(call)?;
        if before.disabled == reason.is_some() {
            return tx.finish(before).await;
        }
        let state = PartyState {
            disabled: reason.is_some(),
            reason: reason.unwrap_or_default().to_owned(),
            version: before.version + 1,
            party: party.clone(),
        };
        tx.set_party_state(&state).await?;
        let event = if state.disabled { "party_disabled" } else { "party_enabled" };
        let data = json!({ "reason": state.reason });
        let entry = Entry::new(Kind::Party, party, state.version, event).data(data);
        let at = tx.at;
        tx.record(entry, at).await?;
        tx.finish(state).await
    }
}

impl Tx {
    /// Refuses where a person may not act for a party now; their role otherwise.
    pub(super) async fn may_act(&mut self, person: PersonId, party: &Party) -> Result<Role, Error> {
        let role = self.role(person, party).await?.ok_or(Refusal::PartyNotHeld)?;
        if self.party_state(party).await?.is_some_and(|state| state.disabled) {
            return Err(Refusal::PartyDisabled.into());
        }
        Ok(role)
    }

    /// Refuses all but the admins of a party; the operator manages every other party, too.
    pub(super) async fn manages(&mut self, act: Act, party: &Party) -> Result<(), Error> {
        if self.actor == Actor::system() {
            return Ok(());
        }
        let is_its = self.actor.party == *party;
        act.permits(&self.actor, Relation::party_if(is_its), "")?;
        if !is_its {
            return Ok(());
        }
        Ok(manages_as(self.may_act(self.actor.person, party).await?)?)
    }

    /// Whether a person might manage who acts for a party: what [`Tx::manages`] asks of whoever
    /// calls, asked of somebody who did before.
    pub(super) async fn might_manage(
        &mut self,
        person: PersonId,
        party: &Party,
    ) -> Result<bool, Error> {
        let is_enough = |(held, role): &(Party, Role)| match held {
            held if held == party => *role == Role::Admin,
            Party::Operator => *role != Role::Viewer,
            _ => false,
        };
        let is_system = person == Actor::system().person;
        Ok(is_system || self.roles(person).await?.iter().any(is_enough))
    }

    /// Refuses that somebody of the operator who is no admin decides over the account of somebody
    /// who acts for it: an admin's account makes one.
    pub(super) async fn decides_over(&mut self, person: PersonId) -> Result<(), Error> {
        if self.actor.person == person || !self.holds(person, &Party::Operator).await? {
            return Ok(());
        }
        self.manages(MANAGE, &Party::Operator).await
    }

    /// Refuses that a party be without an admin when this one is none any more. The operator may
    /// do that, to give it another.
    async fn keep_an_admin(
        &mut self,
        party: &Party,
        leaving: PersonId,
        role: Role,
    ) -> Result<(), Error> {
        let is_operators = self.actor.party == Party::Operator && *party != Party::Operator;
        if role != Role::Admin || is_operators || self.actor == Actor::system() {
            return Ok(());
        }
        match self.count_other_admins(party, leaving).await? {
            0 => Err(Refusal::LastAdmin.into()),
            _ => Ok(()),
        }
    }

    /// Lets a person no longer act for a party, which is held and keeps an admin; what they acted
    /// with for it is no good any more. Says whether they did act for it.
    pub(super) async fn drop_membership(
        &mut self,
        person: PersonId,
        party: &Party,
    ) -> Result<bool, Error> {
        let Some(role) = self.role(person, party).await? else { return Ok(false) };
        self.keep_an_admin(party, person, role).await?;
        let person = self.person(person).await?;
        self.delete_membership(person.id, party).await?;
        self.revoke_tokens(person.id, Some(party)).await?;
        self.end_sessions(person.id, Some(party), None, "membership").await?;
        self.save_person(person, "membership_revoked", json!({ "party": party })).await?;
        Ok(true)
    }
}
