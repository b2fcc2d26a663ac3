//! How Chinese is spelt in letters, for those who type it so and for what sounds alike.
//!
//! All readings of a character are indexed. A query uses one, the most common, or the one that a
//! place name gives it.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use pinyin::ToPinyinMulti;

use super::normal::Normal;

/// Where the table of characters begins and ends. What lies beyond is not read aloud.
const FIRST: u32 = 0x3007;
const END: u32 = 0xa000;

/// So many initials of one place in a text are kept.
pub(super) const MOST_INITIALS: usize = 12;

/// Characters that names use mostly in another reading than the first of the dictionary.
const FIRST_READINGS: &[(char, &str)] = &[('长', "chang"), ('都', "du")];

/// Words whose characters are not read as they mostly are.
const WORDS: &[(&str, [&str; 2])] = &[
    ("六安", ["lu", "an"]),
    ("六合", ["lu", "he"]),
    ("乐清", ["yue", "qing"]),
    ("音乐", ["yin", "yue"]),
    ("厦门", ["xia", "men"]),
    ("单县", ["shan", "xian"]),
    ("番禺", ["pan", "yu"]),
    ("蚌埠", ["beng", "bu"]),
    ("重庆", ["chong", "qing"]),
    ("重建", ["chong", "jian"]),
    ("重新", ["chong", "xin"]),
    ("东阿", ["dong", "e"]),
    ("洪洞", ["hong", "tong"]),
    ("会计", ["kuai", "ji"]),
    ("会稽", ["kuai", "ji"]),
    ("银行", ["yin", "hang"]),
    ("行业", ["hang", "ye"]),
    ("校长", ["xiao", "zhang"]),
    ("成长", ["cheng", "zhang"]),
    ("增长", ["zeng", "zhang"]),
    ("生长", ["sheng", "zhang"]),
];

/// The readings of a character without their tones, the most common first; ü is v.
pub(in crate::search) fn syllables(c: char) -> &'static [&'static str] {
    READINGS.of(c)
}

/// The readings of all characters.
struct Readings {
    /// For each character from [`FIRST`] on, where its readings begin; one more for the end.
    begins: Vec<u32>,
    readings: Vec<&'static str>,
}

static READINGS: LazyLock<Readings> = LazyLock::new(|| {
    let mut all = Readings { begins: vec![0], readings: Vec::new() };
    for c in (FIRST..END).filter_map(char::from_u32) {
        let begin = all.readings.len();
        for reading in c.to_pinyin_multi().into_iter().flatten() {
            if let Some(letters) = letters(reading.plain())
                && !all.readings[begin..].contains(&letters)
            {
                all.readings.push(letters);
            }
        }
        let first = FIRST_READINGS.iter().find(|(of, _)| *of == c);
        all.readings[begin..].sort_by_key(|reading| first.is_some_and(|(_, it)| it != reading));
        all.begins.push(u32::try_from(all.readings.len()).unwrap_or(u32::MAX));
    }
    all
});

impl Readings {
    fn of(&self, c: char) -> &[&'static str] {
        let place = u32::from(c).wrapping_sub(FIRST) as usize;
        let (Some(from), Some(to)) = (self.begins.get(place), self.begins.get(place + 1)) else {
            return &[];
        };
        self.readings.get(*from as usize..*to as usize).unwrap_or_default()
    }
}

/// A reading as it is typed. Sighs without a vowel are nothing that anybody looks for.
fn letters(reading: &'static str) -> Option<&'static str> {
    let typed = match reading {
        "lü" => "lv",
        "nü" => "nv",
        "lüe" => "lve",
        "nüe" => "nve",
        other => other,
    };
    let is_typed = typed.bytes().all(|c| c.is_ascii_lowercase());
    (is_typed && typed.contains(['a', 'e', 'i', 'o', 'u', 'v'])).then_some(typed)
}

static READ_TOGETHER: LazyLock<HashMap<[char; 2], [&str; 2]>> = LazyLock::new(|| {
    let pair = |word: &str| {
        let mut chars = word.chars();
        Some([chars.next()?, chars.next()?])
    };
    WORDS.iter().filter_map(|(word, readings)| Some((pair(word)?, *readings))).collect()
});

/// How a character is read where it stands: as its word is, or as it mostly is.
pub(in crate::search) fn reading_at(chars: &[char], at: usize) -> Option<&'static str> {
    let readings = syllables(chars[at]);
    if readings.len() > 1 {
        let with = |from: usize| {
            let [a, b] = *chars.get(from..from + 2)? else { return None };
            READ_TOGETHER.get(&[a, b]).map(|readings| readings[at - from])
        };
        let before = at.checked_sub(1).and_then(with);
        return with(at).or(before).or(readings.first().copied());
    }
    readings.first().copied()
}

/// The letter that stands for a character where it is.
pub(super) fn initial_at(chars: &[char], at: usize) -> Option<char> {
    reading_at(chars, at)?.chars().next()
}

/// Each two neighbouring Chinese characters of a text as they sound, joined as the index has them.
pub(in crate::search) fn syllable_pairs(text: &str) -> Vec<String> {
    let chars = Normal::of(text).chars;
    let read: Vec<_> = (0..chars.len()).map(|at| reading_at(&chars, at)).collect();
    let pairs = read.windows(2).filter_map(|pair| Some(format!("{}'{}", pair[0]?, pair[1]?)));
    pairs.collect()
}

static SPELLINGS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| READINGS.readings.iter().copied().collect());

/// The longest syllable: `zhuang`.
const LONGEST: usize = 6;

/// Cuts letters into as few syllables as can be; a space or an apostrophe parts them. None when
/// they cannot be cut.
pub(in crate::search) fn cut(letters: &str) -> Option<Vec<String>> {
    let chars = Normal::of(letters).chars;
    let mut syllables = Vec::new();
    for piece in chars.split(|c| c.is_whitespace() || matches!(c, '\'' | '’' | '‘' | '`')) {
        let letter = |c: &char| match c {
            'a'..='z' => Some(*c),
            'ü' => Some('v'),
            _ => None,
        };
        let piece: String = piece.iter().map(letter).collect::<Option<_>>()?;
        cut_piece(&piece, &mut syllables)?;
    }
    (!syllables.is_empty()).then_some(syllables)
}

/// Cuts letters without borders. Of two ways as short as each other, the consonant goes with
/// what follows, as in writing: `xi'nan`, not `xin'an`.
fn cut_piece(piece: &str, syllables: &mut Vec<String>) -> Option<()> {
    // For each place, the fewest syllables that end there, and where the last of them begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; piece.len() + 1];
    best[0] = Some((0, 0));
    for to in 1..=piece.len() {
        let starts = to.saturating_sub(LONGEST)..to;
        let ways = starts.filter(|from| is_syllable(&piece[*from..to]));
        best[to] = ways.filter_map(|from| Some((best[from]?.0 + 1, from))).min();
    }
    let (count, _) = best[piece.len()]?;
    let mut cut = Vec::with_capacity(count);
    let mut to = piece.len();
    while to > 0 {
        let (_, from) = best[to]?;
        cut.push(match &piece[from..to] {
            "lue" => "lve".to_owned(),
            "nue" => "nve".to_owned(),
            other => other.to_owned(),
        });
        to = from;
    }
    syllables.extend(cut.into_iter().rev());
    Some(())
}

/// Whether letters are a syllable.
pub(in crate::search) fn is_syllable(letters: &str) -> bool {
    SPELLINGS.contains(letters) || matches!(letters, "lue" | "nue")
}

/// Whether a syllable begins with letters.
pub(in crate::search) fn begins_syllable(letters: &str) -> bool {
    SPELLINGS.iter().any(|syllable| syllable.starts_with(letters))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_have_all_their_readings() {
        for (c, expected) in [
            ('环', &["huan"][..]),
            ('长', &["chang", "zhang"]),
            ('绿', &["lv", "lu"]),
            ('略', &["lve"]),
            ('评', &["ping"]),
            ('a', &[]),
            ('，', &[]),
            ('𠮷', &[]),
        ] {
            assert_eq!(syllables(c), expected, "{c}");
        }
        for (c, reading) in [('重', "chong"), ('厦', "xia"), ('六', "lu"), ('行', "hang")] {
            assert!(syllables(c).contains(&reading), "{c}");
        }
    }

    #[test]
    fn what_is_said_of_words_is_possible_and_needed() {
        for (word, readings) in WORDS {
            let chars: Vec<char> = word.chars().collect();
            let mostly: Vec<_> = chars.iter().map(|c| syllables(*c)[0]).collect();
            assert_ne!(mostly, readings, "{word} is read so anyway");
            for (c, reading) in chars.iter().zip(readings) {
                assert!(syllables(*c).contains(reading), "{c} {reading}");
            }
        }
        for (c, reading) in FIRST_READINGS {
            assert_eq!(syllables(*c).first(), Some(reading));
        }
    }

    #[test]
    fn words_are_read_as_people_read_them() {
        for (text, pairs) in [
            ("环境", &["huan'jing"][..]),
            ("山西长治", &["shan'xi", "xi'chang", "chang'zhi"]),
            ("重庆银行", &["chong'qing", "qing'yin", "yin'hang"]),
            ("环评，测绘 gis", &["huan'ping", "ce'hui"]),
            ("gis", &[]),
        ] {
            assert_eq!(syllable_pairs(text), pairs, "{text}");
        }
        // They sound the same, but only here.
        assert_eq!(syllable_pairs("景点"), ["jing'dian"]);
        assert_eq!(syllable_pairs("经典"), ["jing'dian"]);
    }

    #[test]
    fn letters_are_cut_into_syllables() {
        for (letters, expected) in [
            ("huanjing", Some("huan jing")),
            ("HuanJing", Some("huan jing")),
            ("ｈｕａｎ", Some("huan")),
            ("xian", Some("xian")),
            ("xi'an", Some("xi an")),
            ("xi’an", Some("xi an")),
            ("xi an ", Some("xi an")),
            ("xinan", Some("xi nan")),
            ("jianshegongcheng", Some("jian she gong cheng")),
            ("lvhua", Some("lv hua")),
            ("lühua", Some("lv hua")),
            ("qinlue", Some("qin lve")),
            ("zhuang", Some("zhuang")),
            ("hjpj", None),
            ("huanj", None),
            ("huan2", None),
            ("huan境", None),
            ("", None),
            ("'", None),
        ] {
            let cut = cut(letters).map(|syllables| syllables.join(" "));
            assert_eq!(cut.as_deref(), expected, "{letters}");
        }
    }

    proptest! {
        #[test]
        fn what_is_cut_is_all_there(letters in "[a-z' ]{0,20}") {
            if let Some(syllables) = cut(&letters) {
                let joined = syllables.concat().replace('v', "u");
                prop_assert_eq!(joined, letters.replace(['\'', ' '], "").replace('v', "u"));
            }
        }

        #[test]
        fn what_is_spelt_can_be_cut(text in "[环境影响评价测绘长治绿化]{1,8}") {
            let letters: Vec<_> = text.chars().map(|c| syllables(c)[0]).collect();
            prop_assert!(cut(&letters.concat()).unwrap().len() <= letters.len());
            prop_assert_eq!(cut(&letters.join("'")).unwrap(), letters);
        }

        #[test]
        fn any_text_has_a_sound_or_none(text in any::<String>()) {
            cut(&text);
            syllable_pairs(&text);
        }
    }
}
