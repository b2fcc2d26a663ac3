//! What codes are called.

use std::collections::BTreeMap;

use market_core::{
    Actor, Error, Market, Paging, Party,
    catalog::{ItemFilter, ServiceItem},
    code::{DepartmentCode, ItemCode, RegionCode},
    matter::Matter,
};

/// The most that one page of a list holds.
const WHOLE_PAGE: u32 = 100;

/// The names of departments.
#[derive(Debug)]
pub(super) struct Departments(BTreeMap<DepartmentCode, String>);

impl Departments {
    pub(super) async fn read(market: &Market) -> Result<Self, Error> {
        let all = market.departments().list().await?;
        Ok(Self(all.into_iter().map(|one| (one.code, one.name)).collect()))
    }

    pub(super) fn name(&self, code: &DepartmentCode) -> String {
        self.0.get(code).cloned().unwrap_or_else(|| code.to_string())
    }
}

/// The names of regions, each asked for once.
#[derive(Debug)]
pub(super) struct Regions<'a> {
    market: &'a Market,
    known: BTreeMap<RegionCode, String>,
}

impl<'a> Regions<'a> {
    pub(super) const fn new(market: &'a Market) -> Self {
        Self { market, known: BTreeMap::new() }
    }

    pub(super) async fn name(&mut self, code: &RegionCode) -> Result<String, Error> {
        if let Some(name) = self.known.get(code) {
            return Ok(name.clone());
        }
        let name = match self.market.rules().region(code).await {
            Ok(region) => region.name,
            Err(Error::NotFound(_)) => code.to_string(),
            Err(other) => return Err(other),
        };
        self.known.insert(code.clone(), name.clone());
        Ok(name)
    }

    pub(super) async fn names(&mut self, codes: &[RegionCode]) -> Result<Vec<String>, Error> {
        let mut names = Vec::with_capacity(codes.len());
        for code in codes {
            names.push(self.name(code).await?);
        }
        Ok(names)
    }

    /// The name with those of what the region lies in, below the country: 浙江省宁波市慈溪市.
    pub(super) async fn full_name(&mut self, code: &RegionCode) -> Result<String, Error> {
        let path = self.market.rules().region(code).await?.path;
        Ok(self.names(path.get(1..).unwrap_or_default()).await?.concat())
    }
}

/// The names of parties, as an actor knows them; each is asked for once.
#[derive(Debug)]
pub(super) struct Parties<'a> {
    market: &'a Market,
    actor: &'a Actor,
    known: BTreeMap<Party, String>,
}

impl<'a> Parties<'a> {
    pub(super) const fn new(market: &'a Market, actor: &'a Actor) -> Self {
        Self { market, actor, known: BTreeMap::new() }
    }

    pub(super) async fn name(&mut self, party: &Party) -> Result<String, Error> {
        if *party == self.actor.party {
            return Ok("您".to_owned());
        }
        if let Some(name) = self.known.get(party) {
            return Ok(name.clone());
        }
        let name = party_name(self.market, self.actor, party).await?;
        self.known.insert(party.clone(), name.clone());
        Ok(name)
    }

    /// Several parties, one after the other.
    pub(super) async fn names(&mut self, parties: &[Party]) -> Result<String, Error> {
        let mut names = Vec::new();
        for party in parties {
            names.push(self.name(party).await?);
        }
        Ok(names.join("、"))
    }
}

/// What a party is called, if an actor may know it; what it is otherwise.
pub(super) async fn party_name(
    market: &Market,
    actor: &Actor,
    party: &Party,
) -> Result<String, Error> {
    match party {
        Party::Operator => Ok("运营机构".to_owned()),
        Party::Applicant(id) => match market.applicants().get(actor, *id).await {
            Ok(applicant) => Ok(applicant.name),
            Err(Error::NotFound(_) | Error::Refused(_)) => Ok("委托人".to_owned()),
            Err(why) => Err(why),
        },
        Party::Agency(id) => Ok(market.agencies().get(Some(actor), *id).await?.name),
        Party::Department(code) => Ok(Departments::read(market).await?.name(code)),
    }
}

/// Every service item on the list.
pub(super) async fn items(market: &Market) -> Result<Vec<ServiceItem>, Error> {
    let mut paging = Paging { after: None, limit: WHOLE_PAGE };
    let mut all = Vec::new();
    loop {
        let page = market.catalog().items(&ItemFilter::default(), &paging).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => paging.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// What the service item of a code is called, of those on the list.
pub(super) fn item(items: &[ServiceItem], code: &ItemCode) -> String {
    let found = items.iter().find(|item| item.code == *code);
    found.map_or_else(|| code.to_string(), |item| item.name.clone())
}

/// Every matter for which a case may be opened.
pub(super) async fn matters(market: &Market) -> Result<Vec<Matter>, Error> {
    let mut paging = Paging { after: None, limit: WHOLE_PAGE };
    let mut all = Vec::new();
    loop {
        let page = market.matters().list(&paging).await?;
        all.extend(page.items);
        match page.next {
            Some(next) => paging.after = Some(next),
            None => return Ok(all),
        }
    }
}
