//! How much memory there is: the machine's, or what the control group of this process may take of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// If the system does not say how much it has.
const UNKNOWN: u64 = 4 << 30;

/// Bytes of memory that this process can hope for. Asked once, because it reads files.
pub(crate) fn memory() -> u64 {
    static MEMORY: OnceLock<u64> = OnceLock::new();
    *MEMORY.get_or_init(|| {
        let all = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text)).unwrap_or(UNKNOWN);
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        files(&groups).into_iter().filter_map(|file| limit(&file)).fold(all, u64::min)
    })
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The files that may hold a limit, of the groups that `/proc/self/cgroup` names and of all that they are in.
fn files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|one| one == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = Path::new(group.trim_start_matches('/'));
        // A group's path may be one that is not seen here (`/../x`); then the root's file says it, as in a container.
        files.extend(group.ancestors().map(|group| Path::new(root).join(group).join(name)));
    }
    files
}

/// What such a file allows; nothing if it is not there or says `max`.
fn limit(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_memory() {
        assert!(memory() > 1 << 20);
    }

    #[test]
    fn the_total_is_read() {
        assert_eq!(total("MemTotal:       24601404 kB\nMemFree: 1 kB\n"), Some(24_601_404 << 10));
        assert_eq!(total("nothing"), None);
    }

    #[test]
    fn a_groups_ancestors_count() {
        let names: Vec<String> = files("0::/a/b\n4:cpu:/x\n5:cpuacct,memory:/\nnonsense\n")
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        assert_eq!(
            names,
            [
                "/sys/fs/cgroup/a/b/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
    }
}
