//! The programs that a session keeps resident: linked modules by the identity of what they came from.

use super::context::Context;
use super::{imports, wasi};
use crate::lock;
use glowplug_cache::{LazyEngine, LoadError, LoadReport, Loaded, ModuleCache, ModuleDigest, Source};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::hash::Hash;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wasmtime::{Engine, InstancePre, Linker, Module};

/// A file that changed within this time of being read may change again without any sign of it in its times.
const UNSETTLED: Duration = Duration::from_millis(50);

/// Instances that the pool has room for at most.
const MAX_POOLED: usize = 2048;
/// Runs of a program until its instances come from the pool: by then they have cost about as much more as making the pool,
/// and loading the program a second time, costs once (1 ms; adr/0018).
const POOLED_AFTER: u64 = 16;

/// A module, ready to be instantiated.
pub(crate) struct Program {
    /// The path or name under which it was first asked for.
    pub(crate) name: String,
    pub(crate) pre: InstancePre<Context>,
    /// It joins relative paths with `PWD` by itself.
    pub(crate) knows_pwd: bool,
    allocation: Allocation,
    /// Its index, if it is one of the host's own.
    own: Option<usize>,
    bytes: u64,
    pub(crate) module: Option<ModuleDigest>,
    hits: AtomicU64,
    used: AtomicU64,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where the memory of a program's instances comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Allocation {
    /// Made for each instance: for the first ones, which may remain the only ones.
    OnDemand,
    /// Kept in a pool, for the many others, if the pool can be had and the program fits into it.
    Pooled,
}

impl Allocation {
    /// That of a program which is loaded for the first time, or again because its instances are many.
    fn for_next_of(resident: Option<&Program>) -> Self {
        if resident.is_some() { Self::Pooled } else { Self::OnDemand }
    }
}

/// What tells one state of a program from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// One of the host's own.
    Own(usize),
    File {
        dev: u64,
        ino: u64,
        size: u64,
        mtime: (i64, i64),
        ctime: (i64, i64),
    },
}

/// What happened that somebody may want to hear of.
#[derive(Clone, Debug)]
pub enum ProgramEvent {
    /// A module was loaded; the report says from where.
    Loaded(String, Box<LoadReport>),
    /// The file behind a resident module is not the one it was: it is loaded again.
    Changed(String),
    /// The resident modules outgrew their bytes; this one was dropped.
    Evicted(String, u64),
    /// One module alone is larger than all of them may be.
    TooLarge(String, u64),
}

/// The resident tier of a session.
pub(crate) struct Programs {
    cache: Arc<ModuleCache>,
    on_demand: Side<crate::EngineSpec>,
    pooled: Side<crate::PooledSpec>,
    own: Vec<OwnProgram>,
    budget: u64,
    state: Mutex<State>,
}

/// An engine, and the functions that its instances may import.
struct Side<S> {
    engine: LazyEngine<S>,
    /// The one that was made of it, whose instances can be interrupted.
    made: OnceLock<Engine>,
    linkage: Mutex<Linkage>,
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

#[derive(Default)]
struct Linkage {
    linker: Option<Linker<Context>>,
    defined: BTreeSet<(bool, String)>,
}

/// Why a program cannot be run.
#[derive(Debug)]
pub(crate) enum ProgramError {
    Load(Box<LoadError>),
    Link(wasmtime::Error),
    Io(std::io::Error),
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
        }
    }
}

impl Program {
    /// Whether it was run so often that the next instances are better taken from the pool. Asked only now, because a program
    /// that does not fit is refused by an engine with a pool, as if its artifact were damaged.
    fn is_to_be_pooled(&self) -> bool {
        if self.hits.load(Ordering::Relaxed) != POOLED_AFTER || self.allocation == Allocation::Pooled {
            return false;
        }
        let needed = self.pre.module().resources_required();
        needed.num_memories <= crate::spec::POOLED_MEMORIES
            && needed.num_tables <= crate::spec::POOLED_TABLES
            && needed.max_initial_memory_size.is_none_or(|bytes| bytes <= u64::from(u32::MAX))
            && needed.max_initial_table_size.is_none_or(|elements| elements <= crate::spec::POOLED_ELEMENTS as u64)
    }
}

impl Programs {
    pub(crate) fn new(cache: Arc<ModuleCache>, own: Vec<OwnProgram>, budget: u64, max_processes: usize) -> Self {
        let spec = crate::process_spec();
        // A slot is 4 GiB of addresses, of which a process has 128 TiB.
        let instances = max_processes.min(MAX_POOLED) as u32;
        let pooled = crate::PooledSpec { engine: spec.clone(), instances };
        Self {
            cache,
            on_demand: Side::new(LazyEngine::new(spec, crate::process_config)),
            pooled: Side::new(LazyEngine::new(pooled, crate::pooled_process_config)),
            own,
            budget,
            state: Mutex::default(),
        }
    }

    /// The names of the host's own programs, each with the index of its program.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.own.iter().enumerate().flat_map(|(at, own)| own.names.iter().map(move |name| (*name, at)))
    }

    /// One of the host's own.
    pub(crate) fn own(&self, at: usize, tell: &dyn Fn(ProgramEvent)) -> Result<Arc<Program>, ProgramError> {
        let identity = Identity::Own(at);
        let allocation = match self.resident(&identity) {
            Some(program) if !program.is_to_be_pooled() => return Ok(program),
            resident => Allocation::for_next_of(resident.as_deref()),
        };
        let own = &self.own[at];
        self.load(Some(identity), own.name, &own.source, allocation, tell)
    }

    /// The program for a copy of one of its processes: as often as it is asked for, its instances come from the pool.
    pub(crate) fn for_copy(&self, program: &Arc<Program>, tell: &dyn Fn(ProgramEvent)) -> Arc<Program> {
        let again = program.own.and_then(|at| self.own(at, tell).ok());
        again.unwrap_or_else(|| Arc::clone(program))
    }

    /// A file's. `host` is its path outside, which the cache remembers it by; without one its bytes are read.
    pub(crate) fn file(
        &self,
        guest: &[u8],
        host: Option<&Path>,
        file: &mut File,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let metadata = file.metadata().map_err(ProgramError::Io)?;
        let identity = Identity::File {
            dev: metadata.dev(),
            ino: metadata.ino(),
            size: metadata.size(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
        };
        let name = String::from_utf8_lossy(guest).into_owned();
        let known = lock(&self.state).paths.insert(guest.to_vec(), identity);
        let allocation = match self.resident(&identity) {
            Some(program) if !program.is_to_be_pooled() => return Ok(program),
            resident => Allocation::for_next_of(resident.as_deref()),
        };
        if let Some(known) = known.filter(|known| *known != identity) {
            tell(ProgramEvent::Changed(name.clone()));
            self.forget(&known);
        }
        let ctime = Duration::new(metadata.ctime().unsigned_abs(), metadata.ctime_nsec().unsigned_abs() as u32);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let settled = now.saturating_sub(ctime) > UNSETTLED;
        let identity = settled.then_some(identity);
        match host {
            Some(host) => self.load(identity, &name, &Source::open_file(host.to_owned(), file), allocation, tell),
            None => {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(file, &mut bytes).map_err(ProgramError::Io)?;
                self.load(identity, &name, &Source::bytes(name.clone(), bytes), allocation, tell)
            }
        }
    }

    fn resident(&self, identity: &Identity) -> Option<Arc<Program>> {
        let mut state = lock(&self.state);
        state.clock += 1;
        let program = state.programs.get(identity)?;
        program.hits.fetch_add(1, Ordering::Relaxed);
        program.used.store(state.clock, Ordering::Relaxed);
        Some(Arc::clone(program))
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
        allocation: Allocation,
        tell: &dyn Fn(ProgramEvent),
    ) -> Result<Arc<Program>, ProgramError> {
        let (loaded, pre) = match allocation {
            // Without addresses for a pool (`ulimit -v`), the other way is still there; it also says what is wrong with the
            // program, if anything is.
            Allocation::Pooled => match self.pooled.load(&self.cache, source) {
                Ok(loaded) => loaded,
                Err(_) => self.on_demand.load(&self.cache, source)?,
            },
            Allocation::OnDemand => self.on_demand.load(&self.cache, source)?,
        };
        let bytes = loaded.report.artifact_bytes.unwrap_or(0);
        let knows_pwd = loaded.module.get_export(glowplug_sys::abi::KNOWS_PWD).is_some();
        let program = Program {
            name: name.to_owned(),
            pre,
            knows_pwd,
            allocation,
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
        Ok(program)
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
        while state.bytes > self.budget {
            let oldest = state.programs.iter().min_by_key(|(_, program)| program.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|(identity, _)| *identity) else { break };
            if let Some(program) = state.programs.remove(&oldest) {
                state.bytes -= program.bytes;
                dropped.push(program);
            }
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

impl<S: Hash + Sync> Side<S> {
    fn new(engine: LazyEngine<S>) -> Self {
        Self { engine, made: OnceLock::new(), linkage: Mutex::default() }
    }

    /// Makes every guest that computes look whether it is to end.
    fn interrupt(&self) {
        if let Some(engine) = self.made.get() {
            engine.increment_epoch();
        }
    }

    fn load(
        &self,
        cache: &ModuleCache,
        source: &Source<'_>,
    ) -> Result<(Loaded<Module>, InstancePre<Context>), ProgramError> {
        let loaded = cache.load(&self.engine, source).map_err(|error| ProgramError::Load(Box::new(error)))?;
        let pre = self.link(&loaded.module).map_err(ProgramError::Link)?;
        self.made.get_or_init(|| loaded.module.engine().clone());
        Ok((loaded, pre))
    }

    /// Resolves the imports, defining no more functions than are imported.
    fn link(&self, module: &Module) -> wasmtime::Result<InstancePre<Context>> {
        let mut linkage = lock(&self.linkage);
        let Linkage { linker, defined } = &mut *linkage;
        let linker = linker.get_or_insert_with(|| Linker::new(module.engine()));
        for import in module.imports() {
            let own = import.module() == glowplug_sys::abi::MODULE;
            if !own && import.module() != wasi::MODULE {
                wasmtime::bail!(
                    "it imports `{}` from `{}`, and only WASI preview 1 and `{}` are there",
                    import.name(),
                    import.module(),
                    glowplug_sys::abi::MODULE
                );
            }
            if defined.contains(&(own, import.name().to_owned())) {
                continue;
            }
            let found =
                if own { imports::define(linker, import.name())? } else { wasi::define(linker, import.name())? };
            if !found {
                wasmtime::bail!(
                    "it imports `{}` from `{}`, which has no such function",
                    import.name(),
                    import.module()
                );
            }
            defined.insert((own, import.name().to_owned()));
        }
        linker.instantiate_pre(module)
    }
}
