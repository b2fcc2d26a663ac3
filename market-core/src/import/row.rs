//! Reading the cells of a row, and telling everything that is wrong with them.

use std::{collections::BTreeSet, ops::RangeInclusive, str::FromStr};

use super::table::{Saying, Table, short};
use crate::{
    Day, Fault, Money,
    kernel::{money::NotMoney, text::check_text},
};

const MISSING: Saying = ("missing", "must not be empty", "不能为空");
const NOT_A_CODE: Saying = (
    "code",
    "not a code: 1 to 48 of a-z, 0-9 and hyphen",
    "不是代码：1 至 48 位小写字母、数字、连字符",
);
const NOT_A_NUMBER: Saying = ("number", "not a whole number", "不是整数");
const NOT_A_DAY: Saying = ("day", "not a day such as 2026-11-24", "不是 2026-11-24 这样的日期");
const EMPTY_PART: Saying = ("list", "a part between | is empty", "用 | 分隔的内容中有空项");
const TWICE: Saying = ("duplicate", "the list names a thing twice", "列表中有重复内容");
const NOT_A_MARK: Saying = ("word", "not one of: yes, or empty", "只能填写 yes 或留空");
pub(super) const NOT_EMPTY: Saying = ("not-empty", "must be empty in this row", "本行此列应为空");

/// A row of a table.
#[derive(Debug)]
pub(super) struct Row<'t, 'a> {
    table: &'t mut Table<'a>,
    index: usize,
}

impl<'t, 'a> Row<'t, 'a> {
    pub(super) fn new(table: &'t mut Table<'a>, index: usize) -> Self {
        Self { table, index }
    }

    /// The text of a cell, without blanks around it.
    pub(super) fn raw(&self, column: &str) -> &str {
        self.table.cell(self.index, column)
    }

    /// Tells what is wrong with a cell.
    pub(super) fn wrong(&mut self, column: &str, code: &'static str, en: &str, zh: &str) {
        let value = self.raw(column).to_owned();
        self.table.note(self.index, column, &value, code.into(), format!("{en} / {zh}"));
    }

    /// Tells what is wrong with a cell, in a standing sentence.
    pub(super) fn say(&mut self, column: &str, (code, en, zh): Saying) {
        self.wrong(column, code, en, zh);
    }

    /// Tells what the thing itself finds wrong, each at its column.
    pub(super) fn faults(&mut self, faults: Vec<Fault>) {
        for Fault { pointer, code, message } in faults {
            let zh = match &*code {
                "length" => "字数或个数不符合要求",
                "characters" => "含有控制字符",
                "range" => "超出允许范围",
                "order" => "日期先后颠倒",
                "duplicate" => "内容重复",
                "unknown" => "没有登记",
                "state" => "状态与所填内容或已登记的状态不符",
                _ => "不符合要求",
            };
            let value = self.raw(&pointer).to_owned();
            self.table.note(self.index, &pointer, &value, code, format!("{message} / {zh}"));
        }
    }

    /// A text of so many characters.
    pub(super) fn text(&mut self, column: &str, length: RangeInclusive<usize>) -> String {
        let text = self.raw(column).to_owned();
        let (min, max) = length.into_inner();
        if text.is_empty() && min > 0 {
            self.say(column, MISSING);
            return text;
        }
        let mut faults = Vec::new();
        check_text(column, &text, min, max, &mut faults);
        for fault in faults {
            let zh = if fault.code == "length" {
                format!("应为 {min} 至 {max} 个字符")
            } else {
                "含有控制字符".to_owned()
            };
            let reason = format!("{} / {zh}", fault.message);
            self.table.note(self.index, column, &text, fault.code, reason);
        }
        text
    }

    /// A cell that must not be empty, in a form of its own.
    pub(super) fn parsed<T: FromStr>(&mut self, column: &str, otherwise: Saying) -> Option<T> {
        if self.raw(column).is_empty() {
            self.say(column, MISSING);
            return None;
        }
        self.if_any(column, otherwise)
    }

    /// A cell that may be empty, in a form of its own.
    pub(super) fn if_any<T: FromStr>(&mut self, column: &str, otherwise: Saying) -> Option<T> {
        if self.raw(column).is_empty() {
            return None;
        }
        let parsed = self.raw(column).parse().ok();
        if parsed.is_none() {
            self.say(column, otherwise);
        }
        parsed
    }

    /// A code.
    pub(super) fn code<T: FromStr>(&mut self, column: &str) -> Option<T> {
        self.parsed(column, NOT_A_CODE)
    }

    /// A code of something that there is.
    pub(super) fn known<T: FromStr>(
        &mut self,
        column: &str,
        is_known: impl Fn(&T) -> bool,
        otherwise: Saying,
    ) -> Option<T> {
        let code = self.code(column)?;
        if is_known(&code) {
            return Some(code);
        }
        self.say(column, otherwise);
        None
    }

    /// A code that no other row has.
    pub(super) fn unique<T: FromStr + ToString>(&mut self, column: &str) -> Option<T> {
        let code: T = self.code(column)?;
        self.alone(column, code.to_string());
        Some(code)
    }

    /// Tells if an earlier row has the same key.
    pub(super) fn alone(&mut self, column: &str, key: String) {
        if let Some(first) = self.table.seen_before(self.index, key) {
            let en = format!("row {first} is about the same thing");
            let zh = format!("与第 {first} 行重复");
            self.wrong(column, "duplicate", &en, &zh);
        }
    }

    /// A whole number within bounds.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        column: &str,
        bounds: RangeInclusive<u64>,
    ) -> Option<T> {
        let number: u64 = self.parsed(column, NOT_A_NUMBER)?;
        if !bounds.contains(&number) {
            let (least, most) = bounds.into_inner();
            let en = format!("must be {least} to {most}");
            self.wrong(column, "range", &en, &format!("应在 {least} 与 {most} 之间"));
            return None;
        }
        number.try_into().ok()
    }

    /// An amount of money, if there is any.
    pub(super) fn money_if_any(&mut self, column: &str) -> Option<Money> {
        let text = self.raw(column);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(money) => Some(money),
            Err(why) => {
                let zh = match why {
                    NotMoney::TooFine => "金额最多两位小数",
                    NotMoney::OutOfRange => "金额应在 0.00 与 999999999999.99 之间",
                    NotMoney::NotANumber => "不是 12000.00 这样的金额",
                };
                self.wrong(column, "money", &why.to_string(), zh);
                None
            }
        }
    }

    /// An amount of money.
    pub(super) fn money(&mut self, column: &str) -> Option<Money> {
        if self.raw(column).is_empty() {
            self.say(column, MISSING);
        }
        self.money_if_any(column)
    }

    /// A day.
    pub(super) fn day(&mut self, column: &str) -> Option<Day> {
        self.parsed(column, NOT_A_DAY)
    }

    /// A day, if there is any.
    pub(super) fn day_if_any(&mut self, column: &str) -> Option<Day> {
        self.if_any(column, NOT_A_DAY)
    }

    /// One of a few words.
    pub(super) fn word<T: FromStr<Err = String>>(&mut self, column: &str) -> Option<T> {
        match self.raw(column).parse() {
            Ok(word) => Some(word),
            Err(why) => {
                let words = why.trim_start_matches("not one of: ").replace(", ", "、");
                self.wrong(column, "word", &why, &format!("只能填写：{words}"));
                None
            }
        }
    }

    /// Whether a cell is marked: `yes`, or empty. Nothing is said where the sheet has no such column.
    pub(super) fn mark(&mut self, column: &'static str) -> Option<bool> {
        if !self.table.has(column) {
            return None;
        }
        match self.raw(column) {
            "" => Some(false),
            "yes" | "是" => Some(true),
            _ => {
                self.say(column, NOT_A_MARK);
                None
            }
        }
    }

    /// The parts of a list.
    pub(super) fn list(&mut self, column: &str) -> Vec<String> {
        if self.raw(column).is_empty() {
            return Vec::new();
        }
        let text = self.text(column, 0..=4000);
        let parts: Vec<String> = text.split('|').map(|part| part.trim().to_owned()).collect();
        if parts.iter().any(String::is_empty) {
            self.say(column, EMPTY_PART);
        }
        if parts.iter().collect::<BTreeSet<_>>().len() < parts.len() {
            self.say(column, TWICE);
        }
        parts
    }

    /// The codes of a list, which are known.
    pub(super) fn codes<T: FromStr>(
        &mut self,
        column: &str,
        is_known: impl Fn(&T) -> bool,
        otherwise: Saying,
    ) -> Vec<T> {
        let mut codes = Vec::new();
        for part in self.list(column) {
            let (code, en, zh) = match part.parse() {
                Ok(code) if is_known(&code) => {
                    codes.push(code);
                    continue;
                }
                Ok(_) => otherwise,
                Err(_) => NOT_A_CODE,
            };
            let part = short(&part);
            self.wrong(column, code, &format!("{part}: {en}"), &format!("{part}：{zh}"));
        }
        codes
    }

    /// Cells that this row has no use for.
    pub(super) fn unused(&mut self, columns: &[&str]) {
        for column in columns {
            if !self.raw(column).is_empty() {
                self.say(column, NOT_EMPTY);
            }
        }
    }
}
