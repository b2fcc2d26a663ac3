//! Domain, storage and search of an intermediary-services marketplace (网上中介服务超市).
//!
//! Open a [`Market`], then speak its nouns: `market.orders().place(..)`. Every call that changes
//! something takes a [`Call`]: who acts, guarded by an idempotency key or a version if so wished, or only rehearsed.
//! Every change leaves an entry in the journal, which the search index and the public feed follow.
//!
//! The main job, from the packs of a city to a department's use of a deliverable
//! (`examples/embedded.rs`):
//!
//! ```
#![doc = include_str!("../examples/embedded.rs")]
//! ```

pub mod account;
pub mod agency;
pub mod alarm;
pub mod applicant;
pub mod asked;
pub mod audit;
pub mod case;
pub mod catalog;
pub mod complaint;
pub mod deadline;
pub mod department;
pub mod document;
pub mod draw;
pub mod evaluation;
pub mod feed;
pub mod file;
mod followers;
pub mod import;
pub mod jobs;
mod kernel;
pub mod letter;
pub mod mail;
mod market;
pub mod matter;
pub mod notice;
mod options;
pub mod order;
pub mod passport;
pub mod progress;
pub mod publicity;
pub mod purchase;
pub mod record;
mod reference;
pub mod rules;
pub mod saved_search;
pub mod search;
pub mod selection;
pub mod signing;
pub mod simulation;
pub mod statistics;
pub mod storage;
mod store;
#[cfg(test)]
mod testing;
pub mod timers;
pub mod vitals;
pub mod vocabulary;
pub mod webhook;
pub mod withdrawal;

pub use kernel::{
    action::Action,
    actor::{Actor, Party},
    authority,
    calendar::{Calendar, DayKind},
    call::{Call, Intent, Outcome, Went},
    change::Change,
    code,
    env::Env,
    error::{Error, Fault, Reason, Refusal},
    evaluation::{Dimension, EvaluationRules, NotADimension, Unrated},
    id,
    mode::Mode,
    money::Money,
    page::{Cursor, Page, Paging},
    point::{Degrees, NotAPoint, Point},
    policy::{ContractRules, PolicyFile, PolicyProfile, Ranking},
    qr::{QrCode, QrRun},
    sealing,
    secret::{is_same_secret, sha256_hex, sha256_of},
    selection::SelectionRules,
    text::plain_cell,
    time::{Day, Timestamp},
    uscc::Uscc,
};
pub use market::Market;
pub use options::Options;
pub use store::{
    Connections, Durability,
    expiry::KEPT_AT_LEAST,
    journal::{Kind, Recorded},
    private_folder,
};
