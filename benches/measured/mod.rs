//! The parts of the search bench. Read `in_process`, `served` and `peers`; `documents` and `texts`
//! are what they search and ask, `needs` what it took of the machine.

pub(crate) mod documents;
pub(crate) mod in_process;
pub(crate) mod needs;
pub(crate) mod peers;
pub(crate) mod served;
pub(crate) mod texts;
