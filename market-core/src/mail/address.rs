//! What an address of mail is.

/// Whether a text is an address as nearly everybody has one: what it leaves out are quoted names,
/// comments and literal addresses, with which mail is smuggled rather than read.
pub(super) fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let name_is = (1..=64).contains(&name.len())
        && name.chars().all(plain)
        && name.split('.').all(|part| !part.is_empty());
    let label_is = |label: &str| {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels: Vec<_> = domain.split('.').collect();
    let is_name = labels.last().is_some_and(|last| last.chars().any(|c| c.is_ascii_alphabetic()));
    text.len() <= 254 && name_is && labels.len() > 1 && is_name && labels.into_iter().all(label_is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_nearly_everybody() {
        for good in
            ["wang@example.com", "a.b+c@mail.gov.cn", "x@xn--fiqs8s.cn", "o'neil@a-b.example"]
        {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "wang",
            "@example.com",
            "wang@",
            "wang@localhost",
            "a@b@c.d",
            "wang@example..com",
            ".wang@example.com",
            "wang@-a.com",
            "wang@[127.0.0.1]",
            "wang@127.0.0.1",
            "王@example.com",
            "wang @example.com",
            "wang@example.com\r\nBcc: a@b.com",
            "\"a b\"@example.com",
            "<a@b.cn>",
            "a@b.c,d@e.f",
            &long,
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
