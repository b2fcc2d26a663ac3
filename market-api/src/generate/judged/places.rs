//! Queries for a service at a place, and for what a matter needs.

use std::collections::BTreeMap;

use super::Asking;
use super::documents::digits;
use crate::generate::places::{COUNTRY, PROVINCE, short};

/// So many queries name a place.
const ASKED: usize = 60;

impl Asking<'_> {
    pub(super) fn places(&mut self) {
        for _ in 0..ASKED {
            self.at_a_place();
        }
        for matter in &self.sources.matters {
            let documents = self.documents.iter().enumerate();
            let needed = documents.filter(|(_, document)| matter.items.contains(&document.item));
            let grades = needed.map(|(place, _)| (place, 2)).collect();
            self.ask("matter", matter.name.clone(), grades);
        }
    }

    fn at_a_place(&mut self) {
        let regions = self.sources.catalog.regions.iter();
        let regions: Vec<_> =
            regions.filter(|region| ![COUNTRY, PROVINCE].contains(&region.code.as_str())).collect();
        let region = *self.draw.pick(&regions);
        let item = self.draw.index(self.items.len());
        let names: Vec<String> = self.items[item].names().map(str::to_owned).collect();
        let service = self.draw.pick(&names).clone();
        let place = if self.draw.percent(50) { short(&region.name) } else { &region.name };
        let text = match self.draw.below(4) {
            0 => format!("{place}{service}"),
            1 => format!("{place} {service}"),
            2 => format!("{service} {place}"),
            _ => format!("在{place}做{service}"),
        };
        let wanted = self.carriers(|other| other == service);
        let documents = self.documents.iter().enumerate();
        let offered = documents.filter(|(_, document)| wanted.contains(&document.item));
        let grades: BTreeMap<usize, u8> = offered
            .map(|(at, document)| (at, if serves(&document.region, &region.code) { 3 } else { 1 }))
            .collect();
        if grades.values().any(|grade| *grade == 3) {
            self.ask("place", text, grades);
        }
    }
}

/// Whether who serves one region serves another: it lies in it, or a part of it does.
fn serves(served: &str, wanted: &str) -> bool {
    let (served, wanted) = (digits(served), digits(wanted));
    wanted.starts_with(served) || served.starts_with(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_served_with_what_is_in_it_and_by_what_is_in_it() {
        for (served, wanted, yes) in [
            ("330282", "330282", true),
            ("330200", "330282", true),
            ("330282", "330200", true),
            ("330000", "330282", true),
            ("100000", "330282", true),
            ("330281", "330282", false),
            ("330100", "330282", false),
        ] {
            assert_eq!(serves(served, wanted), yes, "{served} {wanted}");
        }
    }
}
