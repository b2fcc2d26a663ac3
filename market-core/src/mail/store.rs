//! Where mailboxes are kept, and who sends now. What waits to be mailed are notices.

use sqlx::FromRow;
use uuid::Uuid;

use super::{MailLanguage, Mailbox, text::Told};
use crate::{
    Error, Kind, Timestamp,
    id::{NoticeId, PersonId},
    notice::Topic,
    store::{Db, Tx, statements},
};

/// How long a lease lasts: longer than one mail takes.
const LEASE_SECONDS: i64 = 120;

statements! {
    MAILBOX = "\
        select b.person_id, b.address, b.language, b.wanted, b.confirmed_at, b.code, b.code_until, \
        b.code_mail, b.stop, b.mail, b.tries, b.failing_since, b.version, b.updated_at \
        from mailboxes b where true";
    PUT = "\
        insert into mailboxes (person_id, address, language, wanted, confirmed_at, version, \
        updated_at, stop, stop_digest) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        on conflict (person_id) do update set address = excluded.address, \
        language = excluded.language, wanted = excluded.wanted, \
        confirmed_at = excluded.confirmed_at, version = excluded.version, \
        updated_at = excluded.updated_at, stop = excluded.stop, \
        stop_digest = excluded.stop_digest, mail = null, tries = 0, failing_since = null";
    CHANGE = "\
        update mailboxes set language = $2, wanted = $3, confirmed_at = $4, version = $5, \
        updated_at = $6 where person_id = $1";
    PUT_STOP = "update mailboxes set stop = $2, stop_digest = $3 where person_id = $1";
    PUT_CODE = "\
        update mailboxes set code = $2, code_until = $3, code_mail = $4, due_at = $5 \
        where person_id = $1";
    FORGET_CODE = "\
        update mailboxes set code = null, code_until = null, code_mail = null \
        where person_id = $1";
    SENT_CODE = "\
        update mailboxes set code_mail = null where person_id = $1 and code_mail = $2";
    DELETE = "delete from mailboxes where person_id = $1";
    UNMAIL = "\
        update notices set mailing = false, mail = null where person_id = $1 and mailing";

    // Whom something waits for that was told since the last look.
    AWAITED = "\
        select n.person_id from notices n join mailboxes b on b.person_id = n.person_id \
        where n.mailing and b.due_at is null and b.wanted and b.confirmed_at is not null limit 1";
    WAKE = "\
        update mailboxes set due_at = case when rest_until > $1 then rest_until else $1 end \
        where due_at is null and wanted and confirmed_at is not null \
        and person_id in (select person_id from notices where mailing)";
    SOON = "\
        select person_id from mailboxes where due_at <= $1 \
        and (leased_until is null or leased_until <= $1) limit 1";
    DUE = "\
        select person_id from mailboxes where due_at <= $1 \
        and (leased_until is null or leased_until <= $1) \
        order by case when code_mail is null then 1 else 0 end, due_at, person_id limit 1";
    LEASE = "update mailboxes set lease = $2, leased_until = $3 where person_id = $1";
    RELEASE = "\
        update mailboxes set lease = null, leased_until = null, due_at = $2, rest_until = $3, \
        mail = $4, tries = $5, failing_since = $6, confirmed_at = $7, version = $8, \
        updated_at = $9 where person_id = $1";
    // What was read meanwhile, and what somebody would be told who may not know it any more.
    PASS_OVER = "\
        update notices set mailing = false where person_id = $1 and mailing and mail is null \
        and (read_at is not null or not exists (select 1 from memberships m \
        join people p on p.id = m.person_id where m.person_id = notices.person_id \
        and m.party = notices.party and not p.disabled))";
    // Of what is on its way, what somebody may not know any more.
    LET_GO = "\
        update notices set mailing = false, mail = null where person_id = $1 and mailing \
        and mail is not null and not exists (select 1 from memberships m \
        join people p on p.id = m.person_id where m.person_id = notices.person_id \
        and m.party = notices.party and not p.disabled)";
    FRESH = "\
        select id from notices where person_id = $1 and mailing and mail is null \
        order by id limit $2";
    TAKE = "update notices set mail = $1 where true";
    KEEP_MAIL = "update mailboxes set mail = $2, tries = 0 where person_id = $1";
    WAITING = "\
        select n.id, n.topic, n.kind, n.event, n.until, n.at, s.name from notices n \
        left join saved_searches s on s.id = n.saved_search \
        where n.person_id = $1 and n.mailing and n.mail = $2 order by n.id";
    MAILED = "\
        update notices set mailing = false, mail = null \
        where person_id = $1 and mailing and mail = $2";
}

/// A mailbox with what nobody is shown.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) person: PersonId,
    pub(super) mailbox: Mailbox,
    /// The code, sealed.
    pub(super) code: Option<String>,
    pub(super) code_until: Option<Timestamp>,
    /// The mail with the code, until it is sent.
    pub(super) code_mail: Option<Uuid>,
    /// What ends mail, sealed.
    pub(super) stop: String,
    /// The mail with notices that is on its way,
    pub(super) mail: Option<Uuid>,
    /// and how often what is on its way was not taken.
    pub(super) tries: i64,
    /// Since when mail was refused, and none was taken.
    pub(super) failing_since: Option<Timestamp>,
}

#[derive(FromRow)]
struct MailboxRow {
    person_id: PersonId,
    address: String,
    language: MailLanguage,
    wanted: bool,
    confirmed_at: Option<Timestamp>,
    code: Option<String>,
    code_until: Option<Timestamp>,
    code_mail: Option<Uuid>,
    stop: String,
    mail: Option<Uuid>,
    tries: i64,
    failing_since: Option<Timestamp>,
    version: i64,
    updated_at: Timestamp,
}

impl From<MailboxRow> for Held {
    fn from(row: MailboxRow) -> Self {
        let MailboxRow { address, language, wanted, confirmed_at, version, updated_at, .. } = row;
        Self {
            person: row.person_id,
            mailbox: Mailbox { address, language, wanted, confirmed_at, version, updated_at },
            code: row.code,
            code_until: row.code_until,
            code_mail: row.code_mail,
            stop: row.stop,
            mail: row.mail,
            tries: row.tries,
            failing_since: row.failing_since,
        }
    }
}

#[derive(FromRow)]
struct ToldRow {
    id: NoticeId,
    topic: Topic,
    kind: Kind,
    event: Option<String>,
    until: Option<Timestamp>,
    at: Timestamp,
    name: Option<String>,
}

impl From<ToldRow> for Told {
    fn from(row: ToldRow) -> Self {
        let ToldRow { id, topic, kind, event, until, at, name } = row;
        Self { id, topic, kind, event, until, at, name }
    }
}

impl Tx {
    /// Where the actor's person reads mail; it stays so until the end.
    pub(super) async fn mailbox_for_update(&mut self) -> Result<Option<Held>, Error> {
        let person = self.actor.person;
        let query = self.query(MAILBOX).with(" and b.person_id = ", person).pg(" for update");
        let row: Option<MailboxRow> = query.optional().await?;
        Ok(row.map(Held::from))
    }

    /// The mailbox that something of this digest ends mail to.
    pub(super) async fn mailbox_stopped_by(&mut self, digest: &str) -> Result<Option<Held>, Error> {
        let query = self.query(MAILBOX).with(" and b.stop_digest = ", digest).pg(" for update");
        let row: Option<MailboxRow> = query.optional().await?;
        Ok(row.map(Held::from))
    }

    /// Keeps where the actor's person reads mail from now on.
    pub(super) async fn put_mailbox(
        &mut self,
        mailbox: &Mailbox,
        stop: &str,
        stop_digest: &str,
    ) -> Result<(), Error> {
        let person = self.actor.person;
        self.query(PUT)
            .bind(person)
            .bind(&mailbox.address)
            .bind(mailbox.language)
            .bind(mailbox.wanted)
            .bind(mailbox.confirmed_at)
            .bind(mailbox.version)
            .bind(mailbox.updated_at)
            .bind(stop)
            .bind(stop_digest)
            .execute()
            .await
            .map(drop)
    }

    /// Keeps what else a person says of a mailbox.
    pub(super) async fn change_mailbox(
        &mut self,
        person: PersonId,
        mailbox: &Mailbox,
    ) -> Result<(), Error> {
        self.query(CHANGE)
            .bind(person)
            .bind(mailbox.language)
            .bind(mailbox.wanted)
            .bind(mailbox.confirmed_at)
            .bind(mailbox.version)
            .bind(mailbox.updated_at)
            .execute()
            .await
            .map(drop)
    }

    /// Keeps another thing that ends mail to a person, in place of one that no key opens.
    pub(super) async fn put_stop(
        &mut self,
        person: PersonId,
        (stop, digest): (&str, &str),
    ) -> Result<(), Error> {
        self.query(PUT_STOP).bind(person).bind(stop).bind(digest).execute().await.map(drop)
    }

    /// Has a code sent to the actor's person by a mail, which is good until a time.
    pub(super) async fn put_code(
        &mut self,
        code: &str,
        until: Timestamp,
        mail: Uuid,
    ) -> Result<(), Error> {
        let (person, at) = (self.actor.person, self.at);
        let put = self.query(PUT_CODE).bind(person).bind(code).bind(until);
        put.bind(mail).bind(at).execute().await.map(drop)
    }

    pub(super) async fn forget_code(&mut self, person: PersonId) -> Result<(), Error> {
        self.query(FORGET_CODE).bind(person).execute().await.map(drop)
    }

    /// Deletes where a person reads mail, with what waits to be mailed.
    pub(super) async fn delete_mailbox(&mut self, person: PersonId) -> Result<(), Error> {
        self.query(DELETE).bind(person).execute().await?;
        self.mail_no_notices(person).await
    }

    /// Nothing that a person was told of until now is mailed any more.
    pub(super) async fn mail_no_notices(&mut self, person: PersonId) -> Result<(), Error> {
        self.query(UNMAIL).bind(person).execute().await.map(drop)
    }

    /// Has mail go out to those for whom something waits, as soon as they have rested.
    pub(super) async fn wake_mailboxes(&mut self, at: Timestamp) -> Result<(), Error> {
        self.query(WAKE).bind(at).execute().await.map(drop)
    }

    /// Takes the mailbox that has waited longest for somebody to send, if any does, by the
    /// database's time.
    pub(super) async fn lease_mailbox(&mut self, lease: Uuid) -> Result<Option<PersonId>, Error> {
        self.settle_time().await?;
        let now = self.at;
        let due = self.query(DUE).bind(now).pg(" for update skip locked");
        let Some((id,)): Option<(PersonId,)> = due.optional().await? else { return Ok(None) };
        let until = now.plus_seconds(LEASE_SECONDS);
        self.query(LEASE).bind(id).bind(lease).bind(until).execute().await?;
        Ok(Some(id))
    }

    /// A mailbox that is still leased so.
    pub(super) async fn leased_mailbox(
        &mut self,
        person: PersonId,
        lease: Uuid,
    ) -> Result<Option<Held>, Error> {
        let query = self.query(MAILBOX).with(" and b.person_id = ", person);
        let query = query.with(" and b.lease = ", lease).pg(" for update");
        let row: Option<MailboxRow> = query.optional().await?;
        Ok(row.map(Held::from))
    }

    /// Puts what waits for a person into a mail, the oldest first; whether anything does.
    pub(super) async fn take_waiting(
        &mut self,
        person: PersonId,
        mail: Uuid,
        most: i64,
    ) -> Result<bool, Error> {
        self.query(PASS_OVER).bind(person).execute().await?;
        let fresh: Vec<(NoticeId,)> = self.query(FRESH).bind(person).bind(most).all().await?;
        if fresh.is_empty() {
            return Ok(false);
        }
        let ids = fresh.into_iter().map(|(id,)| id);
        self.query(TAKE).bind(mail).within(" and id in", ids).execute().await?;
        self.query(KEEP_MAIL).bind(person).bind(mail).execute().await.map(|_| true)
    }

    /// Takes out of a mail that is on its way what its person may not know any more.
    pub(super) async fn let_go_of_the_gone(&mut self, person: PersonId) -> Result<(), Error> {
        self.query(LET_GO).bind(person).execute().await.map(drop)
    }

    /// What a mail to a person tells of.
    pub(super) async fn told_by(
        &mut self,
        person: PersonId,
        mail: Uuid,
    ) -> Result<Vec<Told>, Error> {
        let rows: Vec<ToldRow> = self.query(WAITING).bind(person).bind(mail).all().await?;
        Ok(rows.into_iter().map(Told::from).collect())
    }

    /// What a mail tells of waits no more.
    pub(super) async fn note_mailed(&mut self, person: PersonId, mail: Uuid) -> Result<(), Error> {
        self.query(MAILED).bind(person).bind(mail).execute().await.map(drop)
    }

    /// The mail with a code waits no more.
    pub(super) async fn note_code_sent(
        &mut self,
        person: PersonId,
        mail: Uuid,
    ) -> Result<(), Error> {
        self.query(SENT_CODE).bind(person).bind(mail).execute().await.map(drop)
    }

    /// Leaves a mailbox to others, who look at it again at a time.
    pub(super) async fn release_mailbox(
        &mut self,
        held: &Held,
        due_at: Option<Timestamp>,
        rest_until: Timestamp,
    ) -> Result<(), Error> {
        self.query(RELEASE)
            .bind(held.person)
            .bind(due_at)
            .bind(rest_until)
            .bind(held.mail)
            .bind(held.tries)
            .bind(held.failing_since)
            .bind(held.mailbox.confirmed_at)
            .bind(held.mailbox.version)
            .bind(held.mailbox.updated_at)
            .execute()
            .await
            .map(drop)
    }
}

impl Db {
    pub(super) async fn mailbox(&self, person: PersonId) -> Result<Option<Held>, Error> {
        let query = self.query(MAILBOX).with(" and b.person_id = ", person);
        let row: Option<MailboxRow> = query.optional().await?;
        Ok(row.map(Held::from))
    }

    /// Whether something waits for somebody of whom nobody knows yet.
    pub(super) async fn has_awaited_mailbox(&self) -> Result<bool, Error> {
        let found: Option<(PersonId,)> = self.query(AWAITED).optional().await?;
        Ok(found.is_some())
    }

    /// Whether a mailbox may be due at a time: asked before anything is locked.
    pub(super) async fn has_due_mailbox(&self, at: Timestamp) -> Result<bool, Error> {
        let found: Option<(PersonId,)> = self.query(SOON).bind(at).optional().await?;
        Ok(found.is_some())
    }
}
