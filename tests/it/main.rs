//! Everything that crosses a boundary: HTTP or the command line in, both databases underneath.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accounts;
mod agencies;
mod asked;
mod browser;
mod catalogue;
mod complaints;
mod crash;
mod deadlines;
mod departments;
mod deposit;
mod draws;
mod fixtures;
mod guards;
mod harness;
mod health;
mod identity;
mod judged;
mod ledger;
mod nodes;
mod openapi;
mod openings;
mod orders;
mod packs;
mod passing;
mod portal;
mod problems;
mod program;
mod publicity;
mod purchase;
mod purchase_crash;
mod purchase_nodes;
mod purchase_steps;
mod purchases;
mod search;
mod server;
mod standing;
mod stopping;
mod suggestions;
mod tidy;
mod town;
mod trade;
mod transcripts;
mod vocabulary;
mod world;
