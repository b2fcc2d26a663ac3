//! Purchases of the demonstration: two that have come to an order, with proofs that anybody can
//! verify, one whose award is being published, and one that is open for registration.

use std::collections::BTreeSet;

use market_core::{
    Actor, Call, Env, Error, Market, Mode, Paging, Party, Timestamp,
    agency::{ListingFilter, ListingState},
    case::{Fund, NewCase},
    draw::Bytes32,
    id::{AgencyId, ApplicantId, PersonId, PurchaseId},
    purchase::{
        Contact, NewPurchase, NewQuote, NewRegistration, Notice, Price, Purchase, Submission,
    },
    sealing::OpeningCode,
    selection::Quote,
};

use super::story::{REGION, code};

/// What is bought, and the matter that needs it.
const ITEM: &str = "environmental-monitoring";
const MATTER: &str = "open-aquaculture";
const DAY: i64 = 24 * 3600;

/// How far a purchase goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// Open for registration.
    Open,
    /// The award is being published.
    Published,
    /// The winner has confirmed.
    Ordered,
}

const PURCHASES: [(&str, Mode, i64, Goal); 4] = [
    ("观海卫镇养殖尾水检测", Mode::Random, 20, Goal::Ordered),
    ("附海镇养殖尾水检测", Mode::BestPrice, 18, Goal::Ordered),
    ("庵东镇养殖尾水检测", Mode::LowestPrice, 9, Goal::Published),
    ("龙山镇养殖尾水检测", Mode::LowestPrice, 1, Goal::Open),
];

/// What agencies quote, in yuan; the tie is for the draw.
const QUOTES: [&str; 6] = ["9600", "9200", "9200", "8800", "8500", "7900"];

/// Tells of the purchases, the oldest first, in the market and by the clock of the story.
pub(super) async fn tell(market: &Market, now: Timestamp, owner: ApplicantId) -> Result<(), Error> {
    let (market, env) = (market.clone(), market.env().clone());
    let teller = Teller { market, env, owner: of(Party::Applicant(owner)) };
    for (title, mode, days_ago, goal) in PURCHASES {
        teller.env.set(now.plus_seconds(-days_ago * DAY));
        Box::pin(teller.tell(title, mode, goal)).await?;
    }
    Ok(())
}

fn of(party: Party) -> Call {
    Actor::new(PersonId(uuid::Uuid::nil()), party).into()
}

struct Teller {
    market: Market,
    env: Env,
    owner: Call,
}

impl Teller {
    async fn tell(&self, title: &str, mode: Mode, goal: Goal) -> Result<(), Error> {
        let secret = OpeningCode::new(&Env::real());
        let purchase = self.publish(title, mode, secret.clone()).await?;
        if goal == Goal::Open {
            return Ok(());
        }
        self.enter(&purchase).await?;
        self.wait(purchase.id).await?;
        self.market.purchases().open(&self.owner, purchase.id, &secret).await?;
        if goal == Goal::Published {
            return Ok(());
        }
        let stands = self.wait(purchase.id).await?;
        if let Some(award) = stands.state.award() {
            let winner = of(Party::Agency(award.agency_id));
            self.market.purchases().confirm(&winner, purchase.id).await?;
        }
        Ok(())
    }

    async fn publish(
        &self,
        title: &str,
        mode: Mode,
        opening_code: OpeningCode,
    ) -> Result<Purchase, Error> {
        let new = NewCase {
            matter: code(MATTER),
            title: title.to_owned(),
            region: code(REGION),
            fund: Fund::Social,
        };
        let case = self.market.cases().open(&self.owner, new).await?;
        let notice = notice(title, mode, self.env.now().plus_seconds(7 * DAY));
        let item = code(ITEM);
        let new = NewPurchase { case_id: case.id, item, notice, predecessor: None };
        let purchases = self.market.purchases();
        let draft = purchases.create(&self.owner, new).await?;
        purchases.submit(&self.owner, draft.id, Submission { opening_code }).await
    }

    /// Agencies that sell the service register, and quote where the mode asks for it.
    async fn enter(&self, purchase: &Purchase) -> Result<(), Error> {
        self.env.set(self.env.now().plus_seconds(DAY));
        let purchases = self.market.purchases();
        let mut quotes = QUOTES.iter();
        for agency in self.sellers().await? {
            let call = of(Party::Agency(agency));
            let new = NewRegistration { practitioners: Vec::new() };
            match purchases.register(&call, purchase.id, new).await {
                Err(Error::Ineligible(_)) => continue,
                registered => registered?,
            };
            let Some(quote) = quotes.next() else { break };
            if purchase.notice.mode.wants_quotes() {
                let quote = Quote::Amount(code(quote));
                let nonce = Bytes32(Env::real().secret());
                let new = NewQuote { quote, plan: None, nonce };
                purchases.quote(&call, purchase.id, new).await?;
            }
        }
        Ok(())
    }

    async fn sellers(&self) -> Result<BTreeSet<AgencyId>, Error> {
        let filter = ListingFilter {
            item: Some(code(ITEM)),
            state: Some(ListingState::Published),
            ..ListingFilter::default()
        };
        let paging = Paging { after: None, limit: 100 };
        let listings = self.market.listings().list(None, &filter, &paging).await?.items;
        Ok(listings.into_iter().map(|listing| listing.agency_id).collect())
    }

    /// Lets time pass until the next thing happens to the purchase by itself.
    async fn wait(&self, id: PurchaseId) -> Result<Purchase, Error> {
        let purchases = self.market.purchases();
        let purchase = purchases.get(Some(&self.owner.actor), id).await?;
        if let Some(due) = purchase.state.due_at() {
            self.env.set(due);
            purchases.run_due().await?;
        }
        purchases.get(Some(&self.owner.actor), id).await
    }
}

fn notice(title: &str, mode: Mode, closes_at: Timestamp) -> Notice {
    let price = if mode.wants_quotes() {
        Price::Amount { low: code("5000"), high: code("10000") }
    } else {
        Price::Fixed { amount: code("9000") }
    };
    Notice {
        title: title.to_owned(),
        content: "开展养殖尾水排放检测，出具检测报告。".to_owned(),
        scale: "检测点位 3 个".to_owned(),
        project_code: String::new(),
        mode,
        price,
        service_days: 15,
        criteria: Vec::new(),
        long_list: None,
        short_list: None,
        rounds: None,
        practitioners: 0,
        other_requirements: String::new(),
        closes_at,
        contact: Contact { name: "演示联系人".to_owned(), phone: "0574-0000-0000".to_owned() },
        complaint_phone: "0574-0000-0000".to_owned(),
        avoid: Vec::new(),
        witnesses: Vec::new(),
        witness_department: None,
        beacon: None,
    }
}
