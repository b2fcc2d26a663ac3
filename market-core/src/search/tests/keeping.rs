//! The index outlives crashes, damage and changes of its form.

use std::{fs, path::Path, sync::Arc};

use tantivy::TantivyError;

use super::{
    writing::{join, offer},
    *,
};
use crate::{
    Error,
    search::{
        Difference, Home, Progress, SearchQuery, Subject, Why, documents::Bundle,
        follower::on_writer, index::Mark,
    },
};

/// The same market, in a process that keeps its index in a folder.
pub(super) fn with_index_in(market: &Market, folder: &Path) -> Market {
    let index =
        Arc::new(Home::open(Some(folder.to_owned()), std::time::Duration::from_mins(1)).unwrap());
    Market { index, ..market.clone() }
}

async fn market_with_listings() -> Market {
    let market = market_with_catalogue("sqlite::memory:").await;
    for (n, name) in [(1, "慈溪测绘院"), (2, "余姚勘测院")] {
        let agency = join(&market, n, name).await;
        offer(&market, agency, "l1", "survey", "地籍图").await;
        offer(&market, agency, "l2", "survey", "房产图").await;
    }
    market
}

async fn count(market: &Market) -> u64 {
    let everything = SearchQuery::new(Subject::Listings);
    market.search().find(&everything).await.unwrap().total
}

/// Writes documents without committing them, as a process does that is killed just then.
pub(super) async fn write_half(market: &Market) {
    let search = market.search();
    let turn = search.turn().await.unwrap();
    let agencies = market.db.agency_ids(None, 100).await.unwrap();
    let replace = move |writing: &mut crate::search::Writing| {
        let nothing: Vec<_> =
            agencies.into_iter().map(|id| Bundle { owner: id.0, documents: Vec::new() }).collect();
        writing.writer.replace(&nothing)
    };
    drop(on_writer(turn, replace).await.unwrap());
}

#[tokio::test]
async fn a_process_that_dies_before_its_commit_has_done_nothing() {
    let (folder, base) = (tempfile::tempdir().unwrap(), market_with_listings().await);
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    let position = market.search().position().unwrap();
    let agency = join(&market, 3, "宁海测绘院").await;
    offer(&market, agency, "l1", "survey", "地籍图").await;
    write_half(&market).await;
    drop(market);

    let market = with_index_in(&base, folder.path());
    assert_eq!((count(&market).await, market.search().position().unwrap()), (4, position));
    assert!(market.search().verify().await.unwrap().behind > 0);
    assert_eq!(market.search().verify().await.unwrap().differences, []);
    // Only what was missed is read again.
    assert_eq!(market.search().catch_up().await.unwrap(), 4);
    in_step(&market).await;
    assert_eq!(count(&market).await, 5);
}

/// One thing after another that may happen to a folder.
type Damage = fn(&Path);

#[tokio::test]
async fn a_damaged_index_is_built_anew() {
    let damages: [(&str, Damage); 6] = [
        ("meta", |generation| fs::write(generation.join("meta.json"), "{").unwrap()),
        ("no meta", |generation| fs::remove_file(generation.join("meta.json")).unwrap()),
        ("cut", |generation| each_segment_file(generation, |path| fs::write(path, "").unwrap())),
        ("flipped", |generation| {
            each_segment_file(generation, |path| {
                let mut bytes = fs::read(path).unwrap();
                bytes[0] ^= 1;
                fs::write(path, bytes).unwrap();
            });
        }),
        ("no files", |generation| fs::remove_dir_all(generation).unwrap()),
        ("no name", |generation| {
            fs::write(generation.parent().unwrap().join("current"), "nowhere").unwrap();
        }),
    ];
    let base = market_with_listings().await;
    for (name, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let market = with_index_in(&base, folder.path());
        market.search().catch_up().await.unwrap();
        drop(market);
        damage(&folder.path().join("1"));
        let market = with_index_in(&base, folder.path());
        market.search().catch_up().await.unwrap();
        in_step(&market).await;
        assert_eq!(count(&market).await, 4, "{name}");
    }
}

#[tokio::test]
async fn an_index_that_is_lost_while_it_serves_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(count(&market).await, 4);
    let agency = join(&market, 3, "宁海测绘院").await;
    offer(&market, agency, "l1", "survey", "地籍图").await;
    market.search().catch_up().await.unwrap();
    in_step(&market).await;
    assert_eq!(count(&market).await, 5);
}

fn each_segment_file(generation: &Path, change: impl Fn(&Path)) {
    for entry in fs::read_dir(generation).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().len() > 36 {
            change(&path);
        }
    }
}

#[tokio::test]
async fn an_index_of_another_form_or_another_market_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    let turn = market.search().turn().await.unwrap();
    let forge = |writing: &mut crate::search::Writing| {
        let mark = Mark { schema: 0, ..writing.mark.clone() };
        writing.commit(mark)
    };
    drop(on_writer(turn, forge).await.unwrap());
    drop(market);

    let market = with_index_in(&base, folder.path());
    // The old one serves until then.
    assert_eq!(count(&market).await, 4);
    market.search().catch_up().await.unwrap();
    in_step(&market).await;
    assert!(folder.path().join("2").is_dir() && !folder.path().join("1").exists());
    drop(market);

    let other = market_with_catalogue("sqlite::memory:").await;
    for n in 0..9 {
        join(&other, n, "别处的机构").await;
    }
    let other = with_index_in(&other, folder.path());
    other.search().catch_up().await.unwrap();
    in_step(&other).await;
    assert_eq!(count(&other).await, 0);
}

#[tokio::test]
async fn one_process_writes_and_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let first = with_index_in(&base, folder.path());
    first.search().catch_up().await.unwrap();
    let second = with_index_in(&base, folder.path());
    assert_eq!(count(&second).await, 4);
    for refused in [
        second.search().catch_up().await.map(drop),
        second.search().reindex(|_| {}).await,
        second.search().follow().await.map(drop),
    ] {
        let Err(Error::Search(TantivyError::LockFailure(_, Some(why)))) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("another process writes the index"), "{why}");
    }
    first.index.close().await;
    second.search().catch_up().await.unwrap();
}

#[tokio::test]
async fn a_rebuild_tells_its_progress_while_the_old_index_serves() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    let (mut told, mut serving) = (Vec::new(), Vec::new());
    let progress = |progress| {
        told.push(progress);
        serving.push(market.index.serving().view().searcher.num_docs());
    };
    market.search().reindex(progress).await.unwrap();
    assert_eq!(told, [Progress { done: 0, total: 2 }, Progress { done: 2, total: 2 }]);
    assert_eq!(serving, [10, 10]);
    in_step(&market).await;
}

#[tokio::test]
async fn differences_are_named() {
    let market = market_with_listings().await;
    let search = market.search();
    search.catch_up().await.unwrap();
    let agencies = market.db.agency_ids(None, 100).await.unwrap();
    let catalogue = search.catalogue().await.unwrap();
    let bundle = |owner, documents| Bundle { owner, documents };
    let bundles = search.bundles(&agencies, &catalogue).await.unwrap();
    let second = &bundles[1].documents;
    let twice: Vec<_> = second.iter().chain(second).cloned().collect();
    let mut published = market.db.published(&agencies[..1]).await.unwrap().remove(0);
    let missing = published.listings.remove(1).id;
    published.listings[0].terms.title = "旧的名称".to_owned();
    let stale = published.listings[0].id;
    let forged = vec![
        published.bundle(&catalogue),
        bundle(agencies[1].0, twice),
        bundle(uuid::Uuid::nil(), second.clone()),
    ];
    let extra = {
        published.agency.id = AgencyId(uuid::Uuid::from_u128(1));
        published.listings.clear();
        published.bundle(&catalogue)
    };
    let turn = search.turn().await.unwrap();
    let write = move |writing: &mut crate::search::Writing| {
        writing.writer.replace(&forged)?;
        writing.writer.replace(&[extra])?;
        writing.commit(writing.mark.clone())
    };
    drop(on_writer(turn, write).await.unwrap());
    let differences = search.verify().await.unwrap().differences;
    let of = |why: Why| {
        let found = differences.iter().filter(|difference| difference.why == why);
        found.map(|Difference { id, .. }| id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(Why::Missing), [missing.to_string()]);
    assert_eq!(of(Why::Stale), [stale.to_string()]);
    assert_eq!(of(Why::Extra), [uuid::Uuid::from_u128(1).to_string()]);
    assert_eq!(of(Why::Twice).len(), 6);

    search.reindex(|_| {}).await.unwrap();
    in_step(&market).await;
}
