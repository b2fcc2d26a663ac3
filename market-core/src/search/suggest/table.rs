//! Names in three orders: by their characters, by their initials and by full pinyin. What begins
//! with a text stands together in one of them.

use std::{collections::HashMap, ops::Range, sync::Arc};

use uuid::Uuid;

use super::{
    Suggestion, SuggestionKind,
    names::{Known, Spelt, mark, starts},
    walk::Walk,
};
use crate::search::text::{Fit, Heard};

/// So many names are compared one by one for one text.
const MOST_COMPARED: usize = 20_000;
/// So many suggestions are kept for each single letter.
const FOR_A_LETTER: usize = super::MAX_SUGGESTIONS as usize;

/// What a thing is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Code(Box<str>),
    Agency(Uuid),
}

/// Something to suggest.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) kind: SuggestionKind,
    pub(super) key: Key,
    pub(super) name: Arc<str>,
    pub(super) count: u32,
}

/// A thing with the names by which it is suggested; none stands for the name that it shows.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) thing: Thing,
    pub(super) texts: Vec<Option<Box<str>>>,
}

/// A name, and where its spellings begin in the text that holds all of them.
#[derive(Debug)]
struct Name {
    thing: u32,
    /// The name as it is shown, unless it is the thing's own.
    shown: Option<Box<str>>,
    chars: u32,
    initials: u32,
    letters: u32,
    end: u32,
}

/// Where in a name one may begin; how much of each of its spellings comes before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    name: u32,
    chars: u16,
    initials: u16,
    letters: u16,
}

/// Names by how they begin.
#[derive(Debug, Default)]
pub(super) struct Table {
    things: Vec<Thing>,
    /// The kinds of things.
    kinds: Vec<SuggestionKind>,
    names: Vec<Name>,
    /// All spellings of all names.
    spelt: String,
    /// The best first, so that the smaller number is the better one.
    starts: Vec<Start>,
    /// From this one on, starts are of what comes later: places after the catalogue.
    later: u32,
    by_chars: Vec<u32>,
    pub(super) by_initials: Vec<u32>,
    by_letters: Vec<u32>,
    /// The best starts for each single letter.
    of_letter: HashMap<char, Vec<u32>>,
}

/// One of the ways in which what begins at a start is spelt.
type Spelling = for<'a> fn(&'a Table, &Start) -> &'a str;

/// How good a start is; the smallest is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    later: bool,
    /// More of the name follows what was typed.
    unfinished: bool,
    start: u32,
}

/// The best starts so far, of different things.
struct Best<'a> {
    table: &'a Table,
    limit: usize,
    accepts: &'a dyn Fn(SuggestionKind) -> bool,
    found: Vec<(Worth, u32)>,
}

impl Best<'_> {
    fn take(&mut self, start: u32, whole: bool) {
        let whole = whole && self.table.starts.get(start as usize).is_some_and(|it| it.chars == 0);
        let worth = Worth { later: start >= self.table.later, unfinished: !whole, start };
        let full = self.found.len() == self.limit;
        if full && self.found.last().is_none_or(|(last, _)| *last <= worth) {
            return;
        }
        let thing = self.table.thing_of(start);
        if !self.table.things.get(thing as usize).is_some_and(|it| (self.accepts)(it.kind)) {
            return;
        }
        if let Some(known) = self.found.iter().position(|(_, it)| *it == thing) {
            if self.found[known].0 <= worth {
                return;
            }
            self.found.remove(known);
        }
        let at = self.found.partition_point(|(it, _)| *it < worth);
        self.found.insert(at, (worth, thing));
        self.found.truncate(self.limit);
    }
}

impl Table {
    /// A table of things, of whose names some begin at what is known of them.
    pub(super) fn new(all: Vec<Named>, places: &Known, catalogue: &Known) -> Self {
        let mut table = Self::default();
        let mut order = Vec::new();
        for Named { thing, texts } in all {
            let number = number(table.things.len());
            for shown in texts {
                let text = shown.as_deref().unwrap_or(&thing.name);
                let spelt = Spelt::of(text);
                let length = spelt.chars.len();
                for at in starts(&spelt.chars, places, catalogue) {
                    let start = table.start(&spelt, at);
                    let later = thing.kind == SuggestionKind::Region;
                    let rank = (later, at > 0, u32::MAX - thing.count, length);
                    order.push((rank, start));
                }
                table.add_name(number, shown, &spelt);
            }
            if !table.kinds.contains(&thing.kind) {
                table.kinds.push(thing.kind);
            }
            table.things.push(thing);
        }
        order.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| table.chars(x).cmp(table.chars(y))));
        table.later = number(order.partition_point(|(rank, _)| !rank.0));
        table.starts = order.into_iter().map(|(_, start)| start).collect();
        table.by_chars = table.sorted(Self::chars);
        table.by_initials = table.sorted(Self::initials);
        table.by_letters = table.sorted(Self::letters);
        table.spelt.shrink_to_fit();
        table.of_letter = ('a'..='z').filter_map(|letter| table.best_of_letter(letter)).collect();
        table
    }

    fn start(&self, spelt: &Spelt, at: usize) -> Start {
        let small = |bytes: usize| u16::try_from(bytes).unwrap_or(u16::MAX);
        let bytes = |chars: &[char]| small(chars.iter().map(|c| c.len_utf8()).sum());
        Start {
            name: number(self.names.len()),
            chars: bytes(&spelt.chars[..at]),
            initials: bytes(&spelt.initials[..at]),
            letters: small(spelt.letters_before.get(at).copied().unwrap_or_default()),
        }
    }

    fn add_name(&mut self, thing: u32, shown: Option<Box<str>>, spelt: &Spelt) {
        let chars = number(self.spelt.len());
        self.spelt.extend(&spelt.chars);
        let initials = number(self.spelt.len());
        self.spelt.extend(&spelt.initials);
        let letters = number(self.spelt.len());
        self.spelt.push_str(&spelt.letters);
        let end = number(self.spelt.len());
        self.names.push(Name { thing, shown, chars, initials, letters, end });
    }

    fn part(&self, from: u32, before: u16, to: u32) -> &str {
        self.spelt.get(from as usize + usize::from(before)..to as usize).unwrap_or_default()
    }

    fn name(&self, start: &Start) -> Option<&Name> {
        self.names.get(start.name as usize)
    }

    fn chars(&self, start: &Start) -> &str {
        self.name(start).map_or("", |it| self.part(it.chars, start.chars, it.initials))
    }

    pub(super) fn initials(&self, start: &Start) -> &str {
        self.name(start).map_or("", |it| self.part(it.initials, start.initials, it.letters))
    }

    fn letters(&self, start: &Start) -> &str {
        self.name(start).map_or("", |it| self.part(it.letters, start.letters, it.end))
    }

    /// The starts in the order of a spelling. Most are told apart by their first eight bytes,
    /// which are nearer than the text.
    fn sorted(&self, spelling: Spelling) -> Vec<u32> {
        let first = |start: &Start| {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(spelling(self, start).bytes()).for_each(|(to, from)| *to = from);
            u64::from_be_bytes(bytes)
        };
        let mut order: Vec<_> =
            self.starts.iter().zip(0_u32..).map(|(start, number)| (first(start), number)).collect();
        let rest = |number: u32| self.starts.get(number as usize).map(|it| spelling(self, it));
        order.sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| rest(a.1).cmp(&rest(b.1))).then(a.1.cmp(&b.1))
        });
        order.into_iter().map(|(_, number)| number).collect()
    }

    fn spelling(&self, number: u32, spelling: Spelling) -> &str {
        self.starts.get(number as usize).map_or("", |start| spelling(self, start))
    }

    fn thing_of(&self, start: u32) -> u32 {
        let start = self.starts.get(start as usize);
        start.and_then(|start| self.name(start)).map_or(u32::MAX, |name| name.thing)
    }

    /// The part of an order that begins with a text, within a part of it.
    pub(super) fn narrow(
        &self,
        order: &[u32],
        within: Range<usize>,
        spelling: Spelling,
        begin: &str,
    ) -> Range<usize> {
        let part = &order[within.clone()];
        let from = part.partition_point(|number| self.spelling(*number, spelling) < begin);
        let begins = |number: &u32| self.spelling(*number, spelling).starts_with(begin);
        let count = part[from..].partition_point(begins);
        within.start + from..within.start + from + count
    }

    fn best_of_letter(&self, letter: char) -> Option<(char, Vec<u32>)> {
        let heard = Heard::of(letter.encode_utf8(&mut [0; 4]))?;
        let best = self.scan(&heard, FOR_A_LETTER, &|_| true);
        Some((letter, best.into_iter().map(|(worth, _)| worth.start).collect()))
    }

    /// What begins with what was heard, the best first.
    pub(super) fn find(
        &self,
        heard: &Heard,
        limit: usize,
        kinds: &[SuggestionKind],
    ) -> Vec<Suggestion> {
        let accepts = |kind| kinds.contains(&kind);
        let all = self.kinds.iter().all(|kind| accepts(*kind));
        let typed: String = heard.chars().iter().collect();
        let known = match heard.chars() {
            [letter] if all && limit <= FOR_A_LETTER => self.of_letter.get(letter),
            _ => None,
        };
        let starts = if let Some(known) = known {
            known.iter().take(limit).copied().collect()
        } else {
            let found = self.scan(heard, limit, &accepts);
            found.into_iter().map(|(it, _)| it.start).collect::<Vec<_>>()
        };
        starts.into_iter().filter_map(|start| self.suggestion(start, &typed)).collect()
    }

    fn scan(
        &self,
        heard: &Heard,
        limit: usize,
        accepts: &dyn Fn(SuggestionKind) -> bool,
    ) -> Vec<(Worth, u32)> {
        let mut best = Best { table: self, limit, accepts, found: Vec::with_capacity(limit + 1) };
        let typed: String = heard.chars().iter().collect();
        let exact = self.narrow(&self.by_chars, 0..self.by_chars.len(), Self::chars, &typed);
        self.take_all(&self.by_chars[exact], Self::chars, &typed, &mut best);
        let mut compared = 0;
        if heard.chars().iter().any(char::is_ascii_alphabetic) {
            let all = 0..self.by_letters.len();
            let range = self.narrow(&self.by_letters, all, Self::letters, &typed);
            let sounded = &self.by_letters[range];
            if heard.is_parted() {
                self.compare(sounded, heard, &mut compared, &mut best);
            } else {
                self.take_all(sounded, Self::letters, &typed, &mut best);
            }
            let mut walk = Walk::new(self, heard.chars());
            walk.begin();
            for (range, exact) in walk.ends {
                let these = &self.by_initials[range];
                if exact {
                    self.take_all(these, Self::initials, &typed, &mut best);
                } else {
                    self.compare(these, heard, &mut compared, &mut best);
                }
            }
        }
        best.found
    }

    fn take_all(&self, these: &[u32], spelling: Spelling, typed: &str, best: &mut Best<'_>) {
        // The shortest of what begins alike stands first.
        let whole = |number: &&u32| self.spelling(**number, spelling).len() == typed.len();
        let wholes = these.iter().take_while(whole).count();
        for (at, number) in these.iter().enumerate() {
            best.take(*number, at < wholes);
        }
    }

    fn compare(&self, these: &[u32], heard: &Heard, compared: &mut usize, best: &mut Best<'_>) {
        let mut chars = Vec::new();
        for number in these.iter().take(MOST_COMPARED.saturating_sub(*compared)) {
            *compared += 1;
            chars.clear();
            chars.extend(self.spelling(*number, Self::chars).chars());
            if let Some(fit) = heard.fit(&chars) {
                best.take(*number, matches!(fit, Fit::Whole(_)));
            }
        }
    }

    fn suggestion(&self, number: u32, typed: &str) -> Option<Suggestion> {
        let start = self.starts.get(number as usize)?;
        let name = self.name(start)?;
        let thing = self.things.get(name.thing as usize)?;
        let text = name.shown.as_deref().unwrap_or(&thing.name);
        let before = self.part(name.chars, 0, name.chars + u32::from(start.chars)).chars().count();
        let is_written = self.chars(start).starts_with(typed);
        let length = if is_written { typed.chars().count() } else { 0 };
        Some(Suggestion {
            kind: thing.kind,
            key: match &thing.key {
                Key::Code(code) => code.to_string(),
                Key::Agency(id) => id.to_string(),
            },
            name: thing.name.to_string(),
            text: text.to_owned(),
            count: thing.count.into(),
            marks: mark(text, before..before + length),
        })
    }

    /// How many bytes it takes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let own = |thing: &Thing| {
            let code = match &thing.key {
                Key::Code(code) => code.len(),
                Key::Agency(_) => 0,
            };
            size_of::<Thing>() + thing.name.len() + 16 + code
        };
        let orders = [&self.by_chars, &self.by_initials, &self.by_letters];
        self.things.iter().map(own).sum::<usize>()
            + (self.things.capacity() - self.things.len()) * size_of::<Thing>()
            + self.names.capacity() * size_of::<Name>()
            + self
                .names
                .iter()
                .filter_map(|name| name.shown.as_deref())
                .map(str::len)
                .sum::<usize>()
            + self.spelt.capacity()
            + self.starts.capacity() * size_of::<Start>()
            + orders.iter().map(|order| order.capacity() * 4).sum::<usize>()
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
