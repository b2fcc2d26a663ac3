//! What every slice may use, and what uses no slice.

pub(crate) mod action;
pub(crate) mod actor;
pub mod authority;
pub(crate) mod calendar;
pub(crate) mod call;
mod capital;
pub(crate) mod change;
pub mod code;
pub(crate) mod env;
pub(crate) mod error;
pub(crate) mod evaluation;
pub(crate) mod fund;
pub mod id;
pub(crate) mod mode;
pub(crate) mod money;
pub(crate) mod page;
pub(crate) mod point;
pub(crate) mod policy;
pub(crate) mod qr;
mod refusal;
pub mod sealing;
pub(crate) mod secret;
pub(crate) mod selection;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod uscc;
