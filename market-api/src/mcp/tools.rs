//! What tools there are, and what each of them takes.

use market_core::{
    code::{ItemCode, MatterCode, RegionCode, StepKey},
    id::{CaseId, OrderId},
    search::MAX_TEXT,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::Language;

/// The most that a search answers to a tool.
pub(super) const MOST: u32 = 20;
/// So many are found, where nothing is said.
pub(super) const SOME: u32 = 5;

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    FindAgencies,
    FindMatters,
    ServicesOfMatter,
    ExplainStep,
    CaseProgress,
    OrderProgress,
}

/// What agencies are looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindAgencies {
    pub(super) text: Option<String>,
    pub(super) item: Option<ItemCode>,
    pub(super) region: Option<RegionCode>,
    pub(super) limit: Option<u32>,
}

/// What matters are looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindMatters {
    pub(super) text: String,
    pub(super) limit: Option<u32>,
}

/// Which matter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfMatter {
    pub(super) matter: MatterCode,
}

/// Which step: of a matter, or of a case of the caller's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfStep {
    pub(super) matter: Option<MatterCode>,
    pub(super) case_id: Option<CaseId>,
    pub(super) step: StepKey,
}

/// Which case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfCase {
    pub(super) case_id: CaseId,
}

/// Which order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfOrder {
    pub(super) order_id: OrderId,
}

impl Tool {
    /// Every tool, in the order of the list.
    pub(super) const ALL: &'static [Self] = &[
        Self::FindAgencies,
        Self::FindMatters,
        Self::ServicesOfMatter,
        Self::ExplainStep,
        Self::CaseProgress,
        Self::OrderProgress,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::FindAgencies => "find_agencies",
            Self::FindMatters => "find_matters",
            Self::ServicesOfMatter => "services_of_matter",
            Self::ExplainStep => "explain_step",
            Self::CaseProgress => "case_progress",
            Self::OrderProgress => "order_progress",
        }
    }

    /// Whether it answers whoever asks.
    pub(super) const fn is_public(self) -> bool {
        !matches!(self, Self::CaseProgress | Self::OrderProgress)
    }

    const fn title(self, language: Language) -> &'static str {
        match self {
            Self::FindAgencies => language.pick("查找中介机构", "Find agencies"),
            Self::FindMatters => language.pick("查找一件事", "Find matters"),
            Self::ServicesOfMatter => {
                language.pick("一件事所需的中介服务", "Services that a matter needs")
            }
            Self::ExplainStep => language.pick("解释审批环节", "Explain a step"),
            Self::CaseProgress => language.pick("办件进度", "Progress of a case"),
            Self::OrderProgress => language.pick("订单进度", "Progress of an order"),
        }
    }

    const fn description(self, language: Language) -> &'static str {
        match self {
            Self::FindAgencies => language.pick(
                "按业务、事项、地区查找已入驻的中介机构，返回机构编号、名称、信用分、已完成订单数和所提供的事项。",
                "Find admitted agencies by words, service item and region: ids, names, credit, \
                 completed orders and the service items that they offer.",
            ),
            Self::FindMatters => language.pick(
                "按口语或正式名称查找“一件事”，如“开饭店”，返回代码、名称和所需的中介服务事项代码。",
                "Find matters (一件事) by what people say, such as 开饭店: codes, names and the codes \
                 of the service items that they need.",
            ),
            Self::ServicesOfMatter => language.pick(
                "一件事需要哪些中介服务：为什么需要、哪些环节使用成果、时限、价格管理方式、最高限价和法律依据。",
                "The services that a matter needs: why, which steps use the deliverable, time limit, \
                 how the price is made, its cap, and the law that it rests on.",
            ),
            Self::ExplainStep => language.pick(
                "解释审批环节：谁审批、时限、前置环节、申请材料、需要的中介服务。给出 matter 查看规定；登录后给出 \
                 case_id 还会说明该环节在本人办件中的进展和在等什么。",
                "Explain a step of an approval: who decides, time limits, the steps before, materials \
                 and services. Give matter for the rules; signed in, give case_id to learn as well \
                 where the step stands in one's own case and what it waits for.",
            ),
            Self::CaseProgress => language.pick(
                "本人参与的办件的进度：各环节和所需服务的状态，轮到谁、到哪天为止。",
                "How a case stands that the caller takes part in: its steps and services, who holds \
                 what until when.",
            ),
            Self::OrderProgress => language.pick(
                "本人参与的订单的进度：状态、轮到谁、到哪天为止、经过。",
                "How an order stands that the caller takes part in: its state, who holds it until \
                 when, what happened.",
            ),
        }
    }

    /// The JSON Schema of what it takes.
    pub(super) fn input(self) -> Value {
        let code = |about: &str| json!({ "type": "string", "pattern": "^[a-z0-9-]{1,48}$", "description": about });
        let id = |about: &str| json!({ "type": "string", "format": "uuid", "description": about });
        let text = json!({
            "type": "string", "maxLength": MAX_TEXT,
            "description": "Words that people use, in characters or pinyin (口语、正式名称或拼音)",
        });
        let limit = json!({
            "type": "integer", "minimum": 1, "maximum": MOST, "default": SOME,
            "description": "How many at most (最多几条)",
        });
        let matter = code("The code of a matter, such as open-restaurant (一件事代码)");
        let case = id("The id of a case (办件编号)");
        let (properties, required) = match self {
            Self::FindAgencies => (
                json!({
                    "text": text,
                    "item": code("A service item that they offer (事项代码)"),
                    "region": code("Where the service is needed, such as 330282 (行政区划代码)"),
                    "limit": limit,
                }),
                json!([]),
            ),
            Self::FindMatters => (json!({ "text": text, "limit": limit }), json!(["text"])),
            Self::ServicesOfMatter => (json!({ "matter": matter }), json!(["matter"])),
            Self::ExplainStep => (
                json!({
                    "matter": matter,
                    "case_id": case,
                    "step": code("The key of the step, such as s1 (环节)"),
                }),
                json!(["step"]),
            ),
            Self::CaseProgress => (json!({ "case_id": case }), json!(["case_id"])),
            Self::OrderProgress => {
                (json!({ "order_id": id("The id of an order (订单编号)") }), json!(["order_id"]))
            }
        };
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }

    /// The tool as the list has it.
    pub(super) fn described(self, language: Language) -> Value {
        let title = self.title(language);
        json!({
            "name": self.name(),
            "title": title,
            "description": self.description(language),
            "inputSchema": self.input(),
            "annotations": {
                "title": title,
                "readOnlyHint": true,
                "destructiveHint": false,
                "idempotentHint": true,
                "openWorldHint": false,
            },
        })
    }
}
