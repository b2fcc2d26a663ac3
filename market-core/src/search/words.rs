//! The words of a text, as far as they say what is looked for.

use std::collections::HashSet;

use super::{
    text::{Word, words},
    understood::Understood,
};

/// So many single characters are looked for.
const MAX_CHARACTERS: usize = 8;

/// The words of a text, each once, with their places.
pub(super) struct Words {
    /// Of what is looked for.
    pub(super) whole: Vec<(usize, String)>,
    /// Of places.
    pub(super) in_place: Vec<(usize, String)>,
    /// Chinese characters with no other beside them.
    pub(super) lone: Vec<char>,
}

impl Words {
    pub(super) fn read(text: &str, understood: &Understood) -> Self {
        // Where nothing is named, every word may say what is looked for.
        let mut read = Self::divided(text, understood, understood.largest_share() > 0.0);
        if read.whole.is_empty() && read.in_place.is_empty() && read.lone.is_empty() {
            read = Self::divided(text, understood, false);
        }
        read.lone.truncate(MAX_CHARACTERS);
        // A single letter beside something else says too little to be asked for.
        let says_more = |word: &String| word.chars().nth(1).is_some();
        if !read.lone.is_empty() || read.whole.iter().any(|(_, word)| says_more(word)) {
            read.whole.retain(|(_, word)| says_more(word));
        }
        read
    }

    fn divided(text: &str, understood: &Understood, leave_fillers: bool) -> Self {
        let mut read = Self { whole: Vec::new(), in_place: Vec::new(), lone: Vec::new() };
        let mut seen = HashSet::new();
        let flag = |flags: &[bool], at: usize| flags.get(at).copied().unwrap_or(false);
        for (at, word) in words(text) {
            let (word, end) = match word {
                Word::Whole(word) => {
                    let end = at + word.chars().count() - 1;
                    (word, end)
                }
                Word::Lone(c) => {
                    if !read.lone.contains(&c) && !flag(&understood.filler, at) {
                        read.lone.push(c);
                    }
                    continue;
                }
                Word::Last(_) => continue,
            };
            let (first, last) = (at, end);
            let filler = flag(&understood.filler, first) || flag(&understood.filler, last);
            if (leave_fillers && filler) || !seen.insert(word.clone()) {
                continue;
            }
            let place = flag(&understood.in_place, first) || flag(&understood.in_place, last);
            if place { read.in_place.push((at, word)) } else { read.whole.push((at, word)) }
        }
        read
    }
}
