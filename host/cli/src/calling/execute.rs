//! Running what was not found: traced, above a layer that takes all writes.

use super::stdin::MOST_AHEAD;
use glowplug_calls::{Chunk, Outcome, Run};
use glowplug_fs::trace::{Impure, Observed, Prefix, Trace, Unusable};
use glowplug_fs::{Access, DirOption, FsError, Mount, MountError, Namespace, Program, Written};
use glowplug_runtime::process::{
    Commons, Face, Input, Natives, Output, ProgramSet, RunEnd, Seed, Session, SessionLimits, SessionOptions, Start,
    StartProgram, StdinRecord, Stdio, Tape, Use, Witness,
};
use glowplug_store::Digest;
use std::fmt;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Of a run that wrote more to its streams, no result is kept.
const MOST_OUTPUT: u64 = 64 << 20;

/// How long processes that are left at the end may take to be gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// A run to be made.
pub(crate) struct Execution {
    /// What is resident, and where it comes from.
    pub(crate) programs: Arc<ProgramSet>,
    /// What is run first.
    pub(crate) program: StartProgram,
    /// Its arguments, its name first.
    pub(crate) args: Vec<Vec<u8>>,
    /// `NAME=VALUE`.
    pub(crate) env: Vec<Vec<u8>>,
    /// Its working folder.
    pub(crate) cwd: Vec<u8>,
    /// The most of the disk that it may take, unless that is the default.
    pub(crate) max_disk: Option<u64>,
    /// The folders that it is given, by their paths and under these names; nothing for the shell's view.
    pub(crate) preopens: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    /// The folders that it sees; those that may be written to are written to at the end.
    pub(crate) mounts: Vec<Mount>,
    /// What it sees nothing of, whatever is mounted.
    pub(crate) hidden: Vec<std::path::PathBuf>,
    /// The programs in its view of files.
    pub(crate) files: Vec<Program>,
    /// Whether there is a `/tmp`.
    pub(crate) private_tmp: bool,
    /// Standard input, and what was taken from it already.
    pub(crate) stdin: (Option<File>, Vec<u8>),
    /// Where output goes at once, beside being kept.
    pub(crate) output: [Option<File>; 2],
    /// Whether both streams are one: what is written to either is of stream 1.
    pub(crate) merged: bool,
    /// Whether it is traced, and writes to a layer above the folders. What may run native programs cannot be, which see the folders
    /// themselves.
    pub(crate) traced: bool,
    /// For a clock and random numbers that are always the same.
    pub(crate) seed: Option<[u8; 32]>,
    /// Native programs that may be run.
    pub(crate) natives: Natives,
    /// Permissions that new files do not get.
    pub(crate) umask: u32,
    /// Whether this is the program's main thread.
    pub(crate) on_main_thread: bool,
    /// The limits.
    pub(crate) limits: SessionLimits,
    /// What it shares with others that run at the same time.
    pub(crate) commons: Option<Arc<Commons>>,
    /// Who hears of it.
    pub(crate) face: Arc<dyn Face>,
}

/// A run that ended.
pub(crate) struct Ran {
    /// How.
    pub(crate) end: RunEnd,
    /// Whether all of its processes are gone. One that is left behind goes on in its layers, which must stay then.
    pub(crate) gone: bool,
    /// Both streams.
    pub(crate) output: Vec<Chunk>,
    /// What it wrote, which is nowhere yet.
    pub(crate) written: Vec<Written>,
    /// How long it took.
    pub(crate) cost: Duration,
    /// Standard input as far as it was read.
    pub(crate) stdin: Option<Prefix>,
    /// What it observed, or why nothing can be kept of it.
    pub(crate) observed: Result<Observed, Unkept>,
    /// The layers that it wrote to.
    pub(crate) namespace: Namespace,
}

/// Why a run is not kept.
#[derive(Debug)]
pub(crate) struct Unkept(pub(crate) String);

impl fmt::Display for Unkept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a run could not even begin, or could not be ended properly.
#[derive(Debug)]
pub(crate) enum ExecutionError {
    Mount(MountError),
    Start(anyhow::Error),
    Layers(FsError),
}

impl fmt::Display for ExecutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mount(error) => error.fmt(f),
            Self::Start(error) => write!(f, "{error:#}"),
            Self::Layers(error) => write!(f, "failed to look through what was written: {error}"),
        }
    }
}

/// Ends the processes of a session whose thread fails: nobody else would, and others go on.
struct EndsInPanic<'s>(&'s Arc<Session>);

impl Drop for EndsInPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.0.end_all(Duration::ZERO) {
            self.0.namespace().leave_scratch();
        }
    }
}

/// Tells the trace what the runtime notices.
struct Tracing(Trace);

impl Witness for Tracing {
    fn used(&self, what: Use) {
        self.0.used(match what {
            Use::Clock => Impure::Clock,
            Use::Random => Impure::Random,
            Use::NativeProgram(name) => Impure::NativeProgram(name),
            Use::Terminal => Impure::Terminal,
            Use::Other(what) => Impure::Other(what),
        });
    }
}

impl Execution {
    /// Runs it to its end. Nothing of what it wrote is on the host's folders then.
    pub(crate) fn run(self) -> Result<Ran, ExecutionError> {
        let begin = Instant::now();
        let trace = Trace::new(self.seed.is_some());
        let above = |mount: &Mount| match mount.access {
            Access::ReadWrite if self.traced => Mount { access: Access::Overlay, ..mount.clone() },
            _ => mount.clone(),
        };
        let settings = glowplug_fs::Settings {
            mounts: self.mounts.iter().map(above).collect(),
            hidden: self.hidden,
            programs: self.files,
            private_tmp: self.private_tmp,
            trace: self.traced.then(|| trace.clone()),
            max_disk: self.max_disk,
            common_disk: self.commons.as_ref().map(|commons| commons.disk()),
            // `run` has one of another kind, and `test` has none.
            dirs: DirOption::Absent,
            ..glowplug_fs::Settings::default()
        };
        let namespace = Namespace::new(settings).map_err(ExecutionError::Mount)?;
        let session = Session::new(SessionOptions {
            programs: self.programs,
            namespace: namespace.clone(),
            natives: self.natives,
            limits: self.limits,
            commons: self.commons,
            face: self.face,
            determinism: self.seed.map(Seed),
            witness: Some(Arc::new(Tracing(trace.clone()))),
        });
        let _ends = EndsInPanic(&session);
        let tape = Tape::new(MOST_OUTPUT);
        let record = Arc::new(StdinRecord::default());
        let (file, ahead) = self.stdin;
        let stdin = match file {
            Some(file) => Input::Traced { file, ahead, reading: Arc::clone(&record) },
            None => Input::Null,
        };
        let [out, err] = self.output;
        let taped = |to, stream| Output::Taped { to, tape: Arc::clone(&tape), stream };
        let error = taped(err, if self.merged { 1 } else { 2 });
        let start = Start {
            program: self.program,
            args: self.args,
            env: self.env,
            cwd: self.cwd,
            preopens: self.preopens,
            stdio: Stdio { input: stdin, output: taped(out, 1), error },
            umask: self.umask,
            on_main_thread: self.on_main_thread,
            leaving: false,
        };
        let mut end = session.run(start, || {}).map_err(ExecutionError::Start)?;
        // What goes on in the background would go on writing.
        let gone = session.end_all(if end.timed_out { Duration::ZERO } else { PATIENCE });
        if !gone {
            namespace.leave_scratch();
        }
        let cost = begin.elapsed();
        session.finish();
        let read = Prefix { len: record.bytes(), digest: Digest::from_bytes(record.digest()), end: record.ended() };
        let stdin = (read.len > 0 || read.end).then_some(read);
        // Of a run that was ended from outside nothing is written, and what goes on would go on writing.
        let over = gone && !end.killed && !end.timed_out;
        let written = match if over { namespace.written() } else { Ok(Vec::new()) } {
            Ok(written) => written,
            Err(error) if error.errno == glowplug_fs::errno::EINTR => {
                end.timed_out = true;
                Vec::new()
            }
            Err(error) => return Err(ExecutionError::Layers(error)),
        };
        let unkept = [
            (!self.traced, "it may run native programs, which nothing traces".to_owned()),
            (end.timed_out, "it was ended by its time limit".to_owned()),
            (!gone, "processes that it left behind did not end".to_owned()),
            (tape.broken(), "its output could not be written".to_owned()),
            (tape.overflowed(), format!("its output is larger than {} MiB", MOST_OUTPUT >> 20)),
            (
                stdin.is_some_and(|read| read.len > MOST_AHEAD),
                format!("it read more than {} MiB of standard input", MOST_AHEAD >> 20),
            ),
            (end.killed, "it was killed".to_owned()),
            (end.trapped, "it trapped".to_owned()),
        ];
        let observed = match unkept.into_iter().find(|(so, _)| *so) {
            Some((_, why)) => Err(Unkept(why)),
            // Only now: it may have to hash what was read, however large that is.
            None => trace.finish().map_err(|unusable| Unkept(said(&unusable))),
        };
        let output = tape.take().into_iter().map(|chunk| Chunk { stream: chunk.stream, bytes: chunk.bytes }).collect();
        Ok(Ran { end, gone, output, written, cost, stdin, observed, namespace })
    }
}

fn said(unusable: &Unusable) -> String {
    let hint = match unusable {
        Unusable::Impure(what)
            if what.iter().any(|what| matches!(what, Impure::Clock | Impure::Random | Impure::TimeOfOwnFile(_))) =>
        {
            "; --deterministic gives it a clock and random numbers that are always the same"
        }
        _ => "",
    };
    format!("{unusable}{hint}")
}

impl Ran {
    /// Removes its layers, unless something is still at work in them.
    pub(crate) fn remove_scratch(&self) {
        if self.gone {
            self.namespace.remove_scratch();
        }
    }

    /// What is to be kept of it.
    pub(crate) fn into_kept(self) -> Result<Run, Unkept> {
        let outcome = Outcome { exit_code: self.end.exit_code, output: self.output, written: self.written };
        Ok(Run { observed: self.observed?, stdin: self.stdin, outcome, cost: self.cost })
    }
}
