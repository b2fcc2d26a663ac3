//! Comparing the index with the database.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hasher},
};

use serde::{Deserialize, Serialize};
use tantivy::DocAddress;
use uuid::Uuid;

use super::{
    Search, blocking,
    catalogue::Catalogue,
    documents::{Bundle, Document},
    find::stored,
    follower::{AGENCIES, ENTRIES, Touched},
    index::Opened,
    published,
};
use crate::{Error, Kind, store::text_enum};

/// What comparing the index with the database showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndexReport))]
pub struct Report {
    /// So many documents were compared.
    pub checked: u64,
    /// So many agencies have changed since the index was last written. They are not compared; nor
    /// is the catalogue, if that has changed.
    pub behind: u64,
    /// What is not as it should be.
    pub differences: Vec<Difference>,
}

/// One thing that the index does not show as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndexDifference))]
pub struct Difference {
    /// `agency`, `listing`, `service_item` or `matter`.
    pub kind: Kind,
    /// Its id or code.
    pub id: String,
    /// What is wrong.
    pub why: Why,
}

text_enum! {
    /// How the index differs from the database.
    pub enum Why {
        /// It should be found, and is not in the index.
        Missing = "missing",
        /// It should not be found, and is in the index.
        Extra = "extra",
        /// The index has it as it was before.
        Stale = "stale",
        /// The index has it more than once.
        Twice = "twice",
    }
}

/// What the index holds of one thing: enough to know whether it is the same.
#[derive(Debug)]
struct Held {
    kind: Kind,
    name: String,
    owner: Uuid,
    digest: u64,
}

/// What was compared, and what came of it.
#[derive(Debug, Default)]
struct Comparison {
    /// What the index holds and was not met yet, by id.
    held: HashMap<Uuid, Held>,
    checked: u64,
    /// Each with what it belongs to.
    differences: Vec<(Uuid, Difference)>,
}

impl Search<'_> {
    /// Compares every document with the database, and tells where they differ.
    pub async fn verify(&self) -> Result<Report, Error> {
        let opened = self.0.index.serving();
        // The mark before the documents: what is written meanwhile is behind, not different.
        let position = opened.mark()?.map_or(0, |mark| mark.position);
        let mut comparison = blocking(move || Comparison::of(&opened)).await?;
        let today = self.0.env.now().day();
        let catalogue = self.0.db.searched_catalogue(today).await?;
        let named = published::named(&catalogue);
        comparison.meet_all(&named)?;
        let mut after = None;
        loop {
            let some = self.0.db.agency_ids(after, AGENCIES.into()).await?;
            let Some(last) = some.last().copied() else { break };
            after = Some(last);
            comparison.meet_all(&self.bundles(&some, &catalogue).await?)?;
        }
        comparison.finish();
        let named = named.iter().map(|bundle| bundle.owner).collect();
        self.report(comparison, position, &catalogue, named).await
    }

    /// Leaves out what has changed since a position in the journal.
    async fn report(
        &self,
        comparison: Comparison,
        mut position: i64,
        catalogue: &Catalogue,
        named: BTreeSet<Uuid>,
    ) -> Result<Report, Error> {
        self.0.number().await?;
        let Comparison { checked, mut differences, .. } = comparison;
        let (mut changed, mut renamed) = (BTreeSet::new(), false);
        loop {
            let entries = self.0.db.journal_after(position, false, ENTRIES).await?;
            let Some(last) = entries.last() else { break };
            position = last.pos;
            let touched = Touched::by(&entries);
            if touched.everything {
                let behind = self.0.db.count_agencies().await?;
                return Ok(Report { checked, behind, differences: Vec::new() });
            }
            renamed |= touched.named;
            changed
                .extend(self.touched_agencies(&touched, catalogue).await?.into_iter().map(|a| a.0));
        }
        differences
            .retain(|(owner, _)| !(changed.contains(owner) || renamed && named.contains(owner)));
        let differences = differences.into_iter().map(|(_, difference)| difference).collect();
        Ok(Report { checked, behind: changed.len() as u64, differences })
    }
}

impl Comparison {
    /// Everything that the index holds.
    fn of(opened: &Opened) -> Result<Self, Error> {
        let searcher = opened.fresh_searcher()?;
        let mut comparison = Self::default();
        for (segment, reader) in (0..).zip(searcher.segment_readers()) {
            for doc in reader.doc_ids_alive() {
                let address = DocAddress::new(segment, doc);
                comparison.hold(&stored(&searcher, &opened.fields, address)?)?;
            }
        }
        Ok(comparison)
    }

    fn hold(&mut self, document: &Document) -> Result<(), Error> {
        let (kind, name, owner) = (document.kind(), document.name(), document.owner());
        let held = Held { kind, name, owner, digest: digest(document)? };
        if self.held.insert(document.id(), held).is_some() {
            self.differs(document, Why::Twice);
        }
        self.checked += 1;
        Ok(())
    }

    /// Compares documents that the index should hold.
    fn meet_all(&mut self, bundles: &[Bundle]) -> Result<(), Error> {
        bundles.iter().flat_map(|bundle| &bundle.documents).try_for_each(|one| self.meet(one))
    }

    /// Compares a document that the index should hold.
    fn meet(&mut self, document: &Document) -> Result<(), Error> {
        match self.held.remove(&document.id()) {
            Some(held) if held.digest == digest(document)? => {}
            Some(_) => self.differs(document, Why::Stale),
            None => {
                self.checked += 1;
                self.differs(document, Why::Missing);
            }
        }
        Ok(())
    }

    /// Nothing should be held that was not met.
    fn finish(&mut self) {
        let extra = self.held.drain().map(|(_, held)| {
            let Held { kind, name, owner, .. } = held;
            (owner, Difference { kind, id: name, why: Why::Extra })
        });
        self.differences.extend(extra);
    }

    fn differs(&mut self, document: &Document, why: Why) {
        let difference = Difference { kind: document.kind(), id: document.name(), why };
        self.differences.push((document.owner(), difference));
    }
}

/// What two documents share only when they are the same.
fn digest(document: &Document) -> Result<u64, Error> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&document.source()?);
    Ok(hasher.finish())
}
