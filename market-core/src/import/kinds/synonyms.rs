//! `synonyms.csv`.

use crate::{
    Change, Env, Error,
    import::{
        Progress,
        columns::{Column, required},
        run::{Pack, file},
        table::{Block, Table},
    },
    store::{Db, Tx},
    vocabulary::{NewSynonym, store::Said},
};

/// So many phrases are written by one statement.
const AT_ONCE: usize = 100;

/// What people say, and what it means.
pub(in crate::import) struct Synonyms;

impl Pack for Synonyms {
    const COLUMNS: &'static [Column] = &[
        required("phrase", &["说法", "近义词", "俗称"]),
        required("kind", &["类型", "种类"]),
        required("names", &["正式名称", "事项名称"]),
    ];
    type Known = Said;
    type Thing = NewSynonym;

    async fn known(tx: &mut Tx) -> Result<Said, Error> {
        tx.said().await
    }

    fn read(table: &mut Table<'_>, _: &Said) -> Vec<Block<NewSynonym>> {
        table.each(|row| {
            let phrase = row.raw("phrase").to_owned();
            row.alone("phrase", phrase.clone());
            let kind = row.word("kind");
            let names = row.raw("names");
            let names: Vec<String> = match names {
                "" => Vec::new(),
                _ => names.split('|').map(|name| name.trim().to_owned()).collect(),
            };
            let new = NewSynonym { phrase, kind: kind?, names };
            row.faults(new.faults(""));
            Some(new)
        })
    }

    async fn put(tx: &mut Tx, _: &Env, said: &mut Said, new: &NewSynonym) -> Result<Change, Error> {
        let changes = tx.put_synonyms(said, &[new]).await?;
        Ok(changes.first().copied().unwrap_or(Change::Unchanged))
    }

    async fn put_all(
        tx: &mut Tx,
        _: &Env,
        said: &mut Said,
        blocks: &[Block<NewSynonym>],
        progress: &Progress,
    ) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::with_capacity(blocks.len());
        for some in blocks.chunks(AT_ONCE) {
            let given: Vec<&NewSynonym> = some.iter().map(|block| &block.thing).collect();
            changes.extend(tx.put_synonyms(said, &given).await?);
            progress.done(changes.len());
        }
        Ok(changes)
    }

    async fn text(db: &Db) -> Result<String, Error> {
        let mut synonyms = db.all_synonyms().await?;
        synonyms.sort_unstable_by(|one, other| one.phrase.cmp(&other.phrase));
        let rows = synonyms.into_iter().map(|synonym| {
            vec![synonym.phrase, synonym.kind.to_string(), super::joined(&synonym.names)]
        });
        Ok(file(Self::COLUMNS, rows))
    }
}
