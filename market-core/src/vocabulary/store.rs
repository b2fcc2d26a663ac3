//! Synonyms in the store.

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
        values ($1, $2, $3, $4, $5) on conflict do nothing";
    UPDATE = "\
        update synonyms set kind = $2, names = $3, version = $4, updated_at = $5 \
        where phrase = $1";
    DELETE = "delete from synonyms where phrase = $1";
    LAST = "\
        select version, at from journal where kind = $1 and object = $2 \
        order by version desc limit 1";
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

    /// Lets a phrase mean what is given. The versions of a phrase that was removed go on.
    pub(crate) async fn put_synonym(
        &mut self,
        new: &NewSynonym,
    ) -> Result<(Synonym, Change), Error> {
        let before = self.synonym(&new.phrase).await?;
        if let Some(same) = before.as_ref().filter(|before| before.is_just(new)) {
            return Ok((same.clone(), Change::Unchanged));
        }
        let (change, last) = match &before {
            Some(before) => (Change::Changed, Some((before.version, before.updated_at))),
            None => {
                let last = self.query(LAST).bind(Kind::Synonym).bind(&new.phrase);
                (Change::Created, last.optional::<(i64, Timestamp)>().await?)
            }
        };
        let put = self.put_after(last);
        let synonym = Synonym {
            phrase: new.phrase.clone(),
            kind: new.kind,
            names: new.names.clone(),
            version: put.version,
            updated_at: put.at,
        };
        let write = self.query(if before.is_some() { UPDATE } else { INSERT });
        let written = write
            .bind(&synonym.phrase)
            .bind(synonym.kind)
            .bind(Json(&synonym.names))
            .bind(synonym.version)
            .bind(synonym.updated_at)
            .execute()
            .await?;
        if written != 1 {
            return Err(Error::Stale("synonym"));
        }
        let entry = Entry::new(Kind::Synonym, &synonym.phrase, put.version, "synonym_put")
            .data(json!({ "kind": synonym.kind, "names": synonym.names }))
            .public();
        self.record(entry, put.at).await?;
        Ok((synonym, change))
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
