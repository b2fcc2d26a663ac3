//! Regions, calendar days and policy profiles in the store.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{CalendarDay, NewRegion, Region};
use crate::{
    Calendar, Change, Day, DayKind, Degrees, Error, Kind, Point, PolicyProfile, Timestamp,
    code::RegionCode,
    store::{Db, Put, Query, Tx, journal::Entry, statements},
};

statements! {
    REGIONS = "\
        select code, name, parent, path, latitude, longitude \
        from regions order by code";
    REGIONS_IN = "\
        select code, name, parent, path, latitude, longitude \
        from regions where parent = $1 order by code";
    ROOTS = "\
        select code, name, parent, path, latitude, longitude \
        from regions where parent is null order by code";
    PUT_REGION = "\
        insert into regions (code, name, parent, path, latitude, longitude) \
        values ($1, $2, $3, $4, $5, $6) \
        on conflict (code) do update set name = excluded.name, parent = excluded.parent, \
        path = excluded.path, latitude = excluded.latitude, longitude = excluded.longitude";
    EVERY_DAY = "select day, kind, name from calendar_days order by day";
    DAYS = "select day, kind, name from calendar_days where day >= $1 order by day";
    PUT_DAY = "\
        insert into calendar_days (day, kind, name) values ($1, $2, $3) \
        on conflict (day) do update set kind = excluded.kind, name = excluded.name";
    POLICIES = "select body from policy_profiles order by region, version";
    POLICY = "select body from policy_profiles where region = $1 and version = $2";
    INSERT_POLICY = "\
        insert into policy_profiles (region, version, effective_from, body) \
        values ($1, $2, $3, $4)";
    LAST_ENTRY = "\
        select version, at from journal where kind = $1 and object = $2 \
        order by version desc limit 1";
}

#[derive(FromRow)]
struct RegionRow {
    code: RegionCode,
    name: String,
    parent: Option<RegionCode>,
    path: String,
    latitude: Option<i64>,
    longitude: Option<i64>,
}

impl TryFrom<RegionRow> for Region {
    type Error = Error;

    fn try_from(row: RegionRow) -> Result<Self, Error> {
        let path: Result<_, _> = row.path.split('/').map(str::parse).collect();
        let path = path.map_err(|_| Error::Inconsistent("region"))?;
        let centre = row.latitude.zip(row.longitude).map(|(latitude, longitude)| {
            let degrees = |micros: i64| i32::try_from(micros).map(Degrees::from_micros).ok();
            Point::new(degrees(latitude)?, degrees(longitude)?).ok()
        });
        let centre = match centre {
            Some(None) => return Err(Error::Inconsistent("region")),
            known => known.flatten(),
        };
        Ok(Self { code: row.code, name: row.name, parent: row.parent, path, centre })
    }
}

#[derive(FromRow)]
struct DayRow {
    day: Day,
    kind: DayKind,
    name: String,
}

impl From<DayRow> for CalendarDay {
    fn from(row: DayRow) -> Self {
        Self { day: row.day, kind: row.kind, name: row.name }
    }
}

async fn regions(query: Query<'_>) -> Result<Vec<Region>, Error> {
    let rows: Vec<RegionRow> = query.all().await?;
    rows.into_iter().map(Region::try_from).collect()
}

async fn days(query: Query<'_>) -> Result<Vec<CalendarDay>, Error> {
    let rows: Vec<DayRow> = query.all().await?;
    Ok(rows.into_iter().map(CalendarDay::from).collect())
}

fn calendar(days: Vec<CalendarDay>) -> Calendar {
    Calendar::new(days.into_iter().map(|day| (day.day, day.kind)))
}

async fn policies(query: Query<'_>) -> Result<Vec<PolicyProfile>, Error> {
    let rows: Vec<(Json<PolicyProfile>,)> = query.all().await?;
    Ok(rows.into_iter().map(|(body,)| body.0).collect())
}

/// Where a region lies, from the country down; none if a region on the way is missing, or if it
/// lies in itself.
pub(crate) fn path_of(
    code: &RegionCode,
    parents: &BTreeMap<RegionCode, Option<RegionCode>>,
) -> Option<Vec<RegionCode>> {
    let mut path = vec![code.clone()];
    let mut at = parents.get(code)?;
    while let Some(parent) = at {
        if path.contains(parent) {
            return None;
        }
        path.push(parent.clone());
        at = parents.get(parent)?;
    }
    path.reverse();
    Some(path)
}

impl Tx {
    /// A region by its code.
    pub(crate) async fn region(&mut self, code: &RegionCode) -> Result<Region, Error> {
        self.reference().await?.region(code).cloned()
    }

    /// Every region, by code.
    pub(crate) async fn regions(&mut self) -> Result<Vec<Region>, Error> {
        regions(self.query(REGIONS)).await
    }

    /// The working-day calendar.
    pub(crate) async fn calendar(&mut self) -> Result<Calendar, Error> {
        Ok(self.reference().await?.calendar())
    }

    /// The working-day calendar, as it is stored.
    pub(crate) async fn stored_calendar(&mut self) -> Result<Calendar, Error> {
        days(self.query(EVERY_DAY)).await.map(calendar)
    }

    /// The policy profile that is in force in a region on a day: the nearest region's, and of
    /// that the latest.
    pub(crate) async fn policy(
        &mut self,
        region: &Region,
        day: Day,
    ) -> Result<PolicyProfile, Error> {
        self.reference().await?.policy(region, day).cloned()
    }

    /// Every policy profile, by region and version.
    pub(crate) async fn policies(&mut self) -> Result<Vec<PolicyProfile>, Error> {
        policies(self.query(POLICIES)).await
    }

    /// Makes regions what is given, and says of each what that did. Their paths, and those of
    /// what lies in them, follow from their parents.
    pub(crate) async fn put_regions(&mut self, given: &[NewRegion]) -> Result<Vec<Change>, Error> {
        let put = self.next_rules("regions").await?;
        let stored = self.regions().await?;
        let before: BTreeMap<_, _> = stored.iter().map(|region| (&region.code, region)).collect();
        let mut known: BTreeMap<_, _> = stored
            .iter()
            .map(|region| (region.code.clone(), (region.name.clone(), region.centre)))
            .collect();
        let mut parents: BTreeMap<_, _> =
            stored.iter().map(|region| (region.code.clone(), region.parent.clone())).collect();
        for NewRegion { code, name, parent, centre } in given {
            known.insert(code.clone(), (name.clone(), *centre));
            parents.insert(code.clone(), parent.clone());
        }
        let mut written = BTreeMap::new();
        for (code, (name, centre)) in known {
            let path = path_of(&code, &parents).ok_or(Error::Inconsistent("region"))?;
            let parent = parents.get(&code).cloned().flatten();
            let region = Region { code: code.clone(), name, parent, path, centre };
            let old = before.get(&code).copied();
            if old == Some(&region) {
                continue;
            }
            self.write_region(&region).await?;
            written.insert(code, if old.is_some() { Change::Changed } else { Change::Created });
        }
        self.record_rules(put, "regions", "regions_changed", written.len()).await?;
        let change = |code| written.get(code).copied().unwrap_or(Change::Unchanged);
        Ok(given.iter().map(|region| change(&region.code)).collect())
    }

    async fn write_region(&mut self, region: &Region) -> Result<(), Error> {
        let path: Vec<&str> = region.path.iter().map(RegionCode::as_str).collect();
        self.query(PUT_REGION)
            .bind(&region.code)
            .bind(&region.name)
            .bind(&region.parent)
            .bind(path.join("/"))
            .bind(region.centre.map(|point| i64::from(point.latitude().micros())))
            .bind(region.centre.map(|point| i64::from(point.longitude().micros())))
            .execute()
            .await
            .map(drop)
    }

    /// Makes calendar days what is given, and says of each what that did.
    pub(crate) async fn put_calendar_days(
        &mut self,
        given: &[CalendarDay],
    ) -> Result<Vec<Change>, Error> {
        let Some(first) = given.iter().map(|day| day.day).min() else { return Ok(Vec::new()) };
        let put = self.next_rules("calendar").await?;
        let stored = days(self.query(DAYS).bind(first)).await?;
        let before: BTreeMap<_, _> = stored.iter().map(|day| (day.day, day)).collect();
        let mut changes = Vec::with_capacity(given.len());
        for day in given {
            let change = match before.get(&day.day) {
                Some(old) if *old == day => Change::Unchanged,
                Some(_) => Change::Changed,
                None => Change::Created,
            };
            if change != Change::Unchanged {
                let put = self.query(PUT_DAY).bind(day.day).bind(day.kind).bind(&day.name);
                put.execute().await?;
            }
            changes.push(change);
        }
        let written = changes.iter().filter(|change| **change != Change::Unchanged).count();
        self.record_rules(put, "calendar", "calendar_changed", written).await?;
        Ok(changes)
    }

    /// Adds a policy profile. One that is there stays as it is: decisions have been made by it.
    pub(crate) async fn put_policy(&mut self, profile: &PolicyProfile) -> Result<Change, Error> {
        let query = self.query(POLICY).bind(&profile.region).bind(profile.version);
        match policies(query).await?.first() {
            Some(stored) if stored == profile => return Ok(Change::Unchanged),
            Some(_) => {
                let message = "this version is stored with other numbers: give a new version";
                return Err(Error::invalid("version", "immutable", message));
            }
            None => {}
        }
        self.query(INSERT_POLICY)
            .bind(&profile.region)
            .bind(profile.version)
            .bind(profile.effective_from)
            .bind(Json(profile))
            .execute()
            .await?;
        let put = self.next_rules("policy").await?;
        self.record_rules(put, "policy", "policy_changed", 1).await?;
        Ok(Change::Created)
    }

    /// What a file's changes will make of an object. Asked before what is there is read: whoever
    /// changes it meanwhile takes the version, and this unit of work fails.
    async fn next_rules(&mut self, object: &'static str) -> Result<Put, Error> {
        self.write_journal().await?;
        let last = self.query(LAST_ENTRY).bind(Kind::Rules).bind(object);
        let last: Option<(i64, Timestamp)> = last.optional().await?;
        Ok(self.put_after(last))
    }

    /// One entry for all that a file changed.
    async fn record_rules(
        &mut self,
        put: Put,
        object: &'static str,
        event: &'static str,
        rows: usize,
    ) -> Result<(), Error> {
        if rows == 0 {
            return Ok(());
        }
        self.reference_changed().await?;
        let entry = Entry::new(Kind::Rules, &object, put.version, event)
            .data(json!({ "rows": rows }))
            .public();
        self.record(entry, put.at).await
    }
}

impl Db {
    /// A region by its code.
    pub(crate) async fn region(&self, code: &RegionCode) -> Result<Region, Error> {
        self.reference().await?.region(code).cloned()
    }

    /// Every region, by code.
    pub(crate) async fn regions(&self) -> Result<Vec<Region>, Error> {
        regions(self.query(REGIONS)).await
    }

    /// What lies directly in a region, by code; without one, the country.
    pub(crate) async fn regions_in(
        &self,
        parent: Option<&RegionCode>,
    ) -> Result<Vec<Region>, Error> {
        match parent {
            Some(parent) => regions(self.query(REGIONS_IN).bind(parent)).await,
            None => regions(self.query(ROOTS)).await,
        }
    }

    /// The days of official notices from a day on.
    pub(crate) async fn calendar_days(&self, from: Day) -> Result<Vec<CalendarDay>, Error> {
        days(self.query(DAYS).bind(from)).await
    }

    /// The working-day calendar.
    pub(crate) async fn calendar(&self) -> Result<Calendar, Error> {
        Ok(self.reference().await?.calendar())
    }

    /// The working-day calendar, as it is stored.
    pub(crate) async fn stored_calendar(&self) -> Result<Calendar, Error> {
        days(self.query(EVERY_DAY)).await.map(calendar)
    }

    /// The policy profile that is in force in a region on a day.
    pub(crate) async fn policy(&self, region: &Region, day: Day) -> Result<PolicyProfile, Error> {
        self.reference().await?.policy(region, day).cloned()
    }

    /// Every policy profile, by region and version.
    pub(crate) async fn policies(&self) -> Result<Vec<PolicyProfile>, Error> {
        policies(self.query(POLICIES)).await
    }
}
