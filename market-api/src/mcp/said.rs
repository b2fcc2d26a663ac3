//! How tools answer: in words for whoever reads, and as data.

use market_core::{Party, order::Holder};
use serde_json::{Value, json};

use super::{Asker, message::Fault};
use crate::problem::{Code, Language, Problem};

/// What a tool found out.
pub(super) struct Said {
    /// Line by line, for people and for models that read texts only.
    pub(super) lines: Vec<String>,
    /// The same as data, and more.
    pub(super) data: Value,
}

impl Asker<'_> {
    /// The result of a call, as the protocol has it. What went wrong with a call is told to the
    /// model, which may mend it; what is ours to mend is not.
    pub(super) fn told(&self, outcome: Result<Said, Problem>) -> Result<Value, Fault> {
        let problem = match outcome {
            Ok(Said { lines, data }) => {
                return Ok(json!({
                    "content": [{ "type": "text", "text": lines.join("\n") }],
                    "structuredContent": data,
                    "isError": false,
                }));
            }
            Err(problem) => problem,
        };
        if problem.status() == Code::INTERNAL.status {
            return Err(Fault::internal());
        }
        let said = problem.said(&self.request, self.language);
        Ok(json!({
            "content": [{ "type": "text", "text": sentence(&said) }],
            "structuredContent": said,
            "isError": true,
        }))
    }
}

/// A problem in a sentence, with every place that is wrong.
fn sentence(said: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!("{} ({})", text(said, "title"), text(said, "code"))];
    lines.extend(said["detail"].as_str().map(str::to_owned));
    for fault in said["errors"].as_array().into_iter().flatten() {
        lines.push(format!("{}: {}", text(fault, "pointer"), text(fault, "message")));
    }
    lines.join("\n")
}

/// Who holds something, since when and until when, in a few words.
pub(super) fn holder(holder: Option<&Holder>, language: Language) -> String {
    let Some(Holder { parties, until, .. }) = holder else {
        return language.pick("无人待办", "nobody has anything to do").to_owned();
    };
    let parties: Vec<_> = parties.iter().map(Party::to_string).collect();
    let parties = parties.join(", ");
    let until = until.map(|day| day.to_string());
    match (language, until) {
        (Language::Chinese, Some(day)) => format!("待 {parties} 于 {day} 前办理"),
        (Language::Chinese, None) => format!("待 {parties} 办理"),
        (Language::English, Some(day)) => format!("waits for {parties} until {day}"),
        (Language::English, None) => format!("waits for {parties}"),
    }
}
