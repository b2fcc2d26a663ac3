//! The cases of the demonstration, and how far each comes.

use market_core::case::Fund;

/// How far an order of the story comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    NotOrdered,
    Placed,
    Accepted,
    Contracted,
    InService,
    Delivered,
    Reworking,
    ReturnedByDepartment,
    SignedOff,
    Completed,
    Declined,
    Cancelled,
    Terminated,
}

use Goal::{
    Accepted, Cancelled, Completed, Contracted, Declined, Delivered, InService, NotOrdered, Placed,
    ReturnedByDepartment, Reworking, SignedOff, Terminated,
};

/// A case of the story.
pub(super) struct Chapter {
    pub(super) matter: &'static str,
    pub(super) title: &'static str,
    pub(super) fund: Fund,
    /// Which applicant.
    pub(super) by: usize,
    /// How many days ago it was opened.
    pub(super) days_ago: i64,
    /// How far the orders of its needs come, in the order of the needs; the last goal holds for
    /// all that follow.
    pub(super) goals: &'static [Goal],
    /// Whether departments approve whatever they can.
    pub(super) approved: bool,
}

pub(super) const CHAPTERS: &[Chapter] = &[
    chapter("open-restaurant", "浒山街道面馆", Fund::Social, 0, 1, &[NotOrdered], false),
    chapter("open-restaurant", "古塘街道小吃店", Fund::Social, 1, 60, &[Completed], true),
    chapter("open-supermarket", "观海卫镇生活超市", Fund::Social, 2, 1, &[Placed, Accepted], false),
    chapter("open-pharmacy", "周巷镇药店", Fund::Social, 3, 3, &[Contracted, Declined], true),
    chapter("open-printing-enterprise", "逍林镇印刷厂", Fund::Social, 4, 45, &[InService], true),
    chapter(
        "build-plant",
        "滨海经济开发区智能装备厂房",
        Fund::Social,
        5,
        58,
        &[
            Completed,
            SignedOff,
            Delivered,
            Reworking,
            InService,
            Contracted,
            Accepted,
            Placed,
            ReturnedByDepartment,
            Terminated,
            Cancelled,
            NotOrdered,
        ],
        true,
    ),
    chapter("build-plant", "庵东镇扩建车间", Fund::Fiscal, 1, 50, &[Delivered, InService], false),
    chapter("open-restaurant", "宗汉街道火锅店", Fund::Social, 2, 30, &[SignedOff], false),
    chapter(
        "open-restaurant",
        "坎墩街道咖啡馆",
        Fund::Social,
        3,
        35,
        &[ReturnedByDepartment],
        true,
    ),
    chapter("add-elevator", "白沙路街道老小区加装电梯", Fund::Fiscal, 4, 40, &[Delivered], true),
    chapter(
        "open-supermarket",
        "龙山镇便利店",
        Fund::Social,
        5,
        33,
        &[Terminated, Cancelled],
        false,
    ),
    chapter("open-pharmacy", "桥头镇连锁药房", Fund::Social, 0, 15, &[Declined], false),
];

const fn chapter(
    matter: &'static str,
    title: &'static str,
    fund: Fund,
    by: usize,
    days_ago: i64,
    goals: &'static [Goal],
    approved: bool,
) -> Chapter {
    Chapter { matter, title, fund, by, days_ago, goals, approved }
}
