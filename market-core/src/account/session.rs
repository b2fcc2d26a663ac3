//! Sessions: signing in, and the short-lived tokens that follow from it.
//!
//! A program's session has an access token for some minutes and a refresh token, which is good
//! once: for the next pair. Whoever shows a refresh token that was used has stolen it or was
//! robbed, and nobody can tell which: the session is over for both. A browser's session has one
//! token, in its cookie, and is over when nobody uses it for a while.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Accounts, Password, SHOW, oneself,
    provider::By,
    store::Login,
    throttle::{Origin, Tried},
    token,
};
use crate::{
    Actor, Call, Error, Party, Refusal, Timestamp,
    id::{PersonId, SessionId},
    kernel::{
        authority::{Act, act},
        secret::{TokenKind, new_token, token_digest},
    },
    store::{Tx, retry, text_enum},
};

const END: Act = act("session.end");

text_enum! {
    /// Who holds a session's tokens.
    pub enum SessionKind {
        /// A program, which refreshes them.
        Program = "program",
        /// A browser, in a cookie.
        Browser = "browser",
    }
}

/// What somebody signs in with.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The login.
    pub login: String,
    /// The password.
    pub password: Password,
    /// The code of the second factor, or a recovery code; of those who have one.
    pub code: Option<String>,
    /// For whom to act; if none is named, the first that was granted and is not disabled.
    pub party: Option<Party>,
}

/// A session, as its person sees it (会话).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who signed in.
    pub person_id: PersonId,
    /// For whom they act.
    pub party: Party,
    /// Who holds its tokens.
    pub kind: SessionKind,
    /// From where they signed in, if that is known.
    pub address: Option<String>,
    /// With what program, as it calls itself.
    pub agent: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Timestamp,
    /// When it is over in any case.
    pub expires_at: Timestamp,
    /// When it ended before that.
    pub ended_at: Option<Timestamp>,
    /// By what: `sign_out`, `person`, `operator`, `replay`, `password`, `membership`,
    /// `second_factor` or `identity`.
    pub ended_by: Option<String>,
    /// By which other provider they signed in, if by one.
    pub provider: Option<String>,
}

/// A session with its tokens: the only time that they are shown.
#[derive(Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The access token, or a browser's.
    pub token: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// The refresh token, of a program.
    pub refresh: Option<Refresh>,
}

/// A refresh token just made.
#[derive(Clone)]
pub struct Refresh {
    /// The token, for one use.
    pub token: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl SignedIn {
    /// Who acts with it.
    pub fn actor(&self) -> Actor {
        Actor::new(self.session.person_id, self.session.party.clone())
    }
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("session", &self.session).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Refresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refresh(…)")
    }
}

/// Somebody who has proved who they are, and by what.
pub(super) struct Proved {
    pub(super) person: PersonId,
    /// What was kept of the password that was right.
    pub(super) password: Option<String>,
    /// Whether a code of their second factor was, too.
    pub(super) by_code: bool,
    /// The other provider that vouches for them, if they came by one.
    pub(super) by: Option<By>,
}

/// A token of a session, as it is kept.
#[derive(Debug)]
pub(super) struct SessionToken {
    pub(super) session: SessionId,
    pub(super) kind: TokenKind,
    pub(super) expires_at: Timestamp,
    pub(super) is_spent: bool,
}

impl Accounts<'_> {
    /// Signs a person in for a party. Neither what is answered nor how long it takes tells
    /// whether there is such a login.
    pub async fn sign_in(
        &self,
        credentials: Credentials,
        kind: SessionKind,
        from: &Origin,
    ) -> Result<SignedIn, Error> {
        let Credentials { login, password, code, party } = credentials;
        let tried = Tried::password(&login, from);
        self.count(&tried).await?;
        let found = if token::is_login(&login) { self.0.db.login(&login).await? } else { None };
        let (person, kept) = match found.filter(|found| !found.person.disabled) {
            Some(found) => (Some(found.person.id), found.password),
            None => (None, None),
        };
        token::check_password(kept.clone(), password.0).await?;
        let person = person.ok_or(Refusal::WrongPassword)?;
        let by_code = self.0.db.has_second_factor(person).await?;
        if by_code {
            let Some(code) = code else {
                self.uncount(&tried).await?;
                return Err(Refusal::SecondFactorNeeded.into());
            };
            self.check_code(person, &code).await?;
        }
        self.uncount(&tried).await?;
        let proved = Proved { person, password: kept, by_code, by: None };
        self.begin_session(&proved, party, kind, from).await
    }

    /// Begins the session of a person who has proved who they are.
    pub(super) async fn begin_session(
        &self,
        proved: &Proved,
        party: Option<Party>,
        kind: SessionKind,
        from: &Origin,
    ) -> Result<SignedIn, Error> {
        let held = self.0.db.parties_to_act_for(proved.person).await?;
        let party = match party {
            Some(party) => held.into_iter().find(|one| *one == party),
            None => held.into_iter().next(),
        };
        let party = party.ok_or(Refusal::PartyNotHeld)?;
        retry(|| self.begin_session_once(proved, &party, kind, from)).await
    }

    async fn begin_session_once(
        &self,
        proved: &Proved,
        party: &Party,
        kind: SessionKind,
        from: &Origin,
    ) -> Result<SignedIn, Error> {
        // Not under an idempotency key, for the answer that is kept with one holds the tokens.
        let mut tx = self.0.work_as(&Actor::new(proved.person, party.clone())).await?;
        let Login { person, password } = tx.login_of(proved.person).await?;
        // Whoever changed the password or set up a second factor meanwhile ended all sessions that
        // began without: this one would begin after that.
        if person.disabled || password != proved.password {
            return Err(Refusal::WrongPassword.into());
        }
        if !proved.by_code && tx.has_second_factor(person.id).await? {
            return Err(Refusal::SecondFactorNeeded.into());
        }
        tx.may_act(person.id, party).await?;
        if let Some(by) = &proved.by {
            tx.take_identity(by, person.id).await?;
        }
        let settings = &self.0.identity;
        let seconds = match kind {
            SessionKind::Program => settings.session_seconds,
            SessionKind::Browser => settings.browser_seconds,
        };
        let session = Session {
            id: SessionId(self.0.env.id()),
            person_id: person.id,
            party: party.clone(),
            kind,
            address: from.address.map(|address| address.to_canonical().to_string()),
            agent: from.agent(),
            created_at: tx.at,
            used_at: tx.at,
            expires_at: tx.at.plus_seconds(seconds),
            ended_at: None,
            ended_by: None,
            provider: proved.by.as_ref().map(|by| by.provider.clone()),
        };
        let has_factor = proved.by.as_ref().is_some_and(|by| by.has_factor);
        tx.insert_session(&session, has_factor).await?;
        let data = json!({ "party": party, "kind": kind, "session": session.id });
        tx.save_person(person, "signed_in", data).await?;
        let signed_in = self.next_tokens(&mut tx, session).await?;
        tx.finish(()).await?;
        Ok(signed_in)
    }

    /// Makes a session's tokens in place of those that it had.
    async fn next_tokens(&self, tx: &mut Tx, session: Session) -> Result<SignedIn, Error> {
        tx.replace_tokens(session.id).await?;
        let settings = &self.0.identity;
        let now = tx.at;
        let make = |kind, seconds| {
            let token = new_token(&self.0.env, kind);
            (token, now.plus_seconds(seconds).min(session.expires_at))
        };
        let (own, refresh) = match session.kind {
            SessionKind::Program => (TokenKind::Access, Some(TokenKind::Refresh)),
            SessionKind::Browser => (TokenKind::Browser, None),
        };
        let (token, expires_at) = match own {
            TokenKind::Access => make(own, settings.access_seconds),
            _ => make(own, settings.browser_seconds),
        };
        tx.insert_session_token(session.id, own, &token_digest(&token), expires_at).await?;
        let refresh = match refresh {
            None => None,
            Some(kind) => {
                let (token, expires_at) = make(kind, settings.idle_seconds);
                let digest = token_digest(&token);
                tx.insert_session_token(session.id, kind, &digest, expires_at).await?;
                Some(Refresh { token, expires_at })
            }
        };
        Ok(SignedIn { session, token, expires_at, refresh })
    }

    /// Gives the next tokens of a session for its refresh token, which is no good afterwards.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn, Error> {
        if TokenKind::of(token) != Some(TokenKind::Refresh) {
            return Err(Error::Anonymous);
        }
        let digest = token_digest(token);
        retry(|| self.refresh_once(&digest)).await
    }

    async fn refresh_once(&self, digest: &str) -> Result<SignedIn, Error> {
        let mut tx = self.0.work().await?;
        let (mut session, token) = tx.held_session(digest).await?.ok_or(Error::Anonymous)?;
        tx.actor = Actor::new(session.person_id, session.party.clone());
        let is_over = session.ended_at.is_some() || session.expires_at <= tx.at;
        if is_over || token.kind != TokenKind::Refresh {
            return Err(Refusal::SessionOver.into());
        }
        let person = tx.person(session.person_id).await?;
        if token.is_spent {
            tx.end_session(session.id, "replay").await?;
            tracing::warn!(session = %session.id, "a refresh token was shown twice");
            tx.save_person(person, "session_replayed", json!({ "session": session.id })).await?;
            tx.finish(()).await?;
            return Err(Refusal::SessionOver.into());
        }
        if person.disabled || token.expires_at <= tx.at {
            return Err(Refusal::SessionOver.into());
        }
        tx.may_act(person.id, &session.party).await?;
        session.used_at = tx.at;
        tx.use_session(session.id, &session.party).await?;
        let signed_in = self.next_tokens(&mut tx, session).await?;
        tx.finish(()).await?;
        Ok(signed_in)
    }

    /// Lets a session's person act for another party of theirs, with other tokens; those until
    /// now are no good any more. `token` is one that acts.
    pub async fn switch(&self, token: &str, party: &Party) -> Result<SignedIn, Error> {
        let digest = token_digest(token);
        retry(|| self.switch_once(&digest, party)).await
    }

    async fn switch_once(&self, digest: &str, party: &Party) -> Result<SignedIn, Error> {
        let mut tx = self.0.work().await?;
        let (mut session, token) = tx.held_session(digest).await?.ok_or(Refusal::SessionOver)?;
        tx.actor = Actor::new(session.person_id, session.party.clone());
        let is_over = session.ended_at.is_some() || token.expires_at <= tx.at;
        if is_over || token.is_spent || token.kind == TokenKind::Refresh {
            return Err(Refusal::SessionOver.into());
        }
        let person = tx.person(session.person_id).await?;
        tx.may_act(person.id, party).await?;
        let data = json!({ "session": session.id, "from": session.party, "to": party });
        session.party = party.clone();
        session.used_at = tx.at;
        tx.use_session(session.id, party).await?;
        tx.save_person(person, "session_switched", data).await?;
        let signed_in = self.next_tokens(&mut tx, session).await?;
        tx.finish(()).await?;
        Ok(signed_in)
    }

    /// Makes the token itself useless, and all that it belongs to: signing out.
    pub async fn sign_out(&self, actor: &Actor, token: &str) -> Result<(), Error> {
        if TokenKind::of(token) == Some(TokenKind::Personal) {
            return self.revoke_token(&actor.into(), &token_digest(token)).await.map(drop);
        }
        let held = self.0.db.session_of(&token_digest(token)).await?;
        let session = held.ok_or(Error::Anonymous)?;
        let call = actor.into();
        retry(|| self.end_once(&call, session, "sign_out")).await
    }

    /// Ends a session. People end their own, the operator everybody's.
    pub async fn end_session(&self, call: &Call, id: SessionId) -> Result<(), Error> {
        let missing = Error::NotFound("session");
        let Some(session) = self.0.db.session(id).await? else { return Err(missing) };
        let by = if session.person_id == call.actor.person { "person" } else { "operator" };
        END.permits(&call.actor, oneself(&call.actor, session.person_id), "")?;
        retry(|| self.end_once(call, id, by)).await
    }

    async fn end_once(&self, call: &Call, id: SessionId, by: &'static str) -> Result<(), Error> {
        let mut tx = self.0.work_for(call).await?;
        let person = tx.session(id).await?.ok_or(Error::NotFound("session"))?.person_id;
        let person = tx.person(person).await?;
        if tx.end_session(id, by).await? {
            tx.save_person(person, "session_ended", json!({ "session": id, "by": by })).await?;
        }
        tx.finish(()).await
    }

    /// Ends all sessions of the actor: signing out everywhere.
    pub async fn end_sessions(&self, call: &Call) -> Result<(), Error> {
        retry(|| self.end_all_once(call)).await
    }

    async fn end_all_once(&self, call: &Call) -> Result<(), Error> {
        let mut tx = self.0.work_for(call).await?;
        let person = tx.person(call.actor.person).await?;
        tx.end_sessions(person.id, None, None, "person").await?;
        tx.save_person(person, "sessions_ended", json!({})).await?;
        tx.finish(()).await
    }

    /// The sessions of a person, newest first; for the operator and the person.
    pub async fn sessions(&self, actor: &Actor, person: PersonId) -> Result<Vec<Session>, Error> {
        SHOW.permits(actor, oneself(actor, person), "")?;
        self.0.db.sessions(person).await
    }

    /// Lets go of what is of no use any more: tokens and sessions a month after their end, and
    /// counts of tries. Any number of processes may.
    pub async fn tidy(&self) -> Result<(), Error> {
        const MONTH: i64 = 30 * 24 * 60 * 60;
        let mut tx = self.0.work().await?;
        tx.forget_throttles().await?;
        tx.forget_visits().await?;
        let before = tx.at.plus_seconds(-MONTH);
        while tx.forget_sessions(before).await? > 0 {
            tx.finish(()).await?;
            tx = self.0.work().await?;
        }
        tx.finish(()).await
    }
}
