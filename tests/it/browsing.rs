//! Somebody before a browser without scripts: pages, and forms that are filled in and sent.

use axum::http::Method;
use form_urlencoded::Serializer;
use market_core::{
    Actor, Call, Party,
    account::{NewPerson, Password},
};

use crate::{
    asking::Answer,
    harness::{PASSWORD, TestApp},
    portal::{BROWSER, keeps_to_itself},
};

/// What stands between the parts of a form with a file.
const BOUNDARY: &str = "----market-test";

/// A browser, and the cookies that it keeps.
#[derive(Debug)]
pub(crate) struct Browser<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) cookies: String,
}

/// A form of a page, as it would be sent.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) pairs: Vec<(String, String)>,
}

impl Form {
    /// With something else in a field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.pairs.retain(|(one, _)| one != name);
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(one, _)| one == name);
        found.map_or_else(|| panic!("no {name} in {:?}", self.pairs), |(_, value)| &**value)
    }

    fn body(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }

    /// The body that has a file of a name and a content as well.
    fn parts(&self, (name, content): (&str, &str)) -> String {
        let part = |name: &str, rest: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n")
        };
        let pairs = self.pairs.iter().filter(|(name, _)| name != "file");
        let pairs: String =
            pairs.map(|(name, value)| part(name, &format!("\r\n\r\n{value}"))).collect();
        let rest = format!(
            "; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n{content}"
        );
        format!("{pairs}{}--{BOUNDARY}--\r\n", part("file", &rest))
    }
}

fn unescaped(text: &str) -> String {
    let known = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    known.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// An attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let after = tag.split_once(&format!(" {name}=\""))?.1;
    Some(unescaped(after.split_once('"')?.0))
}

/// The form of a page that is filled in, with what it is filled in with.
pub(crate) fn form(html: &str) -> Form {
    let (_, form) = html.split_once("<form class=\"fill\"").unwrap_or_else(|| panic!("{html}"));
    let (form, _) = form.split_once("</form>").unwrap();
    let action = attribute(form.split_once('>').unwrap().0, "action").unwrap();
    let mut pairs = Vec::new();
    for tag in form.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap();
        let Some(name) = attribute(tag, "name") else { continue };
        let kind = attribute(tag, "type").unwrap_or_default();
        if tag.starts_with("input") {
            let is_box = ["radio", "checkbox"].contains(&&*kind);
            if !is_box || tag.contains(" checked") {
                pairs.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        } else if tag.starts_with("textarea") {
            pairs.push((name, unescaped(text.strip_prefix('\n').unwrap_or(text))));
        } else if tag.starts_with("select") {
            let inside = form.split_once(&format!("<{tag}>")).unwrap().1;
            let inside = inside.split_once("</select>").unwrap().0;
            let chosen = inside.split("<option").find(|one| one.contains(" selected"));
            let value = chosen.and_then(|one| attribute(one, "value"));
            pairs.push((name, value.unwrap_or_default()));
        }
    }
    Form { action, pairs }
}

/// The value of a cookie that an answer sets.
pub(crate) fn cookie(answer: &Answer, name: &str) -> String {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let found = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = found.map(|rest| rest.split(';').next().unwrap().to_owned()).next();
    value.unwrap_or_else(|| panic!("no cookie {name} in {:?}", answer.headers))
}

impl<'a> Browser<'a> {
    /// A browser in which nobody is signed in.
    pub(crate) fn nobody(app: &'a TestApp) -> Self {
        Self { app, cookies: String::new() }
    }

    /// Signs somebody in who has an account.
    pub(crate) async fn signed_in(app: &'a TestApp, login: &str) -> Self {
        let mut browser = Self::nobody(app);
        let first = browser.get("/sign-in", 200).await;
        browser.keep(&first, "__Host-market-form");
        let filled = form(&first.text).with("login", login).with("password", PASSWORD);
        let answer = browser.post(&filled, 303).await;
        browser.keep(&answer, "__Host-market");
        browser
    }

    /// Signs in somebody new who acts for a party that there is.
    pub(crate) async fn acting(app: &'a TestApp, login: &str, party: Party) -> Self {
        let (accounts, call) = (app.market.accounts(), Call::from(Actor::system()));
        let password = Some(Password::new(PASSWORD));
        let new = NewPerson { login: login.to_owned(), name: login.to_owned(), password };
        let person = accounts.create_person(&call, new).await.unwrap().id;
        accounts.grant(&call, person, party).await.unwrap();
        Self::signed_in(app, login).await
    }

    /// Keeps a cookie in the place of all others.
    pub(crate) fn keep(&mut self, answer: &Answer, name: &str) {
        self.cookies = format!("{name}={}", cookie(answer, name));
    }

    pub(crate) async fn get(&self, path: &str, status: u16) -> Answer {
        let path = path.split('#').next().unwrap();
        let asking = self.app.get(path).header("accept", BROWSER);
        asking.header("cookie", &self.cookies).gives(status).await
    }

    /// A page that is for this one alone, and small enough.
    pub(crate) async fn see(&self, path: &str) -> String {
        let answer = self.get(path, 200).await;
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        whole(&answer.text);
        answer.text
    }

    pub(crate) async fn post(&self, form: &Form, status: u16) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        let asking = self.app.ask(Method::POST, &form.action).body(kind, form.body());
        let asking = asking.header("accept", BROWSER).header("cookie", &self.cookies);
        asking.bare().gives(status).await
    }

    /// Sends a form with a file, of a name and a content; without one, as if none was chosen.
    pub(crate) async fn send(
        &self,
        form: &Form,
        file: Option<(&str, &str)>,
        status: u16,
    ) -> Answer {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = form.parts(file.unwrap_or_default());
        let asking = self.app.ask(Method::POST, &form.action).body(&kind, body);
        let asking = asking.header("accept", BROWSER).header("cookie", &self.cookies);
        asking.bare().gives(status).await
    }

    /// Sends a form that is done, and gives where it goes on.
    pub(crate) async fn done(&self, form: &Form) -> String {
        let answer = self.post(&form.clone().with("step", "do"), 303).await;
        answer.headers["location"].to_str().unwrap().to_owned()
    }

    /// Sends a form that comes back.
    pub(crate) async fn back(&self, form: &Form, status: u16) -> String {
        let answer = self.post(form, status).await;
        whole(&answer.text);
        answer.text
    }
}

/// A page keeps to itself, and can be read on a slow line.
fn whole(html: &str) {
    keeps_to_itself(html);
    assert!(html.len() < 60_000, "{}", html.len());
}
