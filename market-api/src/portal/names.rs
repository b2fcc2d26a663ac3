//! What codes are called.

use std::collections::BTreeMap;

use market_core::{
    Error, Market, Paging,
    catalog::{ItemFilter, ServiceItem},
    code::{DepartmentCode, RegionCode},
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
