//! Threads of this process that want the same key compile it once.

use crate::key::CacheKey;
use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Flights {
    under_way: Mutex<HashSet<CacheKey>>,
    landed: Condvar,
}

/// While it lives, others wait.
#[derive(Debug)]
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: CacheKey,
}

impl Flights {
    /// Waits until nobody else compiles `key`, at most for `limit`: `None` when they still do.
    /// `waiting` is called once, if there is a wait.
    pub(crate) fn board(&self, key: CacheKey, limit: Duration, waiting: impl FnOnce()) -> Option<Flight<'_>> {
        let mut under_way = crate::lock(&self.under_way);
        if under_way.contains(&key) {
            waiting();
            let until = Instant::now() + limit;
            while under_way.contains(&key) {
                let left = until.checked_duration_since(Instant::now())?;
                under_way = self.landed.wait_timeout(under_way, left).unwrap_or_else(|e| e.into_inner()).0;
            }
        }
        under_way.insert(key);
        Some(Flight { flights: self, key })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        crate::lock(&self.flights.under_way).remove(&self.key);
        self.flights.landed.notify_all();
    }
}
