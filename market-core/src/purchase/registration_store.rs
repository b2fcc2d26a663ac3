//! Where registrations, quotes and replies are kept.

use std::collections::HashMap;

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{NewRegistration, QuoteState, Registration, RegistrationState, registration};
use crate::{
    Call, Error, Kind, Paging, Reason, Refusal, Timestamp,
    id::{AgencyId, PractitionerId, PurchaseId, RegistrationId},
    rules::Clock,
    selection::Quote,
    store::{Db, Query, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into registrations (id, purchase_id, agency_id, state, practitioners, reasons, \
        credit, version, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    MOVE = "\
        update registrations set state = $2, practitioners = $3, reasons = $4, credit = $5, \
        version = $6, updated_at = $7 where id = $1 and version = $6 - 1";
    OF_AGENCY_IN = "\
        select id, purchase_id, agency_id, state, practitioners, reasons, credit, version, \
        created_at, updated_at from registrations where purchase_id = $1 and agency_id = $2";
    OF_PURCHASE = "\
        select id, purchase_id, agency_id, state, practitioners, reasons, credit, version, \
        created_at, updated_at from registrations where purchase_id = $1 order by id";
    OF_AGENCY = "\
        select id, purchase_id, agency_id, state, practitioners, reasons, credit, version, \
        created_at, updated_at from registrations where agency_id = $1";
    PUT_QUOTE = "\
        insert into quotes (registration_id, round, purchase_id, sealed, commitment, at) \
        values ($1, $2, $3, $4, $5, $6) on conflict (registration_id, round) do update \
        set sealed = excluded.sealed, commitment = excluded.commitment, at = excluded.at";
    QUOTES = "\
        select registration_id, round, sealed, commitment, at, quote, plan, nonce \
        from quotes where true";
    OPEN_QUOTE = "\
        update quotes set quote = $3, plan = $4, nonce = $5 where registration_id = $1 \
        and round = $2";
    PUT_REPLY = "\
        insert into purchase_replies (registration_id, round, purchase_id, text, at) \
        values ($1, $2, $3, $4, $5) on conflict do nothing";
    REPLY = "select text from purchase_replies where registration_id = $1 and round = $2";
    REPLIES = "\
        select registration_id, round, text, at from purchase_replies where purchase_id = $1 \
        order by round, registration_id";
}

#[derive(FromRow)]
struct RegistrationRow {
    id: RegistrationId,
    purchase_id: PurchaseId,
    agency_id: AgencyId,
    state: RegistrationState,
    practitioners: Json<Vec<PractitionerId>>,
    reasons: Json<Vec<Reason>>,
    credit: Option<i64>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A quote as it is kept.
#[derive(Debug, FromRow)]
pub(super) struct QuoteRow {
    pub(super) registration_id: RegistrationId,
    pub(super) round: i64,
    pub(super) sealed: String,
    pub(super) commitment: String,
    pub(super) at: Timestamp,
    pub(super) quote: Option<Json<Quote>>,
    pub(super) plan: Option<String>,
    pub(super) nonce: Option<String>,
}

/// A reply as it is kept.
#[derive(Debug, FromRow)]
pub(super) struct ReplyRow {
    pub(super) registration_id: RegistrationId,
    pub(super) round: i64,
    pub(super) text: String,
    pub(super) at: Timestamp,
}

/// Registrations with their quotes, the earliest round first.
fn assemble(rows: Vec<RegistrationRow>, quotes: Vec<QuoteRow>) -> Vec<Registration> {
    let mut quotes_of: HashMap<RegistrationId, Vec<QuoteState>> = HashMap::new();
    for row in quotes {
        let quote = QuoteState {
            round: u32::try_from(row.round).unwrap_or(0),
            commitment: row.commitment,
            at: row.at,
            quote: row.quote.map(|quote| quote.0),
            plan: row.plan,
        };
        quotes_of.entry(row.registration_id).or_default().push(quote);
    }
    let registration = |row: RegistrationRow| {
        let mut quotes = quotes_of.remove(&row.id).unwrap_or_default();
        quotes.sort_unstable_by_key(|quote| quote.round);
        Registration {
            id: row.id,
            purchase_id: row.purchase_id,
            agency_id: row.agency_id,
            state: row.state,
            practitioners: row.practitioners.0,
            reasons: row.reasons.0,
            credit: row.credit.and_then(|credit| u32::try_from(credit).ok()),
            quotes,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    };
    rows.into_iter().map(registration).collect()
}

fn of<'q>(query: Query<'q>, rows: &[RegistrationRow]) -> Option<Query<'q>> {
    let ids: Vec<RegistrationId> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() { None } else { Some(query.within(" and registration_id in", ids)) }
}

impl Db {
    /// The registration of an agency in a purchase.
    pub(crate) async fn registration_of(
        &self,
        purchase: PurchaseId,
        agency: AgencyId,
    ) -> Result<Option<Registration>, Error> {
        let query = self.query(OF_AGENCY_IN).bind(purchase).bind(agency);
        self.with_quotes(query.all().await?).await.map(|mut found| found.pop())
    }

    /// Everybody who registered for a purchase, by registration.
    pub(crate) async fn registrations(
        &self,
        purchase: PurchaseId,
    ) -> Result<Vec<Registration>, Error> {
        let rows = self.query(OF_PURCHASE).bind(purchase).all().await?;
        self.with_quotes(rows).await
    }

    /// The registrations of an agency, newest first, one more than a page holds.
    pub(super) async fn registrations_of_agency(
        &self,
        agency: AgencyId,
        paging: &Paging,
    ) -> Result<Vec<Registration>, Error> {
        let after: Option<RegistrationId> = paging.key()?;
        let query = self.query(OF_AGENCY).bind(agency).when(" and id < ", after);
        let rows = query.with(" order by id desc limit ", paging.fetch()).all().await?;
        self.with_quotes(rows).await
    }

    async fn with_quotes(&self, rows: Vec<RegistrationRow>) -> Result<Vec<Registration>, Error> {
        let quotes = match of(self.query(QUOTES), &rows) {
            Some(query) => query.all().await?,
            None => Vec::new(),
        };
        Ok(assemble(rows, quotes))
    }

    /// What an owner replied in a negotiation.
    pub(super) async fn replies(&self, purchase: PurchaseId) -> Result<Vec<ReplyRow>, Error> {
        self.query(REPLIES).bind(purchase).all().await
    }
}

impl Tx {
    /// The registration of an agency in a purchase.
    pub(super) async fn registration_of(
        &mut self,
        purchase: PurchaseId,
        agency: AgencyId,
    ) -> Result<Option<Registration>, Error> {
        let rows = self.query(OF_AGENCY_IN).bind(purchase).bind(agency).all().await?;
        self.with_quotes(rows).await.map(|mut found| found.pop())
    }

    /// Everybody who registered for a purchase, by registration.
    pub(crate) async fn registrations(
        &mut self,
        purchase: PurchaseId,
    ) -> Result<Vec<Registration>, Error> {
        let rows = self.query(OF_PURCHASE).bind(purchase).all().await?;
        self.with_quotes(rows).await
    }

    async fn with_quotes(
        &mut self,
        rows: Vec<RegistrationRow>,
    ) -> Result<Vec<Registration>, Error> {
        let quotes = match of(self.query(QUOTES), &rows) {
            Some(query) => query.all().await?,
            None => Vec::new(),
        };
        Ok(assemble(rows, quotes))
    }

    /// Saves a new registration.
    pub(super) async fn insert_registration(
        &mut self,
        id: RegistrationId,
        purchase_id: PurchaseId,
        agency_id: AgencyId,
        new: &NewRegistration,
        clock: &Clock,
    ) -> Result<Registration, Error> {
        let registration = Registration {
            id,
            purchase_id,
            agency_id,
            state: RegistrationState::Registered,
            practitioners: new.practitioners.clone(),
            reasons: Vec::new(),
            credit: None,
            quotes: Vec::new(),
            version: 1,
            created_at: clock.now,
            updated_at: clock.now,
        };
        self.query(INSERT)
            .bind(id)
            .bind(purchase_id)
            .bind(agency_id)
            .bind(registration.state)
            .bind(Json(&registration.practitioners))
            .bind(Json(&registration.reasons))
            .bind(None::<i64>)
            .bind(1_i64)
            .bind(clock.now)
            .bind(clock.now)
            .execute()
            .await?;
        self.record_registration(&registration, None, "agency_registered", clock).await?;
        Ok(registration)
    }

    /// Changes whom a registration names, and brings back one that was withdrawn.
    pub(super) async fn renew_registration(
        &mut self,
        call: &Call,
        before: Registration,
        new: &NewRegistration,
        clock: &Clock,
    ) -> Result<Registration, Error> {
        let before = before.expected(call)?;
        let changed = Registration { practitioners: new.practitioners.clone(), ..before };
        self.move_registration(
            changed,
            RegistrationState::Registered,
            "registration_renewed",
            clock,
        )
        .await
    }

    /// Saves a registration in its next state, with its journal entry.
    pub(super) async fn move_registration(
        &mut self,
        before: Registration,
        to: RegistrationState,
        event: &'static str,
        clock: &Clock,
    ) -> Result<Registration, Error> {
        let from = before.state;
        let at = clock.now.max(before.updated_at.next());
        let version = before.version + 1;
        let registration = Registration { state: to, version, updated_at: at, ..before };
        let saved = self
            .query(MOVE)
            .bind(registration.id)
            .bind(registration.state)
            .bind(Json(&registration.practitioners))
            .bind(Json(&registration.reasons))
            .bind(registration.credit.map(i64::from))
            .bind(registration.version)
            .bind(registration.updated_at)
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("registration"));
        }
        self.record_registration(&registration, Some(from.as_str()), event, clock).await?;
        Ok(registration)
    }

    async fn record_registration(
        &mut self,
        registration: &Registration,
        from: Option<&'static str>,
        event: &'static str,
        clock: &Clock,
    ) -> Result<(), Error> {
        let codes: Vec<_> = registration.reasons.iter().map(|one| one.refusal.code()).collect();
        let data = json!({ "purchase": registration.purchase_id, "reasons": codes });
        let (id, version) = (&registration.id, registration.version);
        let entry = Entry::new(Kind::Registration, id, version, event)
            .moved(from, registration.state.as_str())
            .policy(clock.policy.version)
            .data(data);
        self.record(entry, registration.updated_at).await
    }

    /// Puts a sealed quote in the place of the one of the same round.
    pub(super) async fn put_quote(
        &mut self,
        registration: &Registration,
        round: u32,
        sealed: &str,
        commitment: &str,
    ) -> Result<(), Error> {
        let at = self.at;
        self.query(PUT_QUOTE)
            .bind(registration.id)
            .bind(i64::from(round))
            .bind(registration.purchase_id)
            .bind(sealed)
            .bind(commitment)
            .bind(at)
            .execute()
            .await
            .map(drop)
    }

    /// The quotes of a round of a purchase, as they are kept.
    pub(super) async fn sealed_quotes(
        &mut self,
        purchase: PurchaseId,
        round: u32,
    ) -> Result<Vec<QuoteRow>, Error> {
        let query = self.query(QUOTES).with(" and purchase_id = ", purchase);
        query.with(" and round = ", i64::from(round)).all().await
    }

    /// Every quote of a purchase, as they are kept.
    pub(super) async fn all_quotes(
        &mut self,
        purchase: PurchaseId,
    ) -> Result<Vec<QuoteRow>, Error> {
        self.query(QUOTES).with(" and purchase_id = ", purchase).all().await
    }

    /// Writes down what an opened envelope held.
    pub(super) async fn open_quote(
        &mut self,
        registration: RegistrationId,
        round: u32,
        enclosed: &registration::Enclosed,
    ) -> Result<(), Error> {
        self.query(OPEN_QUOTE)
            .bind(registration)
            .bind(i64::from(round))
            .bind(Json(enclosed.quote))
            .bind(enclosed.plan.as_deref())
            .bind(enclosed.nonce.to_string())
            .execute()
            .await
            .map(drop)
    }

    /// Keeps an owner's reply to an agency in a round.
    pub(super) async fn put_reply(
        &mut self,
        registration: &Registration,
        round: u32,
        text: &str,
    ) -> Result<(), Error> {
        let at = self.at;
        let put = self
            .query(PUT_REPLY)
            .bind(registration.id)
            .bind(i64::from(round))
            .bind(registration.purchase_id)
            .bind(text)
            .bind(at);
        if put.execute().await? == 1 { Ok(()) } else { Err(Refusal::AlreadyReplied.into()) }
    }

    /// Whether the owner has replied to an agency in a round.
    pub(super) async fn has_reply(
        &mut self,
        registration: RegistrationId,
        round: u32,
    ) -> Result<bool, Error> {
        let reply = self.query(REPLY).bind(registration).bind(i64::from(round));
        Ok(reply.optional::<(String,)>().await?.is_some())
    }
}
