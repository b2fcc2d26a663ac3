//! `synonyms.csv`.

use crate::{
    Change, Env, Error,
    import::{
        columns::{Column, required},
        run::{Pack, file},
        table::{Block, Table},
    },
    store::{Db, Tx},
    vocabulary::NewSynonym,
};

/// What people say, and what it means.
pub(in crate::import) struct Synonyms;

impl Pack for Synonyms {
    const COLUMNS: &'static [Column] = &[
        required("phrase", &["说法", "近义词", "俗称"]),
        required("kind", &["类型", "种类"]),
        required("names", &["正式名称", "事项名称"]),
    ];
    type Known = ();
    type Thing = NewSynonym;

    async fn known(_: &mut Tx) -> Result<(), Error> {
        Ok(())
    }

    fn read(table: &mut Table<'_>, (): &()) -> Vec<Block<NewSynonym>> {
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

    async fn put(tx: &mut Tx, _: &Env, (): &mut (), new: &NewSynonym) -> Result<Change, Error> {
        tx.put_synonym(new).await.map(|(_, change)| change)
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
