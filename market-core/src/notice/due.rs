//! Telling people of deadlines: once when one is a day away, and once when it has passed.

use uuid::Uuid;

use super::{Notices, Topic, is_told_by_default, store::NewNotice};
use crate::{
    Error, Kind, Paging, Timestamp,
    deadline::{Deadline, DeadlineFilter, DeadlineKind, Window},
    kernel::actor::Actor,
    store::retry,
};

/// So many hours before its end people are told of a deadline.
const SOON_HOURS: u32 = 24;
/// Of what passed longer ago than this nobody is told any more, in seconds.
const LONG_AGO: i64 = 24 * 3600;

impl Notices<'_> {
    /// Tells people of deadlines that their parties hold, and that end within a day or ended within
    /// the last one. Done again, it tells of what is new.
    pub async fn tell_of_deadlines(&self) -> Result<(), Error> {
        let now = self.0.env.now();
        self.tell_of(Window::Within(SOON_HOURS), Topic::DueSoon, now).await?;
        self.tell_of(Window::Overdue, Topic::Overdue, now).await
    }

    async fn tell_of(&self, window: Window, topic: Topic, now: Timestamp) -> Result<(), Error> {
        let filter = DeadlineFilter { kind: None, window };
        let since = now.plus_seconds(-LONG_AGO);
        let mut paging = Paging { after: Some(Deadline::cursor_at(since)), limit: 100 };
        loop {
            let page = self.0.deadlines().list(&Actor::system(), &filter, &paging).await?;
            let news = self.due_news(&page.items, topic).await?;
            if !news.is_empty() {
                retry(|| async {
                    let mut tx = self.0.work().await?;
                    tx.insert_news(&self.0.env, &news).await?;
                    tx.finish(()).await
                })
                .await?;
            }
            match page.next {
                Some(next) => paging.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Who is told of some deadlines: whoever acts for who holds them.
    async fn due_news(
        &self,
        deadlines: &[Deadline],
        topic: Topic,
    ) -> Result<Vec<NewNotice>, Error> {
        let holders = deadlines.iter().flat_map(|one| &one.holders).map(ToString::to_string);
        let audience = self.0.db.audience(holders.collect()).await?;
        let mut news = Vec::new();
        for deadline in deadlines {
            let Ok(object) = deadline.id.parse::<Uuid>() else { continue };
            let kind = thing(deadline.kind);
            for holder in &deadline.holders {
                let party = holder.to_string();
                let people = audience.wanting(&party, kind, is_told_by_default(holder, kind));
                for person in people {
                    let part = deadline.part.as_deref().unwrap_or_default();
                    news.push(NewNotice {
                        person,
                        party: party.clone(),
                        topic,
                        kind,
                        object,
                        event: None,
                        until: Some(deadline.until),
                        // A deadline that was moved is another one.
                        key: format!("{topic} {object} {part} {}", deadline.until.micros()),
                    });
                }
            }
        }
        self.0.db.untold(news).await
    }
}

/// The kind of thing that a deadline is about.
const fn thing(kind: DeadlineKind) -> Kind {
    match kind {
        DeadlineKind::Review | DeadlineKind::Purchase => Kind::Purchase,
        DeadlineKind::Order => Kind::Order,
        // By the id of its order.
        DeadlineKind::Evaluation => Kind::EvaluationWindow,
        DeadlineKind::EvaluationAppeal => Kind::Evaluation,
        DeadlineKind::Step => Kind::Case,
        DeadlineKind::Check => Kind::Agency,
    }
}
