//! `/verify`: whether a document was issued here, by its code or by its file, and whether a passport
//! holds. The QR code on every document leads to `/verify/{code}`.

use askama::Template;
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use market_core::{
    Error, Fault, Market, Refusal,
    document::{
        DocumentBody, DocumentStanding, FileVerified, MAX_VERIFIED, NotACode, VerificationCode,
        Verified,
    },
    file::Received,
    passport::MAX_PASSPORT,
};
use serde::Deserialize;

use super::{Frame, Page, passport, purchase::rows, words};
use crate::{
    body::received::Parts,
    parameters::{At, Parameters},
    problem::Problem,
};

#[derive(Debug, Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    frame: Frame,
    typed: String,
    /// What is wrong with what was typed or sent: in Chinese, and in English.
    wrong: Option<(String, String)>,
    /// The digest of a file that was sent and is none of ours.
    unknown: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "verified.html")]
struct VerifiedPage {
    frame: Frame,
    kind: &'static str,
    number: String,
    code: String,
    standing: &'static str,
    standing_en: &'static str,
    since: Option<String>,
    valid: bool,
    issued_at: String,
    issuer: String,
    sha256: String,
    facts: Vec<(&'static str, String)>,
    /// Whether the contract is one of which nothing is published.
    direct: bool,
    /// The page of the purchase, if it follows from one.
    purchase: Option<String>,
    /// Whether the very file was sent.
    by_file: bool,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    code: String,
}

pub(super) async fn ask(
    State(market): State<Market>,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    if asked.code.trim().is_empty() {
        return Ok(form(&market, String::new(), None, None).await?.into_response());
    }
    match asked.code.parse::<VerificationCode>() {
        Ok(code) => Ok(Redirect::to(&format!("/verify/{}", code.plain())).into_response()),
        Err(why) => mistyped(&market, asked.code, why).await,
    }
}

pub(super) async fn show(
    State(market): State<Market>,
    At(typed): At<String>,
) -> Result<Response, Problem> {
    let code = match typed.parse::<VerificationCode>() {
        Ok(code) => code,
        Err(why) => return mistyped(&market, typed, why).await,
    };
    match market.documents().verify(code).await {
        Ok(found) => Ok(verified(&market, found, false).await?.into_response()),
        Err(why) => refused(&market, code.to_string(), why).await,
    }
}

/// A file that was sent by the form; it is not kept.
pub(super) async fn upload(
    State(market): State<Market>,
    request: Request,
) -> Result<Response, Problem> {
    let Ok(mut parts) = Parts::of(request).await else {
        return refused(&market, String::new(), Refusal::FileEmpty.into()).await;
    };
    let mut received = None;
    while let Some(part) = parts.next().await? {
        if part.name() == "passport" {
            let received = part.file(&market, MAX_PASSPORT).await?;
            return verify_passport(&market, received).await;
        }
        if part.name() == "file" {
            received = Some(part.file(&market, MAX_VERIFIED).await?);
            break;
        }
    }
    let found = match received.unwrap_or(Err(Refusal::FileEmpty.into())) {
        Ok(file) => market.documents().verify_file(&file).await,
        Err(why) => Err(why),
    };
    match found {
        Ok(FileVerified { document: Some(found), .. }) => {
            Ok(verified(&market, found, true).await?.into_response())
        }
        Ok(FileVerified { sha256, .. }) => {
            Ok(form(&market, String::new(), None, Some(sha256)).await?.into_response())
        }
        Err(why) => refused(&market, String::new(), why).await,
    }
}

/// A passport that was sent by the form; it is not kept.
async fn verify_passport(
    market: &Market,
    received: Result<Received, Error>,
) -> Result<Response, Problem> {
    let bytes = match received {
        Ok(file) => file.content().await?,
        Err(why) => return refused(market, String::new(), why).await,
    };
    if bytes.is_empty() {
        return refused(market, String::new(), Refusal::FileEmpty.into()).await;
    }
    match market.passports().verify(&bytes).await? {
        Ok(passport) => Ok(passport::verified(market, &passport).await?.into_response()),
        Err(why) => {
            let problem =
                Problem::invalid(vec![Fault::new("passport", "passport", why.to_string())]);
            let wrong = Some((why.zh(), why.to_string()));
            Ok(form(market, String::new(), wrong, None).await?.told(problem))
        }
    }
}

/// The form again, with what is wrong with the code.
async fn mistyped(market: &Market, typed: String, why: NotACode) -> Result<Response, Problem> {
    let problem = Problem::invalid(vec![Fault::new("code", "code", why.to_string())]);
    let page = form(market, typed, Some((why.zh(), why.to_string())), None).await?;
    Ok(page.told(problem))
}

/// The form again, with why not.
async fn refused(market: &Market, typed: String, why: Error) -> Result<Response, Problem> {
    let refusal = match why {
        Error::Refused(refusal) => refusal,
        Error::FileTooLarge(_) => Refusal::FileTooLarge,
        other => return Err(other.into()),
    };
    let wrong = (refusal.zh().to_owned(), refusal.en().to_owned());
    Ok(form(market, typed, Some(wrong), None).await?.told(why.into()))
}

async fn form(
    market: &Market,
    typed: String,
    wrong: Option<(String, String)>,
    unknown: Option<String>,
) -> Result<Page, Problem> {
    let frame = Frame::new(market, "文书核验").await?;
    Page::of(&VerifyPage { frame, typed, wrong, unknown })
}

async fn verified(market: &Market, found: Verified, by_file: bool) -> Result<Page, Problem> {
    let kind = found.facts.body.kind().zh();
    let (direct, purchase) = match &found.facts.body {
        DocumentBody::AwardLetter { purchase_id, .. } => (false, Some(*purchase_id)),
        DocumentBody::ContractSummary { contract, .. } => {
            (contract.is_none(), contract.as_ref().map(|contract| contract.purchase_id))
        }
    };
    Page::of(&VerifiedPage {
        frame: Frame::new(market, format!("核验 {kind}")).await?,
        kind,
        code: found.code.to_string(),
        standing: found.standing.zh(),
        standing_en: found.standing.en(),
        since: found.since.map(words::instant),
        valid: found.standing == DocumentStanding::Valid,
        issued_at: words::instant(found.issued_at),
        issuer: market.publisher().name.clone(),
        sha256: found.sha256,
        facts: rows(&found.facts),
        direct,
        purchase: purchase.map(|id| format!("/purchases/{id}")),
        number: found.number,
        by_file,
    })
}
