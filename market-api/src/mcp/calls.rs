//! What each tool does: one or two calls of the core, told in lines and as data.

use market_core::{
    Actor, Error, Fault as Wrong, Market,
    catalog::ServiceItem,
    code::{DepartmentCode, ItemCode, StepKey},
    matter::{Matter, Step},
    progress::Progress,
    search::{Found, Hits, SearchQuery, Subject},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Asker,
    said::{Said, holder},
    tools::{FindAgencies, FindMatters, MOST, OfCase, OfMatter, OfOrder, OfStep, SOME, Tool},
};
use crate::{
    body::typed,
    problem::{Code, Language, Problem},
};

/// So much of what happened to an order is told.
const EVENTS: usize = 20;

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Problem> {
    typed(arguments).map_err(Problem::invalid)
}

fn wrong(pointer: &str, code: &'static str, message: &str) -> Problem {
    Problem::invalid(vec![Wrong::new(pointer, code, message)])
}

/// How many to find.
fn limit(given: Option<u32>) -> Result<u32, Problem> {
    let limit = given.unwrap_or(SOME);
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    Err(wrong("/limit", "range", &format!("must be from 1 to {MOST}")))
}

fn data<T: serde::Serialize>(thing: &T) -> Result<Value, Problem> {
    serde_json::to_value(thing).map_err(|_| Error::Inconsistent("answer").into())
}

impl Asker<'_> {
    /// Calls a tool.
    pub(super) async fn run(&self, tool: Tool, arguments: Value) -> Result<Said, Problem> {
        match tool {
            Tool::FindAgencies => self.find_agencies(read(arguments)?).await,
            Tool::FindMatters => self.find_matters(read(arguments)?).await,
            Tool::ServicesOfMatter => self.services(read(arguments)?).await,
            Tool::ExplainStep => self.explain(read(arguments)?).await,
            // Whoever may ask is told first, before what they ask.
            Tool::CaseProgress => {
                let actor = self.known()?;
                self.case(actor, read(arguments)?).await
            }
            Tool::OrderProgress => {
                let actor = self.known()?;
                self.order(actor, read(arguments)?).await
            }
        }
    }

    fn market(&self) -> &Market {
        self.app.market()
    }

    fn known(&self) -> Result<&Actor, Problem> {
        self.actor.as_ref().ok_or_else(|| Code::ANONYMOUS.into())
    }

    async fn find(&self, query: SearchQuery) -> Result<Hits, Problem> {
        let hits = self.market().search().find(&query).await.map_err(beneath)?;
        self.market().asked().count_search(&query, &hits);
        Ok(hits)
    }

    async fn find_agencies(&self, asked: FindAgencies) -> Result<Said, Problem> {
        let hits = self
            .find(SearchQuery {
                text: asked.text,
                items: asked.item.into_iter().collect(),
                regions: asked.region.into_iter().collect(),
                limit: limit(asked.limit)?,
                ..SearchQuery::new(Subject::Agencies)
            })
            .await?;
        let mut lines = vec![self.found(&hits)];
        let mut agencies = Vec::new();
        for hit in &hits.items {
            let Found::Agency(one) = &hit.found else { continue };
            let offers: Vec<_> = one.offers.iter().map(ItemCode::as_str).collect();
            lines.push(format!(
                "- {} ({}) · {} {} · {} {} · {}",
                one.name,
                one.id,
                self.language.pick("信用分", "credit"),
                one.credit,
                self.language.pick("已完成订单", "completed orders"),
                one.completed,
                offers.join(", ")
            ));
            agencies.push(data(one)?);
        }
        let total = hits.total;
        Ok(Said { lines, data: json!({ "total": total, "agencies": agencies }) })
    }

    async fn find_matters(&self, asked: FindMatters) -> Result<Said, Problem> {
        let text = Some(asked.text).filter(|text| !text.trim().is_empty());
        let Some(text) = text else {
            return Err(wrong("/text", "length", "must not be empty"));
        };
        let hits = self
            .find(SearchQuery {
                text: Some(text),
                limit: limit(asked.limit)?,
                ..SearchQuery::new(Subject::Matters)
            })
            .await?;
        let mut lines = vec![self.found(&hits)];
        let mut matters = Vec::new();
        for hit in &hits.items {
            let Found::Matter(one) = &hit.found else { continue };
            let needs: Vec<_> = one.needs.iter().map(ItemCode::as_str).collect();
            lines.push(format!("- {} ({}) · {}", one.name, one.code, needs.join(", ")));
            matters.push(data(one)?);
        }
        Ok(Said { lines, data: json!({ "total": hits.total, "matters": matters }) })
    }

    fn found(&self, hits: &Hits) -> String {
        match self.language {
            Language::Chinese => format!("共找到 {} 条", hits.total),
            Language::English => format!("{} found", hits.total),
        }
    }

    async fn services(&self, asked: OfMatter) -> Result<Said, Problem> {
        let matter = self.market().matters().get(&asked.matter).await?;
        let mut lines = vec![format!("{} ({})", matter.name, matter.code)];
        let mut services = Vec::new();
        for need in &matter.needs {
            let item = self.market().catalog().item(&need.item).await?;
            let steps: Vec<&Step> = need.steps.iter().filter_map(|key| matter.step(key)).collect();
            let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
            lines.push(format!("- {}: {}", self.service(&item), need.why));
            lines.push(format!(
                "  {}: {}",
                self.language.pick("使用成果的环节", "used by"),
                names.join(self.language.pick("、", ", "))
            ));
            let steps: Vec<_> = steps.iter().map(|step| brief(step)).collect();
            services.push(json!({ "service": data(&item)?, "why": need.why, "steps": steps }));
        }
        if matter.needs.is_empty() {
            lines.push(self.language.pick("不需要中介服务", "it needs no service").to_owned());
        }
        let about = json!({
            "code": matter.code, "version": matter.version, "name": matter.name,
            "lead": matter.lead, "withdrawn": matter.withdrawn,
        });
        Ok(Said { lines, data: json!({ "matter": about, "services": services }) })
    }

    /// A service item in a line.
    fn service(&self, item: &ServiceItem) -> String {
        let cap = item.price_cap.map(|cap| match self.language {
            Language::Chinese => format!("，最高 {cap} {}", item.price_unit),
            Language::English => format!(", {cap} {} at most", item.price_unit),
        });
        let days = match self.language {
            Language::Chinese => format!("{} 个工作日", item.days),
            Language::English => format!("{} working days", item.days),
        };
        format!("{} ({}), {days}{}", item.name, item.code, cap.unwrap_or_default())
    }

    async fn explain(&self, asked: OfStep) -> Result<Said, Problem> {
        match (asked.matter, asked.case_id) {
            (Some(_), Some(_)) => {
                Err(wrong("/case_id", "superfluous", "give either matter or case_id"))
            }
            (None, None) => Err(wrong("/matter", "missing", "give either matter or case_id")),
            (Some(code), None) => {
                let matter = self.market().matters().get(&code).await?;
                self.of_step(&matter, &asked.step, None).await
            }
            (None, Some(id)) => {
                let case = self.market().progress().of_case(self.known()?, id).await?;
                let matters = self.market().matters();
                let matter = matters.version(&case.matter, case.matter_version).await?;
                self.of_step(&matter, &asked.step, Some(&case)).await
            }
        }
    }

    async fn of_step(
        &self,
        matter: &Matter,
        key: &StepKey,
        case: Option<&Progress>,
    ) -> Result<Said, Problem> {
        let Some(step) = matter.step(key) else {
            let keys: Vec<_> = matter.steps.iter().map(|step| step.key.as_str()).collect();
            let message = format!("{} has the steps {}", matter.code, keys.join(", "));
            return Err(wrong("/step", "unknown", &message));
        };
        let language = self.language;
        let department = self.department(&step.department).await?;
        let after: Vec<_> = step.after.iter().filter_map(|key| matter.step(key)).collect();
        let materials: Vec<_> =
            matter.materials.iter().filter(|one| one.steps.contains(key)).collect();
        let mut services = Vec::new();
        for need in matter.needs.iter().filter(|need| need.steps.contains(key)) {
            let item = self.market().catalog().item(&need.item).await?;
            services.push((item, need.why.as_str()));
        }
        let mut lines = vec![format!("{} · {} ({})", matter.name, step.name, step.key)];
        let mut line = |zh, en, text: String| {
            if !text.is_empty() {
                lines.push(format!("{}: {text}", language.pick(zh, en)));
            }
        };
        let joined = |names: Vec<&str>| names.join(language.pick("、", ", "));
        line("审批部门", "decided by", format!("{} ({})", department.0, step.department));
        line(
            "时限（工作日）",
            "working days",
            match language {
                Language::Chinese => {
                    format!("法定 {}，承诺 {}", step.statutory_days, step.promised_days)
                }
                Language::English => {
                    format!("{} by law, {} promised", step.statutory_days, step.promised_days)
                }
            },
        );
        line("前置环节", "after", joined(after.iter().map(|one| one.name.as_str()).collect()));
        line("材料", "materials", joined(materials.iter().map(|one| one.name.as_str()).collect()));
        let told: Vec<_> = services.iter().map(|(item, _)| self.service(item)).collect();
        line("中介服务", "services", told.join("; "));
        line("说明", "note", step.note.clone());
        let now = case.and_then(|case| case.steps.iter().find(|one| one.step == *key));
        if let Some(now) = now {
            line("状态", "state", now.state.to_string());
            line("进展", "now", holder(now.holder.as_ref(), language));
            let steps = now.waits_for_steps.iter().map(StepKey::as_str);
            let items = now.waits_for_items.iter().map(ItemCode::as_str);
            line("等待", "waits for", steps.chain(items).collect::<Vec<_>>().join(", "));
            line("退回原因", "returned", now.reason.clone().unwrap_or_default());
        }
        let services: Result<Vec<_>, Problem> = services
            .iter()
            .map(|(item, why)| Ok(json!({ "service": data(item)?, "why": why })))
            .collect();
        Ok(Said {
            lines,
            data: json!({
                "matter": { "code": matter.code, "version": matter.version, "name": matter.name },
                "step": data(step)?,
                "department": { "code": step.department, "name": department.0, "phone": department.1 },
                "after": after.iter().map(|step| brief(step)).collect::<Vec<_>>(),
                "materials": data(&materials)?,
                "services": services?,
                "in_case": now.map(data).transpose()?,
            }),
        })
    }

    /// The name and telephone of a department.
    async fn department(&self, code: &DepartmentCode) -> Result<(String, String), Problem> {
        let found = self.market().departments().get(code).await?;
        Ok((found.name, found.phone))
    }

    async fn case(&self, actor: &Actor, asked: OfCase) -> Result<Said, Problem> {
        let case = self.market().progress().of_case(actor, asked.case_id).await?;
        let language = self.language;
        let mut lines =
            vec![format!("{} · {} ({}) · {}", case.title, case.matter_name, case.id, case.state)];
        lines.push(format!("{}: {}", language.pick("承诺办结", "promised until"), case.due_on));
        for step in &case.steps {
            let held = step.holder.as_ref().map(|one| holder(Some(one), language));
            let held = held.map_or_else(String::new, |held| format!(" · {held}"));
            lines.push(format!("- {} ({}) · {}{held}", step.name, step.step, step.state));
        }
        for one in &case.requirements {
            let unbought = || language.pick("未购买", "not bought").to_owned();
            let state = one
                .order
                .as_ref()
                .map_or_else(unbought, |order| format!("{} ({})", order.state, order.id));
            let held = one.holder.as_ref().map(|one| holder(Some(one), language));
            let held = held.map_or_else(String::new, |held| format!(" · {held}"));
            lines.push(format!("- {} ({}) · {state}{held}", one.service.name, one.item));
        }
        let mut data = data(&case)?;
        // Nothing can be done with a tool.
        if let Some(fields) = data.as_object_mut() {
            fields.remove("actions");
        }
        Ok(Said { lines, data })
    }

    async fn order(&self, actor: &Actor, asked: OfOrder) -> Result<Said, Problem> {
        let orders = self.market().orders();
        let order = orders.get(actor, asked.order_id).await?;
        let timeline = orders.timeline(actor, order.id).await?;
        let held = order.holder();
        let terms = &order.terms;
        let item = self.market().catalog().item_version(&terms.item, terms.item_version).await?;
        let mut lines = vec![format!("{} ({}) · {}", item.name, order.id, order.state.name())];
        lines.push(holder(held.as_ref(), self.language));
        lines.push(format!(
            "{} {} · {} {}",
            self.language.pick("金额", "amount"),
            terms.amount,
            self.language.pick("服务时限（工作日）", "working days"),
            terms.service_days
        ));
        let latest = timeline.iter().rev().take(EVENTS).rev();
        let events: Vec<_> = latest
            .map(|one| {
                lines.push(format!("- {} {}", one.at, one.event));
                json!({ "event": one.event, "at": one.at, "state": one.new_state })
            })
            .collect();
        Ok(Said {
            lines,
            data: json!({
                "order": data(&order)?, "item_name": item.name, "holder": held, "events": events,
            }),
        })
    }
}

/// A step in short.
fn brief(step: &Step) -> Value {
    json!({ "key": step.key, "name": step.name, "department": step.department })
}

/// Faults of a search point at its parameters, which here are fields of the arguments.
fn beneath(why: Error) -> Problem {
    match why {
        Error::Invalid(faults) => Problem::invalid(
            faults
                .into_iter()
                .map(|one| Wrong {
                    pointer: format!("/{}", one.pointer.trim_start_matches('/')),
                    ..one
                })
                .collect(),
        ),
        why => why.into(),
    }
}
