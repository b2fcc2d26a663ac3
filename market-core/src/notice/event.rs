//! Telling people what happens: follows the journal, as far as it is known who takes part, with a
//! position of its own that the database keeps in the same commit as the notices.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use tokio::time::sleep;
use uuid::Uuid;

use super::{KINDS, Notices, Topic, is_told_by_default, store::NewNotice};
use crate::{
    Error, Kind, Market, Party, Recorded, Timestamp,
    followers::{self, Follower},
    id::PersonId,
    store::{Tx, retry},
};

/// How often deadlines are looked at, and old notices swept.
const LOOK: Duration = Duration::from_mins(1);

impl Notices<'_> {
    /// Tells people until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        let (never, _) = tokio::join!(followers::follow(self), self.look());
        never
    }

    /// Tells people of deadlines, and sweeps old notices, until it is dropped.
    async fn look(&self) -> Infallible {
        loop {
            let looked = async {
                self.tell_of_deadlines().await?;
                self.sweep().await
            };
            if let Err(why) = looked.await {
                tracing::warn!("people are not told of deadlines: {why}");
            }
            sleep(LOOK).await;
        }
    }

    /// Tells people of everything that is committed until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        self.0.feed().catch_up_parties().await?;
        followers::catch_up(self).await
    }

    /// Who is told of what by some entries: whoever acts for a party that takes part and wants to
    /// be told, except who did it.
    async fn news(&self, entries: &[Recorded]) -> Result<Vec<NewNotice>, Error> {
        let told = entries.iter().filter(|entry| is_told_of(entry));
        let told: Vec<&Recorded> = told.collect();
        let (Some(first), Some(last)) = (told.first(), told.last()) else { return Ok(Vec::new()) };
        let parties = self.0.db.parties_between(first.pos - 1, last.pos).await?;
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

impl Follower for Notices<'_> {
    const NAME: &'static str = "notices";
    type Made = Vec<NewNotice>;

    fn market(&self) -> &Market {
        self.0
    }

    /// Only as far as it is known who takes part.
    async fn end(&self) -> Result<i64, Error> {
        self.0.feed().last_noted().await
    }

    async fn make(&self, entries: &[Recorded]) -> Result<Option<Vec<NewNotice>>, Error> {
        let news = self.news(entries).await?;
        Ok(Some(news).filter(|news| !news.is_empty()))
    }

    async fn write(&self, tx: &mut Tx, news: &Vec<NewNotice>) -> Result<(), Error> {
        tx.insert_news(&self.0.env, news).await
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
