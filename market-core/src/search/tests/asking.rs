//! Asking, of documents that are put straight into the index.

use super::*;
use crate::{
    Error,
    search::{
        Hits, SearchQuery, Subject, Writing, documents::Bundle, follower::on_writer, index::Mark,
        published::Published,
    },
};

/// Puts agencies in the place of what is in the index of them, in a commit of its own.
pub(super) async fn put(market: &Market, agencies: Vec<Published>) {
    let catalogue = market.search().catalogue().await.unwrap();
    put_bundles(market, agencies.iter().map(|one| one.bundle(&catalogue)).collect()).await;
}

/// Puts what belongs to owners in the place of all that they had, in a commit of its own.
pub(super) async fn put_bundles(market: &Market, bundles: Vec<Bundle>) {
    let turn = market.search().turn().await.unwrap();
    let write = move |writing: &mut Writing| {
        writing.writer.replace(&bundles)?;
        writing.commit(Mark::at(1, None, Vec::new()))
    };
    on_writer(turn, write).await.unwrap();
}

pub(super) fn of(kind: Subject) -> SearchQuery {
    SearchQuery::new(kind)
}

pub(super) fn listings(text: &str) -> SearchQuery {
    SearchQuery { text: Some(text.to_owned()), ..of(Subject::Listings) }
}

pub(super) fn agencies(text: &str) -> SearchQuery {
    SearchQuery { text: Some(text.to_owned()), ..of(Subject::Agencies) }
}

pub(super) async fn find(market: &Market, query: &SearchQuery) -> Hits {
    market.search().find(query).await.unwrap()
}

pub(super) async fn titles(market: &Market, query: &SearchQuery) -> Vec<String> {
    find(market, query).await.items.into_iter().map(|hit| hit.found.title().to_owned()).collect()
}

/// The titles, whatever their order.
pub(super) async fn sorted(market: &Market, query: &SearchQuery) -> Vec<String> {
    let mut titles = titles(market, query).await;
    titles.sort_unstable();
    titles
}

pub(super) async fn faults(market: &Market, query: &SearchQuery) -> Vec<String> {
    match market.search().find(query).await {
        Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
        other => panic!("{other:?}"),
    }
}
