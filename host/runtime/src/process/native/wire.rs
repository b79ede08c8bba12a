//! What the host and the process that starts a native program say to each other, over a pair of sockets that keeps messages whole.

use super::confine::Rules;
use rustix::fs::{MemfdFlags, SeekFrom};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

/// Descriptors that go with a request before the folders: the request itself, the program's three streams, and the program.
pub(super) const BEFORE_FOLDERS: usize = 5;
/// Linux's own limit is 253.
const MOST_DESCRIPTORS: usize = 250;

/// What is to be started.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Its arguments, the first of which is what it is called.
    pub(super) args: Vec<ByteBuf>,
    /// `NAME` and `VALUE`.
    pub(super) env: Vec<(ByteBuf, ByteBuf)>,
    pub(super) cwd: PathBuf,
    /// Permissions that files it makes do not get.
    pub(super) umask: u32,
    /// Seconds of processor time that each of its processes may take.
    pub(super) cpu_seconds: Option<u64>,
    /// The most bytes that each file may have which it writes.
    pub(super) file_bytes: u64,
    /// What it may reach; everything that the user may if none.
    pub(super) rules: Option<Rules>,
}

/// What the host says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Send this signal to the program's process group.
    Signal(i32),
    /// End everything that it started: politely first.
    End,
}

/// What the host is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Told {
    Started,
    /// It could not be started: an error number of the system's, or 0, and what failed.
    Failed(i32, String),
    Exited(u8),
    Killed(i32),
}

/// Two ends of a connection.
pub(super) fn connection() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends a request with its descriptors: the streams, the program, the folders.
pub(super) fn send_request(to: &OwnedFd, request: &Request, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let bytes = postcard::to_stdvec(request).map_err(io::Error::other)?;
    // Arguments may be larger than a message can be.
    let mut file = File::from(rustix::fs::memfd_create(c"request", MemfdFlags::CLOEXEC)?);
    file.write_all(&bytes)?;
    rustix::fs::seek(&file, SeekFrom::Start(0))?;
    let all: Vec<BorrowedFd<'_>> = std::iter::once(file.as_fd()).chain(descriptors.iter().copied()).collect();
    if all.len() > MOST_DESCRIPTORS {
        return Err(io::Error::other("too many folders are mounted to tell a native program of all of them"));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&all));
    rustix::net::sendmsg(to, &[IoSlice::new(b"start")], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives a request with its descriptors, the request's own among them.
pub(super) fn receive_request(from: &OwnedFd) -> io::Result<(Request, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut word = [0; 8];
    rustix::net::recvmsg(from, &mut [IoSliceMut::new(&mut word)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    if descriptors.len() < BEFORE_FOLDERS {
        return Err(io::Error::other("the request is not whole"));
    }
    let mut bytes = Vec::new();
    File::from(descriptors[0].try_clone()?).read_to_end(&mut bytes)?;
    Ok((postcard::from_bytes(&bytes).map_err(io::Error::other)?, descriptors))
}

/// Sends a message that has no descriptors.
pub(super) fn send<T: Serialize>(to: &OwnedFd, message: &T) -> io::Result<()> {
    let bytes = postcard::to_stdvec(message).map_err(io::Error::other)?;
    rustix::net::send(to, &bytes, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Waits for a message; none when the other side is gone.
pub(super) fn receive<T: for<'de> Deserialize<'de>>(from: &OwnedFd) -> Option<T> {
    let mut bytes = [0; 4096];
    loop {
        match rustix::net::recv(from, &mut bytes, RecvFlags::empty()) {
            Ok((0, _)) => return None,
            Ok((count, _)) => return postcard::from_bytes(&bytes[..count]).ok(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}
