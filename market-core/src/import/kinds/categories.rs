//! `categories.csv`.

use crate::{
    Change, Env, Error,
    catalog::Category,
    import::{
        columns::{Column, optional, required},
        run::{Pack, file},
        table::{Block, Table},
    },
    store::{Db, Tx},
};

/// Service categories.
pub(in crate::import) struct Categories;

impl Pack for Categories {
    const COLUMNS: &'static [Column] = &[
        required("code", &["代码", "类别代码"]),
        required("name", &["名称", "类别名称"]),
        required("position", &["顺序", "排序", "显示顺序"]),
        optional("description", &["说明", "描述"]),
    ];
    type Known = ();
    type Thing = Category;

    async fn known(_: &mut Tx) -> Result<(), Error> {
        Ok(())
    }

    fn read(table: &mut Table<'_>, (): &()) -> Vec<Block<Category>> {
        table.each(|row| {
            let code = row.unique("code");
            let name = row.text("name", 1..=100);
            let position = row.number::<u32>("position", 1..=1000).map(i64::from);
            if let Some(position) = position {
                row.alone("position", format!("position {position}"));
            }
            let description = row.text("description", 0..=1000);
            Some(Category { code: code?, name, position: position?, description })
        })
    }

    async fn put(tx: &mut Tx, _: &Env, (): &mut (), category: &Category) -> Result<Change, Error> {
        tx.put_category(category).await
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut categories = db.categories().await?;
        categories.sort_unstable_by(|one, other| one.code.cmp(&other.code));
        let row = |category: Category| {
            let Category { code, name, position, description } = category;
            vec![code.to_string(), name, position.to_string(), description]
        };
        Ok(file(Self::COLUMNS, categories.into_iter().map(row)))
    }
}
