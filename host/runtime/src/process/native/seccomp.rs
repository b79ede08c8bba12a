//! The system calls that a confined program is refused: what Landlock has no word for.
//!
//! Everything else is allowed, because Landlock decides about files by what they are. Refused are the ways to a network and to
//! other programs (sockets, shared memory and queues by numbers, looking into processes, and the ring through which they can be
//! had without asking), watching files, the kernel's keys, and typing into the user's terminal. What changes files' modes,
//! owners, times and attributes, and what processes do to each other, is looked at first ([`behalf`](super::behalf)).

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

/// Calls whose numbers have this bit are the same calls in another calling convention of the same machine (x32).
#[cfg(target_arch = "x86_64")]
const X32: i64 = 0x4000_0000;

/// The bits of a socket's type that are its type, and not flags.
const SOCKET_TYPE: u64 = 0xf;

/// What the filter consists of: calls, and under which conditions each is refused. None: always.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filters of a confined thread.
pub(super) struct Filters {
    /// By the error that refused calls fail with.
    refusing: Vec<BpfProgram>,
    /// For calls that are handed over.
    asking: BpfProgram,
    /// For the same calls, which all fail where they cannot be handed over.
    instead: BpfProgram,
}

/// The filters to be applied.
///
/// # Errors
/// When this machine's processor is not known.
pub(super) fn filters() -> Result<Filters, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let words = |error: seccompiler::BackendError| error.to_string();
    let refuse = |errno: i32| SeccompAction::Errno(errno.unsigned_abs());
    // "Not permitted" for what could be asked for, "no such call" for what programs do without.
    let refusing = vec![
        filter(refused().map_err(words)?, refuse(libc::EACCES), arch)?,
        filter(forbidden().map_err(words)?, refuse(libc::EPERM), arch)?,
        filter(absent(), refuse(libc::ENOSYS), arch)?,
    ];
    let asked = asked().map_err(words)?;
    // The library has no word for handing over, but one for a debugger that hears of it, which is put in its place.
    let mut asking = filter(asked.clone(), SeccompAction::Trace(0), arch)?;
    let traced = u32::from(SeccompAction::Trace(0));
    let returns = |code: u16| u32::from(code) == libc::BPF_RET | libc::BPF_K;
    for instruction in asking.iter_mut().filter(|instruction| returns(instruction.code) && instruction.k == traced) {
        instruction.k = libc::SECCOMP_RET_USER_NOTIF;
    }
    Ok(Filters { refusing, asking, instead: filter(asked, refuse(libc::EPERM), arch)? })
}

fn filter(rules: Rules, action: SeccompAction, arch: TargetArch) -> Result<BpfProgram, String> {
    // Calls in another machine's convention, by which all of these could be had, end the program.
    let filter = SeccompFilter::new(with_x32(rules), SeccompAction::Allow, action, arch);
    filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())
}

impl Filters {
    /// Applies them to the calling thread: where calls are handed over to, if this kernel and what confines us let that be.
    ///
    /// # Errors
    /// In words. Nothing may be executed then.
    pub(super) fn apply(&self) -> Result<Option<OwnedFd>, String> {
        for filter in &self.refusing {
            seccompiler::apply_filter(filter).map_err(|error| error.to_string())?;
        }
        let listener = listened(&self.asking);
        if listener.is_none() {
            seccompiler::apply_filter(&self.instead).map_err(|error| error.to_string())?;
        }
        Ok(listener)
    }
}

/// Applies a filter that hands calls over. None where that is not to be had: another one above us does the same.
#[allow(unsafe_code, reason = "the library applies no filter of this kind")]
fn listened(filter: &BpfProgram) -> Option<OwnedFd> {
    use std::os::fd::FromRawFd as _;
    let program = libc::sock_fprog { len: filter.len().try_into().ok()?, filter: filter.as_ptr().cast_mut().cast() };
    // What does not end the program does not take it away from a call that is being made for it.
    let flags = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: the kernel reads `len` instructions, which both libraries lay out as it does, and keeps none of our memory.
    let listener = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
    let listener = i32::try_from(listener).ok().filter(|listener| *listener >= 0)?;
    // SAFETY: it was just made for us, to be closed when we execute something.
    Some(unsafe { OwnedFd::from_raw_fd(listener) })
}

fn refused() -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    for call in [libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen] {
        rules.insert(call, Vec::new());
    }
    // A pair of streams leads nowhere but to its other end. One of datagrams can be sent to any address afterwards.
    let datagrams = [libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_RDM].map(|kind| {
        let is = SeccompCmpOp::MaskedEq(SOCKET_TYPE);
        SeccompRule::new(vec![SeccompCondition::new(1, SeccompCmpArgLen::Dword, is, kind.unsigned_abs().into())?])
    });
    rules.insert(libc::SYS_socketpair, datagrams.into_iter().collect::<Result<_, _>>()?);
    // What is typed into a terminal by its program is run by the user's shell afterwards.
    let typing = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| {
        let is = SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, u64::from(request as u32))?;
        SeccompRule::new(vec![is])
    });
    rules.insert(libc::SYS_ioctl, typing.into_iter().collect::<Result<_, _>>()?);
    Ok(rules)
}

/// What reaches into other processes, and what changes files by handles that are open for reading alone.
fn forbidden() -> Result<Rules, seccompiler::BackendError> {
    let processes = [
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_kcmp,
        libc::SYS_pidfd_getfd,
        libc::SYS_perf_event_open,
        libc::SYS_bpf,
    ];
    let mut rules: Rules = processes.into_iter().map(|call| (call, Vec::new())).collect();
    // By the letter and the number in it; the rest is a size. Attributes and versions of files of ext4, XFS and others, what is
    // encrypted and cannot be changed any more, and folders of Btrfs with what was taken of them.
    const CHANGES: [u64; 20] = [
        0x6602, 0x6604, 0x6613, 0x6617, 0x6618, 0x6619, 0x661a, 0x6685, 0x7602, 0x5820, 0x9401, 0x940e, 0x940f, 0x9417,
        0x9418, 0x941a, 0x9425, 0x9432, 0x943f, 0x9402,
    ];
    let changes = CHANGES.into_iter().map(|request| {
        let is = SeccompCmpOp::MaskedEq(0xffff);
        SeccompRule::new(vec![SeccompCondition::new(1, SeccompCmpArgLen::Dword, is, request)?])
    });
    rules.insert(libc::SYS_ioctl, changes.collect::<Result<_, _>>()?);
    Ok(rules)
}

fn absent() -> Rules {
    /// They set attributes of files, and have no name in the library: `setxattrat`, `removexattrat`, `file_setattr`.
    const NEW: [i64; 3] = [463, 466, 469];
    let ring = [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register];
    let keys = [libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl];
    // A handle names a file without a path that could be looked at; who watches one hears of it wherever it is.
    let files = [libc::SYS_open_by_handle_at, libc::SYS_inotify_init1, libc::SYS_inotify_add_watch];
    let watching = [libc::SYS_fanotify_init, libc::SYS_fanotify_mark, libc::SYS_userfaultfd, libc::SYS_pidfd_open];
    // Memory, semaphores and queues that all programs of a machine have by numbers and names.
    let memory = [libc::SYS_shmget, libc::SYS_shmat, libc::SYS_shmctl];
    let semaphores = [libc::SYS_semget, libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_semctl];
    let queues = [libc::SYS_msgget, libc::SYS_msgsnd, libc::SYS_msgrcv, libc::SYS_msgctl];
    let named = [libc::SYS_mq_open, libc::SYS_mq_unlink];
    let all = NEW.into_iter().chain(ring).chain(keys).chain(files).chain(watching).chain(memory).chain(semaphores);
    let all = all.chain(queues).chain(named);
    #[cfg(target_arch = "x86_64")]
    let all = all.chain([libc::SYS_inotify_init]);
    all.map(|call| (call, Vec::new())).collect()
}

/// What is decided call by call.
fn asked() -> Result<Rules, seccompiler::BackendError> {
    let files = [
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        libc::SYS_fchmodat2,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_utimensat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
    ];
    let mut rules: Rules = files.into_iter().map(|call| (call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    for call in
        [libc::SYS_chmod, libc::SYS_chown, libc::SYS_lchown, libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat]
    {
        rules.insert(call, Vec::new());
    }
    // Zero is the caller.
    let is_not_zero =
        |arg: u8| SeccompRule::new(vec![SeccompCondition::new(arg, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?]);
    for call in [
        libc::SYS_prlimit64,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
        libc::SYS_sched_setaffinity,
        libc::SYS_move_pages,
        libc::SYS_migrate_pages,
    ] {
        rules.insert(call, vec![is_not_zero(0)?]);
    }
    // All processes of a user, or of a group: the first argument says of what the second is the number.
    for (call, one_process) in [(libc::SYS_setpriority, 0), (libc::SYS_ioprio_set, 1)] {
        let of_many = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, one_process)?;
        rules.insert(call, vec![is_not_zero(1)?, SeccompRule::new(vec![of_many])?]);
    }
    Ok(rules)
}

#[cfg(target_arch = "x86_64")]
fn with_x32(rules: Rules) -> Rules {
    let others: Vec<_> = rules.iter().map(|(call, rule)| (call | X32, rule.clone())).collect();
    rules.into_iter().chain(others).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn with_x32(rules: Rules) -> Rules {
    rules
}
