//! Evicting without being asked: at most once an hour, and never for long.

use crate::admin::{LEFTOVER_AGE, age, is_temporary, outputs};
use crate::cache::CallCache;
use crate::layout;
use crate::records::{Entry, Sealed as _};
use glowplug_store::disk::Listed;
use glowplug_store::evict::Pruned;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant, SystemTime};

/// How long it may take; what is left is for the next time.
const BUDGET: Duration = Duration::from_millis(100);

impl CallCache {
    /// Evicts what the limits do not allow, if that has not been done for an hour and nobody else is at it.
    ///
    /// # Errors
    /// What the disk fails with.
    pub fn maintain(&self) -> io::Result<Option<Pruned>> {
        let disk = self.folder.disk();
        match disk.stat(layout::MAINTENANCE) {
            Ok(meta) => {
                let since = SystemTime::now().duration_since(meta.identity.mtime.as_system_time());
                if since.is_ok_and(|since| since < self.settings.maintenance_interval) {
                    return Ok(None);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(_lock) = disk.try_lock(layout::MAINTENANCE)? else { return Ok(None) };
        disk.touch(layout::MAINTENANCE)?;
        self.sweep(Instant::now() + BUDGET).map(Some)
    }

    /// Unlike [`prune`](Self::prune) it goes by what listings say, and reads no entry but those that go: their outputs go with them.
    /// If another entry names one of these, too, that one runs again.
    fn sweep(&self, until: Instant) -> io::Result<Pruned> {
        let (now, settings) = (SystemTime::now(), &self.settings);
        let mut pruned = Pruned::default();
        self.remove_leftovers(&mut pruned, false)?;
        let (mut entries, mut apart) = (Vec::new(), HashMap::new());
        let mut bytes = 0;
        for (folder, keep) in [
            (layout::ENTRIES, Duration::MAX),
            // What was used lately is as young as the entry that names it.
            (layout::OUTPUTS, settings.max_age + LEFTOVER_AGE),
        ] {
            for file in self.folder.list(folder)?.into_iter().filter(|file| !file.meta.is_dir) {
                let (size, temporary) = (file.meta.identity.size, is_temporary(&file));
                if age(&file, now) > if temporary { LEFTOVER_AGE } else { keep } {
                    self.remove(&mut pruned, &format!("{folder}/{}", file.name), size, "left over", false)?;
                } else if !temporary {
                    bytes += size;
                    if folder == layout::ENTRIES {
                        entries.push(file);
                    } else {
                        apart.insert(file.name, size);
                    }
                }
            }
        }
        entries.sort_by_key(|file| std::cmp::Reverse(file.meta.identity.mtime));
        while let Some(oldest) = entries.last() {
            let too_old = age(oldest, now) > settings.max_age;
            let too_many = entries.len() as u64 > settings.max_entries || bytes > settings.max_bytes;
            if !(too_old || too_many) || Instant::now() > until {
                break;
            }
            let why = if too_old { "unused for too long" } else { "least recently used, over the limit" };
            bytes -= self.evict(&mut pruned, oldest, &mut apart, why)?;
            entries.pop();
        }
        pruned.kept_entries = entries.len() as u64;
        pruned.kept_bytes = bytes;
        Ok(pruned)
    }

    /// Removes an entry and its outputs: how many bytes that were.
    fn evict(
        &self,
        pruned: &mut Pruned,
        file: &Listed,
        apart: &mut HashMap<String, u64>,
        why: &'static str,
    ) -> io::Result<u64> {
        let path = format!("{}/{}", layout::ENTRIES, file.name);
        let named = match self.folder.read_sealed::<Entry>(&path) {
            Ok(Some((entry, _))) => outputs(&entry),
            _ => Default::default(),
        };
        let mut bytes = file.meta.identity.size;
        self.remove(pruned, &path, bytes, why, false)?;
        for output in named.keys().map(ToString::to_string) {
            if let Some(size) = apart.remove(&output) {
                self.remove(pruned, &format!("{}/{output}", layout::OUTPUTS), size, why, false)?;
                bytes += size;
            }
        }
        Ok(bytes)
    }
}
