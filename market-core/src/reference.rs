//! Regions, the calendar, policy profiles, kinds of qualification and service items, as they are
//! now. Nearly every step reads them, and they change a few times a year: each process keeps them,
//! by an id that the database makes anew with every change, and asks for that id alone.
//!
//! What is kept by an id that was never committed is asked for by nobody else: ids never come again.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    Calendar, Day, Env, Error, PolicyProfile, Timestamp,
    catalog::{QualificationType, ServiceItem},
    code::{ItemCode, RegionCode},
    rules::{Clock, Region},
    store::{Db, Tx, statements},
};

statements! {
    HEAD = "select id from reference_head where one = 1";
    MOVE = "update reference_head set id = $1 where one = 1";
}

/// What is known by one id.
#[derive(Debug)]
pub(crate) struct Reference {
    id: String,
    regions: BTreeMap<RegionCode, Region>,
    calendar: Calendar,
    policies: Vec<PolicyProfile>,
    types: Vec<QualificationType>,
    items: BTreeMap<ItemCode, ServiceItem>,
}

/// What this process knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept(Arc<RwLock<Option<Arc<Reference>>>>);

impl Kept {
    fn known(&self, id: &str) -> Option<Arc<Reference>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|known| known.id == id).cloned()
    }

    fn keep(&self, fresh: Reference) -> Arc<Reference> {
        let fresh = Arc::new(fresh);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh.clone());
        fresh
    }
}

impl Reference {
    fn new(
        id: String,
        regions: Vec<Region>,
        calendar: Calendar,
        policies: Vec<PolicyProfile>,
        types: Vec<QualificationType>,
        items: Vec<ServiceItem>,
    ) -> Self {
        let regions = regions.into_iter().map(|region| (region.code.clone(), region)).collect();
        let items = items.into_iter().map(|item| (item.code.clone(), item)).collect();
        Self { id, regions, calendar, policies, types, items }
    }

    /// A region by its code.
    pub(crate) fn region(&self, code: &RegionCode) -> Result<&Region, Error> {
        self.regions.get(code).ok_or(Error::NotFound("region"))
    }

    /// The policy profile that is in force in a region on a day: of the profiles that have begun,
    /// the one of the nearest region, and of that the latest.
    pub(crate) fn policy(&self, region: &Region, day: Day) -> Result<&PolicyProfile, Error> {
        let begun = self.policies.iter().filter(|profile| profile.effective_from <= day);
        let begun = begun.filter_map(|profile| {
            let depth = region.path.iter().position(|at| *at == profile.region)?;
            Some((depth, profile))
        });
        let latest =
            begun.max_by_key(|(depth, profile)| (*depth, profile.effective_from, profile.version));
        latest.map(|(_, profile)| profile).ok_or(Error::Inconsistent("policy profile"))
    }

    /// The clock of a region.
    pub(crate) fn clock(&self, region: &Region, now: Timestamp) -> Result<Clock, Error> {
        let policy = self.policy(region, now.day())?.clone();
        Ok(Clock { now, calendar: self.calendar.clone(), policy })
    }

    /// The working-day calendar.
    pub(crate) fn calendar(&self) -> Calendar {
        self.calendar.clone()
    }

    /// Every kind of qualification, by code.
    pub(crate) fn qualification_types(&self) -> &[QualificationType] {
        &self.types
    }

    /// The current version of a service item.
    pub(crate) fn item(&self, code: &ItemCode) -> Result<&ServiceItem, Error> {
        self.items.get(code).ok_or(Error::NotFound("service item"))
    }

    /// A version of a service item, if it is the current one.
    pub(crate) fn item_version(&self, code: &ItemCode, version: i64) -> Option<&ServiceItem> {
        self.items.get(code).filter(|item| item.version == version)
    }
}

impl Tx {
    /// What there is: as it was when this unit of work first asked, but for what it changes itself.
    pub(crate) async fn reference(&mut self) -> Result<Arc<Reference>, Error> {
        if let Some(known) = self.reference_id.as_ref().and_then(|id| self.kept.known(id)) {
            return Ok(known);
        }
        let (id,): (String,) = self.query(HEAD).one().await?;
        self.reference_id = Some(id.clone());
        if let Some(known) = self.kept.known(&id) {
            return Ok(known);
        }
        let regions = self.regions().await?;
        let calendar = self.stored_calendar().await?;
        let policies = self.policies().await?;
        let types = self.stored_qualification_types().await?;
        let items = self.every_service_item().await?;
        Ok(self.kept.keep(Reference::new(id, regions, calendar, policies, types, items)))
    }

    /// Says that something of it was changed.
    pub(crate) async fn reference_changed(&mut self) -> Result<(), Error> {
        self.reference_id = None;
        self.query(MOVE).bind(Env::mark()).execute().await.map(drop)
    }
}

impl Db {
    /// What there is now.
    pub(crate) async fn reference(&self) -> Result<Arc<Reference>, Error> {
        let (id,): (String,) = self.query(HEAD).one().await?;
        if let Some(known) = self.kept().known(&id) {
            return Ok(known);
        }
        let regions = self.regions().await?;
        let calendar = self.stored_calendar().await?;
        let policies = self.policies().await?;
        let types = self.stored_qualification_types().await?;
        let items = self.every_service_item().await?;
        Ok(self.kept().keep(Reference::new(id, regions, calendar, policies, types, items)))
    }
}
