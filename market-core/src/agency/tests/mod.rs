//! What an agency and its listings may and may not do.

mod admission;
mod listings;
mod records;
mod states;
mod world;

use super::*;
use crate::{
    code::RegionCode,
    id::{ListingId, PersonId},
};

/// Something in the shape of a unified social credit code, with right check digits.
const USCC: &str = "91350100M000100Y43";

fn person() -> PersonId {
    PersonId(uuid::Uuid::from_u128(7))
}

fn profile() -> Profile {
    Profile {
        nature: AgencyNature::Enterprise,
        legal_representative: "陈某".to_owned(),
        address: "慈溪市白沙路街道1号".to_owned(),
        phone: "0574-0000-0001".to_owned(),
        established_on: "2015-05-06".parse().unwrap(),
        capital: Money::from_fen(500_000_000).unwrap(),
        scope: "工程测绘".to_owned(),
        attached_to: None,
    }
}

fn details() -> Details {
    Details {
        name: "慈溪测绘有限公司".to_owned(), region: region("330282"), profile: profile()
    }
}

fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}

fn new_agency(uscc: &str) -> NewAgency {
    let Details { name, region, profile } = details();
    NewAgency { uscc: uscc.parse().unwrap(), name, region, profile }
}

fn terms(price_fen: i64) -> Terms {
    Terms {
        title: "竣工测绘".to_owned(),
        summary: "外业测量与成果报告".to_owned(),
        price: Money::from_fen(price_fen).unwrap(),
        unit: "元/项".to_owned(),
        regions: vec![region("330282")],
        days: 10,
    }
}

fn new_listing(code: &str, price_fen: i64) -> NewListing {
    let (code, item) = (code.parse().unwrap(), "survey".parse().unwrap());
    NewListing { code, item, terms: terms(price_fen) }
}
