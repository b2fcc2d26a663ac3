//! `departments.csv`.

use std::collections::BTreeSet;

use super::{UNKNOWN_REGION, region_codes};
use crate::{
    Change, Env, Error,
    code::RegionCode,
    department::{Department, NewDepartment},
    import::{
        columns::{Column, optional, required},
        run::{Pack, file},
        table::{Block, Table},
    },
    store::{Db, Tx},
};

/// Approval departments.
pub(in crate::import) struct Departments;

impl Pack for Departments {
    const COLUMNS: &'static [Column] = &[
        required("code", &["代码", "部门代码"]),
        required("name", &["名称", "部门名称"]),
        required("region", &["区划", "行政区划", "区划代码", "行政区划代码"]),
        optional("phone", &["电话", "联系电话"]),
    ];
    type Known = BTreeSet<RegionCode>;
    type Thing = NewDepartment;

    async fn known(tx: &mut Tx) -> Result<Self::Known, Error> {
        region_codes(tx).await
    }

    fn read(table: &mut Table<'_>, regions: &Self::Known) -> Vec<Block<NewDepartment>> {
        table.each(|row| {
            let code = row.unique("code");
            let name = row.text("name", 1..=100);
            let region = row.known("region", |code| regions.contains(code), UNKNOWN_REGION);
            let phone = row.text("phone", 0..=40);
            Some(NewDepartment { code: code?, name, region: region?, phone })
        })
    }

    async fn put(
        tx: &mut Tx,
        _: &Env,
        _: &mut Self::Known,
        department: &NewDepartment,
    ) -> Result<Change, Error> {
        tx.put_department(department).await
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut departments = db.departments().await?;
        departments.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        let row = |department: Department| {
            let Department { code, name, region, phone, .. } = department;
            vec![code.to_string(), name, region.to_string(), phone]
        };
        Ok(file(Self::COLUMNS, departments.into_iter().map(row)))
    }
}
