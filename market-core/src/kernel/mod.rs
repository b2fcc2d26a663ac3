//! What every slice may use, and what uses no slice.

pub mod action;
pub mod actor;
pub mod calendar;
pub mod change;
pub mod code;
pub mod env;
pub mod error;
pub mod id;
pub mod money;
pub mod page;
pub mod policy;
pub mod secret;
pub mod text;
pub mod time;
pub mod uscc;
