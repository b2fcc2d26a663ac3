//! The `market` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    market_api::cli::run()
}
