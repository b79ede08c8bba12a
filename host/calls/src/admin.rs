//! Looking after the call cache: listing, explaining, evicting, emptying. None of it is on the way of a run.

use crate::cache::CallCache;
use crate::key::Part;
use crate::layout;
use crate::lookup::Change;
use crate::records::{Entry, Last, Sealed as _, StoredProof};
use glowplug_store::Digest;
use glowplug_store::disk::Listed;
use glowplug_store::evict::{self, Candidate, Limits, Pruned};
use glowplug_store::folder::{QUARANTINE, TEMPORARY};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::time::{Duration, SystemTime};

/// Everything that is kept under one key.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The key.
    pub key: Digest,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// Its results, the newest first.
    pub results: Vec<Summary>,
    /// Bytes of the entry, and of the outputs that lie apart.
    pub bytes: u64,
    /// When it was last used, to the hour.
    pub last_used: SystemTime,
}

/// An entry that is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flawed {
    /// The file, relative to the call cache's folder.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// One result.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The exit code.
    pub exit_code: i32,
    /// Bytes on both streams.
    pub output_bytes: u64,
    /// Entries written.
    pub written: usize,
    /// What was observed, in how many observations.
    pub observed: usize,
    /// How long the run took.
    pub cost: Duration,
    /// When it ran.
    pub created: SystemTime,
}

/// What a result would be worth now.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The result.
    pub summary: Summary,
    /// What is not as it was; nothing: it would be a hit, as far as files go.
    pub changes: Vec<Change>,
    /// What is wrong with what was kept.
    pub damage: Option<String>,
    /// Bytes of standard input that the run read.
    pub stdin: Option<u64>,
}

/// Files that a killed process left, and outputs that no entry names yet, are kept this long: nothing is to be taken from under
/// a process that is slow.
pub(crate) const LEFTOVER_AGE: Duration = Duration::from_secs(3600);
const QUARANTINE_AGE: Duration = Duration::from_secs(7 * 24 * 3600);
/// So many changes of one result are named.
const EXPLAINED: usize = 20;

impl CallCache {
    /// What is kept, the last used first, and what cannot be read: its path and why.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn list(&self) -> io::Result<(Vec<Listing>, Vec<Flawed>)> {
        let (mut listings, mut flawed) = (Vec::new(), Vec::new());
        for file in self.folder.list(layout::ENTRIES)? {
            let Some(key) = Digest::parse(&file.name) else { continue };
            match self.folder.read_sealed::<Entry>(&layout::entry(key)) {
                Ok(Some((entry, last_used))) => {
                    let bytes = file.meta.identity.size + outputs(&entry).values().sum::<u64>();
                    let results = entry.results.iter().map(summary).collect();
                    listings.push(Listing { key, parts: entry.parts.to_vec(), results, bytes, last_used });
                }
                Ok(None) => {}
                Err(flaw) => flawed.push(Flawed { path: layout::entry(key), why: flaw.to_string() }),
            }
        }
        listings.sort_by_key(|listing| (std::cmp::Reverse(listing.last_used), listing.key));
        Ok((listings, flawed))
    }

    /// What became of each result of a key.
    ///
    /// # Errors
    /// In words, when there is no such key or it cannot be read.
    pub fn why(&self, key: Digest) -> Result<(Vec<Part>, Vec<Explanation>), String> {
        let path = layout::entry(key);
        let entry = match self.folder.read_sealed::<Entry>(&path) {
            Ok(Some((entry, _))) => entry,
            Ok(None) => return Err(format!("nothing is kept under {key}")),
            Err(flaw) => return Err(flaw.to_string()),
        };
        let mut roots = self.roots();
        let explain = |result| Explanation {
            summary: summary(result),
            changes: roots.check(result, EXPLAINED).err().unwrap_or_default(),
            damage: result.outcome.check(&self.folder).err(),
            stdin: result.stdin.map(|read| read.len),
        };
        let explanations = entry.results.iter().map(explain).collect();
        Ok((entry.parts.to_vec(), explanations))
    }

    /// Authenticates every entry and hashes every output: what is wrong, by path.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn verify(&self) -> io::Result<Vec<(String, Option<String>)>> {
        let mut findings = Vec::new();
        for file in self.folder.list(layout::ENTRIES)?.iter().filter(|file| !is_temporary(file)) {
            let path = format!("{}/{}", layout::ENTRIES, file.name);
            let problem = match self.folder.read_sealed::<Entry>(&path) {
                Ok(Some((entry, _))) => {
                    entry.results.iter().find_map(|result| result.outcome.check(&self.folder).err())
                }
                Ok(None) => continue,
                Err(flaw) => Some(flaw.to_string()),
            };
            findings.push((path, problem));
        }
        for file in self.folder.list(layout::LAST)?.iter().filter(|file| !is_temporary(file)) {
            let path = format!("{}/{}", layout::LAST, file.name);
            let problem = self.folder.read_sealed::<Last>(&path).err().map(|flaw| flaw.to_string());
            findings.push((path, problem));
        }
        for file in self.folder.list(layout::PROOFS)?.iter().filter(|file| !is_temporary(file)) {
            let path = format!("{}/{}", layout::PROOFS, file.name);
            let problem = self.folder.read_sealed::<StoredProof>(&path).err().map(|flaw| flaw.to_string());
            findings.push((path, problem));
        }
        Ok(findings)
    }

    /// Evicts what the limits do not allow, and sweeps up after killed processes.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn prune(&self, dry_run: bool) -> io::Result<Pruned> {
        let limits =
            Limits { bytes: self.settings.max_bytes, entries: self.settings.max_entries, age: self.settings.max_age };
        let now = SystemTime::now();
        let (mut pruned, mut kept) = (Pruned::default(), Vec::new());
        for file in self.folder.list(layout::ENTRIES)? {
            let path = format!("{}/{}", layout::ENTRIES, file.name);
            match self.folder.read_sealed::<Entry>(&path) {
                Ok(Some((entry, last_used))) if Digest::parse(&file.name).is_some() => {
                    let outputs = outputs(&entry);
                    let bytes = file.meta.identity.size + outputs.values().sum::<u64>();
                    kept.push((path, file.meta.identity.size, bytes, last_used, outputs));
                }
                Ok(None) => {}
                _ if is_temporary(&file) && age(&file, now) <= LEFTOVER_AGE => {}
                _ => self.remove(&mut pruned, &path, file.meta.identity.size, "damaged or left over", dry_run)?,
            }
        }
        let candidates: Vec<Candidate<usize>> = kept
            .iter()
            .enumerate()
            .map(|(id, (_, _, bytes, last_used, _))| Candidate { id, bytes: *bytes, last_used: *last_used })
            .collect();
        let evicted: BTreeSet<usize> = evict::plan(&candidates, now, limits).into_iter().collect();
        let mut in_use = BTreeSet::new();
        for (id, (path, own_bytes, bytes, last_used, outputs)) in kept.iter().enumerate() {
            if evicted.contains(&id) {
                let unused = now.duration_since(*last_used).unwrap_or_default();
                let why =
                    if unused > limits.age { "unused for too long" } else { "least recently used, over the limit" };
                self.remove(&mut pruned, path, *own_bytes, why, dry_run)?;
            } else {
                in_use.extend(outputs.keys().map(ToString::to_string));
                pruned.kept_entries += 1;
                pruned.kept_bytes += bytes;
            }
        }
        for file in self.folder.list(layout::OUTPUTS)? {
            // One that is written now is named by an entry in a moment.
            if !in_use.contains(&file.name) && (age(&file, now) > LEFTOVER_AGE || !evicted.is_empty()) {
                let path = format!("{}/{}", layout::OUTPUTS, file.name);
                self.remove(&mut pruned, &path, file.meta.identity.size, "no entry names it", dry_run)?;
            }
        }
        self.remove_leftovers(&mut pruned, dry_run)?;
        Ok(pruned)
    }

    /// Removes what lies too long where neither entries nor outputs are.
    pub(crate) fn remove_leftovers(&self, pruned: &mut Pruned, dry_run: bool) -> io::Result<()> {
        let (now, age_limit) = (SystemTime::now(), self.settings.max_age);
        for (folder, keep) in
            [(layout::LAST, age_limit), (layout::PROOFS, age_limit), (QUARANTINE, QUARANTINE_AGE), (".", Duration::MAX)]
        {
            for file in self.folder.list(folder)?.iter().filter(|file| !file.meta.is_dir) {
                let keep = if is_temporary(file) { LEFTOVER_AGE } else { keep };
                if age(file, now) > keep {
                    let path = format!("{folder}/{}", file.name);
                    self.remove(pruned, &path, file.meta.identity.size, "left over", dry_run)?;
                }
            }
        }
        Ok(())
    }

    /// Removes everything.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn clear(&self) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        for folder in [layout::ENTRIES, layout::PROOFS, layout::LAST, layout::OUTPUTS, QUARANTINE] {
            for file in self.folder.list(folder)?.iter().filter(|file| !file.meta.is_dir) {
                let path = format!("{folder}/{}", file.name);
                self.remove(&mut pruned, &path, file.meta.identity.size, "asked for", false)?;
            }
        }
        Ok(pruned)
    }

    /// Removes what is kept under one key. Whether there was anything.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn forget(&self, key: Digest) -> io::Result<bool> {
        match self.folder.disk().unlink(&layout::entry(key)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn remove(
        &self,
        pruned: &mut Pruned,
        path: &str,
        bytes: u64,
        why: &'static str,
        dry_run: bool,
    ) -> io::Result<()> {
        if !dry_run {
            match self.folder.disk().unlink(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                other => other?,
            }
        }
        pruned.remove(path.trim_start_matches("./"), bytes, why);
        Ok(())
    }
}

fn summary(result: &crate::records::Recorded) -> Summary {
    let (output_bytes, written) = result.outcome.size();
    Summary {
        exit_code: result.outcome.exit_code,
        output_bytes,
        written,
        observed: result.observed.count(),
        cost: Duration::from_micros(result.cost_us),
        created: result.created.as_system_time(),
    }
}

/// The outputs of an entry that lie apart, each once.
pub(crate) fn outputs(entry: &Entry) -> BTreeMap<Digest, u64> {
    entry.results.iter().flat_map(|result| result.outcome.apart()).collect()
}

pub(crate) fn is_temporary(file: &Listed) -> bool {
    file.name.starts_with(TEMPORARY)
}

pub(crate) fn age(file: &Listed, now: SystemTime) -> Duration {
    now.duration_since(file.meta.identity.mtime.as_system_time()).unwrap_or_default()
}
