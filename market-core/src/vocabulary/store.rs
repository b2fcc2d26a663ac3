//! Synonyms in the store.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{NewSynonym, Synonym, SynonymKind, is_part, is_phrase};
use crate::{
    Change, Error, Kind, Page, Paging, Timestamp,
    store::{Db, Query, Tx, journal::Entry, statements},
};

statements! {
    SYNONYM = "\
        select phrase, kind, names, version, updated_at from synonyms where phrase = $1";
    SYNONYMS = "select phrase, kind, names, version, updated_at from synonyms where true";
    INSERT = "\
        insert into synonyms (phrase, kind, names, version, updated_at) \
        values ($1, $2, $3, $4, $5)";
    UPDATE = "\
        update synonyms set kind = $2, names = $3, version = $4, updated_at = $5 \
        where phrase = $1 and version = $6";
    DELETE = "delete from synonyms where phrase = $1";
    LAST = "\
        select version, at from journal where kind = $1 and object = $2 \
        order by version desc limit 1";
    REMOVED = "\
        select object, version, at from journal where kind = $1 and event = 'synonym_removed' \
        order by object, version";
}

#[derive(FromRow)]
struct SynonymRow {
    phrase: String,
    kind: SynonymKind,
    names: Json<Vec<String>>,
    version: i64,
    updated_at: Timestamp,
}

impl From<SynonymRow> for Synonym {
    fn from(row: SynonymRow) -> Self {
        let SynonymRow { phrase, kind, names: Json(names), version, updated_at } = row;
        Self { phrase, kind, names, version, updated_at }
    }
}

impl Synonym {
    /// Refuses a call that expects another version.
    pub(super) fn expected(&self, version: i64) -> Result<(), Error> {
        if self.version == version { Ok(()) } else { Err(Error::Stale("synonym")) }
    }

    fn is_just(&self, new: &NewSynonym) -> bool {
        self.kind == new.kind && self.names == new.names
    }
}

/// Everything that is said, and was said, when it was read.
#[derive(Debug)]
pub(crate) struct Said {
    now: BTreeMap<String, Synonym>,
    /// The last version of each phrase that was ever removed, and when that was.
    removed: BTreeMap<String, (i64, Timestamp)>,
}

async fn synonym(query: Query<'_>) -> Result<Option<Synonym>, Error> {
    let row: Option<SynonymRow> = query.optional().await?;
    Ok(row.map(Synonym::from))
}

async fn synonyms(query: Query<'_>) -> Result<Vec<Synonym>, Error> {
    let rows: Vec<SynonymRow> = query.all().await?;
    Ok(rows.into_iter().map(Synonym::from).collect())
}

impl Tx {
    /// What a phrase means, held until this unit of work ends.
    pub(super) async fn synonym(&mut self, phrase: &str) -> Result<Option<Synonym>, Error> {
        synonym(self.query(SYNONYM).bind(phrase).pg(" for update")).await
    }

    /// The whole vocabulary, and what was in it before.
    pub(crate) async fn said(&mut self) -> Result<Said, Error> {
        self.write_journal().await?;
        let now = synonyms(self.query(SYNONYMS)).await?;
        let removed = self.query(REMOVED).bind(Kind::Synonym);
        let removed: Vec<(String, i64, Timestamp)> = removed.all().await?;
        Ok(Said {
            now: now.into_iter().map(|synonym| (synonym.phrase.clone(), synonym)).collect(),
            removed: removed.into_iter().map(|(phrase, last, at)| (phrase, (last, at))).collect(),
        })
    }

    /// Lets a phrase mean what is given.
    pub(super) async fn put_synonym(&mut self, new: &NewSynonym) -> Result<Synonym, Error> {
        self.write_journal().await?;
        let before = self.synonym(&new.phrase).await?;
        let last = match &before {
            Some(before) => Some((before.version, before.updated_at)),
            None => self.query(LAST).bind(Kind::Synonym).bind(&new.phrase).optional().await?,
        };
        match before {
            Some(same) if same.is_just(new) => Ok(same),
            before => self.write_synonym(new, before.as_ref(), last).await,
        }
    }

    /// Lets phrases mean what is given, after what they were when everything was read, and says
    /// of each what that did; stale, if somebody has changed one since.
    pub(crate) async fn put_synonyms(
        &mut self,
        said: &Said,
        given: &[&NewSynonym],
    ) -> Result<Vec<Change>, Error> {
        let (mut changes, mut fresh) = (Vec::with_capacity(given.len()), Vec::new());
        for new in given {
            let before = said.now.get(&new.phrase);
            let last = before.map(|before| (before.version, before.updated_at));
            let last = last.or_else(|| said.removed.get(&new.phrase).copied());
            changes.push(match before {
                Some(before) if before.is_just(new) => Change::Unchanged,
                Some(_) => Change::Changed,
                None => Change::Created,
            });
            match last {
                None => fresh.push(*new),
                Some(_) if before.is_some_and(|before| before.is_just(new)) => {}
                Some(_) => drop(self.write_synonym(new, before, last).await?),
            }
        }
        self.write_fresh(&fresh).await?;
        Ok(changes)
    }

    /// Writes phrases that were never there.
    async fn write_fresh(&mut self, fresh: &[&NewSynonym]) -> Result<(), Error> {
        let Some((first, others)) = fresh.split_first() else { return Ok(()) };
        let at = self.at;
        let mut query = self.query(INSERT).bind(&first.phrase).bind(first.kind);
        query = query.bind(Json(&first.names)).bind(1_i64).bind(at);
        for new in others {
            query = query.with(", (", &new.phrase).with(", ", new.kind);
            query = query.with(", ", Json(&new.names)).with(", ", 1_i64);
            query = query.with(", ", at).push(")");
        }
        query.execute().await?;
        let entries = fresh.iter().map(|new| entry_of(new, 1)).collect();
        self.record_all(entries, at).await
    }

    /// Writes the next version of a phrase; `last` is its last one, also of a phrase that was
    /// removed.
    async fn write_synonym(
        &mut self,
        new: &NewSynonym,
        before: Option<&Synonym>,
        last: Option<(i64, Timestamp)>,
    ) -> Result<Synonym, Error> {
        let put = self.put_after(last);
        let synonym = Synonym {
            phrase: new.phrase.clone(),
            kind: new.kind,
            names: new.names.clone(),
            version: put.version,
            updated_at: put.at,
        };
        let write = self
            .query(if before.is_some() { UPDATE } else { INSERT })
            .bind(&synonym.phrase)
            .bind(synonym.kind)
            .bind(Json(&synonym.names))
            .bind(synonym.version)
            .bind(synonym.updated_at);
        let write = match before {
            Some(before) => write.bind(before.version),
            None => write.push(" on conflict do nothing"),
        };
        if write.execute().await? != 1 {
            return Err(Error::Stale("synonym"));
        }
        self.record(entry_of(new, put.version), put.at).await?;
        Ok(synonym)
    }

    /// Lets a phrase mean nothing any more.
    pub(super) async fn remove_synonym(&mut self, synonym: &Synonym) -> Result<(), Error> {
        self.query(DELETE).bind(&synonym.phrase).execute().await?;
        let put = self.put_after(Some((synonym.version, synonym.updated_at)));
        let entry = Entry::new(Kind::Synonym, &synonym.phrase, put.version, "synonym_removed");
        self.record(entry.public(), put.at).await
    }
}

impl Db {
    /// What a phrase means.
    pub(super) async fn synonym(&self, phrase: &str) -> Result<Synonym, Error> {
        let found = synonym(self.query(SYNONYM).bind(phrase)).await?;
        found.ok_or(Error::NotFound("synonym"))
    }

    /// Synonyms by phrase, of which each contains a text.
    pub(super) async fn synonyms(
        &self,
        containing: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<Synonym>, Error> {
        let after = paging.key::<String>()?;
        if after.as_deref().is_some_and(|phrase| !is_phrase(phrase)) {
            return Err(Error::invalid("after", "cursor", "not a cursor of this list"));
        }
        let query = match containing {
            Some(text) if !is_part(text) => return Ok(Page { items: Vec::new(), next: None }),
            Some(text) => self
                .query(SYNONYMS)
                .with(" and lower(phrase) like ", pattern(text))
                .push(" escape '!'"),
            None => self.query(SYNONYMS),
        };
        let query = query.when(" and phrase > ", after);
        let query = query.with(" order by phrase limit ", paging.fetch());
        Ok(paging.page(synonyms(query).await?, |synonym| synonym.phrase.clone()))
    }

    /// The whole vocabulary, in no order.
    pub(crate) async fn all_synonyms(&self) -> Result<Vec<Synonym>, Error> {
        synonyms(self.query(SYNONYMS)).await
    }
}

/// What the journal tells of a phrase that was put.
fn entry_of(new: &NewSynonym, version: i64) -> Entry {
    Entry::new(Kind::Synonym, &new.phrase, version, "synonym_put")
        .data(json!({ "kind": new.kind, "names": new.names }))
        .public()
}

/// A pattern that whatever contains the text fits.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}
