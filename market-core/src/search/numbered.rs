//! What the catalogue says of the codes that documents carry, by their numbers.
//!
//! A search asks it of every code; it changes only with the catalogue, or when a document brings a
//! code that none had before. So it is worked out once, and kept with the catalogue.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    catalogue::Catalogue,
    columns::{AllCodes, NONE},
};
use crate::{Point, code::RegionCode};

/// What is known of every code, by its number.
#[derive(Debug)]
pub(super) struct Numbered {
    codes: Arc<AllCodes>,
    /// How many items, regions and certificates there were.
    sizes: [usize; 3],
    /// The number of the category of each item.
    pub(super) categories: Vec<Option<u32>>,
    /// Each region, as far as the catalogue has it.
    pub(super) regions: Vec<Option<Place>>,
    /// The number of the kind of each certificate.
    pub(super) kind_of: Vec<u32>,
    /// The kinds of certificates, by those numbers.
    pub(super) kinds: Vec<String>,
}

/// Where a region is.
#[derive(Debug)]
pub(super) struct Place {
    /// The codes from the country down to itself.
    pub(super) path: Vec<RegionCode>,
    /// Of those that it lies in, the numbers, where documents carry them.
    pub(super) around: Vec<u32>,
    pub(super) centre: Option<Point>,
}

impl Numbered {
    fn new(codes: &Arc<AllCodes>, sizes: [usize; 3], catalogue: &Catalogue) -> Self {
        let all = catalogue.categories();
        let category = |code: &str| {
            let item = code.parse().ok().and_then(|code| catalogue.item(&code))?;
            let at = all.iter().position(|category| category.code == item.category)?;
            u32::try_from(at).ok()
        };
        let place = |code: &str| {
            let region = code.parse().ok().and_then(|code| catalogue.region(&code))?;
            let above = region.path.iter().filter(|above| above.as_str() != code);
            let around = above.filter_map(|above| codes.regions.find(above.as_str())).collect();
            Some(Place { path: region.path.clone(), around, centre: region.centre })
        };
        let (mut kinds, mut kind_of) = (Vec::<String>::new(), Vec::new());
        for held in codes.held.all() {
            let kind = held.split(':').next().unwrap_or_default();
            let at = kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
                kinds.push(kind.to_owned());
                kinds.len() - 1
            });
            kind_of.push(u32::try_from(at).unwrap_or(NONE));
        }
        Self {
            codes: codes.clone(),
            sizes,
            categories: codes.items.all().iter().map(|code| category(code)).collect(),
            regions: codes.regions.all().iter().map(|code| place(code)).collect(),
            kind_of,
            kinds,
        }
    }
}

/// What is known of the codes that were asked about last.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<Arc<Numbered>>>);

impl Kept {
    /// What a catalogue says of codes.
    pub(super) fn of(&self, codes: &Arc<AllCodes>, catalogue: &Catalogue) -> Arc<Numbered> {
        // Counted before they are read: one that comes meanwhile is looked at the next time.
        let sizes = [codes.items.len(), codes.regions.len(), codes.held.len()];
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.as_ref();
        if let Some(known) =
            known.filter(|known| Arc::ptr_eq(&known.codes, codes) && known.sizes == sizes)
        {
            return known.clone();
        }
        let fresh = Arc::new(Numbered::new(codes, sizes, catalogue));
        *kept = Some(fresh.clone());
        fresh
    }
}
