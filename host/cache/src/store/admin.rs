//! Looking after a store: listing, checking, evicting, emptying. None of it is on the way of a load.

use super::functions::StoredPack;
use super::records::{JobRecord, Manifest, SourceEntry};
use super::{Lookup, Store, layout};
use crate::fingerprint::{EngineFingerprint, EngineInputs};
use crate::key::{CacheKey, ModuleDigest};
use crate::settings::Verify;
use glowplug_store::disk::Listed;
use glowplug_store::evict::{self, Candidate, Limits, Pruned};
use glowplug_store::folder::{QUARANTINE, TEMPORARY};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant, SystemTime};

/// An artifact in the store.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key.
    pub key: CacheKey,
    /// The source that it was first compiled for.
    pub source: String,
    /// The wasm's size.
    pub wasm_bytes: u64,
    /// The artifact's size.
    pub artifact_bytes: u64,
    /// How long compiling took.
    pub compile_time: Duration,
    /// When it was compiled.
    pub created: SystemTime,
    /// When it was last used, to the hour.
    pub last_used: SystemTime,
    /// Wasmtime's full version.
    pub wasmtime: String,
    /// `cranelift` or `winch`.
    pub strategy: String,
}

/// Figures about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many artifacts.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many sources and engines functions are kept for.
    pub function_packs: u64,
    /// Their bytes.
    pub function_bytes: u64,
    /// How many files were moved aside, and still lie there for a look.
    pub quarantined: u64,
    /// Their bytes.
    pub quarantine_bytes: u64,
    /// How many artifacts of guests' modules, which are kept apart.
    pub guest_entries: u64,
    /// Their bytes.
    pub guest_bytes: u64,
    /// Hits by tier.
    pub hits: BTreeMap<String, u64>,
    /// Misses by reason.
    pub misses: BTreeMap<String, u64>,
    /// Loads that asked no cache.
    pub bypasses: u64,
    /// The time that compiling would have taken for the hits.
    pub saved: Duration,
}

/// What `verify` says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the store.
    pub path: String,
    /// What is wrong with it; `None` when it is sound.
    pub problem: Option<String>,
    /// The bytes of native code that were hashed; 0 for other files.
    pub bytes: u64,
}

/// Files that a killed process left behind, and quarantined ones, are kept this long: for a look, and so that
/// nothing is taken from under a process that is slow.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);
/// What failed longer ago may be mended by now.
pub(super) const JOB_AGE: Duration = Duration::from_secs(24 * 3600);
const QUARANTINE_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Functions count as unused for so much longer than they are: they save time when something is compiled, artifacts at every
/// start; and an artifact's last use is noted to the hour only.
const PACK_HANDICAP: Duration = Duration::from_secs(24 * 3600);

/// A file in an artifact folder that belongs to no artifact, by its path.
pub(super) type Stray = (String, Listed);

/// Something that counts to the limits.
struct Kept {
    path: String,
    bytes: u64,
    last_used: SystemTime,
    /// Of an artifact; else it is a single file: a pack of functions, or one that was moved aside.
    key: Option<CacheKey>,
}

impl Kept {
    fn artifact(stored: &Stored) -> Self {
        let Stored { key, bytes, last_used } = *stored;
        Self { path: layout::artifact(&key), bytes, last_used, key: Some(key) }
    }

    fn functions(pack: &StoredPack) -> Self {
        let last_used = pack.last_used.checked_sub(PACK_HANDICAP).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { path: pack.path(), bytes: pack.bytes, last_used, key: None }
    }

    /// What was moved aside is of no use but for a look: it goes before anything else.
    fn quarantined(file: &Listed, now: SystemTime, limits: Limits) -> Self {
        let (path, bytes) = (format!("{QUARANTINE}/{}", file.name), file.meta.identity.size);
        let last_used = now.checked_sub(limits.age).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { path, bytes, last_used, key: None }
    }
}

/// One artifact as listed, before its manifest is read.
struct Stored {
    key: CacheKey,
    bytes: u64,
    last_used: SystemTime,
}

fn age(listed: &Listed, now: SystemTime) -> Duration {
    now.duration_since(listed.meta.identity.mtime.as_system_time()).unwrap_or_default()
}

impl Store {
    /// The artifacts by their manifests, and everything else that lies beside them.
    fn walk(&self) -> io::Result<(Vec<Stored>, Vec<Stray>)> {
        let (mut stored, mut strays) = (Vec::new(), Vec::new());
        for folder in self.folder.list(layout::ARTIFACTS)? {
            let path = format!("{}/{}", layout::ARTIFACTS, folder.name);
            if !folder.meta.is_dir {
                strays.push((path, folder));
                continue;
            }
            let files = self.folder.list(&path)?;
            if files.is_empty() {
                strays.push((path, folder));
                continue;
            }
            let sizes: BTreeMap<&str, u64> =
                files.iter().map(|file| (file.name.as_str(), file.meta.identity.size)).collect();
            for file in &files {
                let key = layout::key_of(&folder.name, &file.name);
                let artifact = file.name.strip_suffix(".json").map(|stem| format!("{stem}.cwasm"));
                let bytes = artifact.and_then(|name| sizes.get(name.as_str()).copied());
                if let (Some(key), Some(bytes)) = (key, bytes) {
                    let last_used = file.meta.identity.mtime.as_system_time();
                    stored.push(Stored { key, bytes, last_used });
                } else if !is_artifact_of(&file.name, &sizes) {
                    strays.push((format!("{path}/{}", file.name), file.clone()));
                }
            }
        }
        Ok((stored, strays))
    }

    /// Every artifact whose manifest is authentic.
    pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for stored in self.walk()?.0 {
            let Ok(Some((manifest, _))) = self.folder.read_record::<Manifest>(&layout::manifest(&stored.key)) else {
                continue;
            };
            entries.push(Entry {
                key: manifest.key,
                source: manifest.source,
                wasm_bytes: manifest.wasm_bytes,
                artifact_bytes: stored.bytes,
                compile_time: Duration::from_micros(manifest.compile_us),
                created: manifest.created.as_system_time(),
                last_used: stored.last_used,
                wasmtime: manifest.wasmtime,
                strategy: manifest.strategy,
            });
        }
        Ok(entries)
    }

    pub(crate) fn stats(&self) -> io::Result<Stats> {
        let (stored, _) = self.walk()?;
        let packs = self.walk_functions()?.0;
        let quarantine = self.folder.list(QUARANTINE)?;
        let mut stats = Stats {
            quarantined: quarantine.len() as u64,
            quarantine_bytes: quarantine.iter().map(|file| file.meta.identity.size).sum(),
            entries: stored.len() as u64,
            bytes: stored.iter().map(|entry| entry.bytes).sum(),
            function_packs: packs.len() as u64,
            function_bytes: packs.iter().map(|pack| pack.bytes).sum(),
            ..Stats::default()
        };
        for ((outcome, detail), (count, saved_us)) in self.counters()? {
            match outcome.as_str() {
                "hit" => *stats.hits.entry(detail).or_default() += count,
                "miss" => *stats.misses.entry(detail).or_default() += count,
                _ => stats.bypasses += count,
            }
            stats.saved += Duration::from_micros(saved_us);
        }
        Ok(stats)
    }

    /// Hashes every artifact and authenticates every record.
    pub(crate) fn verify(&self) -> io::Result<Vec<Finding>> {
        let (stored, mut strays) = self.walk()?;
        let mut findings = Vec::new();
        for entry in &stored {
            let problem = match self.lookup(&entry.key, Verify::Always) {
                Lookup::Found(_) => None,
                // It was removed while we looked.
                Lookup::Missing => continue,
                Lookup::Flawed(flaw) => Some(flaw.to_string()),
                Lookup::Refused(reason) => Some(reason),
            };
            findings.push(Finding { path: layout::artifact(&entry.key), problem, bytes: entry.bytes });
        }
        let (packs, strays_of_packs) = self.walk_functions()?;
        for pack in packs {
            let Some(flaw) = self.check_pack(&pack) else { continue };
            findings.push(Finding { path: pack.path(), problem: flaw.map(|flaw| flaw.to_string()), bytes: pack.bytes });
        }
        strays.extend(strays_of_packs);
        for (path, stray) in strays {
            if !stray.name.starts_with(TEMPORARY) && !stray.meta.is_dir {
                let problem = Some("it does not belong to anything that is kept here".to_owned());
                findings.push(Finding { path, problem, bytes: 0 });
            }
        }
        self.verify_records(layout::SOURCES, &mut findings, |store, path| store.check_record::<SourceEntry>(path))?;
        self.verify_records(layout::ENGINES, &mut findings, |store, path| {
            if path.ends_with(".hint") {
                store.check_record::<EngineFingerprint>(path)
            } else {
                store.check_record::<EngineInputs>(path)
            }
        })?;
        self.verify_records(layout::JOBS, &mut findings, |store, path| {
            path.ends_with(".json").then(|| store.check_record::<JobRecord>(path)).flatten()
        })?;
        Ok(findings)
    }

    fn verify_records(
        &self,
        folder: &str,
        findings: &mut Vec<Finding>,
        check: fn(&Self, &str) -> Option<String>,
    ) -> io::Result<()> {
        for file in self.folder.list(folder)? {
            if !file.name.starts_with(TEMPORARY) {
                let path = format!("{folder}/{}", file.name);
                let problem = check(self, &path);
                findings.push(Finding { path, problem, bytes: 0 });
            }
        }
        Ok(())
    }

    fn check_record<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<String> {
        self.folder.read_record::<T>(path).err().map(|flaw| flaw.to_string())
    }

    /// Evicts what `limits` do not allow, and sweeps up after killed processes. Stops when the time is up: what is left
    /// is for the next time.
    pub(crate) fn prune(&self, limits: Limits, until: Option<Instant>, dry_run: bool) -> io::Result<Pruned> {
        let now = SystemTime::now();
        let (stored, mut strays) = self.walk()?;
        let (packs, strays_of_packs) = self.walk_functions()?;
        strays.extend(strays_of_packs);
        let quarantine = self.folder.list(QUARANTINE)?;
        let young = |file: &&Listed| !file.meta.is_dir && age(file, now) <= QUARANTINE_AGE;
        let aside = quarantine.iter().filter(young).map(|file| Kept::quarantined(file, now, limits));
        let kept: Vec<Kept> =
            aside.chain(packs.iter().map(Kept::functions)).chain(stored.iter().map(Kept::artifact)).collect();
        let candidates: Vec<Candidate<usize>> = kept
            .iter()
            .enumerate()
            .map(|(id, entry)| Candidate { id, bytes: entry.bytes, last_used: entry.last_used })
            .collect();
        let mut pruned = Pruned::default();
        let mut evicted = evict::plan(&candidates, now, limits);
        for id in &evicted {
            let entry = &kept[*id];
            if until.is_some_and(|until| Instant::now() > until) {
                evicted.truncate(pruned.removed.len());
                break;
            }
            let unused = now.duration_since(entry.last_used).unwrap_or_default();
            let why = if unused > limits.age { "unused for too long" } else { "least recently used, over the limit" };
            pruned.remove(entry.path.as_str(), entry.bytes, why);
            if !dry_run {
                self.remove_kept(entry)?;
            }
        }
        pruned.kept_entries = (kept.len() - evicted.len()) as u64;
        let gone: u64 = evicted.iter().map(|id| kept[*id].bytes).sum();
        pruned.kept_bytes = kept.iter().map(|entry| entry.bytes).sum::<u64>() - gone;
        // An engine whose artifacts are in use is still to be explained, however long ago it was made.
        let engines: BTreeSet<String> = stored.iter().map(|entry| layout::engine_inputs(entry.key.engine)).collect();
        self.sweep(strays, now, limits.age, &engines, dry_run, &mut pruned)?;
        Ok(pruned)
    }

    /// What nothing refers to: leftovers of killed processes, old quarantine, records of sources and engines that have
    /// not been of use for as long as an artifact may lie unused.
    fn sweep(
        &self,
        strays: Vec<Stray>,
        now: SystemTime,
        record_age: Duration,
        keep_records: &BTreeSet<String>,
        dry_run: bool,
        pruned: &mut Pruned,
    ) -> io::Result<()> {
        let mut old = Vec::new();
        old.extend(
            strays.into_iter().filter(|(_, file)| age(file, now) > LEFTOVER_AGE).map(|found| (found, "left over")),
        );
        let folders = [
            (".", LEFTOVER_AGE, "left over"),
            (layout::LOCKS, LEFTOVER_AGE, "left over"),
            (layout::JOBS, JOB_AGE, "left over"),
            (QUARANTINE, QUARANTINE_AGE, "quarantined long ago"),
            (layout::SOURCES, record_age, "not compiled for too long"),
            (layout::ENGINES, record_age, "not compiled for too long"),
        ];
        for (folder, keep, why) in folders {
            for file in self.folder.list(folder)? {
                let temporary = file.name.starts_with(TEMPORARY);
                let due = age(&file, now) > if temporary { LEFTOVER_AGE } else { keep };
                let path = format!("{folder}/{}", file.name);
                if due && !file.meta.is_dir && (folder != "." || temporary) && !keep_records.contains(&path) {
                    old.push(((path, file), why));
                }
            }
        }
        for ((path, file), why) in old {
            pruned.remove(path.trim_start_matches("./"), file.meta.identity.size, why);
            if !dry_run {
                ignore_missing(if file.meta.is_dir {
                    self.folder.disk().rmdir(&path)
                } else {
                    self.folder.disk().unlink(&path)
                })?;
            }
        }
        Ok(())
    }

    fn remove_kept(&self, kept: &Kept) -> io::Result<()> {
        match &kept.key {
            Some(key) => self.remove_artifact(key),
            None => ignore_missing(self.folder.disk().unlink(&kept.path)),
        }
    }

    /// The manifest goes first: an artifact without one is not looked at. Whoever has it mapped keeps it.
    fn remove_artifact(&self, key: &CacheKey) -> io::Result<()> {
        ignore_missing(self.folder.disk().unlink(&layout::manifest(key)))?;
        ignore_missing(self.folder.disk().unlink(&layout::artifact(key)))
    }

    /// Removes the artifacts and functions of one module, for every engine.
    pub(crate) fn remove_module(&self, module: &ModuleDigest) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        for pack in self.packs_of_module(module)? {
            let pack = Kept::functions(&pack);
            self.remove_kept(&pack)?;
            pruned.remove(pack.path, pack.bytes, "asked for");
        }
        for pack in self.walk_functions()?.0 {
            pruned.kept_entries += 1;
            pruned.kept_bytes += pack.bytes;
        }
        for entry in self.walk()?.0 {
            if entry.key.module == *module {
                self.remove_artifact(&entry.key)?;
                pruned.remove(layout::artifact(&entry.key), entry.bytes, "asked for");
            } else {
                pruned.kept_entries += 1;
                pruned.kept_bytes += entry.bytes;
            }
        }
        Ok(pruned)
    }

    /// Removes everything but the locks that somebody may hold now.
    pub(crate) fn clear(&self) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        for outer in [layout::ARTIFACTS, layout::FUNCTIONS] {
            for folder in self.folder.list(outer)? {
                let path = format!("{outer}/{}", folder.name);
                if folder.meta.is_dir {
                    self.clear_folder(&path, &mut pruned)?;
                    // Somebody may have put something new there.
                    let _ = self.folder.disk().rmdir(&path);
                }
            }
        }
        for folder in [layout::SOURCES, layout::ENGINES, layout::JOBS, QUARANTINE] {
            self.clear_folder(folder, &mut pruned)?;
        }
        ignore_missing(self.folder.disk().unlink(layout::COUNTERS))?;
        Ok(pruned)
    }

    fn clear_folder(&self, folder: &str, pruned: &mut Pruned) -> io::Result<()> {
        for file in self.folder.list(folder)? {
            if !file.meta.is_dir {
                let path = format!("{folder}/{}", file.name);
                ignore_missing(self.folder.disk().unlink(&path))?;
                pruned.remove(path, file.meta.identity.size, "asked for");
            }
        }
        Ok(())
    }

    /// Runs maintenance if it has not run for `interval` and nobody else is at it.
    pub(crate) fn maintain(&self, interval: Duration, budget: Duration, limits: Limits) -> io::Result<Option<Pruned>> {
        match self.folder.disk().stat(layout::MAINTENANCE) {
            Ok(meta) => {
                let since = SystemTime::now().duration_since(meta.identity.mtime.as_system_time());
                if since.is_ok_and(|since| since < interval) {
                    return Ok(None);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(_lock) = self.folder.disk().try_lock(layout::MAINTENANCE)? else { return Ok(None) };
        // Before the work: a process that dies of it must not be followed by others at every start.
        self.folder.disk().touch(layout::MAINTENANCE)?;
        self.fold_counters()?;
        self.prune(limits, Some(Instant::now() + budget), false).map(Some)
    }
}

fn is_artifact_of(name: &str, sizes: &BTreeMap<&str, u64>) -> bool {
    name.strip_suffix(".cwasm").is_some_and(|stem| sizes.contains_key(format!("{stem}.json").as_str()))
}

pub(super) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
