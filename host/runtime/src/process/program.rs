//! One program: a module that is ready to be instantiated, and where its instances' memory comes from.

use super::context::Context;
use glowplug_cache::ModuleDigest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use wasmtime::{ExternType, FuncType, InstancePre};

/// A module, ready to be instantiated.
pub(crate) struct Program {
    /// The path or name under which it was first asked for.
    pub(crate) name: String,
    pub(crate) pre: InstancePre<Context>,
    /// It joins relative paths with `PWD` by itself.
    pub(crate) knows_pwd: bool,
    pub(crate) allocation: Allocation,
    /// Its other self, which takes no place in the pool, for when there is none; and how many there are.
    pub(crate) spare: Option<Arc<Program>>,
    pub(crate) places: Arc<AtomicUsize>,
    /// Its index, if it is one of the host's own.
    pub(crate) own: Option<usize>,
    pub(crate) bytes: u64,
    pub(crate) module: Option<ModuleDigest>,
    pub(crate) hits: AtomicU64,
    pub(crate) used: AtomicU64,
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

/// A place in the pool.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Program {
    /// The one of its two selves whose instances have memories of their own.
    pub(crate) fn on_demand(this: &Arc<Self>) -> Arc<Self> {
        this.spare.as_ref().map_or_else(|| Arc::clone(this), Arc::clone)
    }

    /// The program, or its other self, for one more process.
    pub(crate) fn admit(self: Arc<Self>) -> (Arc<Self>, Option<Slot>) {
        if self.allocation == Allocation::OnDemand {
            return (self, None);
        }
        let taken = self.places.fetch_update(Ordering::AcqRel, Ordering::Acquire, |free| free.checked_sub(1));
        let slot = taken.is_ok().then(|| Slot(Arc::clone(&self.places)));
        match &self.spare {
            Some(spare) if slot.is_none() => (Arc::clone(spare), None),
            _ => (self, slot),
        }
    }

    /// What is called when it is run by itself, in this order: a reactor's `_initialize`, and the main function, of which a
    /// reactor has none.
    ///
    /// # Errors
    /// When one of them is no plain function.
    pub(crate) fn entries(&self) -> Result<Vec<&'static str>, String> {
        let module = self.pre.module();
        let function = |name: &'static str| match module.get_export(name) {
            Some(ExternType::Func(ty)) => Some((name, ty)),
            _ => None,
        };
        let main = function("").or_else(|| function("_start"));
        let plain = |(name, ty): (&'static str, FuncType)| {
            if ty.params().len() == 0 && ty.results().len() == 0 {
                Ok(name)
            } else if name == "_initialize" {
                Err("`_initialize` takes arguments or returns values".to_owned())
            } else {
                Err("the main function takes arguments or returns values".to_owned())
            }
        };
        function("_initialize").into_iter().chain(main).map(plain).collect()
    }

    /// Whether the pool has room for such a program. Asked only when it is to go there, because an engine with a pool refuses one
    /// that does not fit as if its artifact were damaged.
    pub(crate) fn fits_into_pool(&self) -> bool {
        let needed = self.pre.module().resources_required();
        needed.num_memories <= crate::spec::POOLED_MEMORIES
            && needed.num_tables <= crate::spec::POOLED_TABLES
            && needed.max_initial_memory_size.is_none_or(|bytes| bytes <= u64::from(u32::MAX))
            && needed.max_initial_table_size.is_none_or(|elements| elements <= crate::spec::POOLED_ELEMENTS as u64)
    }
}
