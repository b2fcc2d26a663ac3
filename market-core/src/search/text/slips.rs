//! Names that a text misses by one slip: a character left out, put in, changed or swapped.

use super::pinyin::syllables;

/// The lengths of text in which slips are looked for: in a shorter one every slip is another word.
/// Of the shortest, only that it lacks a character.
const SHORTEST: usize = 3;
const LONGEST: usize = 40;

/// What went wrong; the likeliest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slip {
    /// Two neighbours changed places.
    Swapped,
    /// A character stands for one that sounds the same.
    Misheard,
    /// A character is missing.
    Missing,
    /// A character is too many.
    Extra,
    /// A character stands for another.
    Changed,
}

/// Names by what is left of them when a character is left out. What misses a name by one slip
/// has such a remainder, or is one, in common with it.
#[derive(Debug, Default)]
pub(super) struct Slips {
    /// Digests of remainders and the names they belong to, sorted.
    remainders: Vec<(u32, u32)>,
}

impl Slips {
    /// The remainders of names, which are found by their place.
    pub(super) fn of(names: &[Box<[char]>]) -> Self {
        let mut remainders = Vec::new();
        for (name, number) in names.iter().zip(0..) {
            if (SHORTEST..=LONGEST + 1).contains(&name.len()) {
                remainders.extend(digests(name).map(|digest| (digest, number)));
            }
        }
        remainders.sort_unstable();
        remainders.dedup();
        Self { remainders }
    }

    /// The names that a text misses by one slip, of the likeliest sort.
    pub(super) fn near(&self, text: &[char], names: &[Box<[char]>]) -> Vec<u32> {
        if !(SHORTEST..=LONGEST).contains(&text.len()) {
            return Vec::new();
        }
        let mut near = Vec::new();
        for digest in digests(text) {
            let from = self.remainders.partition_point(|(have, _)| *have < digest);
            let same = self.remainders[from..].iter().take_while(|(have, _)| *have == digest);
            near.extend(same.filter_map(|(_, number)| {
                let name = names.get(*number as usize)?;
                let lacks_one = name.len() > text.len();
                let slip = slip(text, name).filter(|_| text.len() > SHORTEST || lacks_one)?;
                Some((slip, *number))
            }));
        }
        near.sort_unstable();
        near.dedup();
        let likeliest = near.first().map(|(slip, _)| *slip);
        near.retain(|(slip, _)| Some(*slip) == likeliest);
        near.into_iter().map(|(_, number)| number).collect()
    }
}

/// Digests of a text and of what is left without each of its characters.
fn digests(text: &[char]) -> impl Iterator<Item = u32> {
    (0..=text.len()).map(|without| {
        let kept = text.iter().enumerate().filter(|(at, _)| *at != without);
        kept.fold(0x811c_9dc5_u32, |digest, (_, c)| {
            (digest.rotate_left(5) ^ u32::from(*c)).wrapping_mul(0x9e37_79b1)
        })
    })
}

/// The one slip between two texts, if it is just one.
fn slip(text: &[char], name: &[char]) -> Option<Slip> {
    let alike = |pair: &(&char, &char)| pair.0 == pair.1;
    let before = text.iter().zip(name).take_while(alike).count();
    let after = text.iter().rev().zip(name.iter().rev()).take_while(alike).count();
    let (shorter, longer) = (text.len().min(name.len()), text.len().max(name.len()));
    if longer - shorter == 1 {
        let slip = if name.len() > text.len() { Slip::Missing } else { Slip::Extra };
        return (before + after >= shorter).then_some(slip);
    }
    if longer != shorter || before == longer {
        return None;
    }
    match (&text[before..longer - after], &name[before..longer - after]) {
        ([have], [meant]) => {
            Some(if sound_alike(*have, *meant) { Slip::Misheard } else { Slip::Changed })
        }
        ([a, b], [c, d]) if (a, b) == (d, c) => Some(Slip::Swapped),
        _ => None,
    }
}

/// Whether two characters have a reading in common.
pub(super) fn sound_alike(a: char, b: char) -> bool {
    syllables(a).iter().any(|reading| syllables(b).contains(reading))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chars(text: &str) -> Box<[char]> {
        text.chars().collect()
    }

    #[test]
    fn one_slip_is_told_from_more() {
        for (text, name, expected) in [
            ("环境影响评介", "环境影响评价", Some(Slip::Misheard)),
            ("环境影响评判", "环境影响评价", Some(Slip::Changed)),
            ("环境影评响价", "环境影响评价", Some(Slip::Swapped)),
            ("环境影响评", "环境影响评价", Some(Slip::Missing)),
            ("环境环境影响", "环境影响", None),
            ("环环境影响", "环境影响", Some(Slip::Extra)),
            ("环境影响", "环境影响", None),
            ("影境环响", "环境影响", None),
            ("境环响影", "环境影响", None),
        ] {
            assert_eq!(slip(&chars(text), &chars(name)), expected, "{text} for {name}");
        }
    }

    #[test]
    fn the_likeliest_are_taken_and_short_texts_have_few_slips() {
        let names =
            ["环境评判", "环境评", "环境评价书", "境环评介", "环境评假", "别的名称"].map(chars);
        let slips = Slips::of(&names);
        assert_eq!(slips.near(&chars("环境评介"), &names), [3]);
        assert_eq!(slips.near(&chars("环境评甲"), &names), [4]);
        assert_eq!(slips.near(&chars("环境评你"), &names), [1]);
        assert_eq!(slips.near(&chars("环境平"), &names), [0; 0]);
        assert_eq!(slips.near(&chars("环评判"), &names), [0]);
        assert_eq!(slips.near(&chars("环评"), &names), [0; 0]);
        assert_eq!(slips.near(&chars(&"环".repeat(100)), &names), [0; 0]);
    }

    /// The distance of Damerau and Levenshtein, by the book.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                rows[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let counted = rows[i - 1][j].min(rows[i][j - 1]) + 1;
                    let is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    let swapped = if is_swap { rows[i - 2][j - 2] + 1 } else { usize::MAX };
                    changed.min(counted).min(swapped)
                };
            }
        }
        rows[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn what_is_one_slip_away_is_found(
            names in prop::collection::vec("[ab环境]{3,6}", 0..40),
            text in "[ab环境]{4,6}",
        ) {
            let names: Vec<_> = names.iter().map(|name| chars(name)).collect();
            let text = chars(&text);
            let mut found = Slips::of(&names).near(&text, &names);
            found.sort_unstable();
            let near = || names.iter().zip(0..).filter(|(name, _)| distance(&text, name) == 1);
            let likeliest = near().filter_map(|(name, _)| slip(&text, name)).min();
            let near = near().filter(|(name, _)| slip(&text, name) == likeliest);
            prop_assert_eq!(found, near.map(|(_, number)| number).collect::<Vec<u32>>());
        }
    }
}
