//! The `market` program.

use std::process::ExitCode;

/// Gives memory back to the system soon after the index has used it, and takes less time than the
/// system's own (docs/search-speed.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    market_api::cli::run()
}
