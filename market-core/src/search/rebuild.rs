//! Beginning to write, and building the index anew.

use std::{fs::File, pin::pin, sync::Arc};

use futures::{Stream, TryStreamExt, future, stream};

use super::{
    Search, Writing, blocking,
    catalogue::Catalogue,
    documents::Bundle,
    follower::{AGENCIES, Turn},
    index::{Mark, Opened},
    published,
    schema::SCHEMA_VERSION,
};
use crate::{Error, code::RegionCode, id::AgencyId};

/// So many times the agencies of one query are loaded side by side.
const LOADS: usize = 2;

/// How far a rebuild has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So many agencies are done.
    pub done: u64,
    /// So many there were at the beginning.
    pub total: u64,
}

impl Search<'_> {
    /// Builds the index anew, while searches go on with what there is, and puts it in its place.
    pub async fn reindex(&self, progress: impl FnMut(Progress)) -> Result<(), Error> {
        let mut turn = self.0.index.writing.clone().lock_owned().await;
        if turn.is_none() {
            let lock = self.0.index.place.lock()?;
            *turn = Some(self.build(lock, progress).await?);
            return Ok(());
        }
        self.rebuild(turn, progress).await
    }

    /// Builds the index anew during a turn.
    pub(super) async fn rebuild(
        &self,
        mut turn: Turn,
        progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        let lock = turn.take().and_then(|writing| writing.lock);
        *turn = Some(self.build(lock, progress).await?);
        Ok(())
    }

    /// Opens the index for writing; builds it anew unless it is whole, ours and up to date.
    pub(super) async fn begin(&self) -> Result<Writing, Error> {
        let home = &self.0.index;
        let lock = home.place.lock()?;
        // Another process may have written here since this one opened it.
        let opened = home.place.current().map_or_else(|| home.serving(), Arc::new);
        let Some(mark) = self.usable(&opened).await? else {
            tracing::info!("building the search index");
            return self.build(lock, |_| {}).await;
        };
        let writer = opened.writer()?;
        home.serve(opened);
        let committed = mark.position;
        Ok(Writing { writer, mark, committed, lock })
    }

    /// The mark of an index that can go on from there.
    async fn usable(&self, opened: &Arc<Opened>) -> Result<Option<Mark>, Error> {
        let ours = opened.mark().ok().flatten().filter(|mark| mark.schema == SCHEMA_VERSION);
        let Some(mark) = ours else { return Ok(None) };
        let shown = self.mark_at(mark.position, mark.policies.clone()).await?;
        let checked = opened.clone();
        let sound = blocking(move || Ok(checked.is_sound())).await?;
        Ok(Some(mark).filter(|mark| sound && *mark == shown))
    }

    /// The mark of an index that shows this market's journal up to a position.
    async fn mark_at(
        &self,
        position: i64,
        policies: Vec<(RegionCode, i64)>,
    ) -> Result<Mark, Error> {
        let entries = self.0.db.journal_after(position - 1, false, 1).await?;
        let entry = entries.first().filter(|entry| entry.pos == position);
        Ok(match entry {
            Some(entry) => Mark::of(entry, policies),
            None => Mark::at(position, None, policies),
        })
    }

    /// Builds an index beside what serves, and lets it serve.
    async fn build(
        &self,
        lock: Option<File>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Writing, Error> {
        let (home, db) = (&self.0.index, &self.0.db);
        self.0.number().await?;
        // The mark before what is read: whatever changes meanwhile is read again.
        let position = db.journal_last().await?;
        let catalogue = self.reload_catalogue().await?;
        let mark = self.mark_at(position, catalogue.begun()).await?;
        let opened = Arc::new(home.place.create()?);
        let mut writer = opened.builder()?;
        let named = published::named(&catalogue);
        writer = blocking(move || writer.replace(&named).map(|()| writer)).await?;
        let (mut done, total) = (0, db.count_agencies().await?);
        progress(Progress { done, total });
        let mut loads = pin!(self.all_bundles(&catalogue));
        let mut loaded = loads.try_next().await?;
        while let Some(bundles) = loaded {
            done += bundles.len() as u64;
            // The next are loaded while these are written.
            let write = blocking(move || writer.replace(&bundles).map(|()| writer));
            (writer, loaded) = future::try_join(write, loads.try_next()).await?;
            progress(Progress { done, total });
        }
        let committed = mark.clone();
        let writer = blocking(move || writer.complete(&committed)).await?;
        home.place.adopt(&opened)?;
        home.serve(opened);
        home.place.tidy();
        let committed = mark.position;
        Ok(Writing { writer, mark, committed, lock })
    }

    /// The documents of all agencies, of some at a time.
    fn all_bundles(&self, catalogue: &Catalogue) -> impl Stream<Item = Result<Vec<Bundle>, Error>> {
        let next = async |after| {
            let some = self.0.db.agency_ids(after, AGENCIES.into()).await?;
            Ok::<_, Error>(some.last().copied().map(|last| (some, Some(last))))
        };
        let load = async |some: Vec<AgencyId>| self.bundles(&some, catalogue).await;
        stream::try_unfold(None, next).map_ok(load).try_buffered(LOADS)
    }

    /// The documents of agencies as the database has them now.
    pub(super) async fn bundles(
        &self,
        agencies: &[AgencyId],
        catalogue: &Catalogue,
    ) -> Result<Vec<Bundle>, Error> {
        let published = self.0.db.published(agencies).await?;
        Ok(published.iter().map(|published| published.bundle(catalogue)).collect())
    }
}
