//! What is wrong with a form, in the words of people: in the summary above it, and at its fields.

use market_core::{Error, Fault, Reason, Refusal};

use super::fields::Field;
use crate::problem::Code;

/// Why a form was not done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) items: Vec<WrongItem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrongItem {
    /// The field that it is about.
    pub(super) field: Option<String>,
    pub(super) text: String,
}

impl Wrong {
    /// What an error says of a form, whose fields learn of it, too; nothing where the error is none
    /// of the form's.
    pub(super) fn of(why: &Error, fields: &mut [Field]) -> Option<Self> {
        let plain = |text: &str| Self::plain(text);
        match why {
            Error::Refused(refusal) => Some(plain(refusal.zh())),
            Error::Ineligible(reasons) => {
                let texts = reasons.iter().map(reason);
                let items = texts.map(|text| WrongItem { field: None, text }).collect();
                Some(Self { items })
            }
            Error::Invalid(faults) => Some(Self::found(faults, fields)),
            Error::FileTooLarge(limit) => Some(plain(&format!(
                "{}：最大 {limit} 字节（{} MB）",
                Refusal::FileTooLarge.zh(),
                limit >> 20
            ))),
            Error::Stale(_) => Some(plain(
                "您填写期间，内容已被他人更改。您填写的还在下面，请对照新的内容核对后再提交。",
            )),
            Error::TooOften(_) => Some(plain(Code::TOO_OFTEN.zh)),
            Error::Busy => Some(plain(Code::BUSY.zh)),
            _ => None,
        }
    }

    pub(super) fn plain(text: &str) -> Self {
        Self { items: vec![WrongItem { field: None, text: text.to_owned() }] }
    }

    fn found(faults: &[Fault], fields: &mut [Field]) -> Self {
        let items = faults.iter().map(|fault| {
            let text = words(fault);
            let Some(field) = at(&fault.pointer, fields) else {
                return WrongItem { field: None, text: format!("{}：{text}", fault.pointer) };
            };
            field.wrong.get_or_insert_with(|| text.clone());
            WrongItem { field: Some(field.name.clone()), text: format!("{}：{text}", field.label) }
        });
        Self { items: items.collect() }
    }
}

/// Why something does not fit, with its detail.
pub(super) fn reason(reason: &Reason) -> String {
    let Reason { refusal, detail } = reason;
    if detail.is_empty() { refusal.zh().to_owned() } else { format!("{}：{detail}", refusal.zh()) }
}

/// The name of the field that a pointer is of; a notice's own fields are named alike in a draft.
pub(super) fn name(pointer: &str) -> &str {
    let pointer = pointer.trim_start_matches('/');
    pointer.strip_prefix("notice/").unwrap_or(pointer)
}

/// The field that a pointer is about: the one of this name, or the nearest around or inside it.
fn at<'f>(pointer: &str, fields: &'f mut [Field]) -> Option<&'f mut Field> {
    let pointer = name(pointer);
    let near = |field: &Field| {
        let inside = |one: &str, other: &str| {
            one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
        };
        inside(&field.name, pointer) || inside(pointer, &field.name)
    };
    let place = fields.iter().position(|field| field.name == pointer);
    let place = place.or_else(|| fields.iter().position(near))?;
    fields.get_mut(place)
}

/// A fault in Chinese.
fn words(fault: &Fault) -> String {
    let numbers: Vec<&str> =
        fault.message.split(|c: char| !c.is_ascii_digit()).filter(|one| !one.is_empty()).collect();
    match (fault.code.as_ref(), numbers.as_slice()) {
        ("length", ["0", most]) => format!("最多 {most} 个字"),
        ("length", ["1", most]) => format!("请填写，最多 {most} 个字"),
        ("length", [least, most]) => format!("应为 {least} 至 {most} 个字"),
        ("length", [most]) => format!("最多 {most} 个"),
        ("characters", _) => "不能含有看不见的控制字符".to_owned(),
        ("missing", _) => "请填写".to_owned(),
        ("duplicate", _) => "有重复，请去掉一个".to_owned(),
        ("past", _) => "应晚于现在".to_owned(),
        ("future", _) => "不能晚于今天".to_owned(),
        ("media-type", _) => "不是文件类型，例如 application/pdf".to_owned(),
        ("superfluous", _) => "自然人没有统一社会信用代码，请留空".to_owned(),
        ("phone", _) => "应为 5 至 20 位数字，可以有“+”和“-”".to_owned(),
        ("login", _) => "应为 2 至 64 位小写字母、数字，可以有“.”“_”“@”和“-”".to_owned(),
        ("personal", _) => "不能含有电话号码、身份证号或者申请人姓名".to_owned(),
        ("unknown" | "choice", _) => "没有这个选项，请重新选择".to_owned(),
        ("too-low", _) => "低于公告规定的下限".to_owned(),
        ("too-high", _) => "高于公告规定的上限".to_owned(),
        ("digest", _) => "应为 64 位小写十六进制数字".to_owned(),
        ("path", _) => "文件名不能含有路径".to_owned(),
        ("order", _) => "结束日期早于开始日期".to_owned(),
        ("weak", _) => "开标码太容易被猜到，请用系统给出的".to_owned(),
        ("mode", _) => mode(&fault.message).to_owned(),
        ("range", [least, most])
            if ["between", "from"].iter().any(|one| fault.message.contains(one)) =>
        {
            format!("应在 {least} 至 {most} 之间")
        }
        ("range", [most]) if fault.message.contains("most") => format!("不能超过 {most}"),
        ("range", _) if fault.message.contains("above 0") => "应大于 0".to_owned(),
        ("format" | "type", _) => "格式不对，请按提示填写".to_owned(),
        ("unticked", _) => "请确认并勾选".to_owned(),
        // What files are refused for is told in both languages.
        _ => match fault.message.split_once(" / ") {
            Some((_, zh)) => zh.to_owned(),
            None => format!("填写有误（{}）", fault.message),
        },
    }
}

/// What a mode of selection asks of a field.
fn mode(message: &str) -> &'static str {
    match message {
        "this mode needs it" => "这种选取方式需要填写",
        "this mode has no use for it" => "这种选取方式不需要，请留空",
        "nobody quotes in this mode: give a fixed price" => "这种选取方式不报价，请选“固定价格”",
        "agencies quote in this mode: give limits" => "这种选取方式由机构报价，请填限价",
        _ => "与选取方式不符",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(faults: Vec<Fault>, names: &[&str]) -> Vec<(Option<String>, String)> {
        let mut fields: Vec<_> = names.iter().map(|name| Field::line(*name, *name, 0)).collect();
        let wrong = Wrong::of(&Error::Invalid(faults), &mut fields).unwrap();
        wrong.items.into_iter().map(|item| (item.field, item.text)).collect()
    }

    #[test]
    fn a_fault_is_told_at_its_field() {
        let faults = vec![
            Fault::new("/notice/contact/phone", "length", "must have 5 to 40 characters"),
            Fault::new("/price", "range", "must be above 0.00"),
            Fault::new("/nowhere", "odd", "is odd"),
        ];
        let said = said(faults, &["title", "contact/phone", "price/amount"]);
        let phone =
            (Some("contact/phone".to_owned()), "contact/phone：应为 5 至 40 个字".to_owned());
        assert_eq!(said[0], phone);
        assert_eq!(said[1], (Some("price/amount".to_owned()), "price/amount：应大于 0".to_owned()));
        assert_eq!(said[2], (None, "/nowhere：填写有误（is odd）".to_owned()));
    }

    #[test]
    fn what_is_refused_says_why() {
        let of = |why: Error| Wrong::of(&why, &mut []);
        assert_eq!(of(Refusal::CaseClosed.into()), Some(Wrong::plain("办件已办结")));
        assert_eq!(of(Error::TooOften(60)), Some(Wrong::plain("尝试次数过多，请稍后再试")));
        assert_eq!(of(Error::NotFound("case")), None);
        let detail = "330282".to_owned();
        let reasons = vec![Reason { refusal: Refusal::RegionNotServed, detail }];
        assert_eq!(of(Error::Ineligible(reasons)), Some(Wrong::plain("不服务该地区：330282")));
        assert!(of(Error::Stale("order")).is_some());
    }
}
