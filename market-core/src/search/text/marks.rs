//! Showing where a text has what was looked for.

use serde::{Deserialize, Serialize};

use super::{
    normal::Normal,
    pairs::{Sort, Word, is_chinese, runs, words},
};

/// A part of a text. Joined, the parts are the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TextPart))]
pub struct Part {
    /// What it says.
    pub text: String,
    /// Whether it was looked for.
    pub hit: bool,
}

/// What was looked for: pairs of Chinese characters, runs of letters and digits, and single
/// characters.
#[derive(Debug, Clone, Default)]
pub(in crate::search) struct Wanted {
    /// In order, each once: they are few, and looked up for every character that is shown.
    pairs: Vec<[char; 2]>,
    runs: Vec<Vec<char>>,
    lone: Vec<char>,
}

/// A run of letters and digits that is shorter is wanted only as a whole.
const SHORTEST_PART: usize = 2;
/// What stands for text that was left out.
const ELLIPSIS: &str = "…";

impl Wanted {
    /// What a query asks for, and the names that it was understood as.
    pub(in crate::search) fn new(query_text: &str, also: &[String]) -> Self {
        let mut wanted = Self::default();
        let texts = std::iter::once(query_text).chain(also.iter().map(String::as_str));
        for (_, word) in texts.flat_map(words) {
            match word {
                Word::Last(_) => {}
                Word::Lone(c) => {
                    wanted.lone.push(c);
                }
                Word::Whole(word) => {
                    let chars: Vec<char> = word.chars().collect();
                    match *chars {
                        [a, b] if is_chinese(a) => {
                            wanted.pairs.push([a, b]);
                        }
                        _ => {
                            wanted.runs.push(chars);
                        }
                    }
                }
            }
        }
        in_order(&mut wanted.pairs);
        in_order(&mut wanted.runs);
        in_order(&mut wanted.lone);
        wanted
    }

    /// Tells of each character of a run whether it is wanted.
    fn mark_run(&self, sort: Sort, run: &[char], mut hit: impl FnMut(usize)) {
        if sort == Sort::Chinese {
            for (at, pair) in run.array_windows().enumerate() {
                if self.pairs.binary_search(pair).is_ok() {
                    hit(at);
                    hit(at + 1);
                }
            }
            let lone = run.iter().enumerate().filter(|(_, c)| self.lone.binary_search(c).is_ok());
            lone.for_each(|(at, _)| hit(at));
            return;
        }
        for wanted in &self.runs {
            if wanted.len() < SHORTEST_PART && run != wanted.as_slice() {
                continue;
            }
            for (at, _) in run.windows(wanted.len()).enumerate().filter(|(_, part)| part == wanted)
            {
                (at..at + wanted.len()).for_each(&mut hit);
            }
        }
    }
}

fn in_order<T: Ord>(all: &mut Vec<T>) {
    all.sort_unstable();
    all.dedup();
}

/// A text in parts, so that what was looked for stands out.
pub(in crate::search) fn mark(text: &str, wanted: &Wanted) -> Vec<Part> {
    let normal = Normal::of(text);
    let mut hits = vec![false; text.chars().count()];
    for (from, sort, run) in runs(&normal.chars) {
        wanted.mark_run(sort, run, |at| hits[normal.origin[from + at]] = true);
    }
    // A mark of its own, such as an accent, goes with the character that it stands on.
    let mut spelt = vec![false; hits.len()];
    normal.origin.iter().for_each(|at| spelt[*at] = true);
    for at in 1..hits.len() {
        hits[at] = if spelt[at] { hits[at] } else { hits[at - 1] };
    }
    let mut parts: Vec<Part> = Vec::new();
    for (c, hit) in text.chars().zip(hits) {
        match parts.last_mut() {
            Some(part) if part.hit == hit => part.text.push(c),
            _ => parts.push(Part { text: c.to_string(), hit }),
        }
    }
    parts
}

/// The neighbourhood of the first hit of a long text: so many characters on either side of where
/// it begins. Without a hit, as much from the beginning.
pub(in crate::search) fn excerpt(parts: Vec<Part>, around: usize) -> Vec<Part> {
    let length: usize = parts.iter().map(|part| part.text.chars().count()).sum();
    let before = parts.iter().take_while(|part| !part.hit);
    let before: usize = before.map(|part| part.text.chars().count()).sum();
    let around = around.max(1);
    let most = around.saturating_mul(2);
    if length <= most {
        return parts;
    }
    // What is not used on one side is used on the other.
    let from = if before == length { 0 } else { before.saturating_sub(around).min(length - most) };
    let to = from + most;
    let mut cut = Vec::new();
    let mut at = 0;
    for part in parts {
        let begins = at;
        at += part.text.chars().count();
        let (first, end) = (from.max(begins), to.min(at));
        if first < end {
            let text = part.text.chars().skip(first - begins).take(end - first).collect();
            cut.push(Part { text, hit: part.hit });
        }
    }
    if from > 0 {
        leave_out(&mut cut, 0);
    }
    if to < length {
        let end = cut.len();
        leave_out(&mut cut, end);
    }
    cut
}

/// Shows before a part, or after the last, that something was left out.
fn leave_out(parts: &mut Vec<Part>, at: usize) {
    match (at, parts.len().checked_sub(1)) {
        (0, Some(_)) if !parts[0].hit => parts[0].text.insert_str(0, ELLIPSIS),
        (1.., Some(last)) if !parts[last].hit => parts[last].text.push_str(ELLIPSIS),
        _ => parts.insert(at, Part { text: ELLIPSIS.to_owned(), hit: false }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text with brackets around the hits.
    fn shown(parts: &[Part]) -> String {
        parts.iter().fold(String::new(), |shown, part| {
            shown + &if part.hit { format!("[{}]", part.text) } else { part.text.clone() }
        })
    }

    fn marked(query: &str, also: &[&str], text: &str) -> String {
        let also: Vec<_> = also.iter().map(ToString::to_string).collect();
        shown(&mark(text, &Wanted::new(query, &also)))
    }

    #[test]
    fn what_was_looked_for_is_marked() {
        for (query, also, text, expected) in [
            ("处理", &[][..], "待处理废水", "待[处理]废水"),
            ("工程", &[], "在建工程", "在建[工程]"),
            ("招商", &[], "招商局招工经商", "[招商]局招工经商"),
            ("环境影响", &[], "影响环境的影", "[影响环境]的影"),
            ("景点", &[], "经典", "经典"),
            ("浙大", &["浙江大学"], "浙江大学设计院", "[浙江大学]设计院"),
            ("浙大", &[], "浙江大学", "浙江大学"),
            ("环", &[], "环境与循环", "[环]境与循[环]"),
            ("环境", &[], "环保", "环保"),
            ("環評", &[], "环评、環評", "[环评]、[環評]"),
            ("gis", &[], "ＧＩＳ与WebGIS", "[ＧＩＳ]与Web[GIS]"),
            ("3", &[], "3 与 2013", "[3] 与 2013"),
            ("m2", &[], "100㎡", "100[㎡]"),
            ("cafe\u{301}", &[], "cafe\u{301} x", "[cafe\u{301}] x"),
            ("hp", &["环评"], "做环评", "做[环评]"),
            ("", &[], "环评", "环评"),
            ("环评", &[], "", ""),
        ] {
            assert_eq!(marked(query, also, text), expected, "{query} in {text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_to_its_first_hit() {
        let text = "零一二三四五六七八九十";
        for (query, around, expected) in [
            ("五六", 2, "…三四[五六]…"),
            ("五六", 3, "…二三四[五六]七…"),
            ("零一", 2, "[零一]二三…"),
            ("九十", 2, "…七八[九十]"),
            ("五六", 6, "零一二三四[五六]七八九十"),
            ("没有", 2, "零一二三…"),
            ("五六", 0, "…四[五]…"),
            ("五六", 1, "…四[五]…"),
        ] {
            let parts = excerpt(mark(text, &Wanted::new(query, &[])), around);
            assert_eq!(shown(&parts), expected, "{query} {around}");
        }
    }

    /// Texts in which something is often found.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[环境評评㎡m2eＥ\u{301}\u{ff9e} ，]{0,12}"]
    }

    proptest! {
        #[test]
        fn the_parts_are_the_text(text in texts(), query in texts(), also in texts()) {
            let parts = mark(&text, &Wanted::new(&query, &[also]));
            let joined: String = parts.iter().map(|part| part.text.as_str()).collect();
            prop_assert_eq!(joined, text);
            prop_assert!(parts.windows(2).all(|two| two[0].hit != two[1].hit));
            prop_assert!(parts.iter().all(|part| !part.text.is_empty()));
        }

        #[test]
        fn an_excerpt_is_short_and_from_the_text(text in texts(), query in texts(), around in 0..9_usize) {
            let parts = mark(&text, &Wanted::new(&query, &[]));
            let has_hit = parts.iter().any(|part| part.hit);
            let cut = excerpt(parts, around);
            let joined: String = cut.iter().map(|part| part.text.as_str()).collect();
            if !text.contains('…') {
                prop_assert!(text.contains(joined.trim_matches('…')));
                prop_assert!(joined.chars().count() <= 2 * around.max(1) + 2);
            }
            prop_assert!(has_hit == cut.iter().any(|part| part.hit));
        }

        #[test]
        fn a_text_has_all_of_itself(text in "[环境评]{2,9}|[a-z0-9]{1,9}") {
            prop_assert_eq!(marked(&text, &[], &text), format!("[{text}]"));
        }
    }
}
