//! Beginning to write, and building the index anew.

use std::{fs::File, sync::Arc};

use futures::{StreamExt, TryStreamExt};

use super::{
    Search, Writing, blocking,
    catalogue::Catalogue,
    documents::Bundle,
    follower::{AGENCIES, Turn},
    index::{Mark, Opened},
    published,
    schema::SCHEMA_VERSION,
};
use crate::{Error, id::AgencyId};

/// So many agencies are loaded side by side.
const LOADS: usize = 4;

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
        let shown = self.mark_at(mark.position).await?;
        let checked = opened.clone();
        let sound = blocking(move || Ok(checked.is_sound())).await?;
        Ok(Some(mark).filter(|mark| sound && *mark == shown))
    }

    /// The mark of an index that shows this market's journal up to a position.
    async fn mark_at(&self, position: i64) -> Result<Mark, Error> {
        let entries = self.0.db.journal_after(position - 1, false, 1).await?;
        let entry = entries.first().filter(|entry| entry.pos == position);
        Ok(entry.map_or(Mark::at(position, None), Mark::of))
    }

    /// Builds an index beside what serves, and lets it serve.
    async fn build(
        &self,
        lock: Option<File>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Writing, Error> {
        let (home, db) = (&self.0.index, &self.0.db);
        self.0.number().await?;
        let mark = self.mark_at(db.journal_last().await?).await?;
        let catalogue = self.reload_catalogue().await?;
        let opened = Arc::new(home.place.create()?);
        let mut writer = opened.writer()?;
        let named = published::named(&catalogue);
        writer = blocking(move || writer.replace(&named).map(|()| writer)).await?;
        let (mut after, mut done) = (None, 0);
        let total = db.count_agencies().await?;
        loop {
            progress(Progress { done, total });
            let some = db.agency_ids(after, AGENCIES.into()).await?;
            let Some(last) = some.last().copied() else { break };
            after = Some(last);
            done += some.len() as u64;
            let bundles = self.bundles(&some, &catalogue).await?;
            writer = blocking(move || writer.replace(&bundles).map(|()| writer)).await?;
        }
        let committed = mark.clone();
        writer = blocking(move || writer.commit(&committed).map(|()| writer)).await?;
        home.place.adopt(&opened)?;
        home.serve(opened);
        home.place.tidy();
        let committed = mark.position;
        Ok(Writing { writer, mark, committed, lock })
    }

    /// The documents of agencies as the database has them now.
    pub(super) async fn bundles(
        &self,
        agencies: &[AgencyId],
        catalogue: &Catalogue,
    ) -> Result<Vec<Bundle>, Error> {
        let standings = self.0.db.standings(agencies).await?;
        let load = async |id: &AgencyId| {
            let standing = standings.get(id).cloned().unwrap_or_default();
            let published = self.0.db.published(*id, standing).await?;
            Ok(published.bundle(catalogue))
        };
        futures::stream::iter(agencies.iter().map(load)).buffered(LOADS).try_collect().await
    }
}
