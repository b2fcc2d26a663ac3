//! Where deadlines are found: in the tables of what runs, by the time that is stored with it.

use sqlx::FromRow;
use uuid::Uuid;

use super::{
    DeadlineKind,
    list::{Found, Place, Span, last_over},
};
use crate::{
    Day, Error, Party, Timestamp,
    store::{Db, Query, statements},
};

statements! {
    REVIEWS = "\
        select p.id, '' as part, '' as title, p.due_on as due from purchases p \
        where p.due_on is not null";
    PURCHASES = "\
        select p.id, '' as part, '' as title, p.due_at as due from purchases p \
        where p.due_at is not null";
    ORDERS = "\
        select o.id, '' as part, c.title, o.due_on as due from orders o \
        join cases c on c.id = o.case_id where o.due_on is not null";
    STEPS = "\
        select s.case_id as id, s.step as part, c.title, s.due_on as due from case_steps s \
        join cases c on c.id = s.case_id where s.due_on is not null \
        and s.state = 'in_review' and c.state = 'open'";
    CHECKS = "\
        select a.id, '' as part, a.name as title, a.due_on as due from agencies a \
        where a.due_on is not null";
    EVALUATIONS = "\
        select w.order_id as id, '' as part, c.title, w.due_on as due from evaluation_windows w \
        join cases c on c.id = w.case_id where w.due_on is not null";
    APPEALS = "\
        select e.id, '' as part, c.title, e.due_on as due from evaluations e \
        join cases c on c.id = e.case_id where e.due_on is not null";
}

/// The words by which the deadlines of one kind are told apart.
struct Words {
    above: &'static str,
    from: &'static str,
    to: &'static str,
    past: &'static str,
    order: &'static str,
}

macro_rules! words {
    ($due:literal, $id:literal) => {
        Words {
            above: concat!(" and ", $due, " > "),
            from: concat!(" and ", $due, " >= "),
            to: concat!(" and ", $due, " <= "),
            past: concat!(" and (", $due, ", ", $id, ") > ("),
            order: concat!(" order by ", $due, ", ", $id, " limit "),
        }
    };
}

const fn words(kind: DeadlineKind) -> Words {
    match kind {
        DeadlineKind::Review => words!("p.due_on", "p.id"),
        DeadlineKind::Purchase => words!("p.due_at", "p.id"),
        DeadlineKind::Order => words!("o.due_on", "o.id"),
        DeadlineKind::Step => words!("s.due_on", "s.case_id, s.step"),
        DeadlineKind::Check => words!("a.due_on", "a.id"),
        DeadlineKind::Evaluation => words!("w.due_on", "w.order_id"),
        DeadlineKind::EvaluationAppeal => words!("e.due_on", "e.id"),
    }
}

#[derive(FromRow)]
struct DayRow {
    id: Uuid,
    part: String,
    title: String,
    due: Day,
}

#[derive(FromRow)]
struct InstantRow {
    id: Uuid,
    part: String,
    title: String,
    due: Timestamp,
}

/// A time as a kind stores it.
#[derive(Debug, Clone, Copy)]
enum Stored {
    Day(Day),
    Instant(Timestamp),
}

impl Stored {
    /// An instant, or the last day that is over at it.
    fn at(kind: DeadlineKind, at: Timestamp) -> Self {
        match kind {
            DeadlineKind::Purchase => Self::Instant(at),
            _ => Self::Day(last_over(at)),
        }
    }

    fn instant(self) -> Timestamp {
        match self {
            Self::Day(day) => day.end(),
            Self::Instant(at) => at,
        }
    }

    fn bound<'q>(self, query: Query<'q>, sql: &'static str) -> Query<'q> {
        match self {
            Self::Day(day) => query.with(sql, day),
            Self::Instant(at) => query.with(sql, at),
        }
    }
}

/// What comes after a place in the list, of one kind.
fn after<'q>(query: Query<'q>, kind: DeadlineKind, words: &Words, place: &Place) -> Query<'q> {
    let time = Stored::at(kind, place.until);
    if time.instant() < place.until || kind < place.kind {
        return time.bound(query, words.above);
    }
    if kind > place.kind {
        return time.bound(query, words.from);
    }
    let query = time.bound(query, words.past).with(", ", place.id);
    match kind {
        DeadlineKind::Step => query.with(", ", place.part.clone()).push(")"),
        _ => query.push(")"),
    }
}

impl Db {
    /// So many deadlines of a kind, the earliest first.
    pub(super) async fn deadlines_of(
        &self,
        kind: DeadlineKind,
        party: &Party,
        span: Span,
        place: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<Found>, Error> {
        let Some(query) = self.deadlines_for(kind, party) else { return Ok(Vec::new()) };
        let words = words(kind);
        let query = match span.after {
            Some(at) => Stored::at(kind, at).bound(query, words.above),
            None => query,
        };
        let query = match span.to {
            Some(at) => Stored::at(kind, at).bound(query, words.to),
            None => query,
        };
        let query = match place {
            Some(place) => after(query, kind, &words, place),
            None => query,
        };
        let query = query.with(words.order, limit);
        let found =
            |until, id, part, title| Found { place: Place { until, kind, id, part }, title };
        Ok(if kind == DeadlineKind::Purchase {
            let rows: Vec<InstantRow> = query.all().await?;
            rows.into_iter().map(|row| found(row.due, row.id, row.part, row.title)).collect()
        } else {
            let rows: Vec<DayRow> = query.all().await?;
            rows.into_iter().map(|row| found(row.due.end(), row.id, row.part, row.title)).collect()
        })
    }

    /// The deadlines of a kind that are a party's; nothing, where it has no part in any.
    fn deadlines_for(&self, kind: DeadlineKind, party: &Party) -> Option<Query<'_>> {
        use DeadlineKind::{Check, Evaluation, EvaluationAppeal, Order, Purchase, Review, Step};
        let all = self.query(match kind {
            DeadlineKind::Review => REVIEWS,
            DeadlineKind::Purchase => PURCHASES,
            DeadlineKind::Order => ORDERS,
            DeadlineKind::Step => STEPS,
            DeadlineKind::Check => CHECKS,
            DeadlineKind::Evaluation => EVALUATIONS,
            DeadlineKind::EvaluationAppeal => APPEALS,
        });
        Some(match (kind, party) {
            (_, Party::Operator) => all,
            (Review | Purchase, Party::Applicant(id)) => all.with(" and p.applicant_id = ", *id),
            (Order, Party::Applicant(id)) => all.with(" and o.applicant_id = ", *id),
            (Step, Party::Applicant(id)) => all.with(" and c.applicant_id = ", *id),
            (Purchase, Party::Agency(id)) => {
                let registered = " and p.id in (select purchase_id from registrations \
                                  where state <> 'withdrawn' and agency_id = ";
                all.with(registered, *id).push(")")
            }
            (Order, Party::Agency(id)) => all.with(" and o.agency_id = ", *id),
            (Check, Party::Agency(id)) => all.with(" and a.id = ", *id),
            (Purchase, Party::Department(code)) => {
                let cases = " and p.case_id in (select case_id from case_steps where department = ";
                all.with(cases, code.clone()).push(")")
            }
            (Order, Party::Department(code)) => {
                let cases = " and o.case_id in (select case_id from case_steps where department = ";
                all.with(cases, code.clone()).push(")")
            }
            (Evaluation, Party::Applicant(id)) => all.with(" and w.applicant_id = ", *id),
            (Evaluation, Party::Agency(id)) => all.with(" and w.agency_id = ", *id),
            (Evaluation, Party::Department(code)) => {
                let cases = " and w.case_id in (select case_id from case_steps where department = ";
                all.with(cases, code.clone()).push(")")
            }
            (EvaluationAppeal, Party::Applicant(id)) => all.with(" and e.applicant_id = ", *id),
            (EvaluationAppeal, Party::Agency(id)) => all.with(" and e.agency_id = ", *id),
            (EvaluationAppeal, Party::Department(_)) => {
                all.with(" and e.supervisor = ", party.to_string())
            }
            (Step, Party::Department(code)) => all.with(" and s.department = ", code.clone()),
            (Check, Party::Applicant(_))
            | (Review | Step, Party::Agency(_))
            | (Review | Check, Party::Department(_)) => return None,
        })
    }
}
