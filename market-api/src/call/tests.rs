//! What requests must say of themselves.

use super::*;

fn headers(name: &HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())])
}

#[test]
fn if_match_is_a_version_or_anything() {
    let of = |value| expected(&headers(&IF_MATCH, value)).ok();
    assert_eq!(of("\"3\""), Some(Some(3)));
    assert_eq!(of("*"), Some(None));
    for bad in ["3", "\"x\"", "W/\"3\"", "\"3\", \"4\"", "\"\"", "\"-1\"", ""] {
        assert_eq!(of(bad), None, "{bad}");
    }
    assert!(format!("{:?}", expected(&HeaderMap::new())).contains("if-match-missing"));
}

fn of(query: &str) -> Result<Intent, String> {
    let request = axum::http::Request::get(format!("/x?{query}")).body(()).unwrap();
    let parts = request.into_parts().0;
    let meant = intent(&parts).and_then(|intent| nothing_else(&parts).map(|()| intent));
    meant.map_err(|why| format!("{why:?}"))
}

#[test]
fn nobody_rehearses_or_means_by_a_slip() {
    assert_eq!(of(""), Ok(Intent::Do));
    assert_eq!(of("validate_only=false"), Ok(Intent::Do));
    assert_eq!(of("validate_only=true"), Ok(Intent::Rehearse));
    for (query, code) in [
        ("validate_only=1", "format"),
        ("validate_only", "format"),
        ("validate_only=true&validate_only=true", "duplicate"),
        ("validate_onyl=true", "unknown"),
        ("Validate_Only=true", "unknown"),
    ] {
        assert!(of(query).unwrap_err().contains(code), "{query}");
    }
}

#[test]
fn a_key_is_short_and_visible() {
    let of = |value: &str| key(&headers(&IDEMPOTENCY_KEY, value)).ok();
    assert_eq!(of("a-1"), Some("a-1".to_owned()));
    for bad in ["", "a b", &"x".repeat(256)] {
        assert_eq!(of(bad), None, "{bad}");
    }
    assert!(format!("{:?}", key(&HeaderMap::new())).contains("idempotency-key-missing"));
}
