//! A market in which an owner is about to purchase: the packs of `data/`, some agencies, a case.

use uuid::Uuid;

use crate::{
    Actor, Call, Env, Error, Market, Mode, Party, Timestamp,
    agency::{AgencyNature, NewAgency, NewQualification, Profile},
    applicant::{ApplicantKind, NewApplicant},
    case::{Case, Fund, NewCase},
    draw::Bytes32,
    id::{AgencyId, PersonId, PurchaseId},
    import::{ImportOptions, Kind as Pack, Sheet},
    kernel::sealing::OpeningCode,
    purchase::{
        Contact, NewPurchase, NewQuote, NewRegistration, Notice, Price, Purchase, Registration,
        Submission,
    },
    selection::Quote,
    testing::market,
};

/// What the case needs, without a cap on its price.
pub(crate) const ITEM: &str = "environmental-monitoring";

/// An owner with a case, and agencies that may serve it.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) market: Market,
    pub(crate) owner: Call,
    pub(crate) agencies: Vec<(AgencyId, Call)>,
    pub(crate) case: Case,
}

/// A call on a party's behalf.
pub(crate) fn acting(party: Party) -> Call {
    Actor::new(PersonId(Uuid::from_u128(3)), party).into()
}

pub(crate) fn operator() -> Call {
    acting(Party::Operator)
}

/// The owner's opening code.
pub(crate) fn code() -> OpeningCode {
    "e091b493a7576895eb502eb4e7bf9bdeaf76800e1b1d80b90af8e800a8a0e4f5".parse().unwrap()
}

pub(crate) fn amount(text: &str) -> Quote {
    Quote::Amount(text.parse().unwrap())
}

/// Limits that are far apart.
pub(crate) fn limits() -> Price {
    Price::Amount { low: "1".parse().unwrap(), high: "200000".parse().unwrap() }
}

pub(crate) fn fixed() -> Price {
    Price::Fixed { amount: "30000".parse().unwrap() }
}

pub(crate) fn notice(mode: Mode, price: Price) -> Notice {
    Notice {
        title: "油烟噪声检测".to_owned(),
        content: "开业前检测\n出具检测报告".to_owned(),
        scale: String::new(),
        project_code: String::new(),
        mode,
        price,
        service_days: 20,
        criteria: Vec::new(),
        long_list: None,
        short_list: None,
        rounds: None,
        practitioners: 0,
        other_requirements: String::new(),
        closes_at: "2026-11-27T16:00:00Z".parse().unwrap(),
        contact: Contact { name: "李明".to_owned(), phone: "0574-0000-1111".to_owned() },
        complaint_phone: "0574-0000-2222".to_owned(),
        avoid: Vec::new(),
        witnesses: Vec::new(),
        witness_department: None,
        beacon: None,
    }
}

impl World {
    pub(crate) async fn new(url: &str, fund: Fund, agencies: u32) -> Self {
        Self::over(market(url).await, fund, agencies).await
    }

    pub(crate) async fn over(market: Market, fund: Fund, agencies: u32) -> Self {
        for pack in &Pack::ALL[..8] {
            let path = format!("{}/../data/{}", env!("CARGO_MANIFEST_DIR"), pack.file());
            let sheet = Sheet::read(&pack.file(), &std::fs::read(path).unwrap()).unwrap();
            let options = ImportOptions::default();
            let report = market.import(&operator(), *pack, &sheet, &options).await.unwrap();
            assert_eq!(report.bad, []);
        }
        let new = NewApplicant {
            kind: ApplicantKind::Natural,
            name: "李明".to_owned(),
            uscc: None,
            phone: "13800000000".to_owned(),
        };
        let applicant = market.applicants().register(&operator(), new).await.unwrap();
        let owner = acting(Party::Applicant(applicant.id));
        let case = open_case(&market, &owner, fund).await;
        let mut world = Self { market, owner, agencies: Vec::new(), case };
        for n in 0..agencies {
            world.join(n, &format!("0574-1000-{n:04}")).await;
        }
        world
    }

    pub(crate) fn env(&self) -> &Env {
        self.market.env()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.env().now()
    }

    /// Lets time pass until an instant, and takes what falls due then.
    pub(crate) async fn until(&self, at: Timestamp) -> u64 {
        self.env().set(at);
        self.market.purchases().run_due().await.unwrap()
    }

    /// Lets time pass until the next thing happens to a purchase by itself.
    pub(crate) async fn wait(&self, purchase: &Purchase) -> Purchase {
        let due = self.get(purchase.id).await.state.due_at().unwrap();
        assert_eq!(self.until(Timestamp::from_micros(due.micros() - 1)).await, 0, "not yet due");
        assert_eq!(self.until(due).await, 1);
        self.get(purchase.id).await
    }

    pub(crate) async fn get(&self, id: PurchaseId) -> Purchase {
        self.market.purchases().get(Some(&self.owner.actor), id).await.unwrap()
    }

    /// One more agency, with the certificate that the service requires and a telephone.
    pub(crate) async fn join(&mut self, n: u32, phone: &str) -> AgencyId {
        let new = NewAgency {
            uscc: crate::testing::uscc(n),
            name: format!("第{n}检测有限公司"),
            region: "330282".parse().unwrap(),
            profile: Profile {
                nature: AgencyNature::Enterprise,
                legal_representative: "王某".to_owned(),
                address: format!("浙江省慈溪市某路{n}号"),
                phone: phone.to_owned(),
                established_on: "2020-01-01".parse().unwrap(),
                capital: "1000000.00".parse().unwrap(),
                scope: "环境检测".to_owned(),
                attached_to: None,
            },
        };
        let agencies = self.market.agencies();
        let agency = agencies.apply(&operator(), new).await.unwrap();
        agencies.admit(&operator(), agency.id).await.unwrap();
        let call = acting(Party::Agency(agency.id));
        let item = self.market.catalog().item(&ITEM.parse().unwrap()).await.unwrap();
        let required = item.requirements.first().unwrap();
        let certificate = NewQualification {
            kind: required.kind.clone(),
            level: required.level.clone(),
            majors: required.major.iter().cloned().collect(),
            number: format!("证书-{n}"),
            issuer: "某某部门".to_owned(),
            valid_from: "2026-01-01".parse().unwrap(),
            valid_until: "2026-12-31".parse().unwrap(),
        };
        agencies.add_qualification(&call, agency.id, certificate).await.unwrap();
        self.agencies.push((agency.id, call));
        agency.id
    }

    pub(crate) fn agency(&self, at: usize) -> &Call {
        &self.agencies[at].1
    }

    pub(crate) async fn draft(&self, notice: Notice) -> Result<Purchase, Error> {
        let item = ITEM.parse().unwrap();
        let new = NewPurchase { case_id: self.case.id, item, notice, predecessor: None };
        self.market.purchases().create(&self.owner, new).await
    }

    pub(crate) async fn submit(&self, draft: &Purchase) -> Result<Purchase, Error> {
        let new = Submission { opening_code: code() };
        self.market.purchases().submit(&self.owner, draft.id, new).await
    }

    /// Drafts and publishes, through the review if there is one.
    pub(crate) async fn publish(&self, notice: Notice) -> Result<Purchase, Error> {
        let purchase = self.submit(&self.draft(notice).await?).await?;
        match purchase.state.name() {
            "in_review" => self.market.purchases().approve(&operator(), purchase.id).await,
            _ => Ok(purchase),
        }
    }

    pub(crate) async fn register(&self, at: usize, id: PurchaseId) -> Result<Registration, Error> {
        let new = NewRegistration { practitioners: Vec::new() };
        self.market.purchases().register(self.agency(at), id, new).await
    }

    pub(crate) async fn quote(&self, at: usize, id: PurchaseId, quote: Quote) -> Result<(), Error> {
        self.quote_with(at, id, quote, None).await
    }

    pub(crate) async fn quote_with(
        &self,
        at: usize,
        id: PurchaseId,
        quote: Quote,
        plan: Option<&str>,
    ) -> Result<(), Error> {
        let nonce = Bytes32(self.env().secret());
        let new = NewQuote { quote, plan: plan.map(str::to_owned), nonce };
        self.market.purchases().quote(self.agency(at), id, new).await.map(drop)
    }

    /// Everybody registers, and quotes what is given.
    pub(crate) async fn enter(&self, id: PurchaseId, quotes: &[&str]) {
        for (at, quote) in quotes.iter().enumerate() {
            self.register(at, id).await.unwrap();
            self.quote(at, id, amount(quote)).await.unwrap();
        }
    }

    /// Closes and gives the code.
    pub(crate) async fn open(&self, purchase: &Purchase) -> Purchase {
        let closed = self.wait(purchase).await;
        assert_eq!(closed.state.name(), "opening");
        self.market.purchases().open(&self.owner, purchase.id, &code()).await.unwrap()
    }

    /// The place of the agency to which a purchase is awarded.
    pub(crate) fn winner(&self, purchase: &Purchase) -> usize {
        let award = purchase.state.award().unwrap();
        self.agencies.iter().position(|(id, _)| *id == award.agency_id).unwrap()
    }

    /// The registrations, by agency.
    pub(crate) async fn states(&self, id: PurchaseId) -> Vec<String> {
        let found = self.market.db.registrations(id).await.unwrap();
        let state = |(agency, _): &(AgencyId, Call)| {
            let one = found.iter().find(|one| one.agency_id == *agency);
            one.map_or_else(|| "-".to_owned(), |one| one.state.to_string())
        };
        self.agencies.iter().map(state).collect()
    }
}

pub(crate) async fn open_case(market: &Market, owner: &Call, fund: Fund) -> Case {
    let new = NewCase {
        matter: "open-restaurant".parse().unwrap(),
        title: "开一家面馆".to_owned(),
        region: "330282".parse().unwrap(),
        fund,
    };
    market.cases().open(owner, new).await.unwrap()
}
