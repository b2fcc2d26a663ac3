//! Answering a search.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tantivy::{DocAddress, Searcher, TantivyDocument, query::Query, schema::Value};

use super::{
    Search,
    answers::Basis,
    at_least::AtLeast,
    blocking,
    catalogue::Catalogue,
    cursor::{self, Part, fingerprint},
    days::number,
    documents::Document,
    hits::{Found, Highlights, Hit, Hits, Named, NamedBy},
    narrow::Narrow,
    numbered::{Numbered, Place},
    plan::{Group, Plan},
    query::{SearchQuery, Sort, Subject},
    ranked::{Key, Ranked},
    ranking::{self, Explanation, Formula},
    schema::Fields,
    tally::Tally,
    text::Wanted,
    understood::{Meaning, Understood, WHOLE, Way},
    view::View,
    visit::{self, ENOUGH, Page, Visit, until},
};
use crate::{Day, Error, Paging, code::RegionCode};

impl Search<'_> {
    /// Finds what may be bought, or whom it may be bought from, on the day of the search.
    pub async fn find(&self, query: &SearchQuery) -> Result<Hits, Error> {
        let catalogue = self.catalogue().await?;
        query.check(&catalogue)?;
        let day = query.eligible_on.unwrap_or_else(|| self.0.env.now().day());
        let opened = self.0.index.serving();
        let basis = Basis { view: opened.view(), catalogue, day };
        if let Some(known) = self.0.index.answers.find(&basis, query) {
            metrics::counter!("market_search_answers_total", "from" => "memory").increment(1);
            return Ok(Hits::clone(&known));
        }
        let (limit, asked, on) = (self.0.index.limit, query.clone(), basis.clone());
        // Closed it never is; whoever waits no longer still leaves it to the search to end its turn.
        let began = Instant::now();
        let turn = self.0.index.searching.clone().acquire_owned().await;
        let hits = blocking(move || {
            let _turn = turn;
            Engine { view: &on.view, fields: opened.fields, catalogue: &on.catalogue }
                .answer(&asked, day, limit)
        })
        .await?;
        metrics::histogram!("market_search_seconds").record(began.elapsed());
        metrics::counter!("market_search_answers_total", "from" => "index").increment(1);
        let hits = Arc::new(hits);
        self.0.index.answers.keep(&basis, query, &hits);
        Ok(Arc::unwrap_or_clone(hits))
    }
}

/// Answers searches from a view of the index.
#[derive(Clone, Copy)]
pub(super) struct Engine<'a> {
    pub(super) view: &'a Arc<View>,
    pub(super) fields: Fields,
    pub(super) catalogue: &'a Catalogue,
}

/// What a search is answered with.
struct Asked<'a> {
    query: &'a SearchQuery,
    narrow: Narrow,
    /// What the listings of agencies must meet, where agencies are sought.
    offers: Option<Narrow>,
    ranked: Ranked,
    understood: Understood,
    plan: Option<Plan>,
    /// Until when it may take.
    until: Instant,
}

impl Engine<'_> {
    /// The answer to a search that was checked.
    pub(super) fn answer(
        &self,
        query: &SearchQuery,
        day: Day,
        limit: Duration,
    ) -> Result<Hits, Error> {
        let asked = self.read(query, day, limit);
        let paging = Paging { after: query.after.clone(), limit: query.limit };
        let fingerprint = fingerprint(query);
        let after = paging.key::<cursor::Place>()?.filter(|place| place.query == fingerprint);
        if query.after.is_some() && after.is_none() {
            return Err(Error::invalid("after", "cursor", "not a cursor of this search"));
        }
        let wanted = usize::try_from(paging.fetch()).unwrap_or_default();
        let by_owner = query.kind == Subject::Agencies;
        let mut tally = query.facets.then(|| {
            let numbered = self.catalogue.numbered(&self.view.codes);
            Tally::new(&self.view.codes, &numbered, self.catalogue, by_owner)
        });
        let part = after.as_ref().map(|after| after.part);
        let page = Page {
            after: after.as_ref().filter(|after| after.part != Part::Loose).map(|after| after.key),
            limit: if part == Some(Part::Loose) { 0 } else { wanted },
        };
        let strict = asked.plan.as_ref().map(Plan::strict);
        let strict = strict.as_ref().map(|query| query as &dyn Query);
        let found = self.visit(&asked, strict, &page, tally.as_mut())?;
        let (mut total, mut relaxed) = (found.total, false);
        let mut complete = !found.cut_short;
        // Filters do not matter here: whatever value is chosen, the text goes on to mean the same,
        // and facets tell how many hits there will be.
        let meant = found.meant;
        let follows = match part {
            None => complete && meant < ENOUGH && !self.is_agency(&asked)?,
            Some(part) => complete && part != Part::Only,
        };
        let loose = asked.plan.as_ref().filter(|_| follows);
        let loose = loose.map_or_else(Vec::new, |plan| plan.loose(&self.view.searcher));
        let mut found: Vec<_> = found.hits.into_iter().map(|hit| (false, hit)).collect();
        let followed = !loose.is_empty();
        let page = Page {
            after: after.as_ref().filter(|after| after.part == Part::Loose).map(|after| after.key),
            limit: wanted - found.len(),
        };
        for loose in loose {
            let loose = self.visit(&asked, Some(&loose), &page, tally.as_mut())?;
            complete = !loose.cut_short;
            if meant + loose.meant > 0 {
                found.extend(loose.hits.into_iter().map(|hit| (true, hit)));
                total += loose.total;
                relaxed = loose.total > 0;
                break;
            }
        }
        let page = paging.page(found, |(loose, (key, _))| {
            let part = match (loose, followed) {
                (true, _) => Part::Loose,
                (false, true) => Part::Followed,
                (false, false) => Part::Only,
            };
            cursor::Place { query: fingerprint, part, key: *key }.to_string()
        });
        let first = query.after.is_none();
        let mut corrections = if first { self.corrections(&asked.understood) } else { Vec::new() };
        if !corrections.is_empty() && self.is_agency(&asked)? {
            corrections.clear();
        }
        let nearest = if first && total == 0 && complete {
            self.nearest(query, &asked.understood)
        } else {
            Vec::new()
        };
        let facets = tally.map(|tally| tally.facets(query, &self.view.codes, self.catalogue));
        Ok(Hits {
            items: self.hits(&asked, &page.items)?,
            next: page.next,
            total,
            relaxed,
            complete,
            understood: self.named(&asked.understood),
            corrections,
            nearest,
            facets: facets.unwrap_or_default(),
        })
    }

    fn read<'q>(&self, query: &'q SearchQuery, day: Day, limit: Duration) -> Asked<'q> {
        let codes = &self.view.codes;
        let text = query.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let understood =
            text.map(|text| self.catalogue.lexicon().understand(text)).unwrap_or_default();
        let crowds = &self.view.crowds;
        let plan = |text| Plan::new(text, &understood, self.fields, self.catalogue, crowds);
        let plan = text.map(plan);
        let numbered = self.catalogue.numbered(codes);
        let mut narrow = Narrow::new(query, codes, &numbered, self.catalogue, day);
        let offers = (query.kind == Subject::Agencies).then(|| narrow.clone().for_listings());
        if offers.is_some() {
            narrow.only_what_it_is();
        }
        let ranked = self.ranked(query, &understood, &numbered, number(day));
        Asked { query, narrow, offers, ranked, understood, plan, until: until(limit) }
    }

    fn ranked(
        &self,
        query: &SearchQuery,
        understood: &Understood,
        numbered: &Numbered,
        day: i32,
    ) -> Ranked {
        let places = understood.places();
        let named: Vec<_> = places.iter().filter_map(|code| self.catalogue.region(code)).collect();
        let with_name = understood.largest_share() >= WHOLE;
        let worth = if with_name { ranking::PLACE } else { ranking::PLACE_ALONE };
        let nearness = |place: &Option<Place>| {
            let path = place.as_ref().map_or(&[][..], |place| &place.path);
            let nearest = named.iter().map(|place| nearness(path, &place.path));
            worth * nearest.fold(0.0, f32::max)
        };
        let kinds = understood.qualifications();
        let is_named =
            |held: &str| kinds.iter().any(|kind| held.split(':').next() == Some(kind.as_str()));
        let distance = |place: &Option<Place>, near| {
            let at = place.as_ref().and_then(|place| place.centre);
            at.map_or(u32::MAX, |at| at.distance(near))
        };
        let regions = numbered.regions.iter();
        Ranked {
            sort: query.sort,
            formula: Formula::new(self.catalogue.ranking(), day),
            places: if named.is_empty() {
                Vec::new()
            } else {
                regions.clone().map(nearness).collect()
            },
            everywhere: worth,
            held: if kinds.is_empty() {
                Vec::new()
            } else {
                self.view.codes.held.all().iter().map(|held| is_named(held)).collect()
            },
            distances: query
                .near
                .as_ref()
                .map_or_else(Vec::new, |near| regions.map(|place| distance(place, near)).collect()),
        }
    }

    fn visit(
        &self,
        asked: &Asked<'_>,
        query: Option<&dyn Query>,
        page: &Page,
        tally: Option<&mut Tally>,
    ) -> Result<visit::Found, Error> {
        let visit = self.visiting(asked);
        Ok(match &asked.offers {
            None => visit.documents(query, page, tally)?,
            Some(offers) => visit.agencies(query, offers, page, tally)?,
        })
    }

    fn visiting<'v>(&'v self, asked: &'v Asked<'_>) -> Visit<'v> {
        let Asked { narrow, ranked, until, .. } = asked;
        Visit { view: self.view, narrow, ranked, until: *until }
    }

    /// Whether the text is all or part of an agency's name, as it is written: then that agency is
    /// meant, and nothing that is like it.
    fn is_agency(&self, asked: &Asked<'_>) -> Result<bool, Error> {
        let named = asked.plan.as_ref().and_then(|plan| plan.agency.as_ref());
        let is_named = |name: &AtLeast| self.visiting(asked).finds_any(name);
        Ok(named.map(is_named).transpose()?.unwrap_or(false))
    }

    fn hits(
        &self,
        asked: &Asked<'_>,
        found: &[(bool, (Key, DocAddress))],
    ) -> Result<Vec<Hit>, Error> {
        let text = asked.query.text.as_deref().filter(|_| asked.plan.is_some());
        let wanted = text.map(|text| {
            let named = asked.understood.read.iter().filter(|read| read.way != Way::Like);
            Wanted::new(text, &named.map(|read| read.name.clone()).collect::<Vec<_>>())
        });
        let mut hits = Vec::with_capacity(found.len());
        for (loose, (key, address)) in found {
            let columns = &self.view.columns[address.segment_ord as usize];
            let scored = asked.query.sort == Sort::Relevance && asked.plan.is_some();
            let doc: TantivyDocument = self.view.searcher.doc(*address)?;
            let kind = columns.kind[address.doc_id as usize].into();
            let found = Found::read(kind, source(&doc, &self.fields))?;
            let explanation = asked.query.explain.then(|| self.explain(asked, *loose, *address));
            hits.push(Hit {
                highlights: wanted.as_ref().map(|wanted| Highlights::of(&found, wanted)),
                found,
                score: scored.then(|| key.score()),
                distance: asked.ranked.distance(columns, address.doc_id),
                explanation: explanation.transpose()?,
            });
        }
        Ok(hits)
    }

    /// The parts of a hit's score.
    fn explain(
        &self,
        asked: &Asked<'_>,
        loose: bool,
        address: DocAddress,
    ) -> Result<Explanation, Error> {
        let columns = &self.view.columns[address.segment_ord as usize];
        let reader = self.view.searcher.segment_reader(address.segment_ord);
        let doc = address.doc_id;
        let (mut words, mut names) = (0.0, 0.0);
        match &asked.plan {
            None => words = ranking::ANYTHING,
            Some(plan) => {
                for (group, query) in plan.scored(loose) {
                    let mut scorer = query.weight(self.view.scoring())?.scorer(reader, 1.0)?;
                    let here = if scorer.doc() < doc { scorer.seek(doc) } else { scorer.doc() };
                    let score = if here == doc { scorer.score() } else { 0.0 };
                    match group {
                        Group::Words => words += score,
                        Group::Names => names += score,
                    }
                }
            }
        }
        let (place, qualification) = asked.ranked.beside(&asked.narrow, columns, doc);
        let fit = words + names + place + qualification;
        let (credit, newcomer) = asked.ranked.merit(columns, doc);
        let (credit, newcomer) = (fit * credit, fit * newcomer);
        let score = fit + credit + newcomer;
        Ok(Explanation { words, names, place, qualification, fit, credit, newcomer, score })
    }

    /// What a text was understood to name, with official names.
    pub(super) fn named(&self, understood: &Understood) -> Vec<Named> {
        let all = understood.read.iter().flat_map(|read| read.means.iter().map(move |m| (read, m)));
        let named = all.filter_map(|(read, meaning)| {
            let (kind, code, name) = self.name_of(meaning)?;
            let by = match read.way {
                Way::Named => NamedBy::Name,
                Way::Sounded => NamedBy::Pinyin,
                Way::Slipped => NamedBy::Slip,
                Way::Like => NamedBy::Likeness,
            };
            Some(Named { kind: kind.to_owned(), code, name, words: read.name.clone(), by })
        });
        named.collect()
    }

    fn name_of(&self, meaning: &Meaning) -> Option<(&'static str, String, String)> {
        let catalogue = self.catalogue;
        Some(match meaning {
            Meaning::Item(code) => {
                ("service_item", code.to_string(), catalogue.item(code)?.name.clone())
            }
            Meaning::Matter(code) => {
                let matter = catalogue.matters().iter().find(|matter| matter.code == *code)?;
                ("matter", code.to_string(), matter.name.clone())
            }
            Meaning::Category(code) => {
                ("category", code.to_string(), catalogue.category_name(code).to_owned())
            }
            Meaning::Qualification(kind) => {
                let known = catalogue.qualifications().iter().find(|known| known.kind == *kind)?;
                ("qualification", kind.to_string(), known.name.clone())
            }
            Meaning::Place(code) => {
                ("region", code.to_string(), catalogue.region(code)?.name.clone())
            }
        })
    }
}

/// How near a region that is served is to a place, from 0 to 1: all of it, or part of it, or only
/// something in the same city or province.
fn nearness(served: &[RegionCode], place: &[RegionCode]) -> f32 {
    let shared = served.iter().zip(place).take_while(|(a, b)| a == b).count();
    if shared == served.len() || shared == place.len() {
        return if shared == 0 { 0.0 } else { 1.0 };
    }
    // The path begins with the country: one more is the province, two more the city.
    match shared {
        3.. => 0.7,
        2 => 0.3,
        _ => 0.0,
    }
}

/// The document at an address, as it was indexed.
pub(super) fn stored(
    searcher: &Searcher,
    fields: &Fields,
    address: DocAddress,
) -> Result<Document, Error> {
    let doc: TantivyDocument = searcher.doc(address)?;
    Document::from_source(source(&doc, fields))
}

fn source<'d>(doc: &'d TantivyDocument, fields: &Fields) -> &'d [u8] {
    let source = doc.get_first(fields.source).and_then(|value| value.as_bytes());
    source.unwrap_or_default()
}
