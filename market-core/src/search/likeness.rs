//! Which service a text is most like, by what people say of each.
//!
//! Every service has what it is called and what people say of it. Characters and pairs of
//! characters that few services share tell them apart; a text is like the services with whose
//! sayings it shares the most telling ones.

use std::collections::HashMap;

use super::text::{is_chinese, normalize};

/// A text is like a service if it shares at least so much of what it says that tells services
/// apart …
const LEAST: f32 = 0.34;
/// … or a pair of characters, and together so much.
const ENOUGH: f32 = 4.0;
/// How firmly a text means the service that it is most like: less than one that it names.
const FIRMNESS: f32 = 0.6;
/// Services this near to the best are meant too.
const NEAR: f32 = 0.75;
/// So many services are meant at most.
const MOST: usize = 4;
/// A shorter text is like nothing.
const SHORTEST: usize = 3;
/// What a pair tells beside a single character.
const PAIR: f32 = 2.0;

/// What tells services apart.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    services: usize,
    /// For each character or pair, the services whose sayings hold it, with how firmly.
    sayings: HashMap<String, Vec<(u32, f32)>>,
}

impl Likeness {
    /// What is said of each of so many services.
    #[expect(clippy::cast_precision_loss, reason = "sayings are few")]
    pub(super) fn new<'a>(
        services: usize,
        sayings: impl IntoIterator<Item = (usize, &'a str)>,
    ) -> Self {
        let mut counts: HashMap<String, HashMap<u32, u32>> = HashMap::new();
        for (service, saying) in sayings {
            let service = u32::try_from(service).unwrap_or(u32::MAX);
            for feature in features(saying) {
                *counts.entry(feature).or_default().entry(service).or_default() += 1;
            }
        }
        let firm = |(service, count): (u32, u32)| (service, count as f32 / (count as f32 + 1.0));
        let sayings = counts
            .into_iter()
            .map(|(feature, services)| (feature, services.into_iter().map(firm).collect()));
        Self { services, sayings: sayings.collect() }
    }

    /// The services that a text is like, with how much, the most like first.
    pub(super) fn of(&self, text: &str) -> Vec<(usize, f32)> {
        if text.chars().filter(|c| is_chinese(*c)).count() < SHORTEST {
            return Vec::new();
        }
        let (mut likes, whole) = self.shared(text);
        likes.retain(|(_, like, has_pair)| *like >= LEAST * whole || *has_pair && *like >= ENOUGH);
        let best = likes.first().map_or(0.0, |(_, like, _)| *like);
        likes.retain(|(_, like, _)| *like >= best * NEAR);
        likes.truncate(MOST);
        likes.into_iter().map(|(service, like, _)| (service, FIRMNESS * like / best)).collect()
    }

    /// The services that a text shares the most with, however little that is.
    pub(super) fn nearest(&self, text: &str) -> Vec<usize> {
        let (mut likes, _) = self.shared(text);
        let best = likes.first().map_or(0.0, |(_, like, _)| *like);
        likes.retain(|(_, like, _)| *like >= best * NEAR);
        likes.truncate(MOST);
        likes.into_iter().map(|(service, ..)| service).collect()
    }

    /// The services that share anything with a text, with how much and whether it is a pair of
    /// characters, the most first; and how much the text says in all.
    #[expect(clippy::cast_precision_loss, reason = "services are few")]
    fn shared(&self, text: &str) -> (Vec<(usize, f32, bool)>, f32) {
        let mut likes: HashMap<u32, (f32, bool)> = HashMap::new();
        let mut whole = 0.0;
        for feature in features(text) {
            let is_pair = feature.chars().nth(1).is_some();
            let weight = if is_pair { PAIR } else { 1.0 };
            let rarest = (1.0 + self.services as f32).ln();
            let Some(services) = self.sayings.get(&feature) else {
                whole += weight * rarest * 0.5;
                continue;
            };
            let tells = (1.0 + self.services as f32 / services.len() as f32).ln() * weight;
            whole += tells;
            for (service, firm) in services {
                let (like, has_pair) = likes.entry(*service).or_default();
                *like += tells * firm;
                *has_pair |= is_pair;
            }
        }
        let mut likes: Vec<_> = likes
            .into_iter()
            .map(|(service, (like, has_pair))| (service as usize, like, has_pair))
            .collect();
        likes.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        (likes, whole)
    }
}

/// The characters and pairs of characters of a text, each once.
fn features(text: &str) -> Vec<String> {
    let text: Vec<char> = normalize(text).chars().collect();
    let mut features: Vec<String> =
        text.iter().filter(|c| is_chinese(**c)).map(ToString::to_string).collect();
    let pairs = text.windows(2).filter(|pair| pair.iter().all(|c| is_chinese(*c)));
    features.extend(pairs.map(|pair| pair.iter().collect::<String>()));
    features.sort_unstable();
    features.dedup();
    features
}
