//! What waits, asked of the tables in which it does.

use uuid::Uuid;

use super::{MailTrouble, OverdueStep, Scans, Timer, TimerKind, WebhookTrouble, host, masked};
use crate::{
    Day, Error, Timestamp,
    id::WebhookId,
    store::{Db, statements},
    webhook::{Disabled, WebhookState},
};

statements! {
    PURCHASES = "\
        select id, due_at from purchases where due_at <= $1 order by due_at, id limit $2";
    NEXT_PURCHASE = "\
        select due_at from purchases where due_at > $1 order by due_at, id limit 1";
    ORDERS = "\
        select id, due_on from orders where lapses and due_on < $1 order by due_on, id limit $2";
    NEXT_ORDER = "\
        select due_on from orders where lapses and due_on >= $1 order by due_on, id limit 1";
    WINDOWS = "\
        select order_id, due_on from evaluation_windows where due_on < $1 \
        order by due_on, order_id limit $2";
    NEXT_WINDOW = "\
        select due_on from evaluation_windows where due_on >= $1 order by due_on, order_id limit 1";
    APPEALS = "\
        select id, due_on from evaluations where due_on < $1 order by due_on, id limit $2";
    NEXT_APPEAL = "\
        select due_on from evaluations where due_on >= $1 order by due_on, id limit 1";

    WEBHOOKS = "\
        select w.id, w.party, w.url, w.state, w.why, w.failing_since, \
        (select cast(count(*) as bigint) from webhook_messages m \
         where m.webhook_id = w.id and m.state = 'waiting') as waiting \
        from webhooks w where w.state = 'disabled' or w.failing_since is not null \
        or exists (select 1 from webhook_messages m \
                   where m.webhook_id = w.id and m.state = 'waiting' and m.at < $1) \
        order by w.id desc limit $2";

    MAIL_WAITING = "\
        select cast(count(*) as bigint) from \
        (select id from notices where mailing limit 1000000) as waiting";
    MAIL_TROUBLES = "\
        select address, tries, failing_since from mailboxes \
        where failing_since is not null or tries > 0 \
        order by coalesce(failing_since, updated_at), person_id limit $1";

    SCANS = "\
        select cast(count(*) as bigint), cast(coalesce(max(tries), 0) as bigint) \
        from file_scans where state = 'waiting'";
    WITHHELD = "select cast(count(*) as bigint) from file_scans where state = 'infected'";
}

impl Db {
    /// The steps of a kind, overdue and next.
    pub(super) async fn timer(
        &self,
        kind: TimerKind,
        now: Timestamp,
        limit: i64,
    ) -> Result<Timer, Error> {
        if kind == TimerKind::Purchase {
            let due: Vec<(Uuid, Timestamp)> =
                self.query(PURCHASES).bind(now).bind(limit).all().await?;
            let next: Option<(Timestamp,)> = self.query(NEXT_PURCHASE).bind(now).optional().await?;
            return Ok(timer(kind, due, next.map(|(next,)| next)));
        }
        let (due, next) = match kind {
            TimerKind::Order => (ORDERS, NEXT_ORDER),
            TimerKind::EvaluationWindow => (WINDOWS, NEXT_WINDOW),
            TimerKind::Purchase | TimerKind::Appeal => (APPEALS, NEXT_APPEAL),
        };
        let due: Vec<(Uuid, Day)> = self.query(due).bind(now.day()).bind(limit).all().await?;
        let next: Option<(Day,)> = self.query(next).bind(now.day()).optional().await?;
        // A day is over at its end.
        let due = due.into_iter().map(|(id, day)| (id, day.end())).collect();
        Ok(timer(kind, due, next.map(|(day,)| day.end())))
    }

    /// Webhooks that are off, fail, or have messages from before a time that wait.
    pub(super) async fn webhook_troubles(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<WebhookTrouble>, Error> {
        type Found =
            (WebhookId, String, String, WebhookState, Option<Disabled>, Option<Timestamp>, i64);
        let found: Vec<Found> = self.query(WEBHOOKS).bind(before).bind(limit).all().await?;
        let trouble = |(id, party, url, state, why, failing_since, waiting): Found| {
            let party = party.parse().map_err(|_| Error::Inconsistent("webhook"))?;
            let disabled = match state {
                WebhookState::Enabled => None,
                WebhookState::Disabled => Some(why.ok_or(Error::Inconsistent("webhook"))?),
            };
            let host = host(&url).to_owned();
            Ok(WebhookTrouble { id, party, host, disabled, failing_since, waiting })
        };
        found.into_iter().map(trouble).collect()
    }

    /// How many notices wait to be mailed, and which mailboxes take none.
    pub(super) async fn mail_troubles(&self, limit: i64) -> Result<(i64, Vec<MailTrouble>), Error> {
        let (waiting,): (i64,) = self.query(MAIL_WAITING).one().await?;
        let found: Vec<(String, i64, Option<Timestamp>)> =
            self.query(MAIL_TROUBLES).bind(limit).all().await?;
        let trouble = |(address, tries, refused_since): (String, i64, Option<Timestamp>)| {
            MailTrouble { masked: masked(&address), tries, refused_since }
        };
        Ok((waiting, found.into_iter().map(trouble).collect()))
    }

    /// How many files wait for the scanner, or are withheld.
    pub(super) async fn scans_waiting(&self) -> Result<Scans, Error> {
        let (waiting, most_tries): (i64, i64) = self.query(SCANS).one().await?;
        let (withheld,): (i64,) = self.query(WITHHELD).one().await?;
        Ok(Scans { has_scanner: false, waiting, most_tries, withheld })
    }
}

fn timer(kind: TimerKind, due: Vec<(Uuid, Timestamp)>, next: Option<Timestamp>) -> Timer {
    let step = |(id, since): (Uuid, Timestamp)| OverdueStep { kind, id: id.to_string(), since };
    Timer { kind, overdue: due.into_iter().map(step).collect(), next }
}
