//! How a text becomes a plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tantivy::{
    Score, Term,
    query::{
        BooleanQuery, BoostQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery, PhraseQuery,
        Query,
    },
};

use super::{
    at_least::{Asked, AtLeast},
    best_of::BestOf,
    catalogue::{COUNTRY, Catalogue},
    crowds::Crowds,
    plan::{Core, Group, Plan, STRICT, TIE, share, worth},
    ranking,
    schema::Fields,
    text::{cut, is_chinese, normalize, syllable_pairs},
    understood::{self, Understood, Way},
    words::Words,
};
use crate::{
    Kind,
    code::{ItemCode, RegionCode},
};

/// The share where the text names what it is for.
const WHOLE: usize = 100;
/// The share of the sounds.
const SOUNDS: usize = 80;
/// The share of the syllables of a text in letters.
const SPELLED: usize = 75;
/// What a word of a place's name is worth beside other words.
const IN_PLACE: Score = 0.5;
/// What the words of a name are worth beside being the name.
const NAMED_WORDS: Score = 0.25;
/// What a word of an agency's name is worth to a text that is most of it …
const OF_AGENCY: Score = 2.0;
/// … and has at least so many words.
const LEAST_OF_AGENCY: usize = 4;
/// What having the words side by side adds.
const SIDE_BY_SIDE: Score = 2.0;
/// What having a run of letters or digits, or one that holds it, is worth.
const RUN: Score = 3.0;
/// So many initials are looked at.
const MAX_INITIALS: usize = 12;

impl Plan {
    /// The plan of a text.
    pub(super) fn new(
        text: &str,
        understood: &Understood,
        fields: Fields,
        catalogue: &Catalogue,
        crowds: &Arc<Crowds>,
    ) -> Self {
        let plan = Plan { cores: Vec::new(), extras: Vec::new(), agency: None };
        let mut planner = Planner { fields, crowds: crowds.clone(), plan };
        planner.names(understood, catalogue);
        planner.words(text, understood);
        planner.sounds(text, understood);
        planner.places(text, understood, catalogue);
        if planner.plan.cores.is_empty() {
            planner.core(Group::Words, Box::new(EmptyQuery));
        }
        planner.plan
    }
}

struct Planner {
    fields: Fields,
    crowds: Arc<Crowds>,
    plan: Plan,
}

impl Planner {
    fn core(&mut self, group: Group, query: Box<dyn Query>) {
        self.plan.cores.push((group, Core::Fixed(query)));
    }

    /// At least so many of some words.
    fn at_least(&self, need: usize, words: Vec<Asked>, tie: Score) -> AtLeast {
        AtLeast { words, need, asked: None, tie, crowds: self.crowds.clone() }
    }

    /// What is named: the offers of a service item, and the item or matter itself.
    fn names(&mut self, understood: &Understood, catalogue: &Catalogue) {
        let mut offers: BTreeMap<ItemCode, Score> = BTreeMap::new();
        let mut offer = |code: &ItemCode, points: Score| {
            let known = offers.entry(code.clone()).or_default();
            *known = known.max(points);
        };
        let mut itself: Vec<(Term, Score)> = Vec::new();
        for (code, force) in understood.items() {
            offer(code, ranking::ITEM * force);
            let term = self.fields.itself_is(Kind::ServiceItem, code.as_str());
            itself.push((term, ranking::ITSELF * force));
        }
        for (code, force) in understood.matters() {
            let term = self.fields.itself_is(Kind::Matter, code.as_str());
            itself.push((term, ranking::ITSELF * force));
            let matter = catalogue.matters().iter().find(|matter| matter.code == *code);
            for need in matter.into_iter().flat_map(|matter| &matter.needs) {
                offer(&need.item, ranking::NEEDED * force);
            }
        }
        for (code, force) in understood.categories() {
            let of_category = catalogue.items().filter(|item| item.category == *code);
            of_category.for_each(|item| offer(&item.code, ranking::NEEDED * force));
        }
        if !offers.is_empty() {
            let item = self.fields.item;
            let term = |code: &ItemCode| Term::from_field_text(item, code.as_str());
            let offers = offers.iter().map(|(code, points)| (term(code), *points));
            self.core(Group::Names, Box::new(BestOf(offers.collect())));
        }
        if !itself.is_empty() {
            self.core(Group::Names, Box::new(BestOf(itself)));
        }
    }

    /// The words themselves.
    fn words(&mut self, text: &str, understood: &Understood) {
        let read = Words::read(text, understood);
        if read.whole.is_empty() && read.in_place.is_empty() {
            if !read.lone.is_empty() {
                let all = read.lone.iter().map(|c| self.character(*c)).collect();
                self.core(Group::Words, Box::new(BooleanQuery::intersection(all)));
            }
            return;
        }
        self.runs(&read);
        let (asked, beside) = if read.whole.is_empty() {
            (&read.in_place, &[][..])
        } else {
            (&read.whole, &read.in_place[..])
        };
        let terms = asked.iter().map(|(_, word)| self.word(word, 1.0));
        let mut terms: Vec<_> = terms.collect();
        if understood.read.iter().any(|read| is_whole(read.share, read.way)) {
            let need = share(terms.len(), WHOLE);
            for (_, worth) in terms.iter_mut().flat_map(|word| &mut word.fields) {
                *worth *= NAMED_WORDS;
            }
            let all = self.at_least(need, terms, TIE);
            self.core(Group::Words, Box::new(all));
        } else {
            let all = self.at_least(1, terms, TIE);
            self.plan.cores.push((Group::Words, Core::Words(all)));
            self.side_by_side(asked);
            self.agency(&read);
        }
        for (_, word) in beside {
            let word = self.at_least(1, vec![self.word(word, IN_PLACE)], TIE);
            self.plan.extras.push((Group::Words, Box::new(word)));
        }
    }

    /// Any part of a run of letters or digits finds it: what holds all that the text has.
    fn runs(&mut self, read: &Words) {
        let runs = read.whole.iter().map(|(_, word)| word);
        let runs = runs.filter(|word| word.len() >= 2 && !word.chars().any(is_chinese));
        let begins = runs.map(|word| {
            let term = Term::from_field_text(self.fields.runs, word);
            worth(Box::new(FuzzyTermQuery::new_prefix(term, 0, true)), RUN)
        });
        let begins: Vec<_> = begins.collect();
        if !begins.is_empty() {
            self.core(Group::Words, Box::new(BooleanQuery::intersection(begins)));
        }
    }

    /// A text that is no service's name may be an agency's, places and all.
    fn agency(&mut self, read: &Words) {
        let all: Vec<_> = read.in_place.iter().chain(&read.whole).map(|(_, word)| word).collect();
        if all.len() >= LEAST_OF_AGENCY {
            let field = self.fields.agency_name;
            let asked = |word| Asked::of_field(Term::from_field_text(field, word), OF_AGENCY);
            let words: Vec<_> = all.into_iter().map(|word| asked(word)).collect();
            let some = share(words.len(), STRICT);
            let all = self.at_least(words.len(), words, 0.0);
            self.core(Group::Words, Box::new(AtLeast { need: some, ..all.clone() }));
            self.plan.agency = Some(all);
        }
    }

    /// Where a word may stand, and what it is worth there.
    fn word(&self, word: &str, worth: Score) -> Asked {
        let fields = &self.fields;
        let found_by = Term::from_field_text(fields.anywhere, word);
        let fields = [
            (fields.title, 4.0),
            (fields.item_name, 3.0),
            (fields.agency_name, 3.0),
            (fields.region_name, 2.0),
            (fields.summary, 1.0),
        ]
        .map(|(field, weight)| (Term::from_field_text(field, word), weight * worth));
        Asked { found_by, fields: fields.into() }
    }

    /// Having all the words in their order is worth more.
    fn side_by_side(&mut self, words: &[(usize, String)]) {
        let runs = words.chunk_by(|(a, _), (b, _)| a + 1 == *b).filter(|run| run.len() >= 2);
        for run in runs {
            for field in [self.fields.title, self.fields.agency_name] {
                let terms = run.iter().map(|(at, word)| (*at, Term::from_field_text(field, word)));
                let phrase = PhraseQuery::new_with_offset(terms.collect());
                let phrase = Box::new(BoostQuery::new(Box::new(phrase), SIDE_BY_SIDE));
                self.plan.extras.push((Group::Words, phrase));
            }
        }
    }

    /// What sounds like the text, where it is in letters or names nothing.
    fn sounds(&mut self, text: &str, understood: &Understood) {
        let normal = normalize(text);
        let has_chinese = normal.chars().any(is_chinese);
        let letters: String = normal.chars().filter(char::is_ascii_alphabetic).collect();
        if !has_chinese && letters.len() >= 2 {
            self.spelled(&normal, &letters);
        } else if has_chinese && understood.read.is_empty() {
            let pairs: BTreeSet<_> = syllable_pairs(text).into_iter().collect();
            if pairs.len() >= 2 {
                self.syllables(&pairs, SOUNDS);
            }
        }
    }

    fn spelled(&mut self, text: &str, letters: &str) {
        let syllables = cut(text).unwrap_or_default();
        if syllables.len() >= 2 {
            let pairs = syllables.windows(2).map(|pair| pair.join("'"));
            self.syllables(&pairs.collect(), SPELLED);
        }
        let initials: String = letters.chars().take(MAX_INITIALS).collect();
        let term = Term::from_field_text(self.fields.initials, &initials);
        let prefix = FuzzyTermQuery::new_prefix(term.clone(), 0, true);
        let whole: Box<dyn Query> = Box::new(BestOf(vec![(term, 6.0)]));
        let either = DisjunctionMaxQuery::new(vec![whole, worth(Box::new(prefix), 4.0)]);
        self.core(Group::Words, Box::new(either));
    }

    fn syllables(&mut self, pairs: &BTreeSet<String>, percent: usize) {
        let term = |pair: &String| Term::from_field_text(self.fields.syllables, pair);
        let words: Vec<_> = pairs.iter().map(|pair| Asked::of_field(term(pair), 1.0)).collect();
        let need = share(words.len(), percent);
        let all = self.at_least(need, words, 0.0);
        self.core(Group::Words, Box::new(all));
    }

    /// A text that is nothing but places finds who serves them.
    fn places(&mut self, text: &str, understood: &Understood, catalogue: &Catalogue) {
        let read = Words::read(text, understood);
        let places = understood.places();
        if places.is_empty() || !read.whole.is_empty() {
            return;
        }
        let known = places.into_iter().filter_map(|code| catalogue.region(code));
        let around: BTreeSet<&RegionCode> = known.flat_map(|region| &region.path).collect();
        let field = self.fields.region;
        let serving = around.into_iter().filter(|code| code.as_str() != COUNTRY);
        let serving = serving.map(|code| (Term::from_field_text(field, code.as_str()), 0.0));
        self.core(Group::Words, Box::new(BestOf(serving.collect())));
    }

    /// Pairs that begin with a character, and runs that end with it.
    fn character(&self, c: char) -> Box<dyn Query> {
        let fields = &self.fields;
        let anywhere = [(fields.title, 2.0), (fields.item_name, 1.5), (fields.agency_name, 1.0)];
        let begins = anywhere.map(|(field, weight)| {
            let term = Term::from_field_text(field, c.encode_utf8(&mut [0; 4]));
            worth(Box::new(FuzzyTermQuery::new_prefix(term, 0, true)), weight)
        });
        Box::new(BooleanQuery::union(begins.into()))
    }
}

/// Whether a name is all that a text says.
fn is_whole(share: f32, way: Way) -> bool {
    share >= understood::WHOLE && way != Way::Like
}
