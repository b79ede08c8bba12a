//! Hits, misses by reason, and the time saved.
//!
//! A line for each load, appended in one write: `1 <tab> hit <tab> local <tab> <microseconds saved>`. Maintenance folds the
//! lines into one for each kind. They decide nothing, so they are not authenticated.

use super::{Store, layout};
use glowplug_store::seal::unique_name;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

/// What happened to loads, by (`hit`, tier), (`miss`, reason) and (`bypass`, empty): how often, and microseconds saved.
pub(crate) type Counters = BTreeMap<(String, String), (u64, u64)>;

/// Adds `more` to `counters`.
pub(crate) fn add(counters: &mut Counters, outcome: &str, detail: &str, count: u64, saved_us: u64) {
    let entry = counters.entry((outcome.to_owned(), detail.to_owned())).or_default();
    entry.0 = entry.0.saturating_add(count);
    entry.1 = entry.1.saturating_add(saved_us);
}

pub(crate) fn write(counters: &Counters) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for ((outcome, detail), (count, saved)) in counters {
        let _ = writeln!(text, "{count}\t{outcome}\t{detail}\t{saved}");
    }
    text
}

/// Lines that make no sense are passed over: somebody edited the file, or a write was torn.
pub(crate) fn parse(text: &str) -> Counters {
    let mut counters = Counters::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [count, outcome, detail, saved] = fields[..]
            && let (Ok(count), Ok(saved)) = (count.parse(), saved.parse())
        {
            add(&mut counters, outcome, detail, count, saved);
        }
    }
    counters
}

/// The log is folded before it grows past what one small read takes.
const FOLD_AT: u64 = 64 << 10;

impl Store {
    /// Appends what happened.
    pub(crate) fn count(&self, counters: &Counters) -> io::Result<()> {
        self.folder.disk().append(layout::COUNTERS, write(counters).as_bytes())
    }

    /// What happened so far.
    pub(crate) fn counters(&self) -> io::Result<Counters> {
        match self.folder.disk().read(layout::COUNTERS) {
            Ok((bytes, _)) => Ok(parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Counters::new()),
            Err(error) => Err(error),
        }
    }

    /// Makes the log short again. A load that is counted in the same instant can be lost; figures for people may be.
    pub(crate) fn fold_counters(&self) -> io::Result<()> {
        match self.folder.disk().stat(layout::COUNTERS) {
            Ok(meta) if meta.identity.size > FOLD_AT => {}
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        let counters = self.counters()?;
        let temporary = unique_name("counters");
        let mut file = self.folder.disk().create(&temporary)?;
        let written = self.folder.disk().write(&mut file, write(&counters).as_bytes());
        written.and_then(|()| self.folder.disk().rename(&temporary, layout::COUNTERS)).inspect_err(|_| {
            let _ = self.folder.disk().unlink(&temporary);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_survive_text_and_nonsense() {
        let mut counters = Counters::new();
        add(&mut counters, "hit", "local", 2, 30);
        add(&mut counters, "miss", "never-seen", 1, 0);
        let text = format!("{}garbage\n1\thit\tlocal\tx\n1\thit\tlocal\t5\n1\thit", write(&counters));
        add(&mut counters, "hit", "local", 1, 5);
        assert_eq!(parse(&text), counters);
    }
}
