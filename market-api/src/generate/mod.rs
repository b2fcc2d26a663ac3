//! Demonstration agencies: companies, certificates, people and offers that do not exist, made
//! from a catalogue and a seed.
//!
//! Agency number n depends on the seed and n alone, so that a larger pack holds every agency of a
//! smaller one. Read [`generate`] first, then `work` (what an agency does), `agency`,
//! `certificates` and `listings`; `judged` asks for what they offer.

mod agency;
mod catalog;
mod certificates;
mod draw;
mod judged;
mod listings;
mod names;
mod nature;
mod packages;
mod people;
mod places;
mod prices;
mod rows;
mod texts;
mod trades;
mod trades_more;
mod uscc;
mod work;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use time::Date;

pub use self::catalog::Catalog;
pub use self::judged::{JudgedSet, Sources, Spell, judged};
pub use self::rows::{AgencyRow, ListingRow, PractitionerRow, QualificationRow};

use self::agency::Seat;
use self::catalog::Region;
use self::certificates::{DAY_AFTER, Holder, LAST_DAY};
use self::draw::Draw;
use self::listings::Seller;
use self::nature::Nature;
use self::places::Places;
use self::trades::Trade;
use self::uscc::Codes;
use self::work::Market;

/// Names are drawn from streams of their own, so that a name taken twice changes nothing else.
const NAMES: u64 = 1 << 40;

/// Generated agencies with everything that belongs to them, each list in the order of its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pack {
    pub agencies: Vec<AgencyRow>,
    pub qualifications: Vec<QualificationRow>,
    pub practitioners: Vec<PractitionerRow>,
    pub listings: Vec<ListingRow>,
}

/// Makes `count` agencies; certificates are valid, expiring or expired as seen from `today`.
pub fn generate(catalog: &Catalog, count: usize, seed: u64, today: Date) -> Pack {
    let world = World {
        catalog,
        market: Market::new(catalog),
        places: Places::new(catalog),
        codes: Codes::new(seed),
        seed,
        today,
    };
    let mut pack = Pack::default();
    let mut names = HashSet::new();
    for number in 0..count as u64 {
        world.add(number, &mut names, &mut pack);
    }
    pack.sort();
    pack
}

#[derive(Debug)]
struct World<'a> {
    catalog: &'a Catalog,
    market: Market<'a>,
    places: Places<'a>,
    codes: Codes,
    seed: u64,
    today: Date,
}

impl World<'_> {
    fn add(&self, number: u64, names: &mut HashSet<String>, pack: &mut Pack) {
        let mut draw = Draw::new(self.seed, number);
        let steady = number == DAY_AFTER || LAST_DAY.contains(&number);
        let county = self.places.draw(&mut draw);
        let work = self.market.draw(steady, &mut draw);
        let licensed = work.items.iter().any(|item| !item.needs.is_empty());
        let nature = Nature::draw(work.trades[0].public, licensed, &mut draw);
        let uscc = self.codes.code(nature.authority(), &county.code, number);
        let province =
            self.places.province_of(county).map_or("省级", |above| above.name.as_str());
        let region = county.code.as_str();
        let holder = Holder { number, uscc: &uscc, region, province, today: self.today };
        let (certificates, oldest) =
            certificates::certificates(self.catalog, &work, holder, &mut draw);
        let people =
            certificates::practitioners(self.catalog, &work, &certificates, holder, &mut draw);
        let name = self.name(number, county, work.trades[0], nature, names);
        let seat = Seat { number, uscc: uscc.clone(), name, nature, county };
        let row = agency::row(seat, &self.places, &work, (self.today, oldest), steady, &mut draw);
        let seller = Seller { uscc: &uscc, county, steady };
        pack.listings.extend(listings::listings(&work, &self.places, seller, &mut draw));
        pack.agencies.push(row);
        pack.qualifications.extend(certificates);
        pack.practitioners.extend(people);
    }
}

impl World<'_> {
    /// A name that no agency before this one has.
    fn name(
        &self,
        number: u64,
        county: &Region,
        trade: &Trade,
        nature: Nature,
        taken: &mut HashSet<String>,
    ) -> String {
        let mut draw = Draw::new(self.seed, NAMES + number);
        let mut attempt = 0;
        loop {
            let place = self.places.brand_place(county, &mut draw);
            let name = names::agency(&place, trade, nature, attempt, &mut draw);
            if taken.insert(name.clone()) {
                return name;
            }
            attempt += 1;
        }
    }
}

impl Pack {
    fn sort(&mut self) {
        self.agencies.sort_by(|a, b| a.uscc.cmp(&b.uscc));
        self.qualifications
            .sort_by(|a, b| (&a.uscc, &a.kind, &a.number).cmp(&(&b.uscc, &b.kind, &b.number)));
        self.practitioners
            .sort_by(|a, b| (&a.uscc, &a.certificate).cmp(&(&b.uscc, &b.certificate)));
        self.listings.sort_by(|a, b| (&a.uscc, &a.code).cmp(&(&b.uscc, &b.code)));
    }
}
