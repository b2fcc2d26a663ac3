//! Matters in the store.

use serde_json::json;
use sqlx::types::Json;

use super::Matter;
use crate::{
    Change, Error, Kind, Page, Paging, Timestamp,
    code::MatterCode,
    store::{Db, Query, Tx, journal::Entry, statements},
};

statements! {
    BY_CODE = "\
        select m.updated_at, v.body from matters m join matter_versions v \
        on v.matter = m.code and v.version = m.version where m.code = $1";
    HEAD = "select version from matters where code = $1";
    VERSION = "select at, body from matter_versions where matter = $1 and version = $2";
    LISTED = "\
        select m.updated_at, v.body from matters m join matter_versions v \
        on v.matter = m.code and v.version = m.version where not m.withdrawn";
    EVERY = "\
        select m.updated_at, v.body from matters m join matter_versions v \
        on v.matter = m.code and v.version = m.version order by m.code";
    PUT = "\
        insert into matters (code, name, lead, withdrawn, version, updated_at) \
        values ($1, $2, $3, $4, $5, $6) \
        on conflict (code) do update set name = excluded.name, lead = excluded.lead, \
        withdrawn = excluded.withdrawn, version = excluded.version, \
        updated_at = excluded.updated_at";
    INSERT_VERSION = "\
        insert into matter_versions (matter, version, body, at) values ($1, $2, $3, $4)";
}

/// A matter, and when it became what it is.
type MatterRow = (Timestamp, Json<Matter>);

async fn matter(query: Query<'_>) -> Result<Matter, Error> {
    let row: Option<MatterRow> = query.optional().await?;
    row.map(|(_, matter)| matter.0).ok_or(Error::NotFound("matter"))
}

async fn matters(query: Query<'_>) -> Result<Vec<Matter>, Error> {
    let rows: Vec<MatterRow> = query.all().await?;
    Ok(rows.into_iter().map(|(_, matter)| matter.0).collect())
}

impl Tx {
    /// The current version of a matter.
    pub(crate) async fn matter(&mut self, code: &MatterCode) -> Result<Matter, Error> {
        matter(self.query(BY_CODE).bind(code)).await
    }

    /// A version of a matter.
    pub(crate) async fn matter_version(
        &mut self,
        code: &MatterCode,
        version: i64,
    ) -> Result<Matter, Error> {
        matter(self.query(VERSION).bind(code).bind(version)).await
    }

    /// The current version of a matter, held until this unit of work ends.
    pub(crate) async fn matter_for_update(&mut self, code: &MatterCode) -> Result<Matter, Error> {
        let row = self.held_matter(code).await?;
        row.map(|(_, matter)| matter.0).ok_or(Error::NotFound("matter"))
    }

    /// Holds a matter. It is read once it is locked: a join would lose a row whose version has
    /// changed while the lock was waited for.
    async fn held_matter(&mut self, code: &MatterCode) -> Result<Option<MatterRow>, Error> {
        let head = self.query(HEAD).bind(code).pg(" for update").optional().await?;
        let Some((version,)): Option<(i64,)> = head else { return Ok(None) };
        self.query(VERSION).bind(code).bind(version).optional().await
    }

    /// Every matter there ever was, by code: those that were withdrawn, too.
    pub(crate) async fn every_matter(&mut self) -> Result<Vec<Matter>, Error> {
        matters(self.query(EVERY)).await
    }

    /// Makes a matter what is given, except for its version, which a change raises.
    pub(crate) async fn put_matter(&mut self, matter: &Matter) -> Result<Change, Error> {
        self.put_matter_because(matter, None).await
    }

    /// Makes a matter what is given, and says why where somebody has to.
    pub(crate) async fn put_matter_because(
        &mut self,
        matter: &Matter,
        reason: Option<&str>,
    ) -> Result<Change, Error> {
        let before = self.held_matter(&matter.code).await?;
        let put = self.put_after(before.as_ref().map(|(at, matter)| (matter.version, *at)));
        let matter = Matter { version: put.version, ..matter.clone() };
        let before = before.map(|(_, before)| Matter { version: put.version, ..before.0 });
        if before.as_ref() == Some(&matter) {
            return Ok(Change::Unchanged);
        }
        self.query(PUT)
            .bind(&matter.code)
            .bind(&matter.name)
            .bind(&matter.lead)
            .bind(matter.withdrawn)
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        self.query(INSERT_VERSION)
            .bind(&matter.code)
            .bind(put.version)
            .bind(Json(&matter))
            .bind(put.at)
            .execute()
            .await?;
        let event = match (before.map(|before| before.withdrawn), matter.withdrawn) {
            (None | Some(false), true) => "matter_withdrawn",
            (Some(true), false) => "matter_restored",
            _ => put.event("matter_created", "matter_changed"),
        };
        let mut data = json!({ "name": matter.name });
        if let Some(reason) = reason {
            data["reason"] = reason.into();
        }
        let entry = Entry::new(Kind::Matter, &matter.code, put.version, event).data(data).public();
        self.record(entry, put.at).await?;
        Ok(put.change)
    }
}

impl Db {
    /// The current version of a matter.
    pub(crate) async fn matter(&self, code: &MatterCode) -> Result<Matter, Error> {
        matter(self.query(BY_CODE).bind(code)).await
    }

    /// A version of a matter.
    pub(crate) async fn matter_version(
        &self,
        code: &MatterCode,
        version: i64,
    ) -> Result<Matter, Error> {
        matter(self.query(VERSION).bind(code).bind(version)).await
    }

    /// Matters for which a case may be opened, by code.
    pub(crate) async fn matters(&self, paging: &Paging) -> Result<Page<Matter>, Error> {
        let query = self
            .query(LISTED)
            .when(" and m.code > ", paging.key::<MatterCode>()?)
            .with(" order by m.code limit ", paging.fetch());
        Ok(paging.page(matters(query).await?, |matter| matter.code.to_string()))
    }

    /// Every matter there ever was, by code: those that were withdrawn, too.
    pub(crate) async fn every_matter(&self) -> Result<Vec<Matter>, Error> {
        matters(self.query(EVERY)).await
    }

    /// Every matter for which a case may be opened, by code.
    pub(crate) async fn all_matters(&self) -> Result<Vec<Matter>, Error> {
        matters(self.query(LISTED).push(" order by m.code")).await
    }
}
