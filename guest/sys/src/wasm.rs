//! The imports, and what a fork comes back to.

#[link(wasm_import_module = "glowplug_process_v1")]
unsafe extern "C" {
    pub fn open(path: *const u8, len: usize, flags: i32, mode: i32) -> i32;
    pub fn pipe(kind: i32, out: *mut [u32; 2]) -> i32;
    pub fn dup(handle: i32) -> i32;
    pub fn close(handle: i32) -> i32;
    pub fn read(handle: i32, buf: *mut u8, len: usize) -> i32;
    pub fn write(handle: i32, buf: *const u8, len: usize) -> i32;
    pub fn seek(handle: i32, offset: i64, whence: i32) -> i64;
    pub fn poll(handle: i32, timeout_us: i64) -> i32;
    pub fn describe(handle: i32) -> i32;
    pub fn inherited(buf: *mut u32, count: usize) -> i32;
    pub fn stat(path: *const u8, len: usize, follow: i32, out: *mut crate::abi::Stat) -> i32;
    pub fn fstat(handle: i32, out: *mut crate::abi::Stat) -> i32;
    pub fn chmod(path: *const u8, len: usize, mode: i32) -> i32;
    pub fn umask(mask: i32) -> i32;
    pub fn spawn(request: *const u8, len: usize) -> i32;
    pub fn fork(task: i32) -> i32;
    pub fn wait(pid: i32, flags: i32, out: *mut crate::abi::Waited) -> i32;
    pub fn kill(pid: i32, signal: i32) -> i32;
    pub fn catch(signals: i64, ignored: i64) -> i32;
    pub fn pending() -> i32;
    pub fn pid(which: i32) -> i32;
    pub fn times(out: *mut crate::abi::Times) -> i32;
    pub fn limit(resource: i32, set: i32, value: i64) -> i64;
    pub fn terminal_size(handle: i32, out: *mut [u32; 2]) -> i32;
    pub fn info(topic: i32, buf: *mut u8, len: usize) -> i32;
    pub fn edit(request: *const u8, len: usize, buf: *mut u8, cap: usize) -> i32;
}

type Task = Box<dyn FnOnce() -> i32>;

/// Where the copy of an instance begins.
#[unsafe(no_mangle)]
extern "C" fn glowplug_fork_entry(task: i32) -> i32 {
    // SAFETY: the number is the pointer that `fork_task` leaked, and this copy of the memory is the only one that takes it.
    let task = unsafe { Box::from_raw(task as usize as *mut Task) };
    task()
}

/// Runs the task in a copy of this instance; here, the task is dropped without running.
pub fn fork_task(task: Task) -> i32 {
    let task: *mut Task = Box::into_raw(Box::new(task));
    // SAFETY: an import without pointers; the host copies the memory in which the task lies before it returns.
    let pid = unsafe { fork(task as usize as i32) };
    // SAFETY: made above; in this instance nobody else has taken it.
    drop(unsafe { Box::from_raw(task) });
    pid
}
