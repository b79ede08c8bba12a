//! The system calls that a confined program is refused: what Landlock has no word for.
//!
//! Everything else is allowed, because Landlock decides about files by what they are. Refused are the ways to a network and to
//! other programs (sockets, and the ring through which they can be had without asking), the kernel's keys, and typing into the
//! user's terminal.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// Calls whose numbers have this bit are the same calls in another calling convention of the same machine (x32).
#[cfg(target_arch = "x86_64")]
const X32: i64 = 0x4000_0000;

/// The bits of a socket's type that are its type, and not flags.
const SOCKET_TYPE: u64 = 0xf;

/// What the filter consists of: calls, and under which conditions each is refused. None: always.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filters to be applied, one after the other; for each the error that refused calls fail with.
///
/// # Errors
/// When this machine's processor is not known.
pub(super) fn filters() -> Result<Vec<BpfProgram>, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    // "Not permitted" for what could be asked for, "no such call" for what programs do without.
    let refused = filter(refused().map_err(|error| error.to_string())?, libc::EACCES, arch)?;
    let absent = filter(absent(), libc::ENOSYS, arch)?;
    Ok(vec![refused, absent])
}

fn filter(rules: Rules, errno: i32, arch: TargetArch) -> Result<BpfProgram, String> {
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    // Calls in another machine's convention, by which all of these could be had, end the program.
    let filter = SeccompFilter::new(with_x32(rules), SeccompAction::Allow, refuse, arch);
    filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())
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

fn absent() -> Rules {
    let ring = [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register];
    let keys = [libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl];
    // A handle names a file without a path that could be looked at.
    let handles = [libc::SYS_open_by_handle_at];
    ring.into_iter().chain(keys).chain(handles).map(|call| (call, Vec::new())).collect()
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
