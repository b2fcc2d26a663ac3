//! Where what is asked is kept.

use std::{fmt, str::FromStr};

use super::{AskedText, HotItem, waiting::Waiting};
use crate::{
    Error, Page, Paging, Timestamp,
    code::ItemCode,
    store::{Db, Tx, statements},
};

statements! {
    ADD = "\
        insert into asked (hour, words, times, missed) values ($1, $2, $3, $4) \
        on conflict (hour, words) do update \
        set times = asked.times + excluded.times, missed = asked.missed + excluded.missed";
    ADD_ITEM = "\
        insert into asked_items (hour, item, times) values ($1, $2, $3) \
        on conflict (hour, item) do update set times = asked_items.times + excluded.times";
    FORGET = "delete from asked where hour < $1";
    FORGET_ITEMS = "delete from asked_items where hour < $1";
    HOT = "\
        select words, cast(sum(times) as bigint) from asked where hour >= $1 group by words \
        having sum(times) >= 3 and sum(missed) < sum(times) order by sum(times) desc, words limit $2";
    HOT_ITEMS = "\
        select c.item, i.name, cast(sum(c.placed) as bigint), cast(sum(c.searches) as bigint) \
        from (select item, cast(count(*) as bigint) as placed, cast(0 as bigint) as searches \
              from orders where placed_at >= $1 group by item \
              union all \
              select item, cast(0 as bigint) as placed, cast(sum(times) as bigint) as searches \
              from asked_items where hour >= $1 group by item) as c \
        join service_items i on i.code = c.item where not i.withdrawn \
        group by c.item, i.name order by sum(c.placed) + sum(c.searches) desc, c.item limit $2";
    MISSED = "\
        select words, times from (\
            select words, cast(sum(times) as bigint) as times, cast(sum(missed) as bigint) as missed \
            from asked where hour >= $1 group by words) as counted \
        where missed = times";
}

/// The place of a text in a list that begins with the most frequent.
struct Place {
    times: i64,
    text: String,
}

impl Place {
    fn of(asked: &AskedText) -> Self {
        Self { times: asked.times, text: asked.text.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.times, self.text)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(key: &str) -> Result<Self, ()> {
        let (times, text) = key.split_once(' ').ok_or(())?;
        if text.contains('\0') {
            return Err(());
        }
        Ok(Self { times: times.parse().map_err(drop)?, text: text.to_owned() })
    }
}

fn asked_texts(rows: Vec<(String, i64)>) -> Vec<AskedText> {
    rows.into_iter().map(|(text, times)| AskedText { text, times }).collect()
}

impl Tx {
    /// Adds counts to those that are there.
    pub(super) async fn add_asked(&mut self, counts: &Waiting) -> Result<(), Error> {
        for ((hour, text), count) in &counts.texts {
            let add = self.query(ADD).bind(*hour).bind(text).bind(count.times).bind(count.missed);
            add.execute().await?;
        }
        for ((hour, item), times) in &counts.items {
            self.query(ADD_ITEM).bind(*hour).bind(item).bind(*times).execute().await?;
        }
        Ok(())
    }

    /// Forgets what was asked before a time, and says how much that was.
    pub(super) async fn forget_asked(&mut self, before: Timestamp) -> Result<u64, Error> {
        let texts = self.query(FORGET).bind(before).execute().await?;
        Ok(texts + self.query(FORGET_ITEMS).bind(before).execute().await?)
    }
}

impl Db {
    pub(super) async fn hot_texts(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<AskedText>, Error> {
        let rows = self.query(HOT).bind(since).bind(i64::from(limit)).all().await?;
        Ok(asked_texts(rows))
    }

    pub(super) async fn hot_items(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<HotItem>, Error> {
        let query = self.query(HOT_ITEMS).bind(since).bind(i64::from(limit));
        let rows: Vec<(ItemCode, String, i64, i64)> = query.all().await?;
        let items = rows.into_iter().map(|(item, name, orders, searches)| HotItem {
            item,
            name,
            orders,
            searches,
        });
        Ok(items.collect())
    }

    pub(super) async fn missed_texts(
        &self,
        since: Timestamp,
        paging: &Paging,
    ) -> Result<Page<AskedText>, Error> {
        let mut query = self.query(MISSED).bind(since);
        if let Some(Place { times, text }) = paging.key()? {
            query = query.with(" and (times < ", times);
            query = query.with(" or times = ", times).with(" and words > ", text).push(")");
        }
        let rows = query.with(" order by times desc, words limit ", paging.fetch()).all().await?;
        Ok(paging.page(asked_texts(rows), |asked| Place::of(asked).to_string()))
    }
}
