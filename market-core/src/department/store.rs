//! Departments in the store.

use serde_json::json;
use sqlx::FromRow;

use super::Department;
use crate::{
    Change, Error, Kind, Timestamp,
    code::{DepartmentCode, RegionCode},
    store::{Db, Tx, journal::Entry, statements},
};

statements! {
    BY_CODE = "select code, name, region, phone, version, updated_at from departments where code = $1";
    ALL = "select code, name, region, phone, version, updated_at from departments order by code";
    PUT = "\
        insert into departments (code, name, region, phone, version, updated_at) \
        values ($1, $2, $3, $4, $5, $6) \
        on conflict (code) do update set name = excluded.name, region = excluded.region, \
        phone = excluded.phone, version = excluded.version, updated_at = excluded.updated_at";
}

#[derive(FromRow)]
struct DepartmentRow {
    code: DepartmentCode,
    name: String,
    region: RegionCode,
    phone: String,
    version: i64,
    updated_at: Timestamp,
}

impl From<DepartmentRow> for Department {
    fn from(row: DepartmentRow) -> Self {
        Self { code: row.code, name: row.name, region: row.region, phone: row.phone }
    }
}

impl Tx {
    /// Every department, by code.
    pub(crate) async fn departments(&mut self) -> Result<Vec<Department>, Error> {
        let rows: Vec<DepartmentRow> = self.query(ALL).all().await?;
        Ok(rows.into_iter().map(Department::from).collect())
    }

    /// Makes a department what is given.
    pub(crate) async fn put_department(
        &mut self,
        department: &Department,
    ) -> Result<Change, Error> {
        let query = self.query(BY_CODE).bind(&department.code).pg(" for update");
        let before: Option<DepartmentRow> = query.optional().await?;
        let put = self.put_after(before.as_ref().map(|row| (row.version, row.updated_at)));
        if before.map(Department::from).as_ref() == Some(department) {
            return Ok(Change::Unchanged);
        }
        self.query(PUT)
            .bind(&department.code)
            .bind(&department.name)
            .bind(&department.region)
            .bind(&department.phone)
            .bind(put.version)
            .bind(put.at)
            .execute()
            .await?;
        let event = put.event("department_created", "department_changed");
        let entry = Entry::new(Kind::Department, &department.code, put.version, event)
            .data(json!({ "name": department.name }))
            .public();
        self.record(entry, put.at).await?;
        Ok(put.change)
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
