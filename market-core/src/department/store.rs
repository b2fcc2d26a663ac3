//! Departments in the store.

use serde_json::json;
use sqlx::FromRow;

use super::{Department, NewDepartment};
use crate::{
    Change, Error, Kind, Timestamp,
    code::{DepartmentCode, RegionCode},
    id::PurchaseId,
    sealing::PublicKey,
    store::{Db, Tx, journal::Entry, statements},
};

statements! {
    BY_CODE = "\
        select code, name, region, phone, opening_key, version, updated_at \
        from departments where code = $1";
    ALL = "\
        select code, name, region, phone, opening_key, version, updated_at \
        from departments order by code";
    PUT = "\
        insert into departments (code, name, region, phone, version, updated_at) \
        values ($1, $2, $3, $4, $5, $6) \
        on conflict (code) do update set name = excluded.name, region = excluded.region, \
        phone = excluded.phone, version = excluded.version, updated_at = excluded.updated_at";
    SET_OPENING_KEY = "\
        update departments set opening_key = $2, version = $3, updated_at = $4 where code = $1";
    DEPOSIT_IN_NEED = "\
        select p.id from purchases p join purchase_secrets s on s.purchase_id = p.id \
        where p.state in ('in_review', 'open', 'opening') and s.deposit_for = $1 \
        and s.code is null limit 1";
}

#[derive(FromRow)]
struct DepartmentRow {
    code: DepartmentCode,
    name: String,
    region: RegionCode,
    phone: String,
    opening_key: Option<PublicKey>,
    version: i64,
    updated_at: Timestamp,
}

impl From<DepartmentRow> for Department {
    fn from(row: DepartmentRow) -> Self {
        let DepartmentRow { code, name, region, phone, opening_key, version, updated_at } = row;
        Self { code, name, region, phone, opening_key, version, updated_at }
    }
}

impl Tx {
    /// Every department, by code.
    pub(crate) async fn departments(&mut self) -> Result<Vec<Department>, Error> {
        let rows: Vec<DepartmentRow> = self.query(ALL).all().await?;
        Ok(rows.into_iter().map(Department::from).collect())
    }

    /// A department by its code, held until this unit of work ends.
    pub(crate) async fn department(
        &mut self,
        code: &DepartmentCode,
    ) -> Result<Option<Department>, Error> {
        let query = self.query(BY_CODE).bind(code).pg(" for update");
        let row: Option<DepartmentRow> = query.optional().await?;
        Ok(row.map(Department::from))
    }

    /// Makes a department what is given; its opening key stays.
    pub(crate) async fn put_department(&mut self, new: &NewDepartment) -> Result<Change, Error> {
        let before = self.department(&new.code).await?;
        if before.as_ref().is_some_and(|before| before.is_just(new)) {
            return Ok(Change::Unchanged);
        }
        let put = self.put_after(before.map(|before| (before.version, before.updated_at)));
        self.query(PUT)
            .bind(&new.code)
            .bind(&new.name)
            .bind(&new.region)
            .bind(&new.phone)
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        let event = put.event("department_created", "department_changed");
        let entry = Entry::new(Kind::Department, &new.code, put.version, event)
            .data(json!({ "name": new.name }))
            .public();
        self.record(entry, put.at).await?;
        Ok(put.change)
    }

    /// Whether a purchase holds a deposit for a department, and its code was not given yet.
    pub(super) async fn has_deposit_in_need(
        &mut self,
        code: &DepartmentCode,
    ) -> Result<bool, Error> {
        let found: Option<(PurchaseId,)> =
            self.query(DEPOSIT_IN_NEED).bind(code).optional().await?;
        Ok(found.is_some())
    }

    /// Sets the opening key of a department that this unit of work holds.
    pub(super) async fn set_opening_key(
        &mut self,
        department: Department,
        key: &PublicKey,
    ) -> Result<Department, Error> {
        self.put_opening_key(department, Some(key.clone()), "department_opening_key_set").await
    }

    /// Takes back the opening key of a department that this unit of work holds.
    pub(super) async fn clear_opening_key(
        &mut self,
        department: Department,
    ) -> Result<Department, Error> {
        self.put_opening_key(department, None, "department_opening_key_cleared").await
    }

    async fn put_opening_key(
        &mut self,
        department: Department,
        key: Option<PublicKey>,
        event: &'static str,
    ) -> Result<Department, Error> {
        if department.opening_key == key {
            return Ok(department);
        }
        let put = self.put_after(Some((department.version, department.updated_at)));
        self.query(SET_OPENING_KEY)
            .bind(&department.code)
            .bind(key.as_ref())
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        let entry = Entry::new(Kind::Department, &department.code, put.version, event)
            .data(json!({ "opening_key": key }))
            .public();
        self.record(entry, put.at).await?;
        Ok(Department { opening_key: key, version: put.version, updated_at: put.at, ..department })
    }
}

impl Db {
    /// A department by its code.
    pub(crate) async fn department(&self, code: &DepartmentCode) -> Result<Department, Error> {
        let row: Option<DepartmentRow> = self.query(BY_CODE).bind(code).optional().await?;
        row.map(Department::from).ok_or(Error::NotFound("department"))
    }

    /// Every department, by code.
    pub(crate) async fn departments(&self) -> Result<Vec<Department>, Error> {
        let rows: Vec<DepartmentRow> = self.query(ALL).all().await?;
        Ok(rows.into_iter().map(Department::from).collect())
    }
}
