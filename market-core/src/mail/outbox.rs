//! How mail goes out. Of many nodes, one sends to a person at a time: it leases the mailbox, writes
//! down what the next mail tells of, sends it, and notes what came of it. Who is killed in between
//! has sent what will be sent again: the same mail, with the same `Message-ID`.
//!
//! A node sends one mail after the other, and rests after each, so that a server of mail is never
//! flooded; a person is sent one in ten minutes at most, codes apart.

use std::{convert::Infallible, fmt::Debug, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{MailLanguage, Mails, store::Held, text};
use crate::{
    Error, Timestamp, followers,
    id::PersonId,
    kernel::sealing::open_mail,
    store::{Tx, retry},
};

/// How long a node rests after each mail: it sends sixty in a minute at most.
const PACE: Duration = Duration::from_secs(1);
/// The longest that one mail takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// By so much the clock of a node may be behind that of the database.
const SKEW_SECONDS: i64 = 60;
/// So many notices are told of by one mail; those that are left by the next.
const TOLD: i64 = 50;
/// How long nobody is sent the next mail.
const REST_SECONDS: i64 = 10 * 60;
/// After mail was not taken it is tried again after so long at first, and twice as long each time,
const AGAIN_SECONDS: i64 = 60;
/// but never longer than this,
const LONGEST_SECONDS: i64 = 6 * 3600;
/// and so often at most, which is two days: then it is given up.
const TRIES: i64 = 16;
/// An address that was refused for so long is not believed any more, until it is confirmed again.
const HOPE_SECONDS: i64 = 5 * 24 * 3600;

/// A mail on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same, however often it is sent.
    pub id: String,
    /// To whom.
    pub to: String,
    /// The language of what it says.
    pub language: MailLanguage,
    /// What it is about.
    pub subject: String,
    /// What it says, in plain text.
    pub body: String,
    /// Where mail to them is ended, by a form and by one request (RFC 8058).
    pub stop: String,
}

/// Why mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFailure {
    /// It never will be: there is nobody of that address.
    #[error("refused for good: {0}")]
    Refused(String),
    /// It may be later.
    #[error("not taken: {0}")]
    NotTaken(String),
}

/// What will have come of a mail.
pub type Mailing = BoxFuture<'static, Result<(), MailFailure>>;

/// What takes mail to where it is read.
pub trait Mailer: Debug + Send + Sync {
    /// Sends a mail once.
    fn send(&self, mail: Mail) -> Mailing;
}

/// What a mail is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A code.
    Code(Uuid),
    /// Notices.
    Notices(Uuid),
}

/// What came of looking for a mail to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// One was sent, whatever came of it.
    Sent,
    /// Somebody was due, and nothing waits for them any more.
    PassedOver,
    /// Nobody is due.
    Nothing,
}

/// What became of a mail that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    Sent,
    /// It is tried again after so many seconds.
    Again(i64),
    GivenUp,
}

impl Became {
    /// The name under which it is counted.
    const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Again(_) => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

impl Mails<'_> {
    /// Sends mail until it is dropped. What fails is tried again.
    pub async fn follow(&self, mailer: Arc<dyn Mailer>) -> Infallible {
        loop {
            let changed = self.0.wake.notified();
            let did = self.step(&mailer).await;
            if matches!(did, Ok(Step::Sent)) {
                sleep(PACE).await;
            }
            let turn = did.map(|did| did != Step::Nothing);
            followers::rest(turn, changed, "no mail is sent").await;
        }
    }

    /// Sends all mail that is due now, and says how many.
    pub async fn send_due(&self, mailer: &Arc<dyn Mailer>) -> Result<u64, Error> {
        let mut sent = 0;
        loop {
            match self.step(mailer).await? {
                Step::Sent => sent += 1,
                Step::PassedOver => {}
                Step::Nothing => return Ok(sent),
            }
        }
    }

    /// Sends one mail that is due, if any is.
    async fn step(&self, mailer: &Arc<dyn Mailer>) -> Result<Step, Error> {
        self.wake().await?;
        let Some((person, lease)) = self.lease().await? else { return Ok(Step::Nothing) };
        let Some((about, mail)) = retry(|| self.next(person, lease)).await? else {
            return Ok(Step::PassedOver);
        };
        let sent = timeout(PATIENCE, mailer.send(mail)).await;
        let sent = sent.unwrap_or_else(|_| Err(MailFailure::NotTaken("it took too long".into())));
        if let Err(why) = &sent {
            tracing::info!(%person, "mail was {why}");
        }
        if let Some(became) = retry(|| self.note(person, lease, about, &sent)).await? {
            metrics::counter!("market_mail_total", "outcome" => became.name()).increment(1);
        }
        Ok(Step::Sent)
    }

    /// Has those looked at for whom something waits.
    pub(super) async fn wake(&self) -> Result<(), Error> {
        if !self.0.db.has_awaited_mailbox().await? {
            return Ok(());
        }
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.settle_time().await?;
            let at = tx.at;
            tx.wake_mailboxes(at).await?;
            tx.finish(()).await
        })
        .await
    }

    pub(super) async fn lease(&self) -> Result<Option<(PersonId, Uuid)>, Error> {
        if !self.0.db.has_due_mailbox(self.0.env.now().plus_seconds(SKEW_SECONDS)).await? {
            return Ok(None);
        }
        let lease = self.0.env.id();
        retry(|| async {
            let mut tx = self.0.work().await?;
            match tx.lease_mailbox(lease).await? {
                Some(person) => tx.finish(Some((person, lease))).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// What is sent to a person next; the mailbox is left alone where nothing is.
    pub(super) async fn next(
        &self,
        person: PersonId,
        lease: Uuid,
    ) -> Result<Option<(About, Mail)>, Error> {
        let mut tx = self.0.work().await?;
        let Some(held) = tx.leased_mailbox(person, lease).await? else { return Ok(None) };
        let Some(about) = self.about(&mut tx, &held).await? else {
            let now = tx.at;
            tx.release_mailbox(&held, None, now).await?;
            return tx.finish(()).await.map(|()| None);
        };
        let stop = self.stop_of(&mut tx, &held).await?;
        let name = &self.0.publisher.name;
        let to = text::To { language: held.mailbox.language, market: name, url: self.url(), stop };
        let (id, (subject, body)) = match about {
            About::Code(mail) => (mail, to.code(&self.code_of(&held)?)),
            About::Notices(mail) => (mail, to.notices(&tx.told_by(person, mail).await?)),
        };
        tx.finish(()).await?;
        let (id, language, stop) = (id.to_string(), held.mailbox.language, to.stop);
        let to = held.mailbox.address;
        Ok(Some((about, Mail { id, to, language, subject, body, stop })))
    }

    /// What the next mail to somebody is for: a code, what is on its way, or what waits.
    async fn about(&self, tx: &mut Tx, held: &Held) -> Result<Option<About>, Error> {
        if let Some(code) = held.code_mail {
            if self.code_of(held).is_ok() && held.code_until.is_some_and(|until| until > tx.at) {
                return Ok(Some(About::Code(code)));
            }
            // What nobody could use is not sent.
            tx.note_code_sent(held.person, code).await?;
        }
        if !held.mailbox.is_used() {
            return Ok(None);
        }
        tx.let_go_of_the_gone(held.person).await?;
        if let Some(mail) = held.mail
            && !tx.told_by(held.person, mail).await?.is_empty()
        {
            return Ok(Some(About::Notices(mail)));
        }
        let mail = self.0.env.id();
        let waits = tx.take_waiting(held.person, mail, TOLD).await?;
        Ok(waits.then_some(About::Notices(mail)))
    }

    fn url(&self) -> &str {
        &self.0.publisher.url
    }

    fn code_of(self, held: &Held) -> Result<String, Error> {
        let sealed = held.code.as_deref().ok_or(Error::Inconsistent("code of mail"))?;
        Ok(open_mail(self.key()?, held.person, sealed)?.to_string())
    }

    /// Where mail to somebody is ended. What another key of the server had sealed is made anew.
    async fn stop_of(&self, tx: &mut Tx, held: &Held) -> Result<String, Error> {
        let stop = if let Ok(stop) = open_mail(self.key()?, held.person, &held.stop) {
            stop
        } else {
            let (sealed, digest) = self.new_stop(held.person)?;
            tx.put_stop(held.person, (&sealed, &digest)).await?;
            open_mail(self.key()?, held.person, &sealed)?
        };
        Ok(format!("{}/mail/stop/{}", self.url(), *stop))
    }

    /// Notes what came of a mail. Where the lease was lost, whoever has it now sends it again.
    pub(super) async fn note(
        &self,
        person: PersonId,
        lease: Uuid,
        about: About,
        sent: &Result<(), MailFailure>,
    ) -> Result<Option<Became>, Error> {
        let mut tx = self.0.work().await?;
        tx.settle_time().await?;
        let Some(mut held) = tx.leased_mailbox(person, lease).await? else { return Ok(None) };
        let now = tx.at;
        // What was set meanwhile is another mail, of which nothing was tried yet.
        let is_other = match about {
            About::Code(mail) => held.code_mail != Some(mail),
            About::Notices(mail) => held.code_mail.is_some() || held.mail != Some(mail),
        };
        let became = held.became(sent, now);
        let rest = match (became, about) {
            (Became::Again(seconds), _) => now.plus_seconds(seconds),
            // What was told meanwhile is looked for at once.
            (_, About::Code(_)) => now,
            (_, About::Notices(_)) => now.plus_seconds(REST_SECONDS),
        };
        if !matches!(became, Became::Again(_)) {
            match about {
                About::Code(mail) => tx.note_code_sent(person, mail).await?,
                About::Notices(mail) => tx.note_mailed(person, mail).await?,
            }
            if held.mail == about.notices() {
                held.mail = None;
            }
        }
        let due = if is_other { now } else { rest };
        tx.release_mailbox(&held, Some(due), rest).await?;
        tx.finish(()).await.map(|()| Some(became))
    }
}

impl About {
    const fn notices(self) -> Option<Uuid> {
        match self {
            Self::Code(_) => None,
            Self::Notices(mail) => Some(mail),
        }
    }
}

impl Held {
    /// What becomes of a mail that was sent, and of the address. One refusal says little of it: a
    /// server of mail that is set up wrongly refuses everybody.
    fn became(&mut self, sent: &Result<(), MailFailure>, now: Timestamp) -> Became {
        let Err(why) = sent else {
            (self.tries, self.failing_since) = (0, None);
            return Became::Sent;
        };
        self.tries += 1;
        match why {
            MailFailure::NotTaken(_) if self.tries < TRIES => Became::Again(again(self.tries)),
            MailFailure::NotTaken(_) => {
                self.tries = 0;
                Became::GivenUp
            }
            MailFailure::Refused(_) => {
                self.tries = 0;
                let since = *self.failing_since.get_or_insert(now);
                if since.plus_seconds(HOPE_SECONDS) <= now {
                    self.mailbox.confirmed_at = None;
                    self.mailbox.version += 1;
                    self.mailbox.updated_at = now.max(self.mailbox.updated_at.next());
                }
                Became::GivenUp
            }
        }
    }
}

/// After how many seconds mail is tried again that was not taken so often.
fn again(tries: i64) -> i64 {
    let doubled = u32::try_from(tries - 1).ok().and_then(|times| AGAIN_SECONDS.checked_shl(times));
    let wait = doubled.filter(|wait| (AGAIN_SECONDS..LONGEST_SECONDS).contains(wait));
    wait.unwrap_or(LONGEST_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_nothing_is_asked_less_and_less() {
        assert_eq!([1, 2, 3, 9, 10, 70].map(again), [60, 120, 240, 15_360, 21_600, 21_600]);
    }
}
