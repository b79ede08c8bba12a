//! What a confined native program may reach: rules for Landlock, the system calls of [`seccomp`](super::seccomp), and no
//! privileges beyond those that concern files.

use super::behalf::{Deputy, Identity, identity};
use super::seccomp::{self, Filters};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use rustix::fs::{CWD, Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What has to be there: files and folders with everything that can be done to them (Linux 6.2). Of what came later, devices
/// (6.10) and signals (6.12) are confined where the kernel can; the network is by [`seccomp`] in any case.
const LEAST: ABI = ABI::V3;
/// The latest that is known here.
const MOST: ABI = ABI::V9;

/// What may be done with a folder and all beneath it, or with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Right {
    /// Reading, listing and executing.
    Read,
    /// Everything but making devices, and controlling them.
    Write,
    /// Reading and writing what is there.
    Device,
}

/// Folders and files that programs need to run at all, whatever they do. What is not there is left out.
const SYSTEM: [(&str, Right); 62] = [
    ("/usr", Right::Read),
    ("/bin", Right::Read),
    ("/sbin", Right::Read),
    ("/lib", Right::Read),
    ("/lib32", Right::Read),
    ("/lib64", Right::Read),
    ("/libx32", Right::Read),
    ("/nix/store", Right::Read),
    ("/gnu/store", Right::Read),
    ("/etc/ld.so.cache", Right::Read),
    ("/etc/ld.so.conf", Right::Read),
    ("/etc/ld.so.conf.d", Right::Read),
    ("/etc/ld.so.preload", Right::Read),
    ("/etc/alternatives", Right::Read),
    ("/etc/localtime", Right::Read),
    ("/etc/timezone", Right::Read),
    ("/etc/locale.alias", Right::Read),
    ("/etc/locale.conf", Right::Read),
    ("/etc/default/locale", Right::Read),
    ("/etc/os-release", Right::Read),
    ("/etc/debian_version", Right::Read),
    ("/etc/passwd", Right::Read),
    ("/etc/group", Right::Read),
    ("/etc/nsswitch.conf", Right::Read),
    ("/etc/hosts", Right::Read),
    ("/etc/host.conf", Right::Read),
    ("/etc/protocols", Right::Read),
    ("/etc/services", Right::Read),
    ("/etc/gitconfig", Right::Read),
    ("/etc/gitattributes", Right::Read),
    ("/etc/mime.types", Right::Read),
    ("/etc/magic", Right::Read),
    ("/etc/terminfo", Right::Read),
    ("/etc/inputrc", Right::Read),
    ("/etc/python3", Right::Read),
    ("/etc/perl", Right::Read),
    ("/etc/java-17-openjdk", Right::Read),
    ("/etc/java-21-openjdk", Right::Read),
    ("/etc/ca-certificates", Right::Read),
    ("/etc/ssl/certs", Right::Read),
    ("/etc/ssl/openssl.cnf", Right::Read),
    ("/etc/pki/tls/certs", Right::Read),
    ("/etc/pki/tls/openssl.cnf", Right::Read),
    ("/etc/pki/ca-trust", Right::Read),
    ("/etc/crypto-policies", Right::Read),
    ("/proc/cpuinfo", Right::Read),
    ("/proc/filesystems", Right::Read),
    ("/proc/loadavg", Right::Read),
    ("/proc/meminfo", Right::Read),
    ("/proc/stat", Right::Read),
    ("/proc/uptime", Right::Read),
    ("/proc/version", Right::Read),
    ("/proc/sys/kernel", Right::Read),
    ("/proc/sys/vm", Right::Read),
    ("/proc/sys/fs", Right::Read),
    ("/sys/devices/system/cpu", Right::Read),
    ("/sys/kernel/mm/transparent_hugepage", Right::Read),
    ("/dev/null", Right::Device),
    ("/dev/zero", Right::Device),
    ("/dev/full", Right::Device),
    ("/dev/random", Right::Read),
    ("/dev/urandom", Right::Read),
];

/// What stands in a request of what is allowed beside [`SYSTEM`]. Folders that guests can reach come as handles instead.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Rules {
    /// Files and folders that may be read and executed.
    pub(super) readable: Vec<PathBuf>,
    /// For each handle that comes with the request, in their order.
    pub(super) handles: Vec<Right>,
}

/// Everything that is needed to confine a thread, made beforehand.
pub(super) struct Confinement {
    ruleset: RulesetCreated,
    filters: Filters,
    writable: Vec<Identity>,
}

/// Why this kernel confines nothing, if it does not.
pub(super) fn unsupported() -> Option<String> {
    ruleset(MOST).err()
}

/// Rules that allow nothing yet, of everything that can be confined up to a version of Landlock.
fn ruleset(most: ABI) -> Result<RulesetCreated, String> {
    let failed = |error: landlock::RulesetError| format!("Landlock of Linux 6.2 or later is not to be had: {error}");
    let required = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let required = required.handle_access(AccessFs::from_all(LEAST)).map_err(failed)?;
    let wanted = required.set_compatibility(CompatLevel::BestEffort);
    wanted
        .handle_access(AccessFs::from_all(most))
        .and_then(|ruleset| match AccessNet::from_all(most) {
            // The library takes no empty set.
            none if none.is_empty() => Ok(ruleset),
            net => ruleset.handle_access(net),
        })
        .and_then(|ruleset| match Scope::from_all(most) {
            none if none.is_empty() => Ok(ruleset),
            scope => ruleset.scope(scope),
        })
        .and_then(Ruleset::create)
        .map_err(failed)
}

impl Confinement {
    /// Opens what the rules name.
    ///
    /// # Errors
    /// In words: when the kernel lacks what is needed, or a handle is of no use.
    pub(super) fn new(rules: &Rules, handles: &[OwnedFd]) -> Result<Self, String> {
        Self::up_to(MOST, rules, handles)
    }

    fn up_to(most: ABI, rules: &Rules, handles: &[OwnedFd]) -> Result<Self, String> {
        let mut ruleset = ruleset(most)?;
        for (path, right) in SYSTEM {
            ruleset = add_path(ruleset, Path::new(path), right)?;
        }
        for path in &rules.readable {
            ruleset = add_path(ruleset, path, Right::Read)?;
        }
        let mut writable = Vec::new();
        for (handle, right) in handles.iter().zip(&rules.handles) {
            ruleset = add(ruleset, handle, *right)?;
            if *right == Right::Write {
                writable.push(identity(&rustix::fs::fstat(handle).map_err(|error| error.to_string())?));
            }
        }
        Ok(Self { ruleset, filters: seccomp::filters()?, writable })
    }

    /// Confines the calling thread, and whatever it starts, for ever. Gives who has to answer for it from outside; without, calls
    /// that would have to be answered fail.
    ///
    /// # Errors
    /// In words. Nothing may be executed then.
    pub(super) fn enter(self) -> Result<Option<Deputy>, String> {
        let status = self.ruleset.restrict_self().map_err(|error| error.to_string())?;
        if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
            return Err("the kernel did not enforce the rules".to_owned());
        }
        drop_privileges()?;
        let listener = self.filters.apply()?;
        Ok(listener.map(|listener| Deputy::new(listener, self.writable)))
    }
}

fn add_path(ruleset: RulesetCreated, path: &Path, right: Right) -> Result<RulesetCreated, String> {
    match rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
        Ok(file) => add(ruleset, &file, right),
        // What is not there, or not to be seen by this user, needs no rule.
        Err(_) => Ok(ruleset),
    }
}

fn add(ruleset: RulesetCreated, file: &OwnedFd, right: Right) -> Result<RulesetCreated, String> {
    let found = rustix::fs::fstat(file).map_err(|error| error.to_string())?;
    let is_folder = rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir();
    let mut access = rights(right);
    if !is_folder {
        access &= AccessFs::from_file(ABI::V9);
    }
    ruleset.add_rule(PathBeneath::new(file.as_fd(), access)).map_err(|error| error.to_string())
}

fn rights(right: Right) -> BitFlags<AccessFs> {
    let read = AccessFs::from_read(ABI::V3);
    match right {
        Right::Read => read,
        // A device that root made in a folder of its own would be the disk itself.
        Right::Write => AccessFs::from_all(ABI::V3) & !(AccessFs::MakeChar | AccessFs::MakeBlock),
        Right::Device => AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate,
    }
}

/// Takes every privilege from the calling thread but those that decide which files may be read and changed: what root has
/// beyond them concerns the machine and not the mounted folders.
pub(super) fn drop_privileges() -> Result<(), String> {
    use caps::{CapSet, Capability};
    const KEPT: [Capability; 6] = [
        Capability::CAP_CHOWN,
        Capability::CAP_DAC_OVERRIDE,
        Capability::CAP_FOWNER,
        Capability::CAP_FSETID,
        Capability::CAP_SETGID,
        Capability::CAP_SETUID,
    ];
    let had = caps::read(None, CapSet::Permitted).map_err(|error| error.to_string())?;
    if had.is_empty() {
        return Ok(());
    }
    let bounding = caps::read(None, CapSet::Bounding).map_err(|error| error.to_string())?;
    if had.contains(&Capability::CAP_SETPCAP) {
        for capability in bounding.iter().filter(|capability| !KEPT.contains(capability)) {
            caps::drop(None, CapSet::Bounding, *capability).map_err(|error| error.to_string())?;
        }
    }
    let kept: caps::CapsHashSet = had.iter().copied().filter(|capability| KEPT.contains(capability)).collect();
    caps::set(None, CapSet::Inheritable, &caps::CapsHashSet::new()).map_err(|error| error.to_string())?;
    caps::set(None, CapSet::Effective, &kept).map_err(|error| error.to_string())?;
    caps::set(None, CapSet::Permitted, &kept).map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What a shell prints that was started by a thread which is confined as a kernel of that version can.
    fn prints(most: ABI, folder: &Path, script: &str) -> String {
        let handle = rustix::fs::openat(CWD, folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).expect("opened");
        let rules = Rules { readable: Vec::new(), handles: vec![Right::Write] };
        let confinement = Confinement::up_to(most, &rules, &[handle]).expect("rules");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).current_dir("/");
        let output = std::thread::spawn(move || {
            let deputy = confinement.enter().expect("confined");
            std::thread::spawn(move || deputy.map(Deputy::serve));
            command.output().expect("it starts")
        });
        String::from_utf8_lossy(&output.join().expect("no panic").stdout).into_owned()
    }

    #[test]
    fn older_kernels_confine_files_as_well() {
        if unsupported().is_some() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("secret"), "secret").expect("a file");
        let (inside, outside) = (folder.path().display(), outside.path().display());
        let script = format!(
            "cat {outside}/secret; echo x > {outside}/new; rm -f {outside}/secret; mv {outside}/secret {inside}/; \
             echo fine > {inside}/mine; cat {inside}/mine; : > {inside}/mine; cat /etc/shadow"
        );
        for most in [ABI::V3, ABI::V4, ABI::V5, ABI::V6, ABI::V7, MOST] {
            assert_eq!(prints(most, folder.path(), &script), "fine\n", "{most:?}");
        }
        assert!(folder.path().join("mine").exists());
    }
}
