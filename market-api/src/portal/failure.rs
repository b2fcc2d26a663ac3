//! What went wrong, as a page.

use askama::Template;
use axum::http::StatusCode;

use super::{Frame, Page};

#[derive(Debug, Template)]
#[template(path = "failure.html")]
struct Failure<'a> {
    frame: Frame,
    status: u16,
    title: &'a str,
    advice: &'static str,
    instance: &'a str,
}

/// The page of a failed request; none where it cannot be rendered.
pub(crate) fn page(status: StatusCode, title: &str, instance: &str) -> Option<Page> {
    let advice = match status {
        StatusCode::NOT_FOUND => {
            "可能是地址有误，或者该内容已经移除。请搜索您要办的事或者要找的服务。"
        }
        _ if status.is_server_error() => {
            "请稍后再试。如果一直出错，请把下面的请求编号告诉运营机构。"
        }
        _ => "请检查地址，或者回到首页重新开始。",
    };
    let title = if status == StatusCode::NOT_FOUND { "没有找到这个页面" } else { title };
    Page::of(&Failure {
        frame: Frame::bare(title),
        status: status.as_u16(),
        title,
        advice,
        instance,
    })
    .ok()
}
