//! `/`: what the market is for, and the ways into it.

use askama::Template;
use axum::extract::State;
use market_core::{
    Market,
    catalog::{Category, ServiceItem},
    matter::Matter,
    statistics::Statistics,
};

use super::{Frame, Link, Page, names, words};
use crate::problem::Problem;

#[derive(Debug, Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    numbers: Vec<Number>,
    leads: Vec<Lead>,
    categories: Vec<CategoryView>,
}

/// How much there is of something.
#[derive(Debug)]
struct Number {
    name: &'static str,
    number: String,
}

/// The matters that one department leads.
#[derive(Debug)]
struct Lead {
    department: String,
    matters: Vec<Link>,
}

#[derive(Debug)]
struct CategoryView {
    name: String,
    description: String,
    href: String,
    items: Vec<Link>,
}

pub(super) async fn show(State(market): State<Market>) -> Result<Page, Problem> {
    let statistics = market.statistics().await?;
    let departments = names::Departments::read(&market).await?;
    let matters = names::matters(&market).await?;
    let categories = market.catalog().categories().await?;
    let items = names::items(&market).await?;
    Page::of(&Home {
        frame: Frame::new(&market, "首页").await?,
        numbers: numbers(&statistics),
        leads: leads(&matters, &departments),
        categories: categories.iter().map(|one| CategoryView::of(one, &items)).collect(),
    })
}

fn numbers(statistics: &Statistics) -> Vec<Number> {
    [
        ("件事", statistics.matters),
        ("项中介服务", statistics.service_items),
        ("家中介机构", statistics.agencies),
        ("个上架服务", statistics.listings),
        ("个审批部门", statistics.departments),
        ("笔订单", statistics.orders),
    ]
    .map(|(name, number)| Number { name, number: words::number(number) })
    .into()
}

/// Matters by the department that leads them: whoever leads most first.
fn leads(matters: &[Matter], departments: &names::Departments) -> Vec<Lead> {
    let mut leads: Vec<Lead> = Vec::new();
    for matter in matters {
        let (department, link) = (departments.name(&matter.lead), Link::matter(matter));
        match leads.iter_mut().find(|lead| lead.department == department) {
            Some(lead) => lead.matters.push(link),
            None => leads.push(Lead { department, matters: vec![link] }),
        }
    }
    leads.sort_by_key(|lead| std::cmp::Reverse(lead.matters.len()));
    leads
}

impl CategoryView {
    fn of(category: &Category, items: &[ServiceItem]) -> Self {
        let inside = items.iter().filter(|item| item.category == category.code);
        Self {
            name: category.name.clone(),
            description: category.description.clone(),
            href: format!("/search?category={}", category.code),
            items: inside.map(Link::item).collect(),
        }
    }
}
