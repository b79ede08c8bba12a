//! The programs that sessions keep resident: linked modules by the identity of what they came from.

use super::aside::Aside;
use super::linking::{Linked, Side};
use super::process::Process;
use super::program::{Allocation, Program};
use super::threads::Threads;
use crate::lock;
use glowplug_cache::{
    Code, CompilerTier, Kind, LazyEngine, LoadError, LoadReport, Loaded, ModuleCache, Pending, Source, Tiers,
};
use glowplug_store::FileIdentity;
use glowplug_store::disk::identity_of;
use glowplug_store::identity::Reading;
use glowplug_sys::abi::errno;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The most bytes of wasm that a guest may have compiled: it decides how often that is.
pub(crate) const MOST_BYTES: u64 = 128 << 20;
/// So many bytes of memory does compiling take for each byte of wasm (10 MB of it take a quarter of a gigabyte).
const COMPILING: u64 = 24;

/// The most bytes of wasm that may be compiled where processes may take so many bytes of memory.
pub(crate) fn most_wasm(memory: u64) -> u64 {
    (memory / COMPILING).min(MOST_BYTES)
}

/// Instances that the pool has room for at most.
const MAX_POOLED: usize = 2048;
/// Room in the pool beside that: a place is free for the next one slightly before its memory is.
const SLACK: usize = 16;
/// Runs of a program until its instances come from the pool: by then they have cost about as much more as making the pool,
/// and loading the program a second time, costs once (1 ms; adr/0018).
const POOLED_AFTER: u64 = 16;

/// What is resident of a program.
enum Resident {
    None,
    Ready(Arc<Program>),
    /// It was run so often that its next instances are better taken from the pool, for which it has to be loaded once more.
    ToBePooled(Arc<Program>),
}

/// What tells one state of a program from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// One of the host's own.
    Own(usize),
    File(FileIdentity),
}

/// What happened that somebody may want to hear of.
#[derive(Clone, Debug)]
pub enum ProgramEvent {
    /// A module was loaded; the report says from where.
    Loaded(String, Box<LoadReport>),
    /// It is baseline code: this says how to have the optimized artifact made for the next time.
    ToOptimize(Box<Pending>),
    /// The file behind a resident module is not the one it was: it is loaded again.
    Changed(String),
    /// The resident modules outgrew their bytes, or are too many; this one was dropped.
    Evicted(String, u64),
    /// One module alone is larger than all of them may be.
    TooLarge(String, u64),
}

/// So many stay resident, however small: each keeps its artifact's file open, and a thousand is all that a process may have open where
/// nobody raised it.
const MOST_RESIDENT: usize = 256;

/// Programs that are kept resident, with the engines and threads that they run on. Sessions that share it, one after another or
/// side by side, share nothing else.
pub struct ProgramSet {
    cache: Arc<ModuleCache>,
    on_demand: Side<crate::EngineSpec>,
    pooled: Side<crate::PooledSpec>,
    /// Whose code is compiled fast, and the least wasm for which it is.
    baseline: Option<(Side<crate::EngineSpec>, u64)>,
    own: Vec<OwnProgram>,
    budget: u64,
    /// Places in the pool that are free.
    places: Arc<AtomicUsize>,
    pub(crate) threads: Threads,
    aside: Aside,
    state: Mutex<State>,
}

impl std::fmt::Debug for ProgramSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgramSet").field("own", &self.own).field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// One of the host's own programs, which may go by many names.
#[derive(Clone, Debug)]
pub struct OwnProgram {
    /// What reports call it.
    pub name: &'static str,
    /// The names under which it is found, as files of `/usr/bin`.
    pub names: &'static [&'static str],
    /// The wasm.
    pub source: Source<'static>,
}

#[derive(Default)]
struct State {
    programs: HashMap<Identity, Arc<Program>>,
    /// What a path was when it was last run.
    paths: HashMap<Vec<u8>, Identity>,
    bytes: u64,
    clock: u64,
}

/// Why a program cannot be run.
#[derive(Debug)]
pub(crate) enum ProgramError {
    Load(Box<LoadError>),
    Link(wasmtime::Error),
    Io(std::io::Error),
    /// Nobody waits for it any more, or nobody could begin it: an error number.
    GivenUp(i32),
}

impl ProgramError {
    /// Why, for guests: the same on every machine, and without a path of the host's.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Load(error) => match &**error {
                LoadError::Unstable { .. } => "it changed while it was being read".to_owned(),
                LoadError::NotWasm { what, .. } => format!("it is not WebAssembly: {what}"),
                LoadError::Precompiled { .. } => "it is native code, which was compiled before".to_owned(),
                LoadError::Text { source, .. } => {
                    // Where it is wrong is said on the next lines, or before the reason, with the path.
                    let text = source.to_string();
                    let line = text.lines().next().unwrap_or_default();
                    format!("its text is wrong: {}", line.rsplit("`: ").next().unwrap_or_default())
                }
                LoadError::Kind { found, wanted, .. } => format!("it is a {found}, and a {wanted} is needed"),
                LoadError::Compile { source, .. } => format!("{source:#}"),
                LoadError::TooLarge { most, .. } => format!("it is larger than the {most} bytes that may be loaded"),
                _ => "it could not be loaded".to_owned(),
            },
            Self::Link(error) => format!("{error:#}"),
            Self::Io(_) => "it could not be read".to_owned(),
            Self::GivenUp(_) => "nobody waited for it".to_owned(),
        }
    }

    /// Whether the file is larger than may be loaded.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::Load(error) if matches!(**error, LoadError::TooLarge { .. }))
    }

    /// Whether it lies in the file itself, so that another run would meet it, too.
    pub(crate) fn is_of_the_file(&self) -> bool {
        match self {
            Self::Load(error) => matches!(
                **error,
                LoadError::NotWasm { .. }
                    | LoadError::Precompiled { .. }
                    | LoadError::Text { .. }
                    | LoadError::Kind { .. }
                    | LoadError::Compile { .. }
            ),
            Self::Link(_) => true,
            Self::Io(_) | Self::GivenUp(_) => false,
        }
    }
}

impl std::fmt::Display for ProgramError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Load(error) => {
                write!(f, "{error}")?;
                match std::error::Error::source(&**error) {
                    Some(source) => write!(f, ": {source}"),
                    None => Ok(()),
                }
            }
            Self::Link(error) => write!(f, "{error:#}"),
            Self::Io(error) => write!(f, "{error}"),
            Self::GivenUp(errno::EINTR) => f.write_str("it was killed while the module was being loaded"),
            Self::GivenUp(_) => f.write_str("the system gives no more threads"),
        }
    }
}

impl ProgramSet {
    /// Programs from `cache`, among them the host's `own`. Artifacts of up to `resident_bytes` in all stay resident. Many instances
    /// are made faster for as many as `max_processes` at once; more are only slower.
    #[must_use]
    pub fn new(cache: Arc<ModuleCache>, own: Vec<OwnProgram>, resident_bytes: u64, max_processes: usize) -> Self {
        let spec = crate::process_spec();
        // A slot is 4 GiB of addresses, of which a process has 128 TiB.
        let places = max_processes.min(MAX_POOLED);
        let pooled = crate::PooledSpec { engine: spec.clone(), instances: (places + SLACK) as u32 };
        Self {
            cache,
            on_demand: Side::new(LazyEngine::pure(spec, crate::process_config)),
            pooled: Side::new(LazyEngine::pure(pooled, crate::pooled_process_config)),
            baseline: None,
            own,
            budget: resident_bytes,
            places: Arc::new(AtomicUsize::new(places)),
            threads: Threads::default(),
            aside: Aside::default(),
            state: Mutex::default(),
        }
    }

    /// The same, where a module of at least `least_bytes` that is run first ([`StartProgram::Source`](super::StartProgram::Source)) and
    /// is not compiled yet is run from baseline code. It computes the same, and traps where the other does, but for how deep
    /// its stack may get. [`ProgramEvent::ToOptimize`] tells of the better code.
    #[must_use]
    pub fn baseline_first(self, least_bytes: u64) -> Self {
        let spec = crate::EngineSpec { compiler: crate::Compiler::Winch, ..crate::process_spec() };
        let side = Side::new(LazyEngine::baseline(spec, crate::process_config));
        Self { baseline: Some((side, least_bytes)), ..self }
    }

    /// The names of the host's own programs, each with the index of its program.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.own.iter().enumerate().flat_map(|(at, own)| own.names.iter().map(move |name| (*name, at)))
    }

    /// One of the host's own.
    pub(crate) fn own(&self, at: usize, tell: &dyn Fn(ProgramEvent)) -> Result<Arc<Program>, ProgramError> {
        let identity = Identity::Own(at);
        let spare = match self.resident(&identity) {
            Resident::Ready(program) => return Ok(program),
            Resident::ToBePooled(program) => Some(program),
            Resident::None => None,
        };
        let own = &self.own[at];
        self.load(Some(identity), own.name, &own.source, spare, tell)
    }

    /// The same for `process`, which goes on when it is killed, whether it is loaded or not.
    pub(crate) fn own_for(
        self: &Arc<Self>,
        at: usize,
        process: &Arc<Process>,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let identity = Identity::Own(at);
        let spare = match self.resident(&identity) {
            Resident::Ready(program) => return Ok(program),
            Resident::ToBePooled(program) => Some(program),
            Resident::None => None,
        };
        self.load_aside(process, tell, move |programs, tell| {
            let own = &programs.own[at];
            programs.load(Some(identity), own.name, &own.source, spare, tell)
        })
    }

    /// The program for a copy of one of its processes: as often as it is asked for, its instances come from the pool.
    pub(crate) fn for_copy(&self, program: &Arc<Program>, tell: &dyn Fn(ProgramEvent)) -> Arc<Program> {
        let again = program.own.and_then(|at| self.own(at, tell).ok());
        again.unwrap_or_else(|| Arc::clone(program))
    }

    /// A file's of at most `most` bytes, for `process`, which goes on when it is killed. `host` is the file's path outside, which the cache remembers it by; without
    /// one its bytes are read.
    pub(crate) fn file(
        self: &Arc<Self>,
        guest: &[u8],
        host: Option<PathBuf>,
        (file, most): (&File, u64),
        process: &Arc<Process>,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let found = identity_of(&file.metadata().map_err(ProgramError::Io)?);
        let identity = Identity::File(found);
        let name = String::from_utf8_lossy(guest).into_owned();
        let known = lock(&self.state).paths.insert(guest.to_vec(), identity);
        let spare = match self.resident(&identity) {
            Resident::Ready(program) => return Ok(program),
            Resident::ToBePooled(program) => Some(program),
            Resident::None => None,
        };
        if let Some(known) = known.filter(|known| *known != identity) {
            tell(ProgramEvent::Changed(name.clone()));
            self.forget(&known);
        }
        // Before anything is read: whether what is changed from now on must show.
        let identity = Reading::begin(file, found).will_show_changes().then_some(identity);
        let file = file.try_clone().map_err(ProgramError::Io)?;
        self.load_aside(process, tell, move |programs, tell| match host {
            Some(host) => {
                let source = Source::open_file(host, &file).from_guest().at_most(most);
                programs.load(identity, &name, &source, spare, tell)
            }
            None => {
                let mut bytes = Vec::new();
                file.take(most + 1).read_to_end(&mut bytes).map_err(ProgramError::Io)?;
                let source = Source::bytes(name.clone(), bytes).from_guest().at_most(most);
                programs.load(identity, &name, &source, spare, tell)
            }
        })
    }

    /// A module that comes from elsewhere, and is not kept, for `process`, which goes on when it is killed.
    pub(crate) fn source(
        self: &Arc<Self>,
        name: &str,
        source: Source<'static>,
        process: &Arc<Process>,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let name = name.to_owned();
        self.load_aside(process, tell, move |programs, tell| match &programs.baseline {
            None => programs.load(None, &name, &source, None, tell),
            Some((baseline, least_bytes)) => programs.load_tiered(baseline, *least_bytes, &name, &source, tell),
        })
    }

    fn load_tiered(
        &self,
        baseline: &Side<crate::EngineSpec>,
        least_bytes: u64,
        name: &str,
        source: &Source<'_>,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let tiers = Tiers { optimized: self.on_demand.engine(), baseline: baseline.engine(), least_bytes };
        let tiered = self.cache.load_tiered(tiers, source).map_err(|error| ProgramError::Load(Box::new(error)))?;
        let Loaded { module, report } = tiered.loaded;
        let Code::Module(module) = module else {
            let (name, found, wanted) = (name.to_owned(), Kind::Component, Kind::Module);
            return Err(ProgramError::Load(Box::new(LoadError::Kind { name, found, wanted })));
        };
        let side = if report.code == Some(CompilerTier::Baseline) { baseline } else { &self.on_demand };
        let linked = side.take(Loaded { module, report })?;
        let program = self.program(None, name, linked, None, tell);
        if let Some(pending) = tiered.pending {
            tell(ProgramEvent::ToOptimize(Box::new(pending)));
        }
        Ok(program)
    }

    /// Loads on a thread that is left behind when `process` is killed: compiling takes as long as it takes, and cannot be ended.
    fn load_aside(
        self: &Arc<Self>,
        process: &Arc<Process>,
        tell: &dyn Fn(ProgramEvent),
        load: impl FnOnce(&Self, &dyn Fn(ProgramEvent)) -> Result<Arc<Program>, ProgramError> + Send + 'static,
    ) -> Result<Arc<Program>, ProgramError> {
        let programs = Arc::clone(self);
        let work = move || {
            let events = RefCell::new(Vec::new());
            let loaded = load(&programs, &|event| events.borrow_mut().push(event));
            (loaded, events.into_inner())
        };
        let (loaded, events) = self.aside.run(&self.threads, process, work).map_err(ProgramError::GivenUp)?;
        events.into_iter().for_each(tell);
        loaded
    }

    fn resident(&self, identity: &Identity) -> Resident {
        let mut state = lock(&self.state);
        state.clock += 1;
        let Some(program) = state.programs.get(identity) else { return Resident::None };
        // One caller alone sees the number that makes the difference.
        let hits = program.hits.fetch_add(1, Ordering::Relaxed) + 1;
        program.used.store(state.clock, Ordering::Relaxed);
        let program = Arc::clone(program);
        drop(state);
        let pool = hits == POOLED_AFTER && program.allocation == Allocation::OnDemand && program.fits_into_pool();
        if pool { Resident::ToBePooled(program) } else { Resident::Ready(program) }
    }

    fn forget(&self, identity: &Identity) {
        let mut state = lock(&self.state);
        if let Some(program) = state.programs.remove(identity) {
            state.bytes -= program.bytes;
        }
    }

    fn load(
        &self,
        identity: Option<Identity>,
        name: &str,
        source: &Source<'_>,
        spare: Option<Arc<Program>>,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let linked = match &spare {
            None => self.on_demand.load(&self.cache, source)?,
            Some(spare) => match self.pooled.load(&self.cache, source) {
                Ok(pooled) => pooled,
                // Without addresses for a pool (`ulimit -v`), it stays as it is.
                Err(_) => return Ok(Arc::clone(spare)),
            },
        };
        Ok(self.program(identity, name, linked, spare, tell))
    }

    /// What was loaded, ready to be run, and kept if it has an identity.
    fn program(
        &self,
        identity: Option<Identity>,
        name: &str,
        (loaded, pre): Linked,
        spare: Option<Arc<Program>>,
        tell: &dyn Fn(ProgramEvent),
    ) -> Arc<Program> {
        let allocation = if spare.is_some() { Allocation::Pooled } else { Allocation::OnDemand };
        let bytes = loaded.report.artifact_bytes.unwrap_or(0);
        let knows_pwd = loaded.module.get_export(glowplug_sys::abi::KNOWS_PWD).is_some();
        let program = Program {
            name: name.to_owned(),
            pre,
            knows_pwd,
            allocation,
            spare,
            places: Arc::clone(&self.places),
            own: match identity {
                Some(Identity::Own(at)) => Some(at),
                _ => None,
            },
            bytes,
            module: loaded.report.key.map(|key| key.module),
            hits: AtomicU64::new(0),
            used: AtomicU64::new(0),
        };
        tell(ProgramEvent::Loaded(name.to_owned(), Box::new(loaded.report)));
        let program = Arc::new(program);
        if let Some(identity) = identity {
            self.keep(identity, &program, tell);
        }
        program
    }

    /// Keeps a program for the next time, and drops the least recently used ones to make room.
    fn keep(&self, identity: Identity, program: &Arc<Program>, tell: &dyn Fn(ProgramEvent)) {
        if program.bytes > self.budget {
            tell(ProgramEvent::TooLarge(program.name.clone(), program.bytes));
            return;
        }
        let mut dropped = Vec::new();
        let mut state = lock(&self.state);
        state.clock += 1;
        program.used.store(state.clock, Ordering::Relaxed);
        if let Some(before) = state.programs.insert(identity, Arc::clone(program)) {
            state.bytes -= before.bytes;
        }
        state.bytes += program.bytes;
        while state.bytes > self.budget || state.programs.len() > MOST_RESIDENT {
            let oldest = state.programs.iter().min_by_key(|(_, program)| program.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|(identity, _)| *identity) else { break };
            if let Some(program) = state.programs.remove(&oldest) {
                state.bytes -= program.bytes;
                dropped.push(program);
            }
        }
        // Paths that lead nowhere any more are forgotten, now and then.
        let State { programs, paths, .. } = &mut *state;
        if paths.len() > 4 * MOST_RESIDENT {
            paths.retain(|_, identity| programs.contains_key(identity));
        }
        drop(state);
        for program in dropped {
            tell(ProgramEvent::Evicted(program.name.clone(), program.bytes));
        }
    }

    /// Makes every guest that computes look whether it is to end.
    pub(crate) fn interrupt(&self) {
        self.on_demand.interrupt();
        self.pooled.interrupt();
        if let Some((baseline, _)) = &self.baseline {
            baseline.interrupt();
        }
    }

    /// Drops every resident module; those that run go on. How many there were.
    pub(crate) fn clear(&self) -> usize {
        let state = std::mem::take(&mut *lock(&self.state));
        state.programs.len()
    }

    /// What is resident, as a table for people, the last used first.
    pub(crate) fn table(&self) -> String {
        use std::fmt::Write as _;
        let state = lock(&self.state);
        let mut programs: Vec<_> = state.programs.values().collect();
        programs.sort_by_key(|program| std::cmp::Reverse(program.used.load(Ordering::Relaxed)));
        let mut text = format!("{:<40} {:>8} {:>12}  {}\n", "MODULE", "HITS", "BYTES", "DIGEST");
        for program in programs {
            let hits = program.hits.load(Ordering::Relaxed);
            let digest = program.module.map_or_else(String::new, |module| module.short());
            let _ = writeln!(text, "{:<40} {hits:>8} {:>12}  {digest}", program.name, program.bytes);
        }
        let _ = writeln!(text, "{} of {} bytes", state.bytes, self.budget);
        text
    }

    /// Gives the cache its time.
    pub(crate) fn finish(&self) {
        self.cache.finish();
    }
}
