//! Pages of deadlines of every kind, in the order of their times.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use super::{Deadline, DeadlineFilter, DeadlineKind, Window};
use crate::{
    Cursor, Day, Error, Page, Paging, Party, Timestamp,
    id::{AgencyId, CaseId, EvaluationId, OrderId, PurchaseId},
    store::Db,
};

/// Where a deadline stands in the list: by its time, then by its kind, then by what has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) until: Timestamp,
    pub(super) kind: DeadlineKind,
    pub(super) id: Uuid,
    pub(super) part: String,
}

impl Place {
    /// Before all that is later than an instant.
    pub(super) fn first_after(until: Timestamp) -> Self {
        // The last of all kinds.
        let kind = DeadlineKind::EvaluationAppeal;
        Self { until, kind, id: Uuid::max(), part: String::new() }
    }

    pub(super) fn cursor(&self) -> Cursor {
        Cursor::after(&self.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.until.micros(), self.kind, self.id, self.part)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.splitn(4, ' ');
        let mut next = || words.next().ok_or(());
        let until = Timestamp::from_micros(next()?.parse().map_err(drop)?);
        if !until.is_plain() {
            return Err(());
        }
        Ok(Self {
            until,
            kind: next()?.parse().map_err(drop)?,
            id: next()?.parse().map_err(drop)?,
            part: next()?.to_owned(),
        })
    }
}

/// Instants in which deadlines are looked for: after the one, not after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) after: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Span {
    const SECONDS_PER_HOUR: i64 = 3600;

    fn of(window: Window, now: Timestamp) -> Self {
        match window {
            Window::Any => Self { after: None, to: None },
            Window::Overdue => Self { after: None, to: Some(now) },
            Window::Within(hours) => {
                let to = now.plus_seconds(i64::from(hours) * Self::SECONDS_PER_HOUR);
                Self { after: Some(now), to: Some(to) }
            }
            Window::Days(from, to) => {
                Self { after: from.map(|day| day.plus(-1).end()), to: to.map(Day::end) }
            }
        }
    }
}

/// The last day that is over at an instant.
pub(super) fn last_over(at: Timestamp) -> Day {
    at.day().plus(-1)
}

/// A deadline found, with the title of its case if it is in one.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) title: String,
}

impl Db {
    /// A party's running deadlines, the earliest first.
    pub(super) async fn deadlines(
        &self,
        party: &Party,
        filter: &DeadlineFilter,
        paging: &Paging,
        now: Timestamp,
    ) -> Result<Page<Deadline>, Error> {
        let after: Option<Place> = paging.key()?;
        let span = Span::of(filter.window, now);
        let mut found = Vec::new();
        for kind in DeadlineKind::ALL {
            if filter.kind.is_none_or(|only| only == *kind) {
                let limit = paging.fetch();
                found.extend(self.deadlines_of(*kind, party, span, after.as_ref(), limit).await?);
            }
        }
        // Each kind is in its own order already, and stays in it.
        found.sort_by_key(|one: &Found| (one.place.until, one.place.kind));
        found.truncate(usize::try_from(paging.fetch()).unwrap_or(usize::MAX));
        let page = paging.page(found, |one| one.place.to_string());
        Ok(Page { items: self.read_deadlines(page.items, now).await?, next: page.next })
    }

    /// The deadlines that were found, as their things stand; what has moved on meanwhile is left
    /// out.
    async fn read_deadlines(
        &self,
        found: Vec<Found>,
        now: Timestamp,
    ) -> Result<Vec<Deadline>, Error> {
        let ids = |kinds: &[DeadlineKind]| -> Vec<Uuid> {
            let of = found.iter().filter(|one| kinds.contains(&one.place.kind));
            of.map(|one| one.place.id).collect()
        };
        let purchases = ids(&[DeadlineKind::Review, DeadlineKind::Purchase]);
        let purchases = purchases.into_iter().map(PurchaseId).collect();
        let purchases = self.purchases_by_id(purchases).await?;
        let orders = ids(&[DeadlineKind::Order]).into_iter().map(OrderId).collect();
        let orders = self.orders_by_id(orders).await?;
        let cases = self.cases(ids(&[DeadlineKind::Step]).into_iter().map(CaseId)).await?;
        let agencies: Vec<_> = ids(&[DeadlineKind::Check]).into_iter().map(AgencyId).collect();
        let agencies = self.agencies_by_id(&agencies).await?;
        let windows = ids(&[DeadlineKind::Evaluation]).into_iter().map(OrderId).collect::<Vec<_>>();
        let given = self.evaluations_of_orders(windows.clone()).await?;
        let windows = self.evaluation_windows(windows).await?;
        let appeals = ids(&[DeadlineKind::EvaluationAppeal]).into_iter().map(EvaluationId);
        let appeals = self.evaluations_by_id(appeals.collect()).await?;
        let read = |Found { place: Place { kind, id, part, .. }, title }| match kind {
            DeadlineKind::Review | DeadlineKind::Purchase => {
                let purchase = purchases.iter().find(|one| one.id.0 == id)?;
                Deadline::of_purchase(purchase, now).filter(|one| one.kind == kind)
            }
            DeadlineKind::Order => {
                let order = orders.iter().find(|one| one.id.0 == id)?;
                Deadline::of_order(order, title, now)
            }
            DeadlineKind::Step => {
                let case = cases.iter().find(|one| one.id.0 == id)?;
                Deadline::of_step(case, &part, now)
            }
            DeadlineKind::Check => {
                let agency = agencies.iter().find(|one| one.id.0 == id)?;
                Deadline::of_agency(agency, now)
            }
            DeadlineKind::Evaluation => {
                let window = windows.iter().find(|one| one.order_id.0 == id)?;
                let given = given.iter().filter(|one| one.order_id.0 == id).cloned();
                Deadline::of_window(window, &given.collect::<Vec<_>>(), title, now)
            }
            DeadlineKind::EvaluationAppeal => {
                let evaluation = appeals.iter().find(|one| one.id.0 == id)?;
                Deadline::of_appeal(evaluation, title, now)
            }
        };
        Ok(found.into_iter().filter_map(read).collect())
    }
}
