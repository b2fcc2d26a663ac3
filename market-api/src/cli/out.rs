//! Printing. A reader that goes away (`market … | head`) ends the command, and is no failure.

use std::{
    fmt::Display,
    io::{Write, stderr, stdout},
};

use super::Failure;

/// Prints a line to standard output.
pub(super) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Prints bytes to standard output.
pub(super) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Prints a remark for people to standard error; whether they read it matters not.
pub(super) fn remark(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// Says on standard error why the program failed.
pub(super) fn complaint(why: &str) {
    remark(format_args!("market: {why}"));
}

/// A text from elsewhere, without what would command a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect()
}
