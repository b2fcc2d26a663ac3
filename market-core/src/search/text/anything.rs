//! What must hold of any text. The tests try it with texts of their own, `fuzz/` with millions.

use std::iter::once;

use tantivy::tokenizer::{TokenStream as _, Tokenizer};

use super::{
    Initials, Pairs, Runs, Spellings, Syllables, Wanted, cut, excerpt, mark, normal::Normal,
    normalize, syllable_pairs, words,
};

/// Reads a text in every way that search has; its lines are taken for names, too.
///
/// # Panics
///
/// When search misreads it.
#[cfg_attr(not(feature = "fuzzing"), expect(unreachable_pub, reason = "only a fuzzer sees it"))]
pub fn read_anything(text: &str) {
    let normal = Normal::of(text);
    assert!(normalize(text).chars().eq(normal.chars.iter().copied()), "one spelling");
    assert_eq!(normal.chars.len(), normal.origin.len(), "each character has an origin");
    assert!(normal.origin.is_sorted(), "the origins are in order");

    let places: Vec<_> = words(text).into_iter().map(|(at, _)| at).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "each word has its own place");
    let length = normal.chars.len();
    assert!(count(Pairs, text) == places.len(), "the index has the words of the query");
    assert!(count(Runs, text) <= length, "parts of codes are few");
    assert!(count(Syllables, text) <= 4 * length, "readings are few");
    assert!(count(Initials, text) <= length, "initials are few");

    if let Some(syllables) = cut(text) {
        assert!(syllables.iter().all(|syllable| (1..=6).contains(&syllable.len())), "syllables");
    }
    assert!(syllable_pairs(text).len() <= length, "sounds");

    let spellings = Spellings::new(text.lines().chain(once(text)).map(str::to_owned));
    for query in text.lines().take(4).chain(once(text)) {
        assert!(spellings.sounded(query).is_sorted_by_key(|(_, fit)| *fit), "the best first");
        spellings.homophones(query);
        spellings.slips(query);
        let parts = mark(text, &Wanted::new(query, &[]));
        let joined: String = parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(joined, text, "the parts are the text");
        assert!(excerpt(parts, 8).len() <= 18, "an excerpt is short");
    }
}

fn count(mut tokenizer: impl Tokenizer, text: &str) -> usize {
    let mut count = 0;
    tokenizer.token_stream(text).process(&mut |token| {
        assert!(!token.text.is_empty(), "a word is something");
        count += 1;
    });
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn any_text_is_read(text in prop_oneof![
            any::<String>(),
            "\\PC{0,40}",
            "[a-z' \n环境影响評价行长重乾⺀ㄅㆍ〇㎡ﬁÅ\u{301}\u{ff9e}𠮷Ⅱ１İ…，]{0,30}",
        ]) {
            read_anything(&text);
        }
    }
}
