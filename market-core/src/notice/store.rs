//! Where notices are kept, and what people said of being told.

use std::collections::BTreeSet;

use sqlx::FromRow;
use uuid::Uuid;

use super::{Notice, NoticeFilter, Preference, Topic, event::Audience};
use crate::{
    Actor, Env, Error, Kind, Page, Paging, Timestamp,
    id::{NoticeId, PersonId, SavedSearchId},
    store::{Db, Tx, statements},
};

statements! {
    PARTIES = "\
        select party, pos from journal_parties where pos > $1 and pos <= $2 order by pos, party";
    MEMBERS = "\
        select m.party, m.person_id from memberships m join people p on p.id = m.person_id \
        where not p.disabled";
    SAID = "select party, person_id, kind, told from notice_preferences where true";
    PREFERENCES = "\
        select kind, told, mailed from notice_preferences where person_id = $1 and party = $2";
    PUT_PREFERENCE = "\
        insert into notice_preferences (person_id, party, kind, told, mailed) \
        values ($1, $2, $3, $4, $5) on conflict (person_id, party, kind) do update \
        set told = excluded.told, mailed = coalesce(excluded.mailed, notice_preferences.mailed)";
    INSERT = "\
        insert into notices (id, person_id, party, topic, kind, object, event, until, key, at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    // Of notices just written, those that are mailed, too.
    MAIL_THEM = "\
        update notices set mailing = true where exists (select 1 from mailboxes b \
        where b.person_id = notices.person_id and b.wanted and b.confirmed_at is not null) \
        and not exists (select 1 from notice_preferences p \
        where p.person_id = notices.person_id and p.party = notices.party \
        and p.kind = notices.kind and not p.mailed)";
    TOLD = "select person_id, party, key from notices where true";
    NOTICES = "\
        select n.id, n.topic, n.saved_search, s.name, n.kind, n.object, n.event, n.until, n.at, \
        n.read_at from notices n left join saved_searches s on s.id = n.saved_search \
        where n.person_id = $1 and n.party = $2";
    READ = "update notices set read_at = $2 where id = $1";
    READ_UP_TO = "\
        update notices set read_at = $4 \
        where id <= $1 and person_id = $2 and party = $3 and read_at is null";
    COUNT_UNREAD = "\
        select cast(count(*) as bigint) from (select id from notices \
        where person_id = $1 and party = $2 and read_at is null limit 1000) as unread";
    SWEEP = "\
        delete from notices where id in (select id from notices where at < $1 \
        order by at limit 1000)";
}

/// So many notices are written by one statement.
const ROWS: usize = 500;

/// Something that somebody is to be told of.
#[derive(Debug, Clone)]
pub(crate) struct NewNotice {
    pub(super) person: PersonId,
    pub(super) party: String,
    pub(super) topic: Topic,
    pub(super) kind: Kind,
    pub(super) object: Uuid,
    pub(super) event: Option<String>,
    pub(super) until: Option<Timestamp>,
    /// The same for the same thing to be told, which is told once.
    pub(super) key: String,
}

#[derive(FromRow)]
struct NoticeRow {
    id: NoticeId,
    topic: Topic,
    saved_search: Option<SavedSearchId>,
    name: Option<String>,
    kind: Kind,
    object: Uuid,
    event: Option<String>,
    until: Option<Timestamp>,
    at: Timestamp,
    read_at: Option<Timestamp>,
}

impl From<NoticeRow> for Notice {
    fn from(row: NoticeRow) -> Self {
        let NoticeRow { id, topic, saved_search, name, kind, object, event, until, at, read_at } =
            row;
        Self { id, topic, saved_search, name, kind, object, event, until, at, read_at }
    }
}

#[derive(FromRow)]
struct PreferenceRow {
    kind: Kind,
    told: bool,
    mailed: Option<bool>,
}

fn preferences(rows: Vec<PreferenceRow>) -> Vec<Preference> {
    let read = |PreferenceRow { kind, told, mailed }| Preference { kind, told, mailed };
    rows.into_iter().map(read).collect()
}

impl Tx {
    /// Tells people of things, unless they were told before.
    pub(super) async fn insert_news(&mut self, env: &Env, news: &[NewNotice]) -> Result<(), Error> {
        let at = self.at;
        for some in news.chunks(ROWS) {
            let Some((first, rest)) = some.split_first() else { continue };
            let ids: Vec<_> = some.iter().map(|_| NoticeId(env.id())).collect();
            let query = self
                .query(INSERT)
                .bind(ids[0])
                .bind(first.person)
                .bind(&first.party)
                .bind(first.topic)
                .bind(first.kind)
                .bind(first.object)
                .bind(first.event.as_deref())
                .bind(first.until)
                .bind(&first.key)
                .bind(at);
            let query = rest.iter().zip(&ids[1..]).fold(query, |query, (one, id)| {
                query
                    .with(", (", *id)
                    .with(", ", one.person)
                    .with(", ", &one.party)
                    .with(", ", one.topic)
                    .with(", ", one.kind)
                    .with(", ", one.object)
                    .with(", ", one.event.as_deref())
                    .with(", ", one.until)
                    .with(", ", &one.key)
                    .with(", ", at)
                    .push(")")
            });
            let query = query.push(" on conflict (person_id, party, key) do nothing");
            query.execute().await?;
            self.query(MAIL_THEM).within(" and id in", ids).execute().await?;
        }
        Ok(())
    }

    /// A notice of the actor's, held until the change is done.
    pub(super) async fn notice_for_update(
        &mut self,
        id: NoticeId,
    ) -> Result<Option<Notice>, Error> {
        let (person, party) = (self.actor.person, self.actor.party.to_string());
        let query = self.query(NOTICES).bind(person).bind(party).with(" and n.id = ", id);
        let row: Option<NoticeRow> = query.pg(" for update of n").optional().await?;
        Ok(row.map(Notice::from))
    }

    /// Notes that a notice was read; once read, it stays so.
    pub(super) async fn read_notice(&mut self, notice: Notice) -> Result<Notice, Error> {
        let at = self.at;
        if notice.read_at.is_some() {
            return Ok(notice);
        }
        self.query(READ).bind(notice.id).bind(at).execute().await?;
        Ok(Notice { read_at: Some(at), ..notice })
    }

    /// Notes that the actor has read all of theirs up to one.
    pub(super) async fn read_notices_up_to(&mut self, id: NoticeId) -> Result<(), Error> {
        let (person, party, at) = (self.actor.person, self.actor.party.to_string(), self.at);
        self.query(READ_UP_TO).bind(id).bind(person).bind(party).bind(at).execute().await.map(drop)
    }

    pub(super) async fn count_unread(&mut self) -> Result<i64, Error> {
        let (person, party) = (self.actor.person, self.actor.party.to_string());
        let query = self.query(COUNT_UNREAD).bind(person).bind(party);
        query.one::<(i64,)>().await.map(|(count,)| count)
    }

    pub(super) async fn put_preference(&mut self, one: Preference) -> Result<(), Error> {
        let (person, party) = (self.actor.person, self.actor.party.to_string());
        let query = self.query(PUT_PREFERENCE).bind(person).bind(party);
        query.bind(one.kind).bind(one.told).bind(one.mailed).execute().await.map(drop)
    }

    /// What the actor said of being told.
    pub(super) async fn preferences(&mut self) -> Result<Vec<Preference>, Error> {
        let (person, party) = (self.actor.person, self.actor.party.to_string());
        let query = self.query(PREFERENCES).bind(person).bind(party);
        Ok(preferences(query.all().await?))
    }

    /// Deletes some notices that are older than a time; how many.
    pub(super) async fn sweep_notices(&mut self, before: Timestamp) -> Result<u64, Error> {
        self.query(SWEEP).bind(before).execute().await
    }
}

impl Db {
    /// Who takes part in entries between two positions.
    pub(super) async fn parties_between(
        &self,
        after: i64,
        to: i64,
    ) -> Result<Vec<(String, i64)>, Error> {
        self.query(PARTIES).bind(after).bind(to).all().await
    }

    /// Who acts for some parties, and what they said of being told.
    pub(super) async fn audience(&self, parties: Vec<String>) -> Result<Audience, Error> {
        if parties.is_empty() {
            return Ok(Audience::default());
        }
        let members = self.query(MEMBERS).within(" and m.party in", parties.clone()).all().await?;
        let said = self.query(SAID).within(" and party in", parties).all().await?;
        Ok(Audience { members, said })
    }

    /// Those of some notices that nobody was told of yet.
    pub(super) async fn untold(&self, news: Vec<NewNotice>) -> Result<Vec<NewNotice>, Error> {
        if news.is_empty() {
            return Ok(news);
        }
        let keys: BTreeSet<&String> = news.iter().map(|one| &one.key).collect();
        let people: BTreeSet<PersonId> = news.iter().map(|one| one.person).collect();
        let query = self.query(TOLD).within(" and person_id in", people);
        let told: Vec<(PersonId, String, String)> =
            query.within(" and key in", keys.into_iter().cloned()).all().await?;
        let told: BTreeSet<_> = told.into_iter().collect();
        let is_new =
            |one: &NewNotice| !told.contains(&(one.person, one.party.clone(), one.key.clone()));
        Ok(news.into_iter().filter(is_new).collect())
    }

    /// A notice of the actor's.
    pub(super) async fn notice(
        &self,
        actor: &Actor,
        id: NoticeId,
    ) -> Result<Option<Notice>, Error> {
        let query = self.query(NOTICES).bind(actor.person).bind(actor.party.to_string());
        let row: Option<NoticeRow> = query.with(" and n.id = ", id).optional().await?;
        Ok(row.map(Notice::from))
    }

    pub(super) async fn notices(
        &self,
        actor: &Actor,
        filter: NoticeFilter,
        paging: &Paging,
    ) -> Result<Page<Notice>, Error> {
        let query = self.query(NOTICES).bind(actor.person).bind(actor.party.to_string());
        let query = match filter {
            NoticeFilter::All => query,
            NoticeFilter::Unread => query.push(" and n.read_at is null"),
        };
        let query = query.when(" and n.id < ", paging.key::<NoticeId>()?);
        let rows: Vec<NoticeRow> =
            query.with(" order by n.id desc limit ", paging.fetch()).all().await?;
        let notices = rows.into_iter().map(Notice::from).collect();
        Ok(paging.page(notices, |notice: &Notice| notice.id.to_string()))
    }

    pub(super) async fn count_unread(&self, actor: &Actor) -> Result<i64, Error> {
        let query = self.query(COUNT_UNREAD).bind(actor.person).bind(actor.party.to_string());
        query.one::<(i64,)>().await.map(|(count,)| count)
    }

    pub(super) async fn preferences(&self, actor: &Actor) -> Result<Vec<Preference>, Error> {
        let query = self.query(PREFERENCES).bind(actor.person).bind(actor.party.to_string());
        Ok(preferences(query.all().await?))
    }
}
