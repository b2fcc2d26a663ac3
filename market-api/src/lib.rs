//! The marketplace over HTTP, and the parts of the `market` program.
//!
//! Every handler turns a request into one call of [`market_core`]. Reading order: `router`, then
//! a file of `routes`; `body`, `parameters`, `caller` and `call` are what handlers take, `page`,
//! `tagged` and `problem` what they give, `edge` what all pass. `portal` has the pages that people see.

mod app;
mod atom;
mod body;
mod call;
mod caller;
pub mod cli;
pub mod demo;
mod description;
mod download;
mod edge;
pub mod generate;
mod health;
pub mod limits;
pub mod mailer;
mod mcp;
mod offered;
mod page;
mod parameters;
mod portal;
mod problem;
pub mod provider;
mod router;
mod routes;
pub mod sender;
mod serving;
mod streams;
mod tagged;
mod telemetry;
pub mod tls;
pub mod words;

pub use app::App;
pub use call::{EXCEPTIONS, Exception, Guard};
pub use caller::Web;
pub use limits::Limits;
pub use problem::registry::problems;
pub use router::{openapi, router};
pub use serving::{Served, serve};
