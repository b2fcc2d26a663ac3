//! What waits, is late or fails (运行状况), for the operator: steps that time takes, mail, webhooks,
//! files before the scanner, documents without a font. Reads only; how far everything that follows
//! the journal has come is told by [`crate::vitals`].

pub(crate) mod store;
#[cfg(test)]
mod tests;

use crate::{
    Actor, Error, Market, Party, Timestamp,
    id::WebhookId,
    kernel::authority::{Act, act},
    store::text_enum,
    webhook::Disabled,
};

const SHOW: Act = act("vitals.show");

/// So many of each kind are told of.
pub const LISTED: u32 = 20;

/// Messages that wait for so long make a webhook one that is behind, in seconds.
const BEHIND: i64 = 600;

text_enum! {
    /// What takes a step when its time has come.
    pub enum TimerKind {
        /// A purchase (采购项目).
        Purchase = "purchase",
        /// An order (订单).
        Order = "order",
        /// The window in which an order is evaluated, by the order's id (评价期).
        EvaluationWindow = "evaluation_window",
        /// An appeal against an evaluation, by the evaluation's id (评价申诉).
        Appeal = "appeal",
    }
}

/// A step whose time has come and which was not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueStep {
    /// What takes it.
    pub kind: TimerKind,
    /// Which one.
    pub id: String,
    /// When it fell due.
    pub since: Timestamp,
}

/// The steps of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Of what.
    pub kind: TimerKind,
    /// Those that are overdue, the longest first; [`LISTED`] at most.
    pub overdue: Vec<OverdueStep>,
    /// When the next one falls due.
    pub next: Option<Timestamp>,
}

/// A webhook that was switched off, fails or is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookTrouble {
    /// Which.
    pub id: WebhookId,
    /// Whose.
    pub party: Party,
    /// The host that it sends to: the rest of an address may be a secret.
    pub host: String,
    /// Why it is switched off; nothing of one that is not.
    pub disabled: Option<Disabled>,
    /// Since when it has answered nothing well.
    pub failing_since: Option<Timestamp>,
    /// How many messages wait for it.
    pub waiting: i64,
}

/// A mailbox that takes no mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailTrouble {
    /// Its address, without what tells whose it is: `w***@example.com`.
    pub masked: String,
    /// How often in a row it was not reached.
    pub tries: i64,
    /// Since when its server refuses mail; nothing, if it was only not reached.
    pub refused_since: Option<Timestamp>,
}

/// Files before the scanner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scans {
    /// Whether there is a scanner.
    pub has_scanner: bool,
    /// How many wait.
    pub waiting: i64,
    /// How often the one was tried that was tried most.
    pub most_tries: i64,
    /// How many are withheld because something was found in them.
    pub withheld: i64,
}

/// Everything that waits, is late or fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jobs {
    /// The steps that time takes.
    pub timers: Vec<Timer>,
    /// Webhooks that need somebody; [`LISTED`] at most.
    pub webhooks: Vec<WebhookTrouble>,
    /// Whether mail is sent.
    pub sends_mail: bool,
    /// Notices that wait to be mailed.
    pub mail_waiting: i64,
    /// Mailboxes that take no mail, the longest first; [`LISTED`] at most.
    pub mail: Vec<MailTrouble>,
    /// Files before the scanner.
    pub scans: Scans,
    /// Why no document can be printed; nothing, if they can.
    pub no_font: Option<String>,
}

impl Market {
    /// Everything that waits, is late or fails, for the operator. It counts: ask now and then.
    pub async fn jobs(&self, actor: &Actor) -> Result<Jobs, Error> {
        SHOW.admits(actor)?;
        let (db, now) = (&self.db, self.env.now());
        let mut timers = Vec::new();
        for kind in TimerKind::ALL {
            timers.push(db.timer(*kind, now, LISTED.into()).await?);
        }
        let (mail_waiting, mail) = db.mail_troubles(LISTED.into()).await?;
        let scans = db.scans_waiting().await?;
        Ok(Jobs {
            timers,
            webhooks: db.webhook_troubles(now.plus_seconds(-BEHIND), LISTED.into()).await?,
            sends_mail: self.mails().is_on(),
            mail_waiting,
            mail,
            scans: Scans { has_scanner: self.scanner.is_some(), ..scans },
            no_font: self.letters().ready().await.err().map(|why| why.to_string()),
        })
    }
}

/// An address without what tells whose it is.
fn masked(address: &str) -> String {
    let Some((name, domain)) = address.rsplit_once('@') else { return "***".to_owned() };
    let first = name.chars().next().map(String::from).unwrap_or_default();
    format!("{first}***@{domain}")
}

/// The host of an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}
