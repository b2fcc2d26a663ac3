//! How text is read, so that it is found however people write it.
//!
//! `normal` gives one spelling for all, `pairs` the words by which a text is found, `pinyin` how
//! it is read aloud, and `sounds` the words for those who type what they hear or part of a code.
//! `spelling` finds names that are typed in letters, by ear or with a slip, and
//! `marks` shows where a text has what was looked for.

#[cfg(any(test, feature = "fuzzing"))]
mod anything;
mod heard;
mod marks;
mod normal;
mod pairs;
mod pinyin;
mod slips;
mod sounds;
mod spelling;
mod stream;

use tantivy::tokenizer::TokenizerManager;

#[cfg(feature = "fuzzing")]
pub use self::anything::read_anything;
pub use self::marks::Part;
pub(super) use self::{
    heard::{Fit, Heard},
    marks::{Wanted, excerpt, mark},
    normal::{Normal, normalize},
    pairs::{PAIRS, Pairs, Word, is_chinese, words},
    pinyin::{begins_syllable, cut, is_syllable, reading_at, syllable_pairs, syllables},
    sounds::{INITIALS, Initials, RUNS, Runs, SYLLABLES, Syllables},
    spelling::Spellings,
};

/// Makes all ways of cutting a text known to an index, by their names.
pub(super) fn register(tokenizers: &TokenizerManager) {
    tokenizers.register(PAIRS, Pairs);
    tokenizers.register(SYLLABLES, Syllables);
    tokenizers.register(INITIALS, Initials);
    tokenizers.register(RUNS, Runs);
}
