//! What is run, and what it is given: arguments, environment, folders, standard streams, limits.

use std::path::PathBuf;

use wasmtime::component::Component;
use wasmtime::{Engine, Module};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;

/// A compiled guest of either kind. Cloning is cheap.
#[derive(Clone)]
pub enum Guest {
    /// A core module, which speaks WASI preview 1.
    Module(Module),
    /// A component, which speaks WASI preview 2.
    Component(Component),
}

impl Guest {
    /// The engine that the guest was compiled or loaded by.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        match self {
            Self::Module(module) => module.engine(),
            Self::Component(component) => component.engine(),
        }
    }
}

impl From<Module> for Guest {
    fn from(module: Module) -> Self {
        Self::Module(module)
    }
}

impl From<Component> for Guest {
    fn from(component: Component) -> Self {
        Self::Component(component)
    }
}

/// What a guest is given for one run.
///
/// The default gives nothing: no arguments, no environment, no folders, an empty standard input, and an output that
/// goes nowhere.
#[derive(Clone, Debug, Default)]
pub struct GuestOptions {
    /// What messages call the guest, usually its path as the user wrote it.
    pub name: String,
    /// The command line. The first is the program's own name, which guests expect to be there.
    pub args: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Folders of the host that the guest sees.
    pub dirs: Vec<DirMount>,
    /// What the guest reads from its standard input.
    pub stdin: Input,
    /// Where the guest's standard output goes.
    pub stdout: Output,
    /// Where the guest's standard error goes.
    pub stderr: Output,
    /// The most that all of the guest's memories and tables may hold together, in bytes; a half of the machine's memory when
    /// absent. A guest that wants to grow beyond it is refused, as if the machine had no more memory; one that needs more to
    /// begin with does not start.
    pub max_memory: Option<u64>,
    /// The same under another name, for whoever sets both: the lower one counts, and the other is not named.
    pub max_memory_total: Option<u64>,
    /// How many descriptors the guest may have open at once, the standard streams and the folders that it is given among them. It is
    /// refused another file then.
    pub max_files: Option<usize>,
    /// Call this instead of the guest's main function.
    ///
    /// For a module the name of an exported function, whose arguments are read from `args` after the first. For a
    /// component a whole call in WAVE's notation: `add(1, 2)`, or `ns:package/interface.function("text")`.
    pub invoke: Option<String>,
}

impl GuestOptions {
    /// Connects the guest to the standard input, output and error of this process.
    pub fn inherit_stdio(&mut self) -> &mut Self {
        self.stdin = Input::Inherit;
        self.stdout = Output::Inherit;
        self.stderr = Output::Inherit;
        self
    }
}

/// A folder of the host, and the name under which the guest sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirMount {
    /// The folder on the host.
    pub host: PathBuf,
    /// The guest's name for it.
    pub guest: String,
    /// Whether the guest may only read.
    pub read_only: bool,
}

/// Where a guest's standard input comes from.
#[derive(Clone, Debug, Default)]
pub enum Input {
    /// From nowhere: the guest is at the end of its input at once.
    #[default]
    Empty,
    /// From this process's standard input. The first read starts a thread, so that waiting for input can be
    /// interrupted by a timer of the guest.
    Inherit,
    /// From memory.
    Bytes(Vec<u8>),
}

/// Where a guest's standard output or error goes.
#[derive(Clone, Debug, Default)]
pub enum Output {
    /// Nowhere.
    #[default]
    Discard,
    /// To the same stream of this process.
    Inherit,
    /// Into memory. Several runs with one [`Capture`] write one after the other.
    Capture(Capture),
}

/// Collects what a guest writes. Clones share what was collected.
#[derive(Clone, Debug)]
pub struct Capture {
    pub(crate) pipe: MemoryOutputPipe,
}

impl Capture {
    /// Room for `capacity` bytes. A guest that writes more gets an error from its write.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { pipe: MemoryOutputPipe::new(capacity) }
    }

    /// What was written so far.
    #[must_use]
    pub fn contents(&self) -> Vec<u8> {
        self.pipe.contents().to_vec()
    }
}
