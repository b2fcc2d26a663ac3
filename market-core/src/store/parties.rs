//! Which parties take part in what journal entries are about, so that each can follow its own.

use super::{Db, Tx, journal::entries, statements};
use crate::{Error, Party, Recorded};

statements! {
    INSERT = "insert into journal_parties (party, pos) values ($1, $2)";
    OF_PARTY = "\
        select j.pos, j.kind, j.object, j.version, j.event, j.person_id, j.party, j.case_id, \
        j.old_state, j.new_state, j.policy_version, j.data, j.at \
        from journal_parties p join journal j on j.pos = p.pos \
        where p.party = $1 and p.pos > $2 and p.pos <= $3 order by p.pos limit $4";
    // Those that are due are written too: whoever delivers to one holds it, has perhaps read the
    // journal already, and would leave it as one with nothing to do. Who rests, after having
    // failed, is woken when the rest is over.
    WAKE = "\
        update webhooks set due_at = case when due_at <= $1 then due_at \
        when paused_until > $1 then paused_until else $1 end where state = 'enabled'";
}

/// So many rows are written by one statement.
const ROWS: usize = 500;

impl Tx {
    /// Notes who takes part in what entries are about.
    pub(crate) async fn insert_parties(&mut self, found: &[(String, i64)]) -> Result<(), Error> {
        for some in found.chunks(ROWS) {
            let Some(((party, pos), rest)) = some.split_first() else { continue };
            let query = self.query(INSERT).bind(party).bind(*pos);
            let query = rest.iter().fold(query, |query, (party, pos)| {
                query.with(", (", party).with(", ", *pos).push(")")
            });
            query.execute().await?;
        }
        Ok(())
    }

    /// Has webhooks look at the journal: those of some parties, and those that tell of all.
    pub(crate) async fn wake_webhooks_of(&mut self, parties: Vec<String>) -> Result<(), Error> {
        let at = self.at;
        let query = self.query(WAKE).bind(at).within(" and (scope = 'all' or party in", parties);
        query.push(")").execute().await.map(drop)
    }

    /// What a party takes part in, between two positions, in order.
    pub(crate) async fn entries_of_party(
        &mut self,
        party: &Party,
        after: i64,
        to: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, Error> {
        let query = self.query(OF_PARTY).bind(party.to_string());
        entries(query.bind(after).bind(to).bind(limit)).await
    }
}

impl Db {
    /// What a party takes part in, between two positions, in order.
    pub(crate) async fn entries_of_party(
        &self,
        party: &Party,
        after: i64,
        to: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, Error> {
        let query = self.query(OF_PARTY).bind(party.to_string());
        entries(query.bind(after).bind(to).bind(limit)).await
    }
}
