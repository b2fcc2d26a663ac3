//! What messages tell of.

pub use crate::store::events::{EVENTS, Event, KINDS};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn events_stand_in_the_order_of_kinds_once() {
        let mut kinds: Vec<_> = EVENTS.iter().map(|event| event.kind).collect();
        kinds.dedup();
        assert_eq!(kinds, KINDS);
        let names: BTreeSet<_> = EVENTS.iter().map(|event| (event.kind, event.name)).collect();
        assert_eq!(names.len(), EVENTS.len());
    }

    /// What `docs/webhooks.md` lists is what there is.
    #[test]
    fn the_documentation_lists_every_event() {
        let page = include_str!("../../../docs/webhooks.md");
        let (_, page) = page.split_once("## Everything that may happen").unwrap();
        let listed: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let table = EVENTS.iter().map(|event| {
            let Event { kind, name, zh, en } = event;
            format!("| `{kind}.{name}` | {zh} | {en} |")
        });
        let table: Vec<String> = table.collect();
        assert_eq!(listed, table, "the table should read\n{}", table.join("\n"));
    }
}
