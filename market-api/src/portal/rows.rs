//! A list of things as `rows.html` shows it: each with its link, what there is to say of it and a tag.

/// Something on a list.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) href: Option<String>,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) tag: String,
    /// `good`, `bad`, `warn` or nothing.
    pub(super) tone: &'static str,
}
