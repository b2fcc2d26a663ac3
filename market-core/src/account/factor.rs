//! The second factor: codes that change every thirty seconds (RFC 6238), and recovery codes for
//! whoever lost what makes them.
//!
//! The secret is kept sealed to the server's own key, which is not in the database. A code is
//! taken once: neither it nor an older one is taken again.

use serde::{Deserialize, Serialize};
use serde_json::json;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::{
    Accounts, MANAGE, Password, Person, not_ones_own,
    throttle::{Throttle, Tried},
    token,
};
use crate::{
    Action, Actor, Call, Error, Refusal, Timestamp,
    id::{PersonId, SessionId},
    kernel::{
        sealing::{open_factor, seal_factor},
        secret::sha256_hex,
    },
    store::{Tx, begin, retry},
};

/// How many bytes a secret has, as RFC 4226 recommends.
const BYTES: usize = 20;

/// How long a code is shown.
const STEP_SECONDS: u64 = 30;

/// How many recovery codes somebody gets.
const RECOVERY_CODES: usize = 10;

/// What a second factor is set up with: the only time that it is shown.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolment {
    /// The secret in Base32, to be typed into an authenticator.
    pub secret: String,
    /// The same as an address that authenticators read from a QR code.
    pub uri: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

/// Codes that each sign in once in place of a second factor's: the only time that they are shown.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<String>,
}

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}

/// How a person's second factor stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactor {
    /// Since when it is asked for; it is not, if there is none.
    pub confirmed_at: Option<Timestamp>,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: i64,
}

impl SecondFactor {
    /// What its person may do with it, and why not the rest.
    pub fn actions(&self) -> Vec<Action> {
        let (exists, none) = (Refusal::SecondFactorExists, Refusal::NoSecondFactor);
        let is_on = self.confirmed_at.is_some();
        vec![
            Action::of("enrol", if is_on { Err(exists) } else { Ok(()) }),
            Action::of("give-up", if is_on { Ok(()) } else { Err(none) }),
        ]
    }
}

/// A second factor as it is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) sealed: String,
    pub(super) confirmed_at: Option<Timestamp>,
    pub(super) step: i64,
}

impl Accounts<'_> {
    /// How the actor's second factor stands.
    pub async fn second_factor(&self, actor: &Actor) -> Result<SecondFactor, Error> {
        self.0.db.second_factor(actor.person).await
    }

    /// Begins to set up the actor's second factor, who proves their password once more. It is not
    /// asked for until it is confirmed; asked again before that, it begins anew.
    pub async fn enrol(&self, call: &Call, password: Password) -> Result<Enrolment, Error> {
        let actor = &call.actor;
        let tried = Tried::by(Throttle::SecondFactor, actor.person);
        self.count(&tried).await?;
        let kept = self.0.db.password_of(actor.person).await?;
        token::check_password(kept, password.0).await?;
        self.uncount(&tried).await?;
        let key = self.0.identity.server_key.as_ref().ok_or(Refusal::SecondFactorUnavailable)?;
        let secret = Zeroizing::new(self.0.env.secret::<BYTES>());
        let sealed = seal_factor(key, actor.person, &secret[..], &self.0.env)?;
        let login = retry(|| self.enrol_once(call, &sealed)).await?;
        let secret = base32(&secret[..]);
        // Logins have no characters that an address would have to write otherwise, but "@".
        let login = login.replace('@', "%40");
        let uri = format!("otpauth://totp/Market:{login}?secret={secret}&issuer=Market");
        Ok(Enrolment { secret, uri })
    }

    async fn enrol_once(&self, call: &Call, sealed: &str) -> Result<String, Error> {
        let mut tx = self.0.work_for(call).await?;
        let person = tx.person(call.actor.person).await?;
        if tx.has_second_factor(person.id).await? {
            return Err(Refusal::SecondFactorExists.into());
        }
        tx.put_factor(person.id, sealed).await?;
        tx.finish(person.login).await
    }

    /// Confirms the actor's second factor by a code of it: from now on it is asked for. Sessions
    /// that began without it end, but the one that confirms, and so do personal tokens, which are
    /// asked for none.
    pub async fn confirm_second_factor(
        &self,
        actor: &Actor,
        code: &str,
        session: Option<SessionId>,
    ) -> Result<RecoveryCodes, Error> {
        let tried = Tried::by(Throttle::SecondFactor, actor.person);
        self.count(&tried).await?;
        let recovery_codes = retry(|| self.confirm_once(actor, code, session)).await?;
        self.uncount(&tried).await?;
        Ok(RecoveryCodes { recovery_codes })
    }

    async fn confirm_once(
        &self,
        actor: &Actor,
        code: &str,
        session: Option<SessionId>,
    ) -> Result<Vec<String>, Error> {
        let mut tx = self.0.work_as(actor).await?;
        let person = tx.person(actor.person).await?;
        match tx.kept_factor(person.id).await? {
            None => return Err(Refusal::NoSecondFactor.into()),
            Some(Kept { confirmed_at: Some(_), .. }) => {
                return Err(Refusal::SecondFactorExists.into());
            }
            Some(kept) if !self.takes_totp(&mut tx, person.id, &kept, code).await? => {
                return Err(Refusal::SecondFactorWrong.into());
            }
            Some(_) => {}
        }
        tx.confirm_factor(person.id).await?;
        let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| self.recovery_code()).collect();
        for code in &codes {
            tx.insert_recovery_code(person.id, &digest(person.id, code)).await?;
        }
        tx.end_sessions(person.id, None, session, "second_factor").await?;
        tx.revoke_tokens(person.id, None).await?;
        tx.save_person(person, "second_factor_confirmed", json!({})).await?;
        tx.finish(()).await?;
        Ok(codes)
    }

    /// Gives up the actor's second factor, by a code of it or a recovery code.
    pub async fn drop_second_factor(&self, actor: &Actor, code: &str) -> Result<(), Error> {
        if !self.0.db.has_second_factor(actor.person).await? {
            return Err(Refusal::NoSecondFactor.into());
        }
        self.check_code(actor.person, code).await?;
        retry(|| self.give_up_once(actor)).await
    }

    async fn give_up_once(&self, actor: &Actor) -> Result<(), Error> {
        let mut tx = self.0.work_as(actor).await?;
        let person = tx.person(actor.person).await?;
        tx.drop_factor(person).await?;
        tx.finish(()).await
    }

    /// Takes away the second factor of a person who lost it with all recovery codes, after the
    /// operator has made sure who asks; their sessions end. Nobody does to themselves.
    pub async fn reset_second_factor(
        &self,
        call: &Call,
        person: PersonId,
    ) -> Result<Person, Error> {
        MANAGE.admits(&call.actor)?;
        not_ones_own(&call.actor, person)?;
        retry(|| self.reset_once(call, person)).await
    }

    async fn reset_once(&self, call: &Call, person: PersonId) -> Result<Person, Error> {
        let mut tx = begin!(self.0, call, "accounts.drop_second_factor", &person);
        let person = tx.person(person).await?.expected(call)?;
        tx.decides_over(person.id).await?;
        let person = tx.drop_factor(person).await?;
        tx.end_sessions(person.id, None, None, "second_factor").await?;
        tx.finish(person).await
    }

    /// Refuses a code that is not one of a person's second factor now, or was taken before.
    pub(super) async fn check_code(&self, person: PersonId, code: &str) -> Result<(), Error> {
        let tried = Tried::by(Throttle::SecondFactor, person);
        self.count(&tried).await?;
        retry(|| self.check_code_once(person, code)).await?;
        self.uncount(&tried).await
    }

    async fn check_code_once(&self, person: PersonId, code: &str) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        let Some(kept) = tx.kept_factor(person).await? else { return tx.finish(()).await };
        if self.takes_totp(&mut tx, person, &kept, code).await? {
            return tx.finish(()).await;
        }
        if tx.use_recovery_code(&digest(person, code)).await? {
            let found = tx.person(person).await?;
            tx.actor.person = person;
            tx.save_person(found, "recovery_code_used", json!({})).await?;
            return tx.finish(()).await;
        }
        Err(Refusal::SecondFactorWrong.into())
    }

    /// Whether a code is one of now, and of a step after the last that was taken; it is taken.
    async fn takes_totp(
        &self,
        tx: &mut Tx,
        person: PersonId,
        kept: &Kept,
        code: &str,
    ) -> Result<bool, Error> {
        let key = self.0.identity.server_key.as_ref().ok_or(Refusal::SecondFactorUnavailable)?;
        let secret = open_factor(key, person, &kept.sealed).inspect_err(|_| {
            tracing::error!(%person, "a second factor was sealed to another server key");
        })?;
        tx.settle_time().await?;
        let seconds = u64::try_from(tx.at.micros() / 1_000_000).unwrap_or(0);
        let step = totp(&secret)?.check(code.trim(), seconds);
        match step.and_then(|step| i64::try_from(step).ok()) {
            Some(step) if step > kept.step => {
                tx.take_step(person, step).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn recovery_code(self) -> String {
        let text = base32(&*Zeroizing::new(self.0.env.secret::<10>()));
        let groups: Vec<_> = (0..4).map(|n| &text[4 * n..4 * n + 4]).collect();
        groups.join("-")
    }
}

impl Tx {
    /// Takes a person's second factor away, with all recovery codes.
    async fn drop_factor(&mut self, person: Person) -> Result<Person, Error> {
        if self.kept_factor(person.id).await?.is_none() {
            return Err(Refusal::NoSecondFactor.into());
        }
        self.delete_factor(person.id).await?;
        self.save_person(person, "second_factor_dropped", json!({})).await
    }
}

fn totp(secret: &[u8]) -> Result<Totp, Error> {
    let wrong = Error::Inconsistent("second factor");
    let Ok(bytes) = <[u8; BYTES]>::try_from(secret) else { return Err(wrong) };
    let builder = Builder::new().with_secret(Secret::new_stack(bytes));
    builder.with_skew(1).with_step_duration(STEP_SECONDS).build().map_err(|_| wrong)
}

/// What is kept of a recovery code, however it is typed.
fn digest(person: PersonId, code: &str) -> String {
    let plain = code.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.map(|c| c.to_ascii_uppercase()).collect();
    sha256_hex(format!("market recovery code v1 {person} {plain}").as_bytes())
}

/// Base32 of RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    for part in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + part.len()].copy_from_slice(part);
        let bits = u64::from_be_bytes(block);
        for place in 0..(part.len() * 8).div_ceil(5) {
            let digit = (bits >> (35 - 5 * place)) & 31;
            text.push(usize::try_from(digit).map_or('A', |digit| char::from(DIGITS[digit])));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_rfc() {
        let vectors = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B: the last six of its eight digits.
        let secret = totp(b"12345678901234567890").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(secret.check(code, seconds), Some(seconds / 30), "{seconds}");
            assert_eq!(secret.check(code, seconds + 300), None, "{seconds}");
        }
        assert!(totp(b"short").is_err());
    }

    #[test]
    fn a_recovery_code_may_be_typed_as_one_likes() {
        let (one, other) = (PersonId(uuid::Uuid::nil()), PersonId(uuid::Uuid::max()));
        assert_eq!(digest(one, "abcd efgh ijkl mnop"), digest(one, "ABCD-EFGH-IJKL-MNOP"));
        assert_ne!(digest(one, "ABCD"), digest(other, "ABCD"));
    }
}
