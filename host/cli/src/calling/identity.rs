//! Who runs something: what the kernel goes by when it opens a file.
//!
//! A trace says what a run was told, and that is looked at again; but files that were read are compared by what `stat` says, for
//! which nobody has to be allowed to read them. So whoever replays a run has to be somebody whom the kernel would have told the same.

use std::fmt::Write as _;
use std::sync::OnceLock;

/// The capabilities by which files are open to somebody whom their modes shut out: `CAP_DAC_OVERRIDE`, `CAP_DAC_READ_SEARCH`,
/// `CAP_FOWNER` and `CAP_FSETID`.
const OF_FILES: u64 = 0b1_1110;

/// In words that are the same for the same rights, and different for different ones. Asked once: this program changes none of it.
pub(crate) fn identity() -> &'static str {
    static IDENTITY: OnceLock<String> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status");
        status.ok().and_then(|status| said(&status)).unwrap_or_else(of_calls)
    })
}

/// Out of `/proc/self/status`, where one call says all of it.
fn said(status: &str) -> Option<String> {
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::split_ascii_whitespace)
    };
    // Real, effective, saved, and that of files.
    let four = |name| field(name).map(|ids| ids.collect::<Vec<_>>().join(" "));
    let groups = field("Groups")?.map(|group| group.parse().ok()).collect::<Option<Vec<u32>>>()?;
    let capabilities = u64::from_str_radix(field("CapEff")?.next()?, 16).ok()?;
    Some(words(&four("Uid")?, &four("Gid")?, groups, Some(capabilities)))
}

/// The same where there is no `/proc`: without the capabilities, which a program can only ask for there.
fn of_calls() -> String {
    use rustix::process::{getegid, geteuid, getgid, getgroups, getuid};
    let user = format!("{} {}", getuid().as_raw(), geteuid().as_raw());
    let group = format!("{} {}", getgid().as_raw(), getegid().as_raw());
    let groups = getgroups().unwrap_or_default().iter().map(|group| group.as_raw()).collect();
    words(&user, &group, groups, None)
}

fn words(user: &str, group: &str, mut groups: Vec<u32>, capabilities: Option<u64>) -> String {
    groups.sort_unstable();
    groups.dedup();
    let mut words = format!("{user} of group {group}");
    for group in groups {
        // Writing to memory does not fail.
        let _ = write!(words, ", {group}");
    }
    match capabilities {
        Some(capabilities) => {
            let _ = write!(words, " with {:x}", capabilities & OF_FILES);
        }
        None => words.push_str(" with what nobody said"),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uid: &str, gid: &str, groups: &str, capabilities: &str) -> String {
        let head = "Name:\tx\nUmask:\t0022\n";
        format!(
            "{head}Uid:\t{uid}\nGid:\t{gid}\nGroups:\t{groups} \nCapPrm:\t0\nCapEff:\t{capabilities}\nSeccomp:\t0\n"
        )
    }

    #[test]
    fn each_right_makes_another_one_of_it() {
        let plain = said(&status("1 1 1 1", "2 2 2 2", "7 4", "0000000000000000")).expect("read");
        assert_eq!(plain, "1 1 1 1 of group 2 2 2 2, 4, 7 with 0");
        let others = [
            status("1 0 0 0", "2 2 2 2", "7 4", "0000000000000000"),
            status("1 1 1 1", "2 4 4 4", "7 4", "0000000000000000"),
            status("1 1 1 1", "2 2 2 2", "4", "0000000000000000"),
            status("1 1 1 1", "2 2 2 2", "", "0000000000000000"),
            status("1 1 1 1", "2 2 2 2", "7 4", "0000000000000002"),
            status("1 1 1 1", "2 2 2 2", "7 4", "0000000000000004"),
            status("1 1 1 1", "2 2 2 2", "7 4", "0000000000000008"),
        ];
        for other in others {
            assert_ne!(said(&other).expect("read"), plain, "{other}");
        }
        // Neither the order of groups nor a capability that opens no file.
        let same = said(&status("1 1 1 1", "2 2 2 2", "4 7", "0000000000200000")).expect("read");
        assert_eq!(same, plain);
        assert_eq!(said("Uid:\t1\n"), None);
    }

    #[test]
    fn it_is_in_every_key() {
        let key = |who: &str| super::super::key_of(b"x", who).digest();
        assert_ne!(key("1 with 0"), key("1, 2 with 0"));
        assert_eq!(key(identity()), super::super::key(b"x").digest());
        assert!(!of_calls().is_empty() && identity().contains(" with "));
    }
}
