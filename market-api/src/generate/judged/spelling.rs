//! Names in letters.

use super::Spell;
use crate::generate::draw::Draw;

/// The syllables of a name one after another; what has none stands for itself.
pub(super) fn spelled(name: &str, spell: Spell) -> String {
    let mut text = String::new();
    for letter in name.chars().filter(|letter| letter.is_alphanumeric()) {
        match spell(letter) {
            Some(syllable) => text.push_str(syllable),
            None => text.extend(letter.to_lowercase()),
        }
    }
    text
}

/// The first letters of a name's syllables.
pub(super) fn initials(name: &str, spell: Spell) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters
        .filter_map(|letter| spell(letter).map_or(Some(letter), |text| text.chars().next()))
        .collect()
}

/// A name with one or two of its characters spelled out.
pub(super) fn mixed(name: &str, spell: Spell, draw: &mut Draw) -> String {
    let letters: Vec<char> = name.chars().collect();
    let first = draw.index(letters.len());
    let last = first + draw.index(2);
    let mut text = String::new();
    for (place, letter) in letters.iter().enumerate() {
        match spell(*letter) {
            Some(syllable) if (first..=last).contains(&place) => text.push_str(syllable),
            _ => text.push(*letter),
        }
    }
    text
}

/// A name with one character taken for another of the same syllable; none, where there is none.
pub(super) fn misheard(name: &str, pool: &[char], spell: Spell, draw: &mut Draw) -> Option<String> {
    let letters: Vec<char> = name.chars().collect();
    let alike = |letter: char| {
        let syllable = spell(letter);
        let same = move |other: &&char| syllable.is_some() && spell(**other) == syllable;
        pool.iter().filter(same).filter(|other| **other != letter).copied().collect::<Vec<_>>()
    };
    let places: Vec<usize> =
        (0..letters.len()).filter(|place| !alike(letters[*place]).is_empty()).collect();
    let place = *draw.choose(&places)?;
    let other = *draw.pick(&alike(letters[place]));
    Some(
        letters
            .iter()
            .enumerate()
            .map(|(at, own)| if at == place { other } else { *own })
            .collect(),
    )
}
