//! Slips of the hand.

use crate::generate::draw::Draw;

/// One character becomes another one of a pool.
pub(super) fn substituted(name: &str, pool: &[char], draw: &mut Draw) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let place = draw.index(letters.len());
    let others: Vec<char> = pool.iter().copied().filter(|other| !letters.contains(other)).collect();
    if let (Some(letter), Some(other)) = (letters.get_mut(place), draw.choose(&others)) {
        *letter = *other;
    }
    letters.into_iter().collect()
}

/// One character is missing.
pub(super) fn shortened(name: &str, draw: &mut Draw) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if !letters.is_empty() {
        letters.remove(draw.index(letters.len()));
    }
    letters.into_iter().collect()
}

/// Two neighbours that differ have changed places; none, where all are the same.
pub(super) fn swapped(name: &str, draw: &mut Draw) -> Option<String> {
    let mut letters: Vec<char> = name.chars().collect();
    let places: Vec<usize> =
        (1..letters.len()).filter(|place| letters[place - 1] != letters[*place]).collect();
    let place = *draw.choose(&places)?;
    letters.swap(place - 1, place);
    Some(letters.into_iter().collect())
}
