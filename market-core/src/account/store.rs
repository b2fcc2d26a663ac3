//! People, memberships and tokens in the database.

use serde_json::{Value, json};
use sqlx::FromRow;

use super::{Person, reach::Role, token::Token};
use crate::{
    Call, Error, Page, Paging, Party, Refusal, Timestamp,
    id::PersonId,
    store::{
        Db, OnDuplicate, Tx,
        journal::{Entry, Kind},
        statements,
    },
};

statements! {
    INSERT_PERSON = "\
        insert into people (id, login, name, password, disabled, version, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    PERSON = "\
        select id, login, name, password, disabled, version, created_at from people where id = $1";
    BY_LOGIN = "\
        select id, login, name, password, disabled, version, created_at from people \
        where login = $1";
    PEOPLE = "\
        select id, login, name, password, disabled, version, created_at from people where 1 = 1";
    SAVE_PERSON = "\
        update people set name = $3, disabled = $4, version = version + 1 \
        where id = $1 and version = $2";
    SET_PASSWORD = "update people set password = $2 where id = $1";
    INSERT_MEMBERSHIP = "\
        insert into memberships (person_id, party, role, created_at) \
        select id, $2, $3, $4 from people where id = $1 on conflict do nothing";
    DELETE_MEMBERSHIP = "delete from memberships where person_id = $1 and party = $2";
    MEMBERSHIP = "select party from memberships where person_id = $1 and party = $2";
    PARTIES = "select party from memberships where person_id = $1 order by created_at, party";
    TO_ACT_FOR = "\
        select m.party from memberships m left join parties q on q.party = m.party \
        where m.person_id = $1 \
        order by case when q.disabled then 1 else 0 end, m.created_at, m.party";
    INSERT_TOKEN = "\
        insert into tokens (digest, person_id, party, label, created_at, expires_at) \
        values ($1, $2, $3, $4, $5, $6)";
    REVOKE_TOKEN = "\
        update tokens set revoked_at = $2 where digest = $1 and revoked_at is null";
    REVOKE_TOKENS = "\
        update tokens set revoked_at = $2 where person_id = $1 and revoked_at is null";
    TOKENS = "\
        select t.digest, t.person_id, t.party, t.label, t.created_at, t.expires_at, t.revoked_at \
        from tokens t where t.person_id = $1 order by t.created_at desc, t.digest limit 1000";
    TOKEN = "\
        select t.digest, t.person_id, t.party, t.label, t.created_at, t.expires_at, t.revoked_at \
        from tokens t where t.digest = $1";
    BEARER = "\
        select t.digest, t.person_id, t.party, t.expires_at, t.revoked_at, p.disabled, m.role, \
        q.disabled as party_disabled from tokens t join people p on p.id = t.person_id \
        left join memberships m on m.person_id = t.person_id and m.party = t.party \
        left join parties q on q.party = t.party where t.digest = $1";
    HAS_APPLICANT = "select 'yes' from applicants where id = $1";
    HAS_AGENCY = "select 'yes' from agencies where id = $1";
    HAS_DEPARTMENT = "select 'yes' from departments where code = $1";
}

#[derive(FromRow)]
struct PersonRow {
    id: PersonId,
    login: String,
    name: String,
    password: Option<String>,
    disabled: bool,
    version: i64,
    created_at: Timestamp,
}

/// A person with what is kept of their password.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) person: Person,
    pub(super) password: Option<String>,
}

impl From<PersonRow> for Login {
    fn from(row: PersonRow) -> Self {
        let PersonRow { id, login, name, password, disabled, version, created_at } = row;
        Self { person: Person { id, login, name, disabled, version, created_at }, password }
    }
}

#[derive(FromRow)]
struct TokenRow {
    digest: String,
    person_id: PersonId,
    party: String,
    label: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

/// What a personal token leads to.
#[derive(FromRow)]
pub(super) struct TokenBearer {
    pub(super) digest: String,
    pub(super) person_id: PersonId,
    pub(super) party: String,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    pub(super) disabled: bool,
    pub(super) role: Option<Role>,
    pub(super) party_disabled: Option<bool>,
}

impl TryFrom<TokenRow> for Token {
    type Error = Error;

    fn try_from(row: TokenRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.digest,
            person_id: row.person_id,
            party: party(&row.party)?,
            label: row.label,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
    }
}

pub(super) fn party(text: &str) -> Result<Party, Error> {
    text.parse().map_err(|_| Error::Inconsistent("party"))
}

impl Person {
    /// The person, unless the call expects another version.
    pub(super) fn expected(self, call: &Call) -> Result<Self, Error> {
        match call.expected {
            Some(version) if version != self.version => Err(Error::Stale("person")),
            _ => Ok(self),
        }
    }
}

impl Tx {
    /// Adds a person, with the journal's first entry about them.
    pub(crate) async fn insert_person(
        &mut self,
        person: &Person,
        password: Option<&str>,
    ) -> Result<(), Error> {
        self.query(INSERT_PERSON)
            .bind(person.id)
            .bind(&person.login)
            .bind(&person.name)
            .bind(password)
            .bind(person.disabled)
            .bind(person.version)
            .bind(person.created_at)
            .execute()
            .await
            .on_duplicate(Refusal::LoginTaken)?;
        let entry = Entry::new(Kind::Account, &person.id, person.version, "account_created");
        self.record(entry.data(json!({ "login": person.login })), self.at).await
    }

    /// A person, held until this unit of work ends.
    pub(crate) async fn person(&mut self, id: PersonId) -> Result<Person, Error> {
        Ok(self.login_of(id).await?.person)
    }

    /// A person with what is kept of their password, held until this unit of work ends.
    pub(super) async fn login_of(&mut self, id: PersonId) -> Result<Login, Error> {
        let row: Option<PersonRow> =
            self.query(PERSON).bind(id).pg(" for update").optional().await?;
        row.map(Login::from).ok_or(Error::NotFound("person"))
    }

    /// Writes a person as the next version, with an entry of what happened.
    pub(crate) async fn save_person(
        &mut self,
        person: Person,
        event: &'static str,
        data: Value,
    ) -> Result<Person, Error> {
        let save = self.query(SAVE_PERSON).bind(person.id).bind(person.version);
        if save.bind(&person.name).bind(person.disabled).execute().await? != 1 {
            return Err(Error::Stale("person"));
        }
        let person = Person { version: person.version + 1, ..person };
        let entry = Entry::new(Kind::Account, &person.id, person.version, event).data(data);
        self.record(entry, self.at).await?;
        Ok(person)
    }

    pub(super) async fn set_password(&mut self, id: PersonId, hash: &str) -> Result<(), Error> {
        self.query(SET_PASSWORD).bind(id).bind(hash).execute().await.map(drop)
    }

    /// Lets a person act for a party, and says whether that is new. The program itself, which has
    /// no account, has no need of it.
    pub(crate) async fn insert_membership(
        &mut self,
        person: PersonId,
        party: &Party,
        role: Role,
    ) -> Result<bool, Error> {
        let at = self.at;
        let insert = self.query(INSERT_MEMBERSHIP).bind(person).bind(party.to_string());
        Ok(insert.bind(role).bind(at).execute().await? == 1)
    }

    pub(super) async fn delete_membership(
        &mut self,
        person: PersonId,
        party: &Party,
    ) -> Result<(), Error> {
        let delete = self.query(DELETE_MEMBERSHIP).bind(person).bind(party.to_string());
        delete.execute().await.map(drop)
    }

    /// Whether a person may act for a party.
    pub(super) async fn holds(&mut self, person: PersonId, party: &Party) -> Result<bool, Error> {
        let held = self.query(MEMBERSHIP).bind(person).bind(party.to_string());
        Ok(held.optional::<(String,)>().await?.is_some())
    }

    /// Whether there is such a party.
    pub(super) async fn has_party(&mut self, party: &Party) -> Result<bool, Error> {
        let query = match party {
            Party::Operator => return Ok(true),
            Party::Applicant(id) => self.query(HAS_APPLICANT).bind(*id),
            Party::Agency(id) => self.query(HAS_AGENCY).bind(*id),
            Party::Department(code) => self.query(HAS_DEPARTMENT).bind(code.as_str()),
        };
        Ok(query.optional::<(String,)>().await?.is_some())
    }

    pub(super) async fn insert_token(&mut self, token: &Token) -> Result<(), Error> {
        self.query(INSERT_TOKEN)
            .bind(&token.id)
            .bind(token.person_id)
            .bind(token.party.to_string())
            .bind(&token.label)
            .bind(token.created_at)
            .bind(token.expires_at)
            .execute()
            .await
            .map(drop)
    }

    /// Whether there was anything to revoke.
    pub(super) async fn revoke_token(&mut self, digest: &str) -> Result<bool, Error> {
        let at = self.at;
        Ok(self.query(REVOKE_TOKEN).bind(digest).bind(at).execute().await? == 1)
    }

    /// Revokes a person's tokens, of one party or all.
    pub(super) async fn revoke_tokens(
        &mut self,
        person: PersonId,
        party: Option<&Party>,
    ) -> Result<(), Error> {
        let at = self.at;
        let revoke = self.query(REVOKE_TOKENS).bind(person).bind(at);
        revoke.when(" and party = ", party.map(Party::to_string)).execute().await.map(drop)
    }
}

impl Db {
    pub(super) async fn login(&self, login: &str) -> Result<Option<Login>, Error> {
        let row: Option<PersonRow> = self.query(BY_LOGIN).bind(login).optional().await?;
        Ok(row.map(Login::from))
    }

    pub(super) async fn person(&self, id: PersonId) -> Result<Option<Person>, Error> {
        let row: Option<PersonRow> = self.query(PERSON).bind(id).optional().await?;
        Ok(row.map(|row| Login::from(row).person))
    }

    /// What is kept of a person's password, if they have one.
    pub(super) async fn password_of(&self, id: PersonId) -> Result<Option<String>, Error> {
        let row: Option<PersonRow> = self.query(PERSON).bind(id).optional().await?;
        Ok(row.and_then(|row| row.password))
    }

    pub(super) async fn people(&self, paging: &Paging) -> Result<Page<Person>, Error> {
        let query = self.query(PEOPLE).when(" and login > ", paging.key::<String>()?);
        let rows: Vec<PersonRow> =
            query.with(" order by login limit ", paging.fetch()).all().await?;
        let people = rows.into_iter().map(|row| Login::from(row).person).collect();
        Ok(paging.page(people, |person| person.login.clone()))
    }

    pub(super) async fn parties(&self, person: PersonId) -> Result<Vec<Party>, Error> {
        let rows: Vec<(String,)> = self.query(PARTIES).bind(person).all().await?;
        rows.iter().map(|(text,)| party(text)).collect()
    }

    /// The parties that a person may act for, those last for which nobody may now.
    pub(super) async fn parties_to_act_for(&self, person: PersonId) -> Result<Vec<Party>, Error> {
        let rows: Vec<(String,)> = self.query(TO_ACT_FOR).bind(person).all().await?;
        rows.iter().map(|(text,)| party(text)).collect()
    }

    pub(super) async fn token(&self, digest: &str) -> Result<Option<Token>, Error> {
        let row: Option<TokenRow> = self.query(TOKEN).bind(digest).optional().await?;
        row.map(Token::try_from).transpose()
    }

    pub(super) async fn token_bearer(&self, digest: &str) -> Result<Option<TokenBearer>, Error> {
        self.query(BEARER).bind(digest).optional().await
    }

    pub(super) async fn tokens(&self, person: PersonId) -> Result<Vec<Token>, Error> {
        let rows: Vec<TokenRow> = self.query(TOKENS).bind(person).all().await?;
        rows.into_iter().map(Token::try_from).collect()
    }
}
