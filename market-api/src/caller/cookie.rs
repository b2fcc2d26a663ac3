//! The cookies of browsers.

use axum::http::{HeaderValue, header::COOKIE, request::Parts};

use super::Web;

/// How tokens of browsers' sessions begin. No other token counts in a cookie: pages ask for no
/// scopes, and a key would evade its own.
const BROWSERS: &str = "mktb_";

/// The cookies that a request comes with, and how ours are called here.
#[derive(Debug)]
pub(crate) struct Cookies {
    pairs: Vec<(String, String)>,
    is_secure: bool,
}

/// A cookie of ours.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The token of a session.
    Session,
    /// A secret before there is a session, so that nobody is signed in by another site's form.
    Form,
    /// A secret while the browser is at another provider to sign in.
    Visit,
}

impl Kind {
    /// With `__Host-`, browsers take it only over TLS and only from this very host.
    const fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-market",
            (Self::Session, false) => "market",
            (Self::Form, true) => "__Host-market-form",
            (Self::Form, false) => "market-form",
            (Self::Visit, true) => "__Host-market-visit",
            (Self::Visit, false) => "market-visit",
        }
    }
}

impl Cookies {
    pub(crate) fn of(parts: &Parts) -> Self {
        let is_secure = parts.extensions.get::<Web>().is_none_or(|web| web.secure_cookies);
        let lines = parts.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let own = |(name, value): (&str, &str)| (name.trim().to_owned(), value.trim().to_owned());
        Self { pairs: pairs.map(own).collect(), is_secure }
    }

    fn get(&self, kind: Kind) -> Option<String> {
        let name = kind.name(self.is_secure);
        let mut values = self.pairs.iter().filter(|(one, _)| one == name).map(|(_, value)| value);
        // Of two, one was planted, and it cannot be told which.
        match (values.next(), values.next()) {
            (Some(only), None) if !only.is_empty() => Some(only.clone()),
            _ => None,
        }
    }

    /// The token of the browser's session.
    pub(crate) fn session(&self) -> Option<String> {
        self.get(Kind::Session).filter(|token| token.starts_with(BROWSERS))
    }

    /// The secret of a browser that has no session.
    pub(crate) fn form(&self) -> Option<String> {
        self.get(Kind::Form)
    }

    /// Has the browser keep the token of its session, until it is closed.
    pub(crate) fn keep_session(&self, token: &str) -> Option<HeaderValue> {
        self.set(Kind::Session, token, "")
    }

    /// Has the browser forget its session.
    pub(crate) fn forget_session(&self) -> Option<HeaderValue> {
        self.set(Kind::Session, "", "; Max-Age=0")
    }

    /// Has the browser keep a secret for the forms before there is a session.
    pub(crate) fn keep_form(&self, secret: &str) -> Option<HeaderValue> {
        self.set(Kind::Form, secret, "")
    }

    /// The secret of a browser that is on its way to another provider or back.
    pub(crate) fn visit(&self) -> Option<String> {
        self.get(Kind::Visit)
    }

    /// Has the browser keep a secret while it is on its way to another provider and back.
    pub(crate) fn keep_visit(&self, secret: &str) -> Option<HeaderValue> {
        self.set(Kind::Visit, secret, "; Max-Age=1500")
    }

    /// Has the browser forget that secret.
    pub(crate) fn forget_visit(&self) -> Option<HeaderValue> {
        self.set(Kind::Visit, "", "; Max-Age=0")
    }

    fn set(&self, kind: Kind, value: &str, rest: &str) -> Option<HeaderValue> {
        let name = kind.name(self.is_secure);
        let secure = if self.is_secure { "; Secure" } else { "" };
        let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{rest}");
        HeaderValue::from_str(&line).ok()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn cookies(line: &str, secure_cookies: bool) -> Cookies {
        let request = Request::get("/").header(COOKIE, line);
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.extensions.insert(Web { secure_cookies });
        Cookies::of(&parts)
    }

    #[test]
    fn a_cookie_is_ours_by_its_whole_name() {
        let line = "a=b; market=mktb_2; __Host-market=mktb_1; x";
        assert_eq!(cookies(line, true).session().as_deref(), Some("mktb_1"));
        assert_eq!(cookies(line, false).session().as_deref(), Some("mktb_2"));
        assert_eq!(cookies("market=mktb_1; market=mktb_2", false).session(), None);
        assert_eq!(cookies("market=", false).session(), None);
        assert_eq!(cookies(line, true).form(), None);
    }

    #[test]
    fn only_a_browsers_token_counts_in_a_cookie() {
        for token in ["mkt_1", "mkta_1", "mktr_1", "mktk_1", "mkti_1", "mktb", "1"] {
            assert_eq!(cookies(&format!("market={token}"), false).session(), None, "{token}");
        }
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_other_sites() {
        let kept = cookies("", true).keep_session("mktb_1").unwrap();
        assert_eq!(kept, "__Host-market=mktb_1; Path=/; HttpOnly; SameSite=Lax; Secure");
        let here = cookies("", false).forget_session().unwrap();
        assert_eq!(here, "market=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        let form = cookies("", true).keep_form("f").unwrap();
        assert_eq!(form, "__Host-market-form=f; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
