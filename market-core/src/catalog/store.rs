//! Categories, qualification kinds and service items in the store.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{Category, ItemFilter, Level, QualificationType, ServiceItem};
use crate::{
    Change, Error, Kind, Page, Paging, Timestamp,
    code::{CategoryCode, ItemCode, LevelCode, QualificationKind},
    store::{Db, Query, Tx, journal::Entry, statements},
};

statements! {
    CATEGORY = "\
        select code, name, position, description, version, updated_at from categories \
        where code = $1";
    CATEGORIES = "\
        select code, name, position, description, version, updated_at from categories \
        order by position, code";
    PUT_CATEGORY = "\
        insert into categories (code, name, position, description, version, updated_at) \
        values ($1, $2, $3, $4, $5, $6) \
        on conflict (code) do update set name = excluded.name, position = excluded.position, \
        description = excluded.description, version = excluded.version, \
        updated_at = excluded.updated_at";
    KIND = "\
        select kind, name, issuer, majors, version, updated_at from qualification_kinds \
        where kind = $1";
    KINDS = "\
        select kind, name, issuer, majors, version, updated_at from qualification_kinds \
        order by kind";
    LEVELS = "\
        select kind, level, name, rank from qualification_levels where kind = $1 \
        order by rank, level";
    ALL_LEVELS = "select kind, level, name, rank from qualification_levels order by rank, level";
    PUT_KIND = "\
        insert into qualification_kinds (kind, name, issuer, majors, version, updated_at) \
        values ($1, $2, $3, $4, $5, $6) \
        on conflict (kind) do update set name = excluded.name, issuer = excluded.issuer, \
        majors = excluded.majors, version = excluded.version, updated_at = excluded.updated_at";
    DELETE_LEVELS = "delete from qualification_levels where kind = $1";
    INSERT_LEVEL = "\
        insert into qualification_levels (kind, level, name, rank) values ($1, $2, $3, $4)";
    HEAD = "select version from service_items where code = $1";
    ITEM_VERSION = "\
        select at, body from service_item_versions where item = $1 and version = $2";
    ITEMS = "\
        select i.updated_at, v.body from service_items i join service_item_versions v \
        on v.item = i.code and v.version = i.version where not i.withdrawn";
    EVERY_ITEM = "\
        select i.updated_at, v.body from service_items i join service_item_versions v \
        on v.item = i.code and v.version = i.version order by i.code";
    PUT_ITEM = "\
        insert into service_items (code, name, category, department, withdrawn, version, \
        updated_at) values ($1, $2, $3, $4, $5, $6, $7) \
        on conflict (code) do update set name = excluded.name, category = excluded.category, \
        department = excluded.department, withdrawn = excluded.withdrawn, \
        version = excluded.version, updated_at = excluded.updated_at";
    INSERT_ITEM_VERSION = "\
        insert into service_item_versions (item, version, body, at) values ($1, $2, $3, $4)";
}

#[derive(FromRow)]
struct CategoryRow {
    code: CategoryCode,
    name: String,
    position: i64,
    description: String,
    version: i64,
    updated_at: Timestamp,
}

impl From<CategoryRow> for Category {
    fn from(row: CategoryRow) -> Self {
        Self {
            code: row.code,
            name: row.name,
            position: row.position,
            description: row.description,
        }
    }
}

#[derive(FromRow)]
struct KindRow {
    kind: QualificationKind,
    name: String,
    issuer: String,
    majors: Json<Vec<String>>,
    version: i64,
    updated_at: Timestamp,
}

impl KindRow {
    fn with(self, levels: Vec<LevelRow>) -> QualificationType {
        let level = |row: LevelRow| Level { level: row.level, name: row.name, rank: row.rank };
        QualificationType {
            kind: self.kind,
            name: self.name,
            issuer: self.issuer,
            majors: self.majors.0,
            levels: levels.into_iter().map(level).collect(),
        }
    }
}

#[derive(FromRow)]
struct LevelRow {
    kind: QualificationKind,
    level: LevelCode,
    name: String,
    rank: i64,
}

/// A service item, and when it became what it is.
type ItemRow = (Timestamp, Json<ServiceItem>);

async fn item(query: Query<'_>) -> Result<ServiceItem, Error> {
    let row: Option<ItemRow> = query.optional().await?;
    row.map(|(_, item)| item.0).ok_or(Error::NotFound("service item"))
}

async fn items(query: Query<'_>) -> Result<Vec<ServiceItem>, Error> {
    let rows: Vec<ItemRow> = query.all().await?;
    Ok(rows.into_iter().map(|(_, item)| item.0).collect())
}

async fn categories(query: Query<'_>) -> Result<Vec<Category>, Error> {
    let rows: Vec<CategoryRow> = query.all().await?;
    Ok(rows.into_iter().map(Category::from).collect())
}

/// Every kind with its own levels, of which each list is in order.
fn with_levels(kinds: Vec<KindRow>, levels: Vec<LevelRow>) -> Vec<QualificationType> {
    let mut by_kind: BTreeMap<QualificationKind, Vec<LevelRow>> = BTreeMap::new();
    for level in levels {
        by_kind.entry(level.kind.clone()).or_default().push(level);
    }
    let own = |kind: KindRow| {
        let levels = by_kind.remove(&kind.kind).unwrap_or_default();
        kind.with(levels)
    };
    kinds.into_iter().map(own).collect()
}

impl Tx {
    /// Every category, in the order of display.
    pub(crate) async fn categories(&mut self) -> Result<Vec<Category>, Error> {
        categories(self.query(CATEGORIES)).await
    }

    /// A kind of qualification.
    pub(crate) async fn qualification_type(
        &mut self,
        kind: &QualificationKind,
    ) -> Result<QualificationType, Error> {
        let row: Option<KindRow> = self.query(KIND).bind(kind).optional().await?;
        let row = row.ok_or(Error::NotFound("qualification kind"))?;
        let levels = self.query(LEVELS).bind(kind).all().await?;
        Ok(row.with(levels))
    }

    /// Every kind of qualification, by code.
    pub(crate) async fn qualification_types(&mut self) -> Result<Vec<QualificationType>, Error> {
        Ok(self.reference().await?.qualification_types().to_vec())
    }

    /// Every kind of qualification, by code, as it is stored.
    pub(crate) async fn stored_qualification_types(
        &mut self,
    ) -> Result<Vec<QualificationType>, Error> {
        let kinds = self.query(KINDS).all().await?;
        let levels = self.query(ALL_LEVELS).all().await?;
        Ok(with_levels(kinds, levels))
    }

    /// The current version of a service item.
    pub(crate) async fn service_item(&mut self, code: &ItemCode) -> Result<ServiceItem, Error> {
        self.reference().await?.item(code).cloned()
    }

    /// A version of a service item.
    pub(crate) async fn service_item_version(
        &mut self,
        code: &ItemCode,
        version: i64,
    ) -> Result<ServiceItem, Error> {
        if let Some(item) = self.reference().await?.item_version(code, version) {
            return Ok(item.clone());
        }
        item(self.query(ITEM_VERSION).bind(code).bind(version)).await
    }

    /// Every service item there ever was, by code: those that were withdrawn, too.
    pub(crate) async fn every_service_item(&mut self) -> Result<Vec<ServiceItem>, Error> {
        items(self.query(EVERY_ITEM)).await
    }

    /// The current version of a service item, held until this unit of work ends.
    pub(crate) async fn service_item_for_update(
        &mut self,
        code: &ItemCode,
    ) -> Result<ServiceItem, Error> {
        let row = self.held_item(code).await?;
        row.map(|(_, item)| item.0).ok_or(Error::NotFound("service item"))
    }

    /// Holds a service item. It is read once it is locked: a join would lose a row whose version
    /// has changed while the lock was waited for.
    async fn held_item(&mut self, code: &ItemCode) -> Result<Option<ItemRow>, Error> {
        let head = self.query(HEAD).bind(code).pg(" for update").optional().await?;
        let Some((version,)): Option<(i64,)> = head else { return Ok(None) };
        self.query(ITEM_VERSION).bind(code).bind(version).optional().await
    }

    /// Makes a category what is given.
    pub(crate) async fn put_category(&mut self, category: &Category) -> Result<Change, Error> {
        let query = self.query(CATEGORY).bind(&category.code).pg(" for update");
        let before: Option<CategoryRow> = query.optional().await?;
        let put = self.put_after(before.as_ref().map(|row| (row.version, row.updated_at)));
        if before.map(Category::from).as_ref() == Some(category) {
            return Ok(Change::Unchanged);
        }
        self.query(PUT_CATEGORY)
            .bind(&category.code)
            .bind(&category.name)
            .bind(category.position)
            .bind(&category.description)
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        let event = put.event("category_created", "category_changed");
        let entry = Entry::new(Kind::Category, &category.code, put.version, event)
            .data(json!({ "name": category.name }))
            .public();
        self.record(entry, put.at).await?;
        Ok(put.change)
    }

    /// Makes a kind of qualification, with its levels, what is given.
    pub(crate) async fn put_qualification_type(
        &mut self,
        kind: &QualificationType,
    ) -> Result<Change, Error> {
        let query = self.query(KIND).bind(&kind.kind).pg(" for update");
        let before: Option<KindRow> = query.optional().await?;
        let levels: Vec<LevelRow> = self.query(LEVELS).bind(&kind.kind).all().await?;
        let put = self.put_after(before.as_ref().map(|row| (row.version, row.updated_at)));
        if before.map(|row| row.with(levels)).as_ref() == Some(kind) {
            return Ok(Change::Unchanged);
        }
        self.query(PUT_KIND)
            .bind(&kind.kind)
            .bind(&kind.name)
            .bind(&kind.issuer)
            .bind(Json(&kind.majors))
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        self.replace_levels(kind).await?;
        self.reference_changed().await?;
        let event = put.event("qualification_kind_created", "qualification_kind_changed");
        let entry = Entry::new(Kind::QualificationKind, &kind.kind, put.version, event)
            .data(json!({ "name": kind.name }))
            .public();
        self.record(entry, put.at).await?;
        Ok(put.change)
    }

    async fn replace_levels(&mut self, kind: &QualificationType) -> Result<(), Error> {
        self.query(DELETE_LEVELS).bind(&kind.kind).execute().await?;
        for level in &kind.levels {
            self.query(INSERT_LEVEL)
                .bind(&kind.kind)
                .bind(&level.level)
                .bind(&level.name)
                .bind(level.rank)
                .execute()
                .await?;
        }
        Ok(())
    }

    /// Makes a service item what is given, except for its version, which a change raises.
    pub(crate) async fn put_item(&mut self, item: &ServiceItem) -> Result<Change, Error> {
        self.put_item_because(item, None).await
    }

    /// Makes a service item what is given, and says why where somebody has to.
    pub(crate) async fn put_item_because(
        &mut self,
        item: &ServiceItem,
        reason: Option<&str>,
    ) -> Result<Change, Error> {
        let before = self.held_item(&item.code).await?;
        let put = self.put_after(before.as_ref().map(|(at, item)| (item.version, *at)));
        let item = ServiceItem { version: put.version, ..item.clone() };
        let before = before.map(|(_, before)| ServiceItem { version: put.version, ..before.0 });
        if before.as_ref() == Some(&item) {
            return Ok(Change::Unchanged);
        }
        self.query(PUT_ITEM)
            .bind(&item.code)
            .bind(&item.name)
            .bind(&item.category)
            .bind(&item.department)
            .bind(item.withdrawn)
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        self.query(INSERT_ITEM_VERSION)
            .bind(&item.code)
            .bind(put.version)
            .bind(Json(&item))
            .bind(put.at)
            .execute()
            .await?;
        self.reference_changed().await?;
        let event = match (before.map(|before| before.withdrawn), item.withdrawn) {
            (None | Some(false), true) => "service_item_withdrawn",
            (Some(true), false) => "service_item_restored",
            _ => put.event("service_item_created", "service_item_changed"),
        };
        let mut data = json!({ "name": item.name });
        if let Some(reason) = reason {
            data["reason"] = reason.into();
        }
        let entry =
            Entry::new(Kind::ServiceItem, &item.code, put.version, event).data(data).public();
        self.record(entry, put.at).await?;
        Ok(put.change)
    }
}

impl Db {
    /// Every category, in the order of display.
    pub(crate) async fn categories(&self) -> Result<Vec<Category>, Error> {
        categories(self.query(CATEGORIES)).await
    }

    /// Every kind of qualification, by code.
    pub(crate) async fn qualification_types(&self) -> Result<Vec<QualificationType>, Error> {
        Ok(self.reference().await?.qualification_types().to_vec())
    }

    /// Every kind of qualification, by code, as it is stored.
    pub(crate) async fn stored_qualification_types(&self) -> Result<Vec<QualificationType>, Error> {
        let kinds = self.query(KINDS).all().await?;
        let levels = self.query(ALL_LEVELS).all().await?;
        Ok(with_levels(kinds, levels))
    }

    /// The current version of a service item.
    pub(crate) async fn service_item(&self, code: &ItemCode) -> Result<ServiceItem, Error> {
        self.reference().await?.item(code).cloned()
    }

    /// A version of a service item.
    pub(crate) async fn service_item_version(
        &self,
        code: &ItemCode,
        version: i64,
    ) -> Result<ServiceItem, Error> {
        if let Some(item) = self.reference().await?.item_version(code, version) {
            return Ok(item.clone());
        }
        item(self.query(ITEM_VERSION).bind(code).bind(version)).await
    }

    /// Service items on the list, by code.
    pub(crate) async fn service_items(
        &self,
        filter: &ItemFilter,
        paging: &Paging,
    ) -> Result<Page<ServiceItem>, Error> {
        let query = self
            .query(ITEMS)
            .when(" and i.category = ", filter.category.as_ref())
            .when(" and i.department = ", filter.department.as_ref())
            .when(" and i.code > ", paging.key::<ItemCode>()?)
            .with(" order by i.code limit ", paging.fetch());
        Ok(paging.page(items(query).await?, |item| item.code.to_string()))
    }

    /// Every service item there ever was, by code: those that were withdrawn, too.
    pub(crate) async fn every_service_item(&self) -> Result<Vec<ServiceItem>, Error> {
        items(self.query(EVERY_ITEM)).await
    }

    /// Every service item on the list, by code.
    pub(crate) async fn listed_service_items(&self) -> Result<Vec<ServiceItem>, Error> {
        items(self.query(ITEMS).push(" order by i.code")).await
    }
}
