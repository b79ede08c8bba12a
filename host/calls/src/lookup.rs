//! Finding a result: by the known part of the key, then by what each run under it observed.

use crate::cache::CallCache;
use crate::key::{CallKey, Parts};
use crate::layout;
use crate::outcome::Outcome;
use crate::records::{Entry, Last, Recorded, Sealed as _};
use glowplug_fs::trace::{Check, Observed, OpenRoot, Prefix, Root, recheck};
use glowplug_store::{Digest, FileIdentity};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// The guest's standard input, as a lookup may read it ahead of the guest.
pub trait Ahead {
    /// The first `len` bytes, or fewer if the end comes before.
    ///
    /// # Errors
    /// What reading fails with.
    fn first(&mut self, len: u64) -> io::Result<&[u8]>;

    /// Whether the end comes after `len` bytes.
    ///
    /// # Errors
    /// What reading fails with.
    fn ends_after(&mut self, len: u64) -> io::Result<bool> {
        let more = self.first(len.saturating_add(1))?;
        Ok(more.len() as u64 <= len)
    }
}

/// What is there for a run.
#[derive(Debug)]
pub enum Lookup {
    /// What it would give.
    Hit(Box<Hit>),
    /// It has to run.
    Miss(MissReason),
}

/// A result that is proven to be what a run would give now.
#[derive(Debug)]
pub struct Hit {
    /// The result.
    pub outcome: Outcome,
    path: String,
    entry: Entry,
    /// Which of the entry's results it is.
    at: usize,
    /// Whether the entry is to be written anew, because files have the same contents under new identities.
    pub(crate) refreshed: bool,
    /// When the entry was last noted to be used.
    last_used: SystemTime,
}

impl Hit {
    fn recorded(&self) -> &Recorded {
        &self.entry.results[self.at]
    }

    /// How long the run took that gave it.
    #[must_use]
    pub fn cost(&self) -> Duration {
        Duration::from_micros(self.recorded().cost_us)
    }

    /// When that was.
    #[must_use]
    pub fn created(&self) -> SystemTime {
        self.recorded().created.as_system_time()
    }

    /// Standard input as far as the run read it.
    #[must_use]
    pub fn stdin(&self) -> Option<Prefix> {
        self.recorded().stdin
    }

    /// The roots and observations that were proven.
    #[must_use]
    pub fn observed(&self) -> &Observed {
        &self.recorded().observed
    }

    /// How many observations were checked.
    #[must_use]
    pub fn checked(&self) -> usize {
        self.observed().count()
    }
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What: `content of data/in.csv`, `environment LANG`, `argument 2`.
    pub what: String,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} changed from {} to {}", self.what, self.from, self.to)
    }
}

/// Why there is nothing to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissReason {
    /// Nothing like it was ever kept.
    NeverRun,
    /// Something that was known before it ran: these parts differ from the last run.
    Called(Vec<Change>),
    /// What it observed is not as it was; compared with the newest result.
    Observed(Vec<Change>),
    /// What was kept is damaged, was touched, or is not ours.
    Invalid(String),
    /// The store cannot be used.
    Unavailable(String),
}

impl MissReason {
    /// A word for it, for reports.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NeverRun => "never-run",
            Self::Called(_) | Self::Observed(_) => "changed",
            Self::Invalid(_) => "invalid",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The same in a text for each change, or in one if it is none; unlike what is displayed, with all changes.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Called(changes) | Self::Observed(changes) if !changes.is_empty() => {
                changes.iter().map(ToString::to_string).collect()
            }
            _ => vec![self.to_string()],
        }
    }
}

impl fmt::Display for MissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverRun => f.write_str("it never ran"),
            Self::Called(changes) | Self::Observed(changes) => {
                let texts: Vec<String> = changes.iter().take(SHOWN).map(ToString::to_string).collect();
                f.write_str(&texts.join("; "))?;
                match changes.len().saturating_sub(SHOWN) {
                    0 => Ok(()),
                    more => write!(f, "; and {more} more"),
                }
            }
            Self::Invalid(what) => write!(f, "what was kept is not used: {what}"),
            Self::Unavailable(what) => write!(f, "the call cache cannot be read: {what}"),
        }
    }
}

/// So many changes are named in one line.
const SHOWN: usize = 4;
/// Of a result that does not hold, so many observations are looked at to say what changed.
const EXPLAINED: usize = 64;
/// The last use is noted at most this often.
const TOUCH_INTERVAL: Duration = Duration::from_secs(3600);

impl CallCache {
    /// Looks for a result. Reads no more of `stdin` than the run that it finds did.
    ///
    /// Nothing is written: [`CallCache::note_use`] does that, when nobody waits any more.
    #[must_use]
    pub fn lookup(&self, key: &CallKey, stdin: &mut dyn Ahead) -> Lookup {
        self.look(key, stdin, true)
    }

    /// The same, without finding out what changed since the last call of another key: for whoever tells nobody.
    #[must_use]
    pub fn lookup_unexplained(&self, key: &CallKey, stdin: &mut dyn Ahead) -> Lookup {
        self.look(key, stdin, false)
    }

    fn look(&self, key: &CallKey, stdin: &mut dyn Ahead, explained: bool) -> Lookup {
        match self.folder.check_folders(&[layout::ENTRIES]) {
            Ok(true) => {}
            Ok(false) => return Lookup::Miss(MissReason::NeverRun),
            Err(reason) => return Lookup::Miss(MissReason::Unavailable(reason)),
        }
        let path = layout::entry(key.digest());
        let (entry, last_used) = match self.folder.read_sealed::<Entry>(&path) {
            Ok(Some(found)) => found,
            Ok(None) if !explained => return Lookup::Miss(MissReason::NeverRun),
            Ok(None) => return Lookup::Miss(self.explain_call(key)),
            Err(flaw) => {
                let _ = self.folder.set_aside(&path);
                return Lookup::Miss(MissReason::Invalid(flaw.to_string()));
            }
        };
        if entry.parts != *key.parts() {
            return Lookup::Miss(MissReason::Invalid(format!("{path} speaks of another call")));
        }
        self.lookup_in(path, entry, last_used, stdin)
    }

    fn lookup_in(&self, path: String, mut entry: Entry, last_used: SystemTime, stdin: &mut dyn Ahead) -> Lookup {
        // In the order of how much of standard input each read, so that nothing is taken from it that the run which is found
        // had left there for others.
        let mut order: Vec<usize> = (0..entry.results.len()).collect();
        order.sort_by_key(|at| entry.results[*at].stdin.map(|read| (read.len, read.end)));
        let mut roots = self.roots();
        let mut invalid = None;
        for at in order {
            let result = &entry.results[at];
            let Ok(holding) = roots.check(result, 1) else { continue };
            if !reads_the_same(result.stdin, stdin).unwrap_or(false) {
                continue;
            }
            let outcome = match result.outcome.restore(&self.folder) {
                Ok(outcome) => outcome,
                Err(why) => {
                    invalid = Some(why);
                    continue;
                }
            };
            let refreshed = !holding.is_empty();
            for (observation, seen, identity) in holding {
                entry.results[at].observed.observations[observation].seen[seen].set_identity(Some(identity));
            }
            return Lookup::Hit(Box::new(Hit { outcome, path, entry, at, refreshed, last_used }));
        }
        Lookup::Miss(match (invalid, entry.results.first()) {
            (Some(why), _) => MissReason::Invalid(why),
            (None, Some(newest)) => MissReason::Observed(self.explain(newest, &mut roots, stdin)),
            (None, None) => MissReason::NeverRun,
        })
    }

    fn explain(&self, result: &Recorded, roots: &mut Roots, stdin: &mut dyn Ahead) -> Vec<Change> {
        let mut changes = roots.check(result, EXPLAINED).err().unwrap_or_default();
        if changes.is_empty()
            && let Some(read) = result.stdin
        {
            let now = stdin.first(read.len).map(|bytes| (bytes.len() as u64, Digest::of(bytes)));
            let to = now.map_or_else(|error| error.to_string(), |(len, digest)| described(len, digest));
            changes.push(Change { what: "standard input".to_owned(), from: described(read.len, read.digest), to });
        }
        changes
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots { base: self.settings.base.clone(), ..Roots::default() }
    }

    /// What differs from the last call under the same label.
    fn explain_call(&self, key: &CallKey) -> MissReason {
        let last = self.folder.read_sealed::<Last>(&layout::last(key.label())).ok().flatten();
        let entry =
            last.and_then(|(last, _)| self.folder.read_sealed::<Entry>(&layout::entry(last.key)).ok().flatten());
        match entry.map(|(entry, _)| differences(&entry.parts, key.parts())) {
            Some(changes) if !changes.is_empty() => MissReason::Called(changes),
            _ => MissReason::NeverRun,
        }
    }

    /// Notes that a result was used, and files' new identities.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn note_use(&self, hit: &Hit) -> io::Result<()> {
        let age = SystemTime::now().duration_since(hit.last_used);
        let touched = age.is_ok_and(|age| age > TOUCH_INTERVAL);
        if hit.refreshed {
            self.folder.hasty().write_sealed(&hit.path, &hit.entry)?;
        } else if touched {
            self.folder.disk().touch(&hit.path)?;
        }
        if touched {
            // In use as long as the entry is, see `maintain`.
            let mut outputs = hit.recorded().outcome.apart();
            outputs.try_for_each(|(output, _)| self.folder.disk().touch(&layout::output(output)))?;
        }
        Ok(())
    }
}

/// The folders that a result was observed in, kept open for the next one, which mostly has the same.
#[derive(Default)]
pub(crate) struct Roots {
    /// Paths are said relative to this.
    base: Option<PathBuf>,
    named: Vec<Root>,
    open: Vec<OpenRoot>,
}

/// What was seen of files that have new identities: the observation's place, and the place in it.
type Refreshed = Vec<(usize, usize, FileIdentity)>;

impl Roots {
    fn open(&mut self, roots: &[Root]) -> Result<&[OpenRoot], Change> {
        if self.named != roots {
            let base = self.base.as_deref();
            let open = |root: &Root| match OpenRoot::open(root) {
                Ok(open) => match base.and_then(|base| root.host.strip_prefix(base).ok()) {
                    Some(relative) => Ok(open.shown_as(relative.to_owned())),
                    None => Ok(open),
                },
                Err(error) => Err(Change {
                    what: format!("folder {}", root.host.display()),
                    from: "present".to_owned(),
                    to: error.to_string(),
                }),
            };
            self.named.clear();
            self.open = roots.iter().map(open).collect::<Result<_, _>>()?;
            self.named = roots.to_vec();
        }
        Ok(&self.open)
    }

    /// Whether everything that a run observed is as it was; else up to `most` changes.
    pub(crate) fn check(&mut self, result: &Recorded, most: usize) -> Result<Refreshed, Vec<Change>> {
        let Observed { roots, observations } = &result.observed;
        let roots = self.open(roots).map_err(|change| vec![change])?;
        let (mut refreshed, mut changes) = (Vec::new(), Vec::<Change>::new());
        for differing in recheck(roots, observations, most) {
            let change = match differing.check {
                Check::Same => continue,
                Check::SameContentNewIdentity(identity) => {
                    refreshed.push((differing.at, differing.seen, identity));
                    continue;
                }
                Check::Changed { what, from, to } => Change { what, from, to },
                Check::Failed(why) => Change {
                    what: String::from_utf8_lossy(&observations[differing.at].path).into_owned(),
                    from: "what it was".to_owned(),
                    to: format!("what cannot be looked at ({why})"),
                },
            };
            // One file may be seen in two places.
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        // That a file whose contents changed has another size, too, is no news.
        let contents: Vec<String> = changes
            .iter()
            .filter_map(|change| Some(format!("size of {}", change.what.strip_prefix("content of ")?)))
            .collect();
        changes.retain(|change| !contents.contains(&change.what));
        if changes.is_empty() { Ok(refreshed) } else { Err(changes) }
    }
}

fn reads_the_same(read: Option<Prefix>, stdin: &mut dyn Ahead) -> io::Result<bool> {
    let Some(read) = read else { return Ok(true) };
    let bytes = stdin.first(read.len)?;
    let same = bytes.len() as u64 == read.len && Digest::of(bytes) == read.digest;
    Ok(same && (!read.end || stdin.ends_after(read.len)?))
}

fn described(len: u64, digest: Digest) -> String {
    format!("{len} bytes ({}..)", digest.short())
}

/// What differs between two calls, by the names of their parts.
pub(crate) fn differences(before: &Parts, now: &Parts) -> Vec<Change> {
    // What is the same needs no words; of thousands of arguments mostly all is.
    let same: HashSet<(&[u8], &[u8])> =
        before.iter().collect::<HashSet<_>>().intersection(&now.iter().collect()).copied().collect();
    let others = |parts| Parts::iter(parts).filter(|part| !same.contains(part));
    let (was, is): (HashMap<_, _>, HashMap<_, _>) = (others(before).collect(), others(now).collect());
    let value =
        |parts: &HashMap<&[u8], &[u8]>, name| parts.get(name).map_or("nothing".to_owned(), |value| shown(value));
    let mut seen = HashSet::new();
    others(now)
        .chain(others(before))
        .filter(|(name, _)| seen.insert(*name))
        .map(|(name, _)| Change {
            what: String::from_utf8_lossy(name).into_owned(),
            from: value(&was, name),
            to: value(&is, name),
        })
        .filter(|change| change.from != change.to)
        .collect()
}

/// A value for people: short texts as they are.
pub(crate) fn shown(value: &[u8]) -> String {
    const LONGEST: usize = 60;
    match std::str::from_utf8(value) {
        Ok(text) if text.chars().count() <= LONGEST && !text.chars().any(char::is_control) => format!("`{text}`"),
        _ => described(value.len() as u64, Digest::of(value)),
    }
}
