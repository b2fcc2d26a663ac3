//! Keeping the index in step with the journal.

use std::{collections::BTreeSet, convert::Infallible, sync::atomic::Ordering, time::Duration};

use tantivy::TantivyError;
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Search, Writing, blocking,
    catalogue::Catalogue,
    documents::{Bundle, id_of_code},
    index::Mark,
    published,
};
use crate::{
    Error, Kind, Recorded,
    code::{ItemCode, RegionCode},
    id::{AgencyId, ListingId},
    order::changes_standing,
};

/// The shortest time from one commit to the next.
const PACE: Duration = Duration::from_millis(150);
/// How often the journal is read without a sign: other processes write too, and of those that
/// write to `SQLite` none is heard.
const POLL: Duration = Duration::from_millis(200);
/// So many entries are read at once.
pub(super) const ENTRIES: i64 = 1000;
/// So many agencies are loaded at once.
pub(super) const AGENCIES: u8 = 100;
/// Entries that change nothing searched are passed over without a commit, but not more of them.
const PASSED_OVER: i64 = 10_000;

/// The turn to write.
pub(super) type Turn = OwnedMutexGuard<Option<Writing>>;

impl Search<'_> {
    /// Keeps the index in step until it is dropped. Fails when another process writes the same
    /// index; whatever else goes wrong is tried again.
    pub async fn follow(&self) -> Result<Infallible, Error> {
        tokio::select! {
            done = self.follow_journal() => done,
            never = self.0.db.hear(&self.0.wake) => match never {},
        }
    }

    async fn follow_journal(&self) -> Result<Infallible, Error> {
        loop {
            let changed = self.0.wake.notified();
            let began = Instant::now();
            let caught_up = self.catch_up().await;
            if caught_up.is_ok()
                && let Err(why) = self.keep_suggestions().await
            {
                tracing::warn!("suggestions are not kept: {why}");
            }
            match caught_up {
                Ok(0) => drop(tokio::time::timeout(POLL, changed).await),
                Ok(_) => sleep_until(began + PACE).await,
                Err(Error::Search(why @ TantivyError::LockFailure(..))) => return Err(why.into()),
                Err(why) => {
                    tracing::warn!("search does not follow the journal: {why}");
                    sleep(POLL).await;
                }
            }
        }
    }

    /// Lets searches see everything committed until now, and says how many journal entries that
    /// took. An index that fails on the way is begun anew, once.
    pub async fn catch_up(&self) -> Result<u64, Error> {
        self.0.number().await?;
        let (mut shown, mut failed) = (0, false);
        loop {
            let turn = self.turn().await?;
            match self.step(turn).await {
                Ok(read) => {
                    shown += read;
                    if read < ENTRIES.unsigned_abs() {
                        return Ok(shown);
                    }
                }
                Err(Error::Search(why)) if !failed => {
                    tracing::warn!("the search index is begun anew: {why}");
                    failed = true;
                }
                Err(why) => return Err(why),
            }
        }
    }

    /// Waits for the turn to write, and opens the index for writing if nobody has.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        let mut turn = self.0.index.writing.clone().lock_owned().await;
        if turn.is_none() {
            *turn = Some(self.begin().await?);
        }
        Ok(turn)
    }

    /// Lets the index show the next entries of the journal, and says how many.
    async fn step(&self, turn: Turn) -> Result<u64, Error> {
        let Some(writing) = turn.as_ref() else { return Ok(0) };
        let entries = self.0.db.journal_after(writing.mark.position, false, ENTRIES).await?;
        // A profile may have begun today, or while nobody followed.
        if writing.mark.policies != self.catalogue().await?.begun() {
            self.rebuild(turn, |_| {}).await?;
            return Ok(0);
        }
        let Some(last) = entries.last() else { return Ok(0) };
        let mark = Mark::of(last, writing.mark.policies.clone());
        let touched = Touched::by(&entries);
        if touched.everything {
            self.rebuild(turn, |_| {}).await?;
        } else {
            self.show(turn, &touched, mark).await?;
        }
        Ok(entries.len() as u64)
    }

    /// Writes what was touched, and commits it with the mark.
    async fn show(&self, mut turn: Turn, touched: &Touched, mark: Mark) -> Result<(), Error> {
        if touched.catalogue {
            self.reload_catalogue().await?;
        }
        let catalogue = self.catalogue().await?;
        let agencies = self.touched_agencies(touched, &catalogue).await?;
        if let Some(writing) = turn.as_mut()
            && agencies.is_empty()
            && !touched.named
            && mark.position - writing.committed < PASSED_OVER
        {
            self.0.index.read.store(mark.position, Ordering::Relaxed);
            writing.mark = mark;
            return Ok(());
        }
        if touched.named {
            let mut named = published::named(&catalogue);
            named.extend(touched.withdrawn(&named));
            let replace = move |writing: &mut Writing| writing.writer.replace(&named);
            turn = on_writer(turn, replace).await?;
        }
        for some in agencies.chunks(AGENCIES.into()) {
            let bundles = self.bundles(some, &catalogue).await?;
            let replace = move |writing: &mut Writing| writing.writer.replace(&bundles);
            turn = on_writer(turn, replace).await?;
        }
        on_writer(turn, |writing| writing.commit(mark)).await.map(drop)
    }

    /// Every agency of which something was touched.
    pub(super) async fn touched_agencies(
        &self,
        touched: &Touched,
        catalogue: &Catalogue,
    ) -> Result<Vec<AgencyId>, Error> {
        let db = &self.0.db;
        let required = touched.kinds.iter().flat_map(|kind| catalogue.items_requiring(kind));
        let items: BTreeSet<_> = touched.items.iter().chain(required).collect();
        let mut agencies = touched.agencies.clone();
        agencies.extend(db.agencies_of_listings(&touched.listings).await?);
        agencies.extend(db.agencies_offering(items).await?);
        Ok(agencies.into_iter().collect())
    }
}

/// Does something with the writer. When that fails, the writer is gone with all that it has not
/// committed: the next turn begins with what the files hold, or builds them anew.
pub(super) async fn on_writer(
    mut turn: Turn,
    work: impl FnOnce(&mut Writing) -> Result<(), Error> + Send + 'static,
) -> Result<Turn, Error> {
    blocking(move || {
        let mut writing = turn.take().ok_or(Error::Inconsistent("search writer"))?;
        work(&mut writing)?;
        *turn = Some(writing);
        Ok(turn)
    })
    .await
}

impl Writing {
    /// Commits what was written; the index now shows the journal up to the mark.
    pub(super) fn commit(&mut self, mark: Mark) -> Result<(), Error> {
        self.writer.commit(&mark)?;
        self.committed = mark.position;
        self.mark = mark;
        Ok(())
    }
}

impl Mark {
    /// The mark of an index that shows the journal up to an entry.
    pub(super) fn of(entry: &Recorded, policies: Vec<(RegionCode, i64)>) -> Self {
        let name = format!("{} {} {}", entry.kind, entry.object, entry.version);
        Self::at(entry.pos, Some(name), policies)
    }
}

/// What journal entries are about, as far as it is searched.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Too much to tell: regions have new names or places, or there is another policy profile. The
    /// calendar and throttles are rules of which nothing is searched.
    pub(super) everything: bool,
    /// The catalogue is to be read again.
    catalogue: bool,
    /// Items, matters or categories have other names.
    pub(super) named: bool,
    agencies: BTreeSet<AgencyId>,
    listings: BTreeSet<ListingId>,
    items: BTreeSet<ItemCode>,
    matters: BTreeSet<String>,
    /// Kinds of qualification.
    kinds: BTreeSet<String>,
}

impl Touched {
    /// What some entries touched.
    pub(super) fn by(entries: &[Recorded]) -> Self {
        let mut touched = Self::default();
        for entry in entries {
            touched.add(entry);
        }
        touched
    }

    fn add(&mut self, entry: &Recorded) {
        self.agencies.extend(changes_standing(entry));
        let object = &entry.object;
        match entry.kind {
            Kind::Agency => self.agencies.extend(object.parse::<AgencyId>()),
            Kind::Listing => self.listings.extend(object.parse::<ListingId>()),
            Kind::ServiceItem => {
                self.items.extend(object.parse::<ItemCode>());
                self.names();
            }
            Kind::Matter => {
                self.matters.insert(object.clone());
                self.names();
            }
            Kind::Category => self.names(),
            Kind::QualificationKind => {
                self.kinds.insert(object.to_owned());
                self.catalogue = true;
            }
            Kind::Synonym => self.catalogue = true,
            Kind::Rules => self.everything |= matches!(object.as_str(), "regions" | "policy"),
            Kind::Department
            | Kind::Applicant
            | Kind::Case
            | Kind::Order
            | Kind::EvaluationWindow
            | Kind::Evaluation
            | Kind::Purchase
            | Kind::Registration
            | Kind::Complaint
            | Kind::Alarm
            | Kind::Document
            | Kind::Account
            | Kind::Party
            | Kind::ApiKey
            | Kind::Invitation
            | Kind::SavedSearch
            | Kind::Webhook => {}
        }
    }

    /// What was touched, and is not on the list any more.
    fn withdrawn(&self, listed: &[Bundle]) -> Vec<Bundle> {
        let items = self.items.iter().map(|code| id_of_code(Kind::ServiceItem, code.as_str()));
        let matters = self.matters.iter().map(|code| id_of_code(Kind::Matter, code));
        let gone = items.chain(matters).filter(|id| listed.iter().all(|one| one.owner != *id));
        gone.map(|owner| Bundle { owner, documents: Vec::new() }).collect()
    }

    const fn names(&mut self) {
        self.catalogue = true;
        self.named = true;
    }
}
