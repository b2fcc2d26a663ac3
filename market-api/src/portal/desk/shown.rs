//! The two pages that most of a desk is: a list that may be narrowed, and a thing with what may be
//! done with it.

use askama::Template;
use axum::response::{IntoResponse, Response};
use market_core::Market;

use super::{
    super::{
        Frame, Link, Page, Pager,
        doing::{Doing, Doings},
        form::Select,
        history::History,
        rows::Row,
        signed::{Signed, private},
    },
    trail,
};
use crate::problem::Problem;

/// A list of what somebody may look into.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) selects: Vec<Select>,
    pub(super) rows: Vec<Row>,
    /// What is said where there is nothing.
    pub(super) none: &'static str,
    pub(super) pager: Pager,
    /// What else there is to do.
    pub(super) more: Vec<Link>,
}

#[derive(Debug, Template)]
#[template(path = "desk-list.html")]
struct ListPage {
    frame: Frame,
    trail: Vec<Link>,
    list: List,
}

/// A group of what is known of a thing.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) rows: Vec<Row>,
    pub(super) none: &'static str,
}

/// A thing, and what may be done with it.
#[derive(Debug, Default)]
pub(super) struct Thing {
    pub(super) title: String,
    pub(super) trail: Vec<Link>,
    pub(super) state: String,
    pub(super) tone: &'static str,
    /// What was said of it, or what it waits for.
    pub(super) said: Option<String>,
    pub(super) next: Option<Doing>,
    pub(super) doings: Doings,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) parts: Vec<Part>,
    pub(super) links: Vec<Link>,
    pub(super) history: Vec<History>,
}

#[derive(Debug, Template)]
#[template(path = "desk-thing.html")]
struct ThingPage {
    frame: Frame,
    thing: Thing,
}

impl List {
    pub(super) async fn show(self, market: &Market, signed: &Signed) -> Result<Response, Problem> {
        let frame = Frame::signed(market, self.title, signed).await?;
        Ok(private(Page::of(&ListPage { frame, trail: trail(&[]), list: self })?.into_response()))
    }
}

impl Thing {
    /// The first that may be done stands apart.
    pub(super) fn first(mut self, of: &[&str], at: impl Fn(&str) -> String) -> Self {
        self.next = of.iter().find_map(|name| self.doings.take(&at(name)));
        self
    }

    pub(super) async fn show(self, market: &Market, signed: &Signed) -> Result<Response, Problem> {
        let frame = Frame::signed(market, self.title.as_str(), signed).await?;
        Ok(private(Page::of(&ThingPage { frame, thing: self })?.into_response()))
    }
}
