//! Forms that were filled in when a session was over: signing in brings them back.

use askama::Template;
use axum::response::Response;
use form_urlencoded::Serializer;
use market_core::Market;

use super::{Frame, Page, account};
use crate::{caller::Cookies, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "resume.html")]
struct ResumePage {
    frame: Frame,
    proof: String,
    why: &'static str,
    back: String,
    pairs: Vec<(String, String)>,
}

/// A form that waits for somebody to sign in.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    /// Where it was sent to.
    pub(super) back: String,
    /// What was filled in, written as a browser does.
    pub(super) filled: String,
}

impl Waiting {
    /// What was filled in.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.filled.as_bytes()).into_owned().collect()
    }
}

/// The page to sign in, which keeps a form that was sent to a path.
pub(super) async fn over(
    market: &Market,
    cookies: &Cookies,
    path: &str,
    pairs: Vec<(String, String)>,
) -> Result<Response, Problem> {
    let filled = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let waiting = Waiting { back: path.to_owned(), filled };
    let why = "登录已经结束。请重新登录，您填写的内容还在。";
    account::sign_in_again(market, cookies, waiting, why).await
}

/// A page from which a form is filled in further.
pub(super) async fn resume(
    market: &Market,
    proof: &str,
    path: &str,
    pairs: Vec<(String, String)>,
) -> Result<Page, Problem> {
    let why = "这个页面打开以后，您的登录有变化。请回到表单核对一遍，再提交。";
    page(market, proof, path, pairs, why).await
}

/// The same, for somebody who has just signed in.
pub(super) async fn resumed(
    market: &Market,
    proof: &str,
    waiting: &Waiting,
) -> Result<Page, Problem> {
    let why = "已经登录。请回到表单核对一遍，再提交。";
    page(market, proof, &waiting.back, waiting.pairs(), why).await
}

async fn page(
    market: &Market,
    proof: &str,
    path: &str,
    pairs: Vec<(String, String)>,
    why: &'static str,
) -> Result<Page, Problem> {
    let frame = Frame::new(market, "继续填写").await?;
    let (proof, back) = (proof.to_owned(), path.to_owned());
    Page::of(&ResumePage { frame, proof, why, back, pairs })
}
