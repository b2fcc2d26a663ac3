//! The journal, as those who supervise read it.

use super::AuditFilter;
use crate::{
    Actor, Day, Error, Kind, Recorded, Timestamp,
    kernel::authority::Reach,
    store::{Db, journal::entries, statements},
};

/// What is nobody's but the operator's, or what the operator reads one by one in any case.
const OF_OPERATOR: [Kind; 15] = [
    Kind::Rules,
    Kind::Category,
    Kind::QualificationKind,
    Kind::ServiceItem,
    Kind::Department,
    Kind::Matter,
    Kind::Synonym,
    Kind::Listing,
    Kind::Applicant,
    Kind::Account,
    Kind::Party,
    Kind::ApiKey,
    Kind::Invitation,
    Kind::Alarm,
    Kind::Webhook,
];

statements! {
    // What nobody may know before the quotes are open, and what is a person's own, stands in none.
    BETWEEN = "\
        select pos, kind, object, version, event, person_id, party, case_id, old_state, new_state, \
        policy_version, data, at from journal where pos > $1 and pos <= $2 \
        and kind not in ('registration', 'saved_search')";
    AT = "select at from journal where pos = $1";
}

impl Db {
    /// The position of the last entry that happened no later than a time; entries are in order but
    /// for those that took long to be committed.
    pub(super) async fn last_entry_until(&self, time: Timestamp, last: i64) -> Result<i64, Error> {
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = low + (high - low + 1) / 2;
            let at: Option<(Timestamp,)> = self.query(AT).bind(middle).optional().await?;
            let (at,) = at.ok_or(Error::Inconsistent("journal"))?;
            if at <= time { low = middle } else { high = middle - 1 }
        }
        Ok(low)
    }

    /// Entries between two positions of which an actor may know, the newest first.
    pub(super) async fn audited(
        &self,
        actor: &Actor,
        reach: Reach,
        filter: &AuditFilter,
        (after, to): (i64, i64),
        limit: i64,
    ) -> Result<Vec<Recorded>, Error> {
        let AuditFilter { kind, object, person, party, since, until } = filter.clone();
        let (own, is_all) = (actor.party.to_string(), reach == Reach::All);
        let mut query = self.query(BETWEEN).bind(after).bind(to).with(
            " and (public or exists (select 1 from journal_parties p where p.pos = journal.pos \
             and p.party = ",
            own.clone(),
        );
        query = query.push(")");
        if is_all {
            query = query.within(" or kind in", OF_OPERATOR);
        }
        query = query.push(")").when(" and kind = ", kind).when(" and object = ", object);
        if person.is_some() || party.is_some() {
            // What is not told of an entry does not find it, either.
            query = query.push(" and (party = 'operator' or party like 'department:%'");
            query = if is_all {
                query.push(" or kind <> 'complaint')")
            } else {
                query.push(" or kind in ('case', 'order'))")
            };
        }
        let query = query
            .when(" and person_id = ", person)
            .when(" and party = ", party.map(|party| party.to_string()))
            .when(" and at >= ", since.map(|day| day.plus(-1).end()))
            .when(" and at < ", until.map(Day::end));
        entries(query.with(" order by pos desc limit ", limit)).await
    }
}
