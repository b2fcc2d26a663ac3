//! A page about every kind of problem, at the address that `type` gives.

use std::fmt::Write;

use axum::{
    extract::Path,
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
};

use super::{Code, Language, Problem};

/// `/problems`: every kind of problem.
pub(crate) async fn index(headers: HeaderMap) -> Html<String> {
    page(Language::of(&headers), Code::all())
}

/// `/problems/{code}`: one kind of problem.
pub(crate) async fn show(
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = Code::all().find(|one| one.code == code).ok_or(Code::NO_SUCH_PATH)?;
    Ok(page(Language::of(&headers), [found].into_iter()).into_response())
}

/// Every kind of problem, as a page of the documentation.
pub fn problems() -> String {
    let mut text = "# Problems (问题类型)\n\n\
        Every failure is answered as an RFC 9457 problem: `type` is `/problems/` and the code, and \
        `code` never changes once released. [api.md](api.md) says what else such an answer has. \
        Written by a test from the table of codes.\n\n\
        | code | status | 中文 | English |\n|---|---|---|---|\n"
        .to_owned();
    for Code { code, status, zh, en } in Code::all() {
        let status = status.as_u16();
        let _ = writeln!(text, "| `{code}` | {status} | {zh} | {en} |");
    }
    text
}

fn page(language: Language, codes: impl Iterator<Item = Code>) -> Html<String> {
    let title = language.pick("问题类型", "Kinds of problems");
    let mut html = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><dl>",
        language.tag()
    );
    for Code { code, status, zh, en } in codes {
        let status = status.as_u16();
        let _ = write!(
            html,
            "<dt><a href=\"/problems/{code}\"><code>{code}</code></a> ({status})</dt>\
             <dd lang=\"zh-CN\">{zh}</dd><dd lang=\"en\">{en}</dd>"
        );
    }
    Html(html + "</dl></html>")
}
