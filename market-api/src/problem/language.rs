//! The language of sentences for people.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::ACCEPT_LANGUAGE, request::Parts},
};

/// A language that we have sentences in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Chinese,
    English,
}

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Language {
    /// The language that a caller likes better; Chinese, if they do not say.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let ranges = accepted.unwrap_or_default().split(',').map(Range::parse);
        let liked = |name: &str| {
            let named = ranges.clone().filter(|range| range.primary.eq_ignore_ascii_case(name));
            named.map(|range| range.weight).fold(0.0, f32::max)
        };
        if liked("en") > liked("zh") { Self::English } else { Self::Chinese }
    }

    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    pub(crate) const fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }
}

/// One of the languages that a caller accepts.
struct Range<'a> {
    primary: &'a str,
    weight: f32,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Self {
        let (tag, parameters) = text.split_once(';').unwrap_or((text, ""));
        let weight = parameters.trim().strip_prefix("q=").map(str::parse);
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self { primary, weight: weight.unwrap_or(Ok(1.0)).unwrap_or(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_only_for_those_who_like_it_better() {
        let of = |accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
            Language::of(&headers)
        };
        for text in ["", "zh-CN,zh;q=0.9,en;q=0.8", "de", "*", "en;q=0.1, zh;q=0.2", "en;q=x"] {
            assert_eq!(of(text), Language::Chinese, "{text}");
        }
        for text in ["en", "EN-us,zh;q=0.5", "de, en;q=0.3"] {
            assert_eq!(of(text), Language::English, "{text}");
        }
        assert_eq!(Language::of(&HeaderMap::new()), Language::Chinese);
    }
}
