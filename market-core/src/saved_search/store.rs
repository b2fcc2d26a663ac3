//! Where saved searches are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{
    SavedSearch, Wanted,
    matcher::{Found, Standing},
};
use crate::{
    Actor, Error, Kind, Timestamp,
    id::{AgencyId, ListingId, NoticeId, SavedSearchId},
    store::{Db, Tx, journal::Entry, statements},
};

statements! {
    LOCK_PERSON = "select login from people where id = $1";
    COUNT = "select cast(count(*) as bigint) from saved_searches where person_id = $1";
    INSERT = "\
        insert into saved_searches (id, person_id, party, name, query, since, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    OF_PERSON = "\
        select id, name, query, created_at from saved_searches \
        where person_id = $1 and party = $2";
    LOCK = "select name from saved_searches where id = $1 and person_id = $2 and party = $3";
    DELETE_NOTICES = "delete from notices where saved_search = $1";
    DELETE = "delete from saved_searches where id = $1";
    STANDING = "select id, query, since from saved_searches where true";

    SELLERS = "select id, agency_id from listings where true";
    BIRTHS = "\
        select object, pos from journal \
        where kind = $1 and new_state = $2 and pos is not null \
        and (old_state is null or old_state in ('applying', 'draft'))";

    // Mailed as other notices are: `MAIL_THEM` of the slice `notice`.
    INSERT_NOTICE = "\
        insert into notices (id, person_id, party, topic, saved_search, kind, object, at, mailing) \
        select $1, s.person_id, s.party, 'saved_search', s.id, $3, $4, $5, \
        exists (select 1 from mailboxes b where b.person_id = s.person_id \
        and b.wanted and b.confirmed_at is not null) \
        and not exists (select 1 from notice_preferences p where p.person_id = s.person_id \
        and p.party = s.party and p.kind = $3 and not p.mailed) from saved_searches s where s.id = $2";
}

#[derive(FromRow)]
struct SavedRow {
    id: SavedSearchId,
    name: String,
    query: Json<Value>,
    created_at: Timestamp,
}

impl TryFrom<SavedRow> for SavedSearch {
    type Error = Error;

    fn try_from(row: SavedRow) -> Result<Self, Error> {
        let SavedRow { id, name, query: Json(query), created_at } = row;
        let wanted = wanted_of(query).ok_or(Error::Inconsistent("saved search"))?;
        Ok(Self { id, name, wanted, created_at })
    }
}

/// What stands in the column `query`: a search over agencies or listings as it is, one over
/// purchases under a name that no such search has.
fn kept(wanted: &Wanted) -> Result<Value, Error> {
    match wanted {
        Wanted::Query(query) => serde_json::to_value(query),
        Wanted::Purchases(_) => serde_json::to_value(wanted),
    }
    .map_err(|_| Error::Inconsistent("saved search"))
}

/// What is searched for; none if it cannot be asked any more.
fn wanted_of(kept: Value) -> Option<Wanted> {
    if kept.get("purchases").is_some() {
        serde_json::from_value(kept).ok()
    } else {
        serde_json::from_value(kept).map(Wanted::Query).ok()
    }
}

impl Tx {
    /// How many searches the actor's person has saved; nobody else saves one of theirs until the
    /// end.
    pub(super) async fn count_saved_for_update(&mut self) -> Result<i64, Error> {
        let person = self.actor.person;
        let lock = self.query(LOCK_PERSON).bind(person).pg(" for update");
        lock.optional::<(String,)>().await?;
        let (count,): (i64,) = self.query(COUNT).bind(person).one().await?;
        Ok(count)
    }

    pub(super) async fn insert_saved(
        &mut self,
        saved: &SavedSearch,
        since: i64,
    ) -> Result<(), Error> {
        let (person, party) = (self.actor.person, self.actor.party.to_string());
        self.query(INSERT)
            .bind(saved.id)
            .bind(person)
            .bind(party)
            .bind(&saved.name)
            .bind(Json(kept(&saved.wanted)?))
            .bind(since)
            .bind(saved.created_at)
            .execute()
            .await?;
        // Not what is searched for: the journal is for ever.
        let entry = Entry::new(Kind::SavedSearch, &saved.id, 1, "search_saved");
        self.record(entry, saved.created_at).await
    }

    /// Deletes a saved search of the actor with its notices, if there is such a one.
    pub(super) async fn delete_saved(&mut self, id: SavedSearchId) -> Result<bool, Error> {
        let (person, party, at) = (self.actor.person, self.actor.party.to_string(), self.at);
        let lock = self.query(LOCK).bind(id).bind(person).bind(party).pg(" for update");
        if lock.optional::<(String,)>().await?.is_none() {
            return Ok(false);
        }
        self.query(DELETE_NOTICES).bind(id).execute().await?;
        self.query(DELETE).bind(id).execute().await?;
        self.record(Entry::new(Kind::SavedSearch, &id, 2, "search_removed"), at).await?;
        Ok(true)
    }

    /// Tells the owner of a saved search of something, unless they were told before or have
    /// removed the search meanwhile.
    pub(super) async fn insert_notice(&mut self, id: Uuid, found: Found) -> Result<(), Error> {
        let at = self.at;
        self.query(INSERT_NOTICE)
            .bind(NoticeId(id))
            .bind(found.search)
            .bind(found.kind)
            .bind(found.object)
            .bind(at)
            .pg(" for share of s")
            .push(" on conflict (saved_search, kind, object) do nothing")
            .execute()
            .await
            .map(drop)
    }
}

impl Db {
    pub(super) async fn saved_of(&self, actor: &Actor) -> Result<Vec<SavedSearch>, Error> {
        let query = self.query(OF_PERSON).bind(actor.person).bind(actor.party.to_string());
        let rows: Vec<SavedRow> = query.push(" order by id desc").all().await?;
        rows.into_iter().map(SavedSearch::try_from).collect()
    }

    pub(super) async fn saved(
        &self,
        actor: &Actor,
        id: SavedSearchId,
    ) -> Result<Option<SavedSearch>, Error> {
        let query = self.query(OF_PERSON).bind(actor.person).bind(actor.party.to_string());
        let row: Option<SavedRow> = query.with(" and id = ", id).optional().await?;
        row.map(SavedSearch::try_from).transpose()
    }

    /// Everybody's saved searches after one, in order.
    pub(super) async fn standing_after(
        &self,
        after: Option<SavedSearchId>,
        limit: i64,
    ) -> Result<Vec<Standing>, Error> {
        let query = self.query(STANDING).when(" and id > ", after);
        let rows: Vec<(SavedSearchId, Json<Value>, i64)> =
            query.with(" order by id limit ", limit).all().await?;
        let standing = rows.into_iter().map(|(id, Json(query), since)| Standing {
            id,
            wanted: wanted_of(query),
            since,
        });
        Ok(standing.collect())
    }

    /// Some listings, and all listings of some agencies, each with its agency.
    pub(super) async fn sellers(
        &self,
        listings: &BTreeSet<ListingId>,
        agencies: &BTreeSet<AgencyId>,
    ) -> Result<Vec<(ListingId, AgencyId)>, Error> {
        let query = self.query(SELLERS).within(" and (id in", listings);
        query.within(" or agency_id in", agencies).push(")").all().await
    }

    /// At which position each of some things first came to a state, without having left it.
    pub(super) async fn births(
        &self,
        kind: Kind,
        state: &'static str,
        objects: impl Iterator<Item = String>,
    ) -> Result<BTreeMap<Uuid, i64>, Error> {
        let query = self.query(BIRTHS).bind(kind).bind(state).within(" and object in", objects);
        let rows: Vec<(String, i64)> = query.push(" order by pos desc").all().await?;
        // Of several, the first: it comes last.
        Ok(rows.into_iter().filter_map(|(id, pos)| Some((id.parse().ok()?, pos))).collect())
    }
}
