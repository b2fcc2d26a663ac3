//! What an account is rid of when its password is changed: whatever a stolen session, or whoever
//! knew the password, may have left behind to come back by.

use super::{Person, invitation::InvitationState};
use crate::{Error, store::Tx};

impl Tx {
    /// Makes useless what anybody could act by as a person or in their name, or come in by: tokens,
    /// sessions, keys that they made, invitations of theirs that await an answer, and identities
    /// that were linked while there was a password before.
    pub(super) async fn shut_out(&mut self, person: &Person) -> Result<(), Error> {
        if self.login_of(person.id).await?.password.is_some() {
            self.delete_identities(person.id).await?;
        }
        self.revoke_tokens(person.id, None).await?;
        self.end_sessions(person.id, None, None, "password").await?;
        for key in self.keys_made_by(person.id).await? {
            self.take_key_back(key).await?;
        }
        let by = self.actor.person;
        for invitation in self.open_invitations_by(person.id).await? {
            self.answer(invitation, InvitationState::Revoked, by).await?;
        }
        Ok(())
    }
}
