//! What mail says: that something happened to what kind of thing, when, and where to read on. No
//! names of others, no amounts, no secrets: mail is read by others than whom it is for, and stays
//! where it was sent.

use std::fmt::Write;

use super::MailLanguage::{self, En, Zh};
use crate::{Kind, Timestamp, id::NoticeId, notice::Topic, store::events::Event};

/// To whom a mail is written, and by whom.
#[derive(Debug)]
pub(super) struct To<'m> {
    pub(super) language: MailLanguage,
    /// What the market is called,
    pub(super) market: &'m str,
    /// and where it is.
    pub(super) url: &'m str,
    /// Where mail to them is ended.
    pub(super) stop: String,
}

/// Something that a person is told by mail.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) id: NoticeId,
    pub(super) topic: Topic,
    pub(super) kind: Kind,
    pub(super) event: Option<String>,
    pub(super) until: Option<Timestamp>,
    pub(super) at: Timestamp,
    /// What the person calls the saved search that found it.
    pub(super) name: Option<String>,
}

impl To<'_> {
    /// The subject and the body of a mail with a code.
    pub(super) fn code(&self, code: &str) -> (String, String) {
        let Self { market, stop, .. } = self;
        match self.language {
            Zh => (
                format!("{market}：邮箱验证码"),
                format!(
                    "您的邮箱验证码是：\n\n    {code}\n\n30 分钟内有效。如果不是您本人操作，请忽略\
                     本邮件；不想再收到，请打开：\n{stop}\n"
                ),
            ),
            En => (
                format!("{market}: your code"),
                format!(
                    "The code for your address is:\n\n    {code}\n\nIt is good for 30 minutes. If \
                     you did not ask for it, ignore this mail. For no more of it:\n{stop}\n"
                ),
            ),
        }
    }

    /// The subject and the body of a mail that tells of notices.
    pub(super) fn notices(&self, told: &[Told]) -> (String, String) {
        let Self { language, market, url, stop } = self;
        let count = told.len();
        let subject = match language {
            Zh => format!("{market}：{count} 条新通知"),
            En if count == 1 => format!("{market}: 1 new notice"),
            En => format!("{market}: {count} new notices"),
        };
        let mut body = String::new();
        for one in told {
            let says = one.says(*language);
            let _ = writeln!(body, "{}  {says}\n{url}/notices/{}\n", moment(one.at), one.id);
        }
        let _ = match language {
            Zh => write!(
                body,
                "全部通知：{url}/inbox\n选择接收哪些邮件：{url}/account/mail\n\
                 不再接收邮件：{stop}\n"
            ),
            En => write!(
                body,
                "All notices: {url}/inbox\nWhich of them are mailed: {url}/account/mail\n\
                 No more mail: {stop}\n"
            ),
        };
        (subject, body)
    }
}

impl Told {
    fn says(&self, language: MailLanguage) -> String {
        let thing = thing(self.kind);
        let thing = match language {
            Zh => thing.0,
            En => thing.1,
        };
        let until = self.until.map(moment).unwrap_or_default();
        match (self.topic, language) {
            (Topic::SavedSearch, Zh) => {
                let name = self.name.as_deref().unwrap_or_default();
                format!("订阅的搜索“{name}”有新的{thing}")
            }
            (Topic::SavedSearch, En) => {
                let name = self.name.as_deref().unwrap_or_default();
                format!("Your search \"{name}\" has found something new: {thing}")
            }
            (Topic::Event, _) => self.happened(language, thing),
            (Topic::DueSoon, Zh) => format!("{thing}：请在 {until} 前办理"),
            (Topic::DueSoon, En) => format!("{thing}: something is to be done until {until}"),
            (Topic::Overdue, Zh) => format!("{thing}：已逾期（{until}）"),
            (Topic::Overdue, En) => format!("{thing}: its time has passed ({until})"),
        }
    }

    fn happened(&self, language: MailLanguage, thing: &str) -> String {
        let event = self.event.as_deref().and_then(|name| Event::named(self.kind, name));
        match (event, language) {
            (Some(event), Zh) => format!("{thing}：{}", event.zh),
            (Some(event), En) => format!("{thing}: {}", event.en),
            // Something that an older or newer server told of.
            (None, _) => thing.to_owned(),
        }
    }
}

/// A day and a time in China.
fn moment(at: Timestamp) -> String {
    let (hour, minute) = at.clock();
    format!("{} {hour:02}:{minute:02}", at.day())
}

/// What a kind of thing is called.
const fn thing(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Case => ("办件", "Case"),
        Kind::Order => ("订单", "Order"),
        Kind::EvaluationWindow | Kind::Evaluation => ("评价", "Evaluation"),
        Kind::Purchase => ("采购项目", "Purchase"),
        Kind::Registration => ("报名", "Registration"),
        Kind::Complaint => ("投诉", "Complaint"),
        Kind::Document => ("文书", "Document"),
        Kind::Agency => ("机构", "Agency"),
        Kind::Listing => ("服务", "Listing"),
        Kind::Webhook => ("网络钩子", "Webhook"),
        _ => ("其他", "Other"),
    }
}
