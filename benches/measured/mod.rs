//! The parts of the search bench. Read `in_process`, `served` and `peers`; `documents` and `texts`
//! are what they search and ask, `figures` how it is timed and printed.

pub(crate) mod client;
pub(crate) mod documents;
pub(crate) mod figures;
pub(crate) mod in_process;
pub(crate) mod peers;
pub(crate) mod served;
pub(crate) mod texts;
