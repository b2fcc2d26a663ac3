//! What the process needed.

use std::{fs, time::Duration};

/// What the process holds in memory, in MB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Everything, with the pages of files.
    pub(crate) all: u64,
    /// What it has for itself alone.
    pub(crate) own: u64,
}

impl Memory {
    pub(crate) fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().find_map(|part| part.parse::<u64>().ok()).unwrap() / 1024
        };
        Self { all: field("VmRSS:"), own: field("RssAnon:") }
    }
}

/// The processor time that this thread has had.
pub(crate) fn thread_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The processor time that this process has had, to a hundredth of a second.
pub(crate) fn process_time() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    // The name may hold anything but ends at the last bracket; the times are fields 14 and 15.
    let fields = text.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
    Duration::from_millis(fields.map(|field| field.parse::<u64>().unwrap()).sum::<u64>() * 10)
}
