//! Queries for services: by every name that an item has, and by every way to type it.

use super::Asking;
use super::names::{Named, unique};
use super::slips::{shortened, substituted, swapped};
use super::spelling::{initials, misheard, mixed, spelled};
use super::traditional::traditional;

/// Initials of fewer letters could be anything.
const FEWEST_INITIALS: usize = 3;
/// A slip in a shorter name leaves too little of it.
const SHORTEST_SLIPPED: usize = 4;

const SENTENCES: [&str; 8] = [
    "请问哪里可以做{}，急用",
    "我们公司需要办理{}，请推荐几家靠谱的机构",
    "想找一家做{}的机构，价格大概多少",
    "项目马上要开工了，{}还没有做，谁能尽快出结果",
    "领导让我问一下{}一般要几个工作日",
    "第一次办，不太懂，{}应该找谁，要准备什么材料",
    "有没有做{}比较便宜的，麻烦联系我",
    "之前合作的机构不做了，想换一家继续做{}",
];

impl Asking<'_> {
    pub(super) fn services(&mut self) {
        let letters = self.letters();
        let common = self.common();
        for item in 0..self.items.len() {
            self.by_name(item);
            self.in_letters(item);
            self.mistyped(item, &letters, &common);
        }
        for saying in &self.sources.sayings {
            let grades = self.of_items(&saying.items.iter().copied().collect());
            self.ask("saying", saying.text.clone(), grades);
        }
    }

    /// Asks by a name as it is typed, and means every item of that name.
    fn named(&mut self, class: &'static str, name: &str, typed: String) {
        let grades = self.of_items(&self.carriers(|other| other == name));
        self.ask(class, typed, grades);
    }

    /// One of an item's names with at least so many characters.
    fn some_name(&mut self, item: usize, least: usize) -> Option<String> {
        let names = self.items[item].names();
        let plain = |name: &&str| name.chars().count() >= least && !name.contains('（');
        let names: Vec<String> = names.filter(plain).map(str::to_owned).collect();
        self.draw.choose(&names).cloned()
    }

    fn by_name(&mut self, item: usize) {
        let (official, core) = (self.items[item].official.clone(), self.items[item].core.clone());
        self.named("official", &official, official.clone());
        if core != official {
            self.named("core", &core, core.clone());
        }
        for alias in self.items[item].aliases.clone() {
            self.named("alias", &alias, alias.clone());
        }
        if let Some(name) = self.some_name(item, 2) {
            let sentence = self.draw.word(&SENTENCES).replace("{}", &name);
            self.named("long", &name, sentence);
        }
        if let Some(name) = self.some_name(item, 2) {
            let other = traditional(&name);
            if other != name {
                self.named("traditional", &name, other);
            }
        }
    }

    fn in_letters(&mut self, item: usize) {
        let spell = self.sources.spell;
        if let Some(name) = self.some_name(item, 2) {
            let typed = spelled(&name, spell);
            let grades = self.of_items(&self.carriers(|other| spelled(other, spell) == typed));
            self.ask("pinyin", typed, grades);
        }
        if let Some(name) = self.some_name(item, FEWEST_INITIALS) {
            let typed = initials(&name, spell);
            let grades = self.of_items(&self.carriers(|other| initials(other, spell) == typed));
            self.ask("initials", typed, grades);
        }
        if let Some(name) = self.some_name(item, FEWEST_INITIALS) {
            let typed = mixed(&name, spell, &mut self.draw);
            let sound = spelled(&name, spell);
            let grades = self.of_items(&self.carriers(|other| spelled(other, spell) == sound));
            self.ask("mixed", typed, grades);
        }
    }

    fn mistyped(&mut self, item: usize, letters: &[char], common: &[char]) {
        let least = SHORTEST_SLIPPED;
        if let Some(name) = self.some_name(item, least) {
            let typed = substituted(&name, letters, &mut self.draw);
            self.slipped("typo-substitution", &name, typed);
        }
        if let Some(name) = self.some_name(item, least) {
            let typed = shortened(&name, &mut self.draw);
            self.slipped("typo-deletion", &name, typed);
        }
        if let Some(name) = self.some_name(item, least)
            && let Some(typed) = swapped(&name, &mut self.draw)
        {
            self.slipped("typo-swap", &name, typed);
        }
        if let Some(name) = self.some_name(item, least)
            && let Some(typed) = misheard(&name, common, self.sources.spell, &mut self.draw)
        {
            self.slipped("homophone", &name, typed);
        }
    }

    /// Asks by a name with a slip, unless that made another item's name of it.
    fn slipped(&mut self, class: &'static str, name: &str, typed: String) {
        if self.carriers(|other| other == typed).is_empty() {
            self.named(class, name, typed);
        }
    }

    /// The characters that items are called with.
    fn letters(&self) -> Vec<char> {
        let names = self.items.iter().flat_map(Named::names);
        unique(names.flat_map(str::chars))
    }

    /// The characters of everything that has a name: what an input method offers.
    fn common(&self) -> Vec<char> {
        let matters = self.sources.matters.iter().map(|matter| matter.name.as_str());
        let regions = self.sources.catalog.regions.iter().map(|region| region.name.as_str());
        let documents = self.documents.iter().map(|document| document.row.agency.as_str());
        let said = self.sources.sayings.iter().map(|saying| saying.text.as_str());
        let names = self.items.iter().flat_map(Named::names);
        let all = matters.chain(regions).chain(documents).chain(said).chain(names);
        unique(all.flat_map(str::chars))
    }
}
