//! Telling people what happens: follows the journal, as far as it is known who takes part, with a
//! position of its own that the database keeps in the same commit as the notices.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::{KINDS, Notices, Topic, is_told_by_default, store::NewNotice};
use crate::{Error, Kind, Party, Recorded, Timestamp, id::PersonId, store::retry};

/// How often the journal is read without a sign: other nodes write too.
const POLL: Duration = Duration::from_secs(1);
/// How often deadlines are looked at, and old notices swept.
const LOOK: Duration = Duration::from_secs(60);
/// So many entries are read at once.
const ENTRIES: i64 = 100;
/// Entries that nobody is told of are passed over without a commit, but not more of them.
const PASSED_OVER: i64 = 1000;

impl Notices<'_> {
    /// Tells people until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        let (mut seen, mut looked) = (0, None::<Instant>);
        loop {
            let changed = self.0.wake.notified();
            if looked.is_none_or(|at| at.elapsed() > LOOK) {
                looked = Some(Instant::now());
                if let Err(why) = async {
                    self.tell_of_deadlines().await?;
                    self.sweep().await
                }
                .await
                {
                    tracing::warn!("people are not told of deadlines: {why}");
                }
            }
            match self.step(&mut seen).await {
                Ok(0) => drop(timeout(POLL, changed).await),
                Ok(_) => {}
                Err(why) => {
                    tracing::warn!("people are not told of what happens: {why}");
                    sleep(POLL).await;
                }
            }
        }
    }

    /// Tells people of everything that is committed until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        self.0.feed().catch_up_parties().await?;
        let mut seen = 0;
        while self.step(&mut seen).await? > 0 {}
        Ok(())
    }

    /// Reads some entries after those that were seen, and says how many.
    async fn step(&self, seen: &mut i64) -> Result<usize, Error> {
        let db = &self.0.db;
        let end = db.parties_position().await?;
        let stored = db.notices_position().await?;
        *seen = stored.max(*seen);
        let mut entries = db.journal_after(*seen, false, ENTRIES).await?;
        entries.retain(|entry| entry.pos <= end);
        let Some(last) = entries.last() else { return Ok(0) };
        let news = self.news(&entries, *seen, last.pos).await?;
        if news.is_empty() && last.pos - stored < PASSED_OVER {
            *seen = last.pos;
            return Ok(entries.len());
        }
        if retry(|| self.tell(stored, last.pos, &news)).await? {
            *seen = last.pos;
        }
        Ok(entries.len())
    }

    /// Who is told of what by some entries: whoever acts for a party that takes part and wants to
    /// be told, except who did it.
    async fn news(
        &self,
        entries: &[Recorded],
        from: i64,
        to: i64,
    ) -> Result<Vec<NewNotice>, Error> {
        let told = entries.iter().filter(|entry| is_told_of(entry));
        let told: Vec<&Recorded> = told.collect();
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let parties = self.0.db.parties_between(from, to).await?;
        let mut news = Vec::new();
        let concerned: BTreeSet<&String> = parties.iter().map(|(party, _)| party).collect();
        let audience = self.0.db.audience(concerned.into_iter().cloned().collect()).await?;
        for entry in told {
            let Ok(object) = entry.object.parse::<Uuid>() else { continue };
            for (party, _) in parties.iter().filter(|(_, pos)| *pos == entry.pos) {
                let Ok(known) = party.parse::<Party>() else { continue };
                let people =
                    audience.wanting(party, entry.kind, is_told_by_default(&known, entry.kind));
                for person in people.filter(|person| Some(*person) != entry.person) {
                    news.push(NewNotice {
                        person,
                        party: party.clone(),
                        topic: Topic::Event,
                        kind: entry.kind,
                        object,
                        event: Some(entry.event.clone()),
                        until: None,
                        key: format!("event {}", entry.pos),
                    });
                }
            }
        }
        Ok(news)
    }

    /// Writes notices together with the new position, and says whether it did. Where another node
    /// has gone on from the old position, that one has told people.
    async fn tell(&self, from: i64, to: i64, news: &[NewNotice]) -> Result<bool, Error> {
        let mut tx = self.0.work().await?;
        if !tx.advance_notices(from, to).await? {
            return Ok(false);
        }
        for one in news {
            tx.insert_news(self.0.env.id(), one).await?;
        }
        tx.finish(true).await
    }

    /// Deletes notices that are more than a year old.
    pub async fn sweep(&self) -> Result<(), Error> {
        const YEAR_SECONDS: i64 = 366 * 24 * 3600;
        let before: Timestamp = self.0.env.now().plus_seconds(-YEAR_SECONDS);
        loop {
            let swept = retry(|| async {
                let mut tx = self.0.work().await?;
                let swept = tx.sweep_notices(before).await?;
                tx.finish(swept).await
            });
            if swept.await? == 0 {
                return Ok(());
            }
        }
    }
}

/// Whether people are told of an entry at all: of a webhook only that it fails, for the rest they
/// do themselves; not of drafts.
fn is_told_of(entry: &Recorded) -> bool {
    match entry.kind {
        Kind::Webhook => entry.event == "webhook_disabled",
        Kind::Purchase => !matches!(entry.event.as_str(), "purchase_drafted" | "purchase_revised"),
        kind => KINDS.contains(&kind),
    }
}

/// Who acts for some parties, and what each said of being told.
#[derive(Debug, Default)]
pub(super) struct Audience {
    pub(super) members: Vec<(String, PersonId)>,
    pub(super) said: Vec<(String, PersonId, Kind, bool)>,
}

impl Audience {
    /// Who of a party wants to be told of things of a kind.
    pub(super) fn wanting(
        &self,
        party: &str,
        kind: Kind,
        by_default: bool,
    ) -> impl Iterator<Item = PersonId> {
        let members = self.members.iter().filter(move |(of, _)| of == party);
        let wanting = members.filter(move |(_, person)| {
            let said = self
                .said
                .iter()
                .find(|(of, who, what, _)| of == party && who == person && *what == kind);
            said.map_or(by_default, |(.., told)| *told)
        });
        wanting.map(|(_, person)| *person)
    }
}
