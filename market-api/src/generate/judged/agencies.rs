//! Queries for agencies, by their names in every form.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Asking;
use super::names::{formless, placeless, unique};
use super::slips::{shortened, substituted, swapped};
use super::spelling::initials;

/// So many agencies are asked for in each form.
const ASKED: usize = 40;
/// Initials of fewer letters could be anybody's.
const FEWEST_INITIALS: usize = 4;

impl Asking<'_> {
    pub(super) fn agencies(&mut self) {
        let names: BTreeSet<_> =
            self.documents.iter().map(|document| &document.row.agency).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let spell = self.sources.spell;
        for name in self.some(&names) {
            let grades = self.of_agencies(|other| other == name);
            self.ask("agency", name, grades);
        }
        for name in self.some(&names) {
            let short = self.short(&name);
            let grades = self.of_agencies(|other| other.contains(&short));
            self.ask("agency-short", short, grades);
        }
        for name in self.some(&names) {
            let short = self.short(&name);
            let grades = self.of_agencies(|other| other.contains(&short));
            let typed = self.slip(&short, &names);
            self.ask("agency-typo", typed, grades);
        }
        let catalog = &self.sources.catalog;
        let forms = |name: &String| {
            let short = formless(name);
            [name, short, placeless(short, catalog)].map(|form| initials(form, spell))
        };
        let spelled: HashMap<String, [String; 3]> =
            names.iter().map(|name| (name.clone(), forms(name))).collect();
        for name in self.some(&names) {
            let typed = initials(&self.short(&name), spell);
            if typed.chars().count() >= FEWEST_INITIALS {
                let fits = |other: &str| spelled.get(other).is_some_and(|of| of.contains(&typed));
                let grades = self.of_agencies(fits);
                self.ask("agency-initials", typed, grades);
            }
        }
    }

    fn some(&mut self, names: &[String]) -> Vec<String> {
        let names: Vec<&String> = names.iter().collect();
        self.draw.some(&names, ASKED).into_iter().cloned().collect()
    }

    /// A name without its legal form, and half the time without its place.
    fn short(&mut self, name: &str) -> String {
        let short = formless(name);
        let short =
            if self.draw.percent(50) { placeless(short, &self.sources.catalog) } else { short };
        short.to_owned()
    }

    /// A name with a slip of one kind or another.
    fn slip(&mut self, name: &str, names: &[String]) -> String {
        match self.draw.below(3) {
            0 => {
                let letters = names.iter().flat_map(|name| formless(name).chars());
                substituted(name, &unique(letters), &mut self.draw)
            }
            1 => shortened(name, &mut self.draw),
            _ => swapped(name, &mut self.draw).unwrap_or_default(),
        }
    }

    /// The listings of the agencies whose names fit.
    fn of_agencies(&self, fits: impl Fn(&str) -> bool) -> BTreeMap<usize, u8> {
        let documents = self.documents.iter().enumerate();
        let fitting = documents.filter(|(_, document)| fits(&document.row.agency));
        fitting.map(|(place, _)| (place, 3)).collect()
    }
}
