//! `calendar.csv`.

use crate::{
    Change, Day, Env, Error,
    import::{
        Progress,
        columns::{Column, required},
        run::{Pack, file},
        table::{Block, Table},
    },
    rules::CalendarDay,
    store::{Db, Tx},
};

/// Days of official notices.
pub(in crate::import) struct CalendarDays;

impl Pack for CalendarDays {
    const COLUMNS: &'static [Column] = &[
        required("day", &["日期"]),
        required("kind", &["类型", "类别"]),
        required("name", &["名称", "节日", "节假日"]),
    ];
    type Known = ();
    type Thing = CalendarDay;

    async fn known(_: &mut Tx) -> Result<(), Error> {
        Ok(())
    }

    fn read(table: &mut Table<'_>, (): &()) -> Vec<Block<CalendarDay>> {
        table.each(|row| {
            let day = row.day("day");
            if let Some(day) = day {
                row.alone("day", day.to_string());
            }
            let kind = row.word("kind");
            let name = row.text("name", 1..=40);
            Some(CalendarDay { day: day?, kind: kind?, name })
        })
    }

    async fn put(tx: &mut Tx, _: &Env, (): &mut (), day: &CalendarDay) -> Result<Change, Error> {
        let changes = tx.put_calendar_days(std::slice::from_ref(day)).await?;
        Ok(changes.first().copied().unwrap_or(Change::Unchanged))
    }

    async fn put_all(
        tx: &mut Tx,
        _: &Env,
        (): &mut (),
        blocks: &[Block<CalendarDay>],
        progress: &Progress,
    ) -> Result<Vec<Change>, Error> {
        let days: Vec<_> = blocks.iter().map(|block| block.thing.clone()).collect();
        let changes = tx.put_calendar_days(&days).await?;
        progress.done(changes.len());
        Ok(changes)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let first: Day = "1000-01-01".parse().map_err(|_| Error::Inconsistent("calendar"))?;
        let days = db.calendar_days(first).await?;
        let row = |day: CalendarDay| vec![day.day.to_string(), day.kind.to_string(), day.name];
        Ok(file(Self::COLUMNS, days.into_iter().map(row)))
    }
}
