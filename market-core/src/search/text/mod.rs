//! How text is read, so that it is found however people write it.

mod pairs;

pub(super) use self::pairs::{PAIRS, Pairs, Word, words};
