//! Invitations to act for a party.
//!
//! Admins invite by a code that is good once. Whoever holds it, signed in, accepts or declines;
//! whoever has no account makes one with it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Accounts, NewPerson, Person, Role,
    member::MANAGE,
    throttle::{Origin, Throttle, Tried},
};
use crate::{
    Actor, Call, Error, Fault, Intent, Outcome, Party, Refusal, Timestamp,
    id::{InvitationId, PersonId},
    kernel::{
        authority::{Act, act},
        secret::{TokenKind, new_token, token_digest},
        text::check_text,
    },
    store::{
        Tx, begin,
        journal::{Entry, Kind},
        retry, text_enum,
    },
};

const REVOKE: Act = act("invitation.revoke");

/// How many invitations of a party may await an answer.
const MOST_INVITATIONS: i64 = 100;

/// How many days an invitation is good, unless it says otherwise, and at most.
const DAYS: u32 = 7;
const MOST_DAYS: u32 = 30;

text_enum! {
    /// Where an invitation stands.
    pub enum InvitationState {
        /// It awaits an answer.
        Open = "open",
        /// Somebody acts for the party by it.
        Accepted = "accepted",
        /// Whoever it was for did not want to.
        Declined = "declined",
        /// The party took it back.
        Revoked = "revoked",
        /// Nobody answered in time.
        Expired = "expired",
    }
}

/// An invitation to act for a party (邀请); its code is kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// For whom.
    pub party: Party,
    /// As what.
    pub role: Role,
    /// Whom it is meant for, as the party calls them.
    pub name: String,
    /// Who invites.
    pub invited_by: PersonId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: InvitationState,
    /// Who answered it.
    pub answered_by: Option<PersonId>,
    /// When.
    pub answered_at: Option<Timestamp>,
}

/// An invitation to be made.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// As what.
    pub role: Role,
    /// Whom it is meant for.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64, example = "李明"))]
    pub name: String,
    /// For how many days it can be answered; 7, if none are named.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 30))]
    pub days: Option<u32>,
}

/// An invitation just made: the only time that its code is shown.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invited {
    /// The code, for whom it is meant, by a way that only they read.
    pub code: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub invitation: Invitation,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invited").field("invitation", &self.invitation).finish_non_exhaustive()
    }
}

impl Accounts<'_> {
    /// Invites somebody to act for a party; its admins do. Asked again, it makes another: the
    /// code of the first is kept nowhere.
    pub async fn invite(
        &self,
        call: &Call,
        party: &Party,
        new: NewInvitation,
    ) -> Result<Invited, Error> {
        let mut faults = Vec::new();
        check_text("/name", &new.name, 1, 64, &mut faults);
        if new.days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            let message = format!("must be from 1 to {MOST_DAYS}");
            faults.push(Fault::new("/days", "range", message));
        }
        Error::unless_faultless(faults)?;
        retry(|| self.invite_once(call, party, &new)).await
    }

    async fn invite_once(
        &self,
        call: &Call,
        party: &Party,
        new: &NewInvitation,
    ) -> Result<Invited, Error> {
        let mut tx = self.0.work_for(call).await?;
        tx.hold_party(party).await?;
        tx.manages(MANAGE, party).await?;
        if !tx.has_party(party).await? {
            return Err(Error::NotFound("party"));
        }
        if tx.count_invitations(party).await? >= MOST_INVITATIONS {
            return Err(Refusal::TooManyInvitations.into());
        }
        let code = new_token(&self.0.env, TokenKind::Invitation);
        let days = i64::from(new.days.unwrap_or(DAYS));
        let invitation = Invitation {
            id: InvitationId(self.0.env.id()),
            party: party.clone(),
            role: new.role,
            name: new.name.clone(),
            invited_by: call.actor.person,
            created_at: tx.at,
            expires_at: tx.at.plus_seconds(days * 24 * 60 * 60),
            state: InvitationState::Open,
            answered_by: None,
            answered_at: None,
        };
        tx.insert_invitation(&invitation, &token_digest(&code)).await?;
        let data = json!({ "party": party, "role": new.role, "expires_at": invitation.expires_at });
        let entry = Entry::new(Kind::Invitation, &invitation.id, 1, "invitation_made").data(data);
        let at = tx.at;
        tx.record(entry, at).await?;
        tx.finish(()).await?;
        Ok(Invited { code, invitation })
    }

    /// The invitations of a party, newest first; for its admins and the operator.
    pub async fn invitations(
        &self,
        actor: &Actor,
        party: &Party,
    ) -> Result<Vec<Invitation>, Error> {
        let mut tx = self.0.work_as(actor).await?;
        tx.manages(MANAGE, party).await?;
        let invitations = tx.invitations(party).await?;
        tx.finish(invitations).await
    }

    /// Takes an invitation back; the admins of its party do, and the operator.
    pub async fn revoke_invitation(
        &self,
        call: &Call,
        id: InvitationId,
    ) -> Result<Invitation, Error> {
        retry(|| self.revoke_invitation_once(call, id)).await
    }

    async fn revoke_invitation_once(
        &self,
        call: &Call,
        id: InvitationId,
    ) -> Result<Invitation, Error> {
        let mut tx = self.0.work_for(call).await?;
        let found = tx.invitation(id).await?.ok_or(Error::NotFound("invitation"))?;
        tx.manages(REVOKE, &found.party).await?;
        if found.state == InvitationState::Revoked {
            return tx.finish(found).await;
        }
        let answered = tx.answer(found, InvitationState::Revoked, call.actor.person).await?;
        tx.finish(answered).await
    }

    /// What an invitation is for: whoever has its code may know.
    pub async fn look_at_invitation(&self, code: &str, from: &Origin) -> Result<Invitation, Error> {
        let tried = Tried::from(Throttle::InvitationAddress, from);
        self.count(&tried).await?;
        let missing = Error::NotFound("invitation");
        if TokenKind::of(code) != Some(TokenKind::Invitation) {
            return Err(missing);
        }
        let mut tx = self.0.work().await?;
        let found = tx.invitation_of(&token_digest(code)).await?;
        tx.finish(()).await?;
        let found = found.ok_or(missing)?;
        self.uncount(&tried).await?;
        Ok(found)
    }

    /// Lets the actor act for a party from now on, by the code of an invitation.
    pub async fn accept_invitation(
        &self,
        call: &Call,
        code: &str,
        from: &Origin,
    ) -> Result<Invitation, Error> {
        self.look_at_invitation(code, from).await?;
        retry(|| self.answer_once(call, code, InvitationState::Accepted)).await
    }

    /// Declines an invitation by its code: it is no good any more.
    pub async fn decline_invitation(
        &self,
        call: &Call,
        code: &str,
        from: &Origin,
    ) -> Result<Invitation, Error> {
        self.look_at_invitation(code, from).await?;
        retry(|| self.answer_once(call, code, InvitationState::Declined)).await
    }

    async fn answer_once(
        &self,
        call: &Call,
        code: &str,
        answer: InvitationState,
    ) -> Result<Invitation, Error> {
        let digest = token_digest(code);
        let mut tx = begin!(self.0, call, "accounts.answer", &(&digest, answer));
        let found = tx.invitation_of(&digest).await?;
        let found = found.ok_or(Error::NotFound("invitation"))?;
        let person = tx.person(call.actor.person).await?;
        if answer == InvitationState::Accepted {
            tx.join(person, &found).await?;
        }
        let answered = tx.answer(found, answer, call.actor.person).await?;
        tx.finish(answered).await
    }

    /// Gives a person who has no account yet one, to act for the party of an invitation.
    pub async fn join(&self, code: &str, new: NewPerson, from: &Origin) -> Result<Person, Error> {
        self.enter(code, new, from, Intent::Do, Outcome::default()).await
    }

    /// What making an account by an invitation would answer; nothing of it is kept.
    pub async fn rehearse_join(
        &self,
        code: &str,
        new: NewPerson,
        from: &Origin,
        outcome: &Outcome,
    ) -> Result<Person, Error> {
        self.enter(code, new, from, Intent::Rehearse, outcome.clone()).await
    }

    async fn enter(
        &self,
        code: &str,
        new: NewPerson,
        from: &Origin,
        intent: Intent,
        outcome: Outcome,
    ) -> Result<Person, Error> {
        let mut faults = Vec::new();
        new.check("", &mut faults);
        if new.password.is_none() {
            faults.push(Fault::new("/password", "missing", "a password is needed to sign in"));
        }
        Error::unless_faultless(faults)?;
        self.look_at_invitation(code, from).await?;
        let (person, password) = new.make(self.0).await?;
        // Under no key: there is nobody yet whose it could be. The code is good once.
        let call = Call { intent, outcome, ..Call::from(Actor::system()) };
        retry(|| self.join_once(&call, code, &person, password.as_deref())).await
    }

    async fn join_once(
        &self,
        call: &Call,
        code: &str,
        person: &Person,
        password: Option<&str>,
    ) -> Result<Person, Error> {
        let mut tx = self.0.work_for(call).await?;
        let joined = tx.join_by(code, person, password).await?;
        tx.finish(joined).await
    }
}

impl Invitation {
    /// Refuses what was answered, taken back, or has lapsed.
    pub fn awaits_answer(&self) -> Result<(), Refusal> {
        if self.state == InvitationState::Open { Ok(()) } else { Err(Refusal::InvitationOver) }
    }

    /// The invitation as it stands at a time.
    pub(super) fn at(mut self, now: Timestamp) -> Self {
        if self.state == InvitationState::Open && self.expires_at <= now {
            self.state = InvitationState::Expired;
        }
        self
    }
}

impl Tx {
    /// Makes an account that acts for the party of an invitation, by its code.
    pub(super) async fn join_by(
        &mut self,
        code: &str,
        person: &Person,
        password: Option<&str>,
    ) -> Result<Person, Error> {
        let found = self.invitation_of(&token_digest(code)).await?;
        let found = found.ok_or(Error::NotFound("invitation"))?;
        self.actor = Actor::new(person.id, found.party.clone());
        self.insert_person(person, password).await?;
        let joined = self.join(person.clone(), &found).await?;
        self.answer(found, InvitationState::Accepted, person.id).await?;
        Ok(joined)
    }

    /// Lets a person act for the party of an invitation that awaits its answer, if who invites
    /// still might, and is somebody else: whoever is removed does not come back by a code of their
    /// own, and the operator's people do not come in by one.
    async fn join(&mut self, person: Person, invitation: &Invitation) -> Result<Person, Error> {
        let Invitation { party, role, invited_by, .. } = invitation;
        invitation.awaits_answer()?;
        if !self.might_manage(*invited_by, party).await? {
            return Err(Refusal::InvitationOver.into());
        }
        if person.id == *invited_by {
            return Err(Refusal::NotForOneself.into());
        }
        if self.party_state(party).await?.is_some_and(|state| state.disabled) {
            return Err(Refusal::PartyDisabled.into());
        }
        if !self.insert_membership(person.id, party, *role).await? {
            return Err(Refusal::AlreadyMember.into());
        }
        let data = json!({ "party": party, "role": role, "invitation": invitation.id });
        self.save_person(person, "membership_granted", data).await
    }

    /// Writes the answer to an invitation that awaits one.
    pub(super) async fn answer(
        &mut self,
        invitation: Invitation,
        answer: InvitationState,
        by: PersonId,
    ) -> Result<Invitation, Error> {
        invitation.awaits_answer()?;
        let answered = Invitation {
            state: answer,
            answered_by: Some(by),
            answered_at: Some(self.at_after(invitation.created_at)),
            ..invitation
        };
        self.save_answer(&answered).await?;
        let event = match answer {
            InvitationState::Accepted => "invitation_accepted",
            InvitationState::Declined => "invitation_declined",
            _ => "invitation_revoked",
        };
        let data = json!({ "party": answered.party, "role": answered.role });
        let entry = Entry::new(Kind::Invitation, &answered.id, 2, event).data(data);
        let at = answered.answered_at.unwrap_or(self.at);
        self.record(entry, at).await?;
        Ok(answered)
    }
}
