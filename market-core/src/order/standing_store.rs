//! What the store knows of agencies by their orders.

use std::collections::HashMap;

use sqlx::FromRow;

use super::Standing;
use crate::{
    Error, Kind, Timestamp,
    id::AgencyId,
    store::{Db, Tx, statements},
};

statements! {
    // The agencies are given behind `having`, from where both databases move them to the index.
    ENDED = "\
        select agency_id, state, failed, times_returned, times_late, \
        cast(count(*) as bigint) as number from orders \
        where state in ('completed', 'declined', 'terminated') \
        group by agency_id, state, failed, times_returned, times_late having true";
    EVALUATED = "\
        select agency_id, cast(count(*) as bigint) as number, \
        cast(sum(points) as bigint) as points from evaluation_windows \
        where points is not null group by agency_id having true";
    ADMITTED = "\
        select object, at from journal where kind = $1 \
        and new_state in ('admitted', 'suspended', 'exited') \
        and (old_state is null or old_state in ('applying', 'rejected'))";
}

/// How many agencies are asked for at once.
const BATCH: usize = 500;

#[derive(FromRow)]
struct EndedRow {
    agency_id: AgencyId,
    state: String,
    failed: bool,
    times_returned: i64,
    times_late: i64,
    number: i64,
}

impl EndedRow {
    fn count_in(&self, standing: &mut Standing) {
        let number = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        match &*self.state {
            "completed" => {
                let how = (number(self.times_returned), number(self.times_late));
                *standing.outcomes.entry(how).or_default() += number(self.number);
            }
            "declined" => standing.declined += number(self.number),
            _ if self.failed => standing.terminated += number(self.number),
            _ => {}
        }
    }
}

#[derive(FromRow)]
struct EvaluatedRow {
    agency_id: AgencyId,
    number: i64,
    points: i64,
}

impl EvaluatedRow {
    fn count_in(&self, standing: &mut Standing) {
        standing.evaluated = u32::try_from(self.number).unwrap_or(u32::MAX);
        standing.evaluation_points = self.points.unsigned_abs();
    }
}

impl Tx {
    /// What its orders say of an agency, without the day of its admission.
    pub(crate) async fn outcomes_of(&mut self, agency: AgencyId) -> Result<Standing, Error> {
        let mut standing = Standing::default();
        let ended = self.query(ENDED).within(" and agency_id in", [agency]);
        for row in ended.all::<EndedRow>().await? {
            row.count_in(&mut standing);
        }
        let evaluated = self.query(EVALUATED).within(" and agency_id in", [agency]);
        for row in evaluated.all::<EvaluatedRow>().await? {
            row.count_in(&mut standing);
        }
        Ok(standing)
    }
}

impl Db {
    /// What their orders say of agencies, of each that is given.
    pub(crate) async fn standings(
        &self,
        agencies: &[AgencyId],
    ) -> Result<HashMap<AgencyId, Standing>, Error> {
        let mut standings: HashMap<_, _> =
            agencies.iter().map(|id| (*id, Standing::default())).collect();
        for batch in agencies.chunks(BATCH) {
            let ended = self.query(ENDED).within(" and agency_id in", batch);
            for row in ended.all::<EndedRow>().await? {
                row.count_in(standings.entry(row.agency_id).or_default());
            }
            let evaluated = self.query(EVALUATED).within(" and agency_id in", batch);
            for row in evaluated.all::<EvaluatedRow>().await? {
                row.count_in(standings.entry(row.agency_id).or_default());
            }
            let objects = batch.iter().map(ToString::to_string);
            let admitted =
                self.query(ADMITTED).bind(Kind::Agency).within(" and object in", objects);
            for (object, at) in admitted.all::<(String, Timestamp)>().await? {
                let id = object.parse().map_err(|_| Error::Inconsistent("journal"))?;
                standings.entry(id).or_default().admitted_on = Some(at.day());
            }
        }
        Ok(standings)
    }
}
