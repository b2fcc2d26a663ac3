//! Mail (邮件): what people are told, sent to where they read mail, if they wish so.
//!
//! A person names an address and proves by a code that it is theirs. From then on notices of the
//! kinds that they want mailed wait for the next mail: a mail tells of all that wait, at most one in
//! ten minutes. It says what happened to what kind of thing and where to read on, and nothing else.
//! Each has a link that ends mail, for whoever reads it and need not sign in.
//!
//! Read this file for who has a mailbox, `address` for what an address is, `outbox` for how mail
//! goes out, `text` for what it says. Notices are the queue, and are written with what they tell of:
//! no mail is lost.

mod address;
mod outbox;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

pub use self::outbox::{Mail, MailFailure, Mailer, Mailing};
use self::{address::is_address, store::Held};
use crate::{
    Actor, Call, Env, Error, Fault, Market, Refusal, Timestamp,
    account::{Throttle, Tried},
    id::PersonId,
    kernel::{
        authority::{Act, act},
        sealing::{ServerKey, open_mail, seal_mail},
        secret::{TokenKind, is_same_secret, new_token, sha256_hex, token_digest},
    },
    store::{begin, retry, text_enum},
};

const OWN: Act = act("mail.own");

/// For so long a code is good.
const CODE_SECONDS: i64 = 30 * 60;

text_enum! {
    /// The language of mail.
    pub enum MailLanguage {
        /// 中文.
        Zh = "zh",
        /// English.
        En = "en",
    }
}

/// Where somebody wants to read mail, and whether.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewMailbox {
    /// The address.
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 254, format = "email", example = "wang@example.com")
    )]
    pub address: String,
    /// The language of mail.
    pub language: MailLanguage,
    /// Whether notices are mailed there; they are, if it is not said.
    #[serde(default = "wanted")]
    #[cfg_attr(feature = "openapi", schema(default = true))]
    pub wanted: bool,
}

const fn wanted() -> bool {
    true
}

/// Where somebody reads mail (邮箱).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mailbox {
    /// The address.
    pub address: String,
    /// The language of mail.
    pub language: MailLanguage,
    /// Whether notices are mailed there: the link in each mail ends it.
    pub wanted: bool,
    /// Since when it is known to be theirs; until then, nothing but a code is sent.
    pub confirmed_at: Option<Timestamp>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Mailbox {
    /// Whether notices are mailed there.
    pub const fn is_used(&self) -> bool {
        self.wanted && self.confirmed_at.is_some()
    }
}

/// Mail of a market.
#[derive(Debug, Clone, Copy)]
pub struct Mails<'m>(pub(crate) &'m Market);

impl Mails<'_> {
    /// Whether any mail is sent.
    pub fn is_on(&self) -> bool {
        self.key().is_ok()
    }

    /// Where the actor's person reads mail.
    pub async fn mailbox(&self, actor: &Actor) -> Result<Mailbox, Error> {
        let found = self.0.db.mailbox(actor.person).await?;
        found.map(|held| held.mailbox).ok_or(Error::NotFound("mailbox"))
    }

    /// Has mail go to an address, once a code that is sent there comes back; or to none.
    pub async fn set(&self, call: &Call, new: NewMailbox) -> Result<Mailbox, Error> {
        OWN.admits(&call.actor)?;
        let mut faults = Vec::new();
        if !is_address(&new.address) {
            let message = "must be an address such as wang@example.com";
            faults.push(Fault::new("/address", "format", message));
        }
        Error::unless_faultless(faults)?;
        self.key()?;
        retry(|| self.set_once(call, &new)).await
    }

    async fn set_once(&self, call: &Call, new: &NewMailbox) -> Result<Mailbox, Error> {
        let mut tx = begin!(self.0, call, "mail.set", new);
        let before = tx.mailbox_for_update().await?;
        expected(call, before.as_ref().map(|held| &held.mailbox))?;
        let is_proved = before.as_ref().is_some_and(|held| held.is_proved(&new.address));
        let known = before.map(|held| held.mailbox);
        // Links in mail that was sent there go on ending it.
        let is_there = known.as_ref().is_some_and(|one| one.address == new.address);
        let mailbox = Mailbox {
            address: new.address.clone(),
            language: new.language,
            wanted: new.wanted,
            confirmed_at: known.as_ref().filter(|_| is_proved).and_then(|one| one.confirmed_at),
            version: known.as_ref().map_or(1, |one| one.version + 1),
            updated_at: known.as_ref().map_or(tx.at, |one| tx.at_after(one.updated_at)),
        };
        if is_there {
            tx.change_mailbox(tx.actor.person, &mailbox).await?;
        } else {
            let (stop, digest) = self.new_stop(tx.actor.person)?;
            tx.put_mailbox(&mailbox, &stop, &digest).await?;
        }
        if new.wanted && !is_proved {
            // Counted with what is sent: whoever is refused, or asks again, sends nothing.
            let to = sha256_hex(new.address.to_ascii_lowercase().as_bytes());
            let person = (Throttle::MailPerson, call.actor.person.to_string());
            tx.count(&Tried(vec![(Throttle::MailAddress, to), person])).await?;
            let env = &self.0.env;
            let code = seal_mail(self.key()?, tx.actor.person, &new_code(env), env)?;
            tx.put_code(&code, tx.at.plus_seconds(CODE_SECONDS), env.id()).await?;
        }
        if !mailbox.is_used() {
            tx.mail_no_notices(tx.actor.person).await?;
        }
        tx.finish(mailbox).await
    }

    /// Proves that an address is the actor's, by the code that was sent there.
    pub async fn confirm(&self, call: &Call, code: &str) -> Result<Mailbox, Error> {
        OWN.admits(&call.actor)?;
        // Counted before it is looked at: codes that are tried at once are as many.
        let tried = Tried::by(Throttle::MailCode, call.actor.person);
        self.0.accounts().count(&tried).await?;
        let confirmed = retry(|| self.confirm_once(call, code.trim())).await?;
        self.0.accounts().uncount(&tried).await?;
        Ok(confirmed)
    }

    async fn confirm_once(&self, call: &Call, code: &str) -> Result<Mailbox, Error> {
        let mut tx = begin!(self.0, call, "mail.confirm", &token_digest(code));
        let held = tx.mailbox_for_update().await?.ok_or(Error::NotFound("mailbox"))?;
        expected(call, Some(&held.mailbox))?;
        let at = tx.at;
        if held.mailbox.confirmed_at.is_some() {
            return Err(Refusal::MailConfirmed.into());
        }
        let is_live = held.code_until.is_some_and(|until| until > at);
        let kept = held.code.as_ref().filter(|_| is_live).ok_or(Refusal::MailCodeExpired)?;
        let kept = open_mail(self.key()?, held.person, kept);
        let kept = kept.map_err(|_| Refusal::MailCodeExpired)?;
        if !is_same_secret(&kept, code) {
            return Err(Refusal::MailCodeWrong.into());
        }
        let updated_at = tx.at_after(held.mailbox.updated_at);
        let version = held.mailbox.version + 1;
        let mailbox = Mailbox { confirmed_at: Some(at), version, updated_at, ..held.mailbox };
        tx.change_mailbox(held.person, &mailbox).await?;
        tx.forget_code(held.person).await?;
        tx.finish(mailbox).await
    }

    /// Forgets where the actor's person reads mail.
    pub async fn remove(&self, call: &Call) -> Result<(), Error> {
        OWN.admits(&call.actor)?;
        retry(|| self.remove_once(call)).await
    }

    async fn remove_once(&self, call: &Call) -> Result<(), Error> {
        let mut tx = begin!(self.0, call, "mail.remove", &());
        let held = tx.mailbox_for_update().await?.ok_or(Error::NotFound("mailbox"))?;
        expected(call, Some(&held.mailbox))?;
        tx.delete_mailbox(held.person).await?;
        tx.finish(()).await
    }

    /// Ends mail to somebody, by what the link in a mail of theirs says: whoever has it may. Of an
    /// address that was never proved nothing is kept. Done again, it changes nothing.
    pub async fn stop(&self, stop: &str) -> Result<(), Error> {
        let missing = Error::NotFound("mailbox");
        if TokenKind::of(stop) != Some(TokenKind::Stop) {
            return Err(missing);
        }
        let digest = token_digest(stop);
        retry(|| self.stop_once(&digest)).await
    }

    async fn stop_once(&self, digest: &str) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        let held = tx.mailbox_stopped_by(digest).await?.ok_or(Error::NotFound("mailbox"))?;
        if held.mailbox.confirmed_at.is_none() {
            tx.delete_mailbox(held.person).await?;
        } else if held.mailbox.wanted {
            let updated_at = tx.at_after(held.mailbox.updated_at);
            let version = held.mailbox.version + 1;
            let mailbox = Mailbox { wanted: false, version, updated_at, ..held.mailbox };
            tx.change_mailbox(held.person, &mailbox).await?;
            tx.mail_no_notices(held.person).await?;
        }
        tx.finish(()).await
    }

    /// What secrets of mail are sealed to; there is none where no mail is sent.
    fn key(&self) -> Result<&ServerKey, Refusal> {
        let key = self.0.identity.server_key.as_ref().filter(|_| self.0.sends_mail);
        key.ok_or(Refusal::MailOff)
    }

    /// What ends mail to a person: sealed, and its digest.
    fn new_stop(self, person: PersonId) -> Result<(String, String), Error> {
        let stop = new_token(&self.0.env, TokenKind::Stop);
        let sealed = seal_mail(self.key()?, person, &stop, &self.0.env)?;
        Ok((sealed, token_digest(&stop)))
    }
}

impl Held {
    /// Whether it is known that an address is theirs.
    fn is_proved(&self, address: &str) -> bool {
        self.mailbox.confirmed_at.is_some() && self.mailbox.address == address
    }
}

fn expected(call: &Call, mailbox: Option<&Mailbox>) -> Result<(), Error> {
    let version = mailbox.map_or(0, |one| one.version);
    if call.expected.is_some_and(|expected| expected != version) {
        return Err(Error::Stale("mailbox"));
    }
    Ok(())
}

/// Eight digits.
fn new_code(env: &Env) -> String {
    format!("{:08}", u64::from_be_bytes(env.secret::<8>()) % 100_000_000)
}
