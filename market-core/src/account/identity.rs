//! Whose account an identity at another provider is: how it is linked, and how it is not any more.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Accounts, NewPerson, Password, Person,
    provider::Departure,
    throttle::{Origin, Throttle, Tried},
    token,
};
use crate::{
    Actor, Call, Error, Refusal, Timestamp,
    id::IdentityId,
    kernel::authority::{Act, act},
    store::{Tx, begin, retry},
};

const OWN: Act = act("identity.own");

/// An identity that is linked to an account (关联的身份).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkedIdentity {
    /// Its id.
    pub id: IdentityId,
    /// Who vouches for it.
    pub issuer: String,
    /// What that one calls its person.
    pub name: String,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When it was used last to sign in.
    pub used_at: Option<Timestamp>,
}

impl Accounts<'_> {
    /// Gives who is back from a provider an account, to act for the party of an invitation.
    pub async fn join_identified(
        &self,
        secret: &str,
        code: &str,
        new: NewPerson,
        from: &Origin,
    ) -> Result<Person, Error> {
        let mut faults = Vec::new();
        new.check("", &mut faults);
        Error::unless_faultless(faults)?;
        let issuer = self.waiting(secret).await?.provider.issuer;
        self.look_at_invitation(code, from).await?;
        let (person, password) = NewPerson { password: None, ..new }.make(self.0).await?;
        let call = Call::from(Actor::system());
        retry(|| async {
            let mut tx = self.0.work_for(&call).await?;
            let joined = tx.join_by(code, &person, password.as_deref()).await?;
            let joined = tx.identify(joined, secret, &issuer, IdentityId(self.0.env.id())).await?;
            tx.finish(joined).await
        })
        .await
    }

    /// Links the identity with which the actor is back from a provider to their account. Whoever
    /// has a password proves it once more.
    pub async fn link(&self, call: &Call, secret: &str, password: Password) -> Result<(), Error> {
        OWN.admits(&call.actor)?;
        let person = call.actor.person;
        if let Some(kept) = self.0.db.password_of(person).await? {
            let tried = Tried::by(Throttle::SecondFactor, person);
            self.count(&tried).await?;
            token::check_password(Some(kept), password.0).await?;
            self.uncount(&tried).await?;
        }
        retry(|| self.link_once(call, secret)).await
    }

    async fn link_once(&self, call: &Call, secret: &str) -> Result<(), Error> {
        let digest = Departure::of(secret).digest();
        let mut tx = begin!(self.0, call, "accounts.link", &digest);
        let visit = tx.proved(secret).await?;
        if visit.person_id != Some(call.actor.person) {
            return Err(Refusal::SignInOver.into());
        }
        let issuer = &self.provider(&visit.provider)?.issuer;
        let person = tx.person(call.actor.person).await?;
        tx.identify(person, secret, issuer, IdentityId(self.0.env.id())).await?;
        tx.end_visit(&digest).await?;
        tx.finish(()).await
    }

    /// The identities that are linked to the actor's account.
    pub async fn identities(&self, actor: &Actor) -> Result<Vec<LinkedIdentity>, Error> {
        self.0.db.identities(actor.person).await
    }

    /// Links an identity to the actor's account no more; sessions that began by its provider end.
    /// Who would be left without any way to sign in keeps the last one.
    pub async fn unlink(&self, call: &Call, id: IdentityId) -> Result<(), Error> {
        retry(|| self.unlink_once(call, id)).await
    }

    async fn unlink_once(&self, call: &Call, id: IdentityId) -> Result<(), Error> {
        OWN.admits(&call.actor)?;
        let mut tx = begin!(self.0, call, "accounts.unlink", &id);
        // Held first, so that of the last two one stays.
        let person = tx.person(call.actor.person).await?;
        let identities = tx.identities(person.id).await?;
        let found = identities.iter().find(|one| one.id == id);
        let found = found.ok_or(Error::NotFound("identity"))?;
        let has_password = tx.login_of(person.id).await?.password.is_some();
        // An identity of a provider that is not asked any more leads nobody in.
        let leads_in = |one: &LinkedIdentity| {
            one.id != id && self.providers().iter().any(|by| by.issuer == one.issuer)
        };
        if !has_password && !identities.iter().any(leads_in) {
            return Err(Refusal::LastIdentity.into());
        }
        tx.delete_identity(id).await?;
        let providers = self.providers().iter().filter(|one| one.issuer == found.issuer);
        for provider in providers {
            tx.end_sessions_by(person.id, &provider.key).await?;
        }
        let data = json!({ "identity": id, "issuer": found.issuer });
        tx.save_person(person, "identity_unlinked", data).await?;
        tx.finish(()).await
    }
}

impl Tx {
    /// Makes the identity with which a browser is back a person's.
    pub(crate) async fn identify(
        &mut self,
        person: Person,
        secret: &str,
        issuer: &str,
        id: IdentityId,
    ) -> Result<Person, Error> {
        let visit = self.proved(secret).await?;
        let identity = visit.identity.ok_or(Refusal::SignInOver)?;
        let name = visit.name.unwrap_or_default();
        let (issuer, linked_at) = (issuer.to_owned(), self.at);
        let linked = LinkedIdentity { id, issuer, name, linked_at, used_at: None };
        if !self.insert_identity(person.id, &identity, &linked).await? {
            return Err(Refusal::IdentityTaken.into());
        }
        let data = json!({ "identity": id, "issuer": linked.issuer });
        self.save_person(person, "identity_linked", data).await
    }
}
