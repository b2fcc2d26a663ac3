//! Where listings are kept.

use serde_json::json;
use sqlx::{FromRow, types::Json};

use super::{
    Agency, AgencyState, Listing, ListingFilter, ListingState, ListingTerms, Offer, Origin,
    Profile, Terms, listing::ListingMoved, qualification_store::AskedQualifications,
};
use crate::{
    Actor, Day, Error, Kind, Money, Page, Paging, Refusal, Timestamp, Uscc,
    code::{ItemCode, ListingCode, RegionCode},
    id::{AgencyId, ListingId},
    store::{Asked, Db, OnDuplicate, Query, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into listings (id, agency_id, code, item, state, current, version, created_at, \
        updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    MOVE = "\
        update listings set version = $2, state = $3, current = $4, updated_at = $5 \
        where id = $1 and version = $2 - 1";
    INSERT_TERMS = "\
        insert into listing_versions (listing_id, number, title, summary, price_fen, unit, \
        regions, days, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    HEAD = "\
        select id, agency_id, code, item, state, current, version, created_at, updated_at \
        from listings where id = $1";
    TERMS = "\
        select title, summary, price_fen, unit, regions, days, at from listing_versions \
        where listing_id = $1 and number = $2";
    WHOLE = "\
        select l.id, l.agency_id, l.code, l.item, l.state, l.current, l.version, l.created_at, \
        l.updated_at, v.title, v.summary, v.price_fen, v.unit, v.regions, v.days, v.at \
        from listings l join listing_versions v on v.listing_id = l.id and v.number = l.current";
    OFFER = "\
        select l.id, l.agency_id, l.code, l.item, l.state, l.current, l.version, l.created_at, \
        l.updated_at, v.title, v.summary, v.price_fen, v.unit, v.regions, v.days, v.at, \
        a.uscc, a.name, a.region, a.profile, a.origin, a.detail, a.version as agency_version, \
        a.created_at as agency_created_at, a.updated_at as agency_updated_at \
        from listings l join listing_versions v on v.listing_id = l.id and v.number = l.current \
        join agencies a on a.id = l.agency_id where l.id = $1 and l.state <> 'draft'";
}

#[derive(FromRow)]
struct HeadRow {
    id: ListingId,
    agency_id: AgencyId,
    code: ListingCode,
    item: ItemCode,
    state: ListingState,
    current: i64,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(FromRow)]
struct TermsRow {
    title: String,
    summary: String,
    price_fen: Money,
    unit: String,
    regions: Json<Vec<RegionCode>>,
    days: i64,
    at: Timestamp,
}

#[derive(FromRow)]
struct WholeRow {
    #[sqlx(flatten)]
    head: HeadRow,
    #[sqlx(flatten)]
    terms: TermsRow,
}

impl HeadRow {
    fn with(self, terms: Terms) -> Listing {
        Listing {
            id: self.id,
            agency_id: self.agency_id,
            code: self.code,
            item: self.item,
            state: self.state,
            number: self.current,
            terms,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl TryFrom<TermsRow> for Terms {
    type Error = Error;

    fn try_from(row: TermsRow) -> Result<Self, Error> {
        Ok(Self {
            title: row.title,
            summary: row.summary,
            price: row.price_fen,
            unit: row.unit,
            regions: row.regions.0,
            days: u32::try_from(row.days).map_err(|_| Error::Inconsistent("listing"))?,
        })
    }
}

impl TryFrom<WholeRow> for Listing {
    type Error = Error;

    fn try_from(row: WholeRow) -> Result<Self, Error> {
        Ok(row.head.with(row.terms.try_into()?))
    }
}

#[derive(FromRow)]
struct OfferRow {
    #[sqlx(flatten)]
    listing: WholeRow,
    uscc: Uscc,
    name: String,
    region: RegionCode,
    profile: Json<Profile>,
    origin: Origin,
    detail: Json<AgencyState>,
    agency_version: i64,
    agency_created_at: Timestamp,
    agency_updated_at: Timestamp,
}

impl OfferRow {
    /// What is offered, and whose it is as of a day.
    fn on(self, today: Day) -> Result<(Listing, Agency), Error> {
        let listing = Listing::try_from(self.listing)?;
        let agency = Agency {
            id: listing.agency_id,
            uscc: self.uscc,
            name: self.name,
            region: self.region,
            profile: self.profile.0,
            origin: self.origin,
            state: self.detail.0,
            version: self.agency_version,
            created_at: self.agency_created_at,
            updated_at: self.agency_updated_at,
        };
        Ok((listing, agency.as_of(today)))
    }
}

/// A listing that was asked for with its agency.
#[must_use]
pub(crate) struct AskedOffer {
    id: ListingId,
    row: Asked<OfferRow>,
    qualifications: AskedQualifications,
}

async fn listings(query: Query<'_>) -> Result<Vec<Listing>, Error> {
    let rows: Vec<WholeRow> = query.all().await?;
    rows.into_iter().map(Listing::try_from).collect()
}

/// Every listing of the query: each agency's by code.
async fn by_code(query: Query<'_>) -> Result<Vec<Listing>, Error> {
    let mut found = listings(query).await?;
    found.sort_unstable_by(|one, other| {
        (one.agency_id, &one.code).cmp(&(other.agency_id, &other.code))
    });
    Ok(found)
}

async fn terms(query: Query<'_>) -> Result<TermsRow, Error> {
    query.optional().await?.ok_or(Error::NotFound("listing"))
}

impl Tx {
    /// A listing that this unit of work changes. Its terms are read once it is locked: a join would
    /// lose a row whose number has changed while the lock was waited for.
    pub(super) async fn listing(&mut self, id: ListingId) -> Result<Listing, Error> {
        let head: Option<HeadRow> = self.query(HEAD).bind(id).pg(" for update").optional().await?;
        let head = head.ok_or(Error::NotFound("listing"))?;
        let terms = terms(self.query(TERMS).bind(id).bind(head.current)).await?;
        Ok(head.with(terms.try_into()?))
    }

    /// Asks for a listing with everything that decides whether it may be bought now. Listing and
    /// agency stay as they are until this unit of work is done.
    pub(crate) async fn ask_offer(&mut self, id: ListingId) -> Result<AskedOffer, Error> {
        let row = self.query(OFFER).bind(id).pg(" for share of l, a").ask().await?;
        let qualifications = self.ask_qualifications_of_seller(id).await?;
        Ok(AskedOffer { id, row, qualifications })
    }

    /// The listing that was asked for, with everything that decides whether it may be bought now.
    pub(crate) async fn asked_offer(&mut self, asked: AskedOffer) -> Result<Offer, Error> {
        let AskedOffer { id, row, mut qualifications } = asked;
        let mut row = self.optional(row).await?;
        if row.is_none() {
            // None, too, where its terms have changed while the lock was waited for.
            let head = self.query(HEAD).bind(id).pg(" for share").optional::<HeadRow>().await?;
            head.ok_or(Error::NotFound("listing"))?;
            row = self.query(OFFER).bind(id).pg(" for share of l, a").optional().await?;
            qualifications = self.ask_qualifications_of_seller(id).await?;
        }
        let (listing, agency) = row.ok_or(Error::NotFound("listing"))?.on(self.at.day())?;
        let qualifications = self.asked_qualifications(qualifications).await?;
        Ok(Offer { listing, agency, qualifications })
    }

    /// Every listing of an agency, by code.
    pub(crate) async fn listings_of(&mut self, agency: AgencyId) -> Result<Vec<Listing>, Error> {
        by_code(self.query(WHOLE).with(" where l.agency_id = ", agency)).await
    }

    /// Every listing: each agency's by code.
    pub(crate) async fn all_listings(&mut self) -> Result<Vec<Listing>, Error> {
        by_code(self.query(WHOLE)).await
    }

    /// Saves a new listing.
    pub(super) async fn insert_listing(&mut self, moved: ListingMoved) -> Result<Listing, Error> {
        let listing = &moved.listing;
        self.query(INSERT)
            .bind(listing.id)
            .bind(listing.agency_id)
            .bind(&listing.code)
            .bind(&listing.item)
            .bind(listing.state)
            .bind(listing.number)
            .bind(listing.version)
            .bind(listing.created_at)
            .bind(listing.updated_at)
            .execute()
            .await
            .on_duplicate(Refusal::ListingExists)?;
        self.record_listing(moved).await
    }

    /// Saves a move, unless the listing has moved since it was read.
    pub(super) async fn save_listing(&mut self, mut moved: ListingMoved) -> Result<Listing, Error> {
        moved.listing.updated_at = self.at_after(moved.listing.updated_at);
        let listing = &moved.listing;
        let saved = self
            .query(MOVE)
            .bind(listing.id)
            .bind(listing.version)
            .bind(listing.state)
            .bind(listing.number)
            .bind(listing.updated_at)
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("listing"));
        }
        self.record_listing(moved).await
    }

    async fn record_listing(&mut self, moved: ListingMoved) -> Result<Listing, Error> {
        let ListingMoved { listing, old, event, new_terms } = moved;
        if new_terms {
            self.insert_terms(&listing).await?;
        }
        let data = json!({
            "agency_id": listing.agency_id,
            "item": listing.item,
            "number": listing.number,
            "price": listing.terms.price,
        });
        let entry = Entry::new(Kind::Listing, &listing.id, listing.version, event)
            .moved(old.map(ListingState::as_str), listing.state.as_str())
            .data(data);
        let shown = listing.state != ListingState::Draft;
        self.record(if shown { entry.public() } else { entry }, listing.updated_at).await?;
        Ok(listing)
    }

    async fn insert_terms(&mut self, listing: &Listing) -> Result<(), Error> {
        let terms = &listing.terms;
        self.query(INSERT_TERMS)
            .bind(listing.id)
            .bind(listing.number)
            .bind(&terms.title)
            .bind(&terms.summary)
            .bind(terms.price)
            .bind(&terms.unit)
            .bind(Json(&terms.regions))
            .bind(i64::from(terms.days))
            .bind(listing.updated_at)
            .execute()
            .await
            .map(drop)
    }
}

impl Db {
    /// A listing with its current terms.
    pub(super) async fn listing(&self, id: ListingId) -> Result<Listing, Error> {
        let found = listings(self.query(WHOLE).with(" where l.id = ", id)).await?.pop();
        found.ok_or(Error::NotFound("listing"))
    }

    /// The terms of a listing at a number.
    pub(super) async fn listing_terms(
        &self,
        id: ListingId,
        number: i64,
    ) -> Result<ListingTerms, Error> {
        let row = terms(self.query(TERMS).bind(id).bind(number)).await?;
        let at = row.at;
        Ok(ListingTerms { listing_id: id, number, terms: row.try_into()?, at })
    }

    /// A page of the listings that an actor may know of, the latest first.
    pub(super) async fn listings(
        &self,
        actor: Option<&Actor>,
        filter: &ListingFilter,
        paging: &Paging,
    ) -> Result<Page<Listing>, Error> {
        let own = actor.and_then(|actor| actor.agency().ok());
        let everything = actor.is_some_and(|actor| actor.operator().is_ok());
        let query = self
            .query(WHOLE)
            .with(" where (l.state <> 'draft' or l.agency_id = ", own)
            .with(" or ", everything)
            .push(")")
            .when(" and l.item = ", filter.item.as_ref())
            .when(" and l.agency_id = ", filter.agency)
            .when(" and l.state = ", filter.state)
            .when(" and l.id < ", paging.key::<ListingId>()?)
            .with(" order by l.id desc limit ", paging.fetch());
        Ok(paging.page(listings(query).await?, |listing| listing.id.to_string()))
    }

    /// Every listing of some agencies: each agency's by code.
    pub(crate) async fn listings_of(&self, agencies: &[AgencyId]) -> Result<Vec<Listing>, Error> {
        by_code(self.query(WHOLE).within(" where l.agency_id in", agencies)).await
    }

    /// Every listing: each agency's by code.
    pub(crate) async fn all_listings(&self) -> Result<Vec<Listing>, Error> {
        by_code(self.query(WHOLE)).await
    }

    /// A listing with everything that decides whether it may be bought on a day, for browsing.
    pub(super) async fn offer(&self, id: ListingId, today: Day) -> Result<Offer, Error> {
        let row: Option<OfferRow> = self.query(OFFER).bind(id).optional().await?;
        let (listing, agency) = row.ok_or(Error::NotFound("listing"))?.on(today)?;
        let qualifications = self.qualifications(agency.id).await?;
        Ok(Offer { listing, agency, qualifications })
    }
}
