//! How text is read, so that it is found however people write it.
//!
//! `normal` gives one spelling for all, `pairs` the words by which a text is found.

#![expect(unused_imports, reason = "the queries that need them come next")]
#![cfg_attr(not(test), expect(dead_code, reason = "the queries that need it come next"))]

mod normal;
mod pairs;

pub(super) use self::{
    normal::{Normal, normalize},
    pairs::{PAIRS, Pairs, Word, is_chinese, words},
};
