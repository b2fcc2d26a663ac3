//! Which texts are counted, and as what.

/// So many characters of a text are kept.
const KEPT: usize = 60;
/// So many digits in a row are a telephone number, an identity card or an account.
const DIGITS: usize = 11;

/// A text as it is counted: in lower case, with single blanks, of a limited length. None if
/// nothing is left of it, or if it looks like personal data.
pub(super) fn counted(text: &str) -> Option<String> {
    if is_personal(text) {
        return None;
    }
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let kept: String = words.join(" ").to_lowercase().chars().take(KEPT).collect();
    Some(kept.trim_end().to_owned()).filter(|kept| !kept.is_empty())
}

/// Whether a text holds an e-mail address, or so many digits that they may tell who somebody is.
/// Blanks and hyphens between digits hide nothing.
fn is_personal(text: &str) -> bool {
    let mut digits = 0;
    for c in text.chars() {
        match c {
            '@' | '＠' => return true,
            _ if c.is_numeric() => digits += 1,
            _ if c.is_whitespace() || c.is_ascii_punctuation() => {}
            _ => digits = 0,
        }
        if digits >= DIGITS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_however_it_is_spelled() {
        assert_eq!(counted("  CMA\t 检测 ").as_deref(), Some("cma 检测"));
        assert_eq!(counted(" \u{3000} \n"), None);
        assert_eq!(counted("a\u{0}b").as_deref(), Some("a b"));
        assert_eq!(counted(&"环".repeat(61)).unwrap().chars().count(), 60);
    }

    #[test]
    fn personal_data_is_not_counted() {
        for text in [
            "13800000000",
            "王小明 138 0000 0000",
            "138-0000-0000",
            "１３８００００００００",
            "33028219900101123X 环评",
            "0574-6300 0000",
            "wang@example.com",
        ] {
            assert_eq!(counted(text), None, "{text}");
        }
        for text in ["环评 2026", "GB 50016-2014", "91330282MA2ABCDE1X", "330282 和 330281"] {
            assert!(counted(text).is_some(), "{text}");
        }
    }

    #[test]
    fn personal_data_is_seen_beyond_what_is_kept() {
        assert_eq!(counted(&format!("{}13800000000", "环".repeat(80))), None);
    }
}
