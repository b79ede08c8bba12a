//! The history as reedline wants to see it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reedline::{
    CommandLineSearch, History, HistoryItem, HistoryItemId, HistorySessionId, ReedlineError, ReedlineErrorVariants,
    Result, SearchDirection, SearchQuery,
};

use super::Store;
use crate::{bang, editor::GIVEN_UP};

/// What the editor and reedline's side of it share.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

struct State {
    store: Store,
    /// What history expansion made of the line.
    expanded: Option<String>,
}

impl Shared {
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Mutex::new(State { store, expanded: None })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the entries.
    pub fn with_store<T>(&self, action: impl FnOnce(&mut Store) -> T) -> T {
        action(&mut self.lock().store)
    }

    /// What history expansion made of the line that was accepted, once.
    pub fn take_expanded(&self) -> Option<String> {
        self.lock().expanded.take()
    }
}

/// Gives reedline the entries.
pub(crate) struct HistoryAdapter(pub Shared);

fn unsupported(feature: &'static str) -> ReedlineError {
    ReedlineError(ReedlineErrorVariants::HistoryFeatureUnsupported { history: "glowplug", feature })
}

impl History for HistoryAdapter {
    fn save(&mut self, item: HistoryItem) -> Result<HistoryItem> {
        let mut state = self.0.lock();
        if !item.command_line.ends_with(GIVEN_UP) {
            state.expanded = bang::expand(&item.command_line, state.store.entries());
            let line = state.expanded.clone().unwrap_or_else(|| item.command_line.clone());
            state.store.add(&line);
        }
        Ok(HistoryItem { id: None, ..item })
    }

    fn load(&self, id: HistoryItemId) -> Result<HistoryItem> {
        let state = self.0.lock();
        let index = usize::try_from(id.0).ok().and_then(|id| id.checked_sub(state.store.dropped));
        let entry =
            index.and_then(|index| state.store.entries.get(index)).ok_or_else(|| unsupported("forgotten entries"))?;
        Ok(HistoryItem { id: Some(id), ..HistoryItem::from_command_line(entry) })
    }

    fn count(&self, query: SearchQuery) -> Result<i64> {
        Ok(self.search(query)?.len() as i64)
    }

    fn search(&self, query: SearchQuery) -> Result<Vec<HistoryItem>> {
        let state = self.0.lock();
        let store = &state.store;
        // The ends are left out, and the direction says which is which.
        let (after, before) = match query.direction {
            SearchDirection::Forward => (query.start_id, query.end_id),
            SearchDirection::Backward => (query.end_id, query.start_id),
        };
        let index = |id: HistoryItemId| usize::try_from(id.0).unwrap_or(0).saturating_sub(store.dropped);
        let end = before.map_or(store.entries.len(), index).min(store.entries.len());
        let start = after.map_or(0, |id| index(id) + 1).min(end);
        let matches = |entry: &str| match &query.filter.command_line {
            Some(CommandLineSearch::Prefix(text)) => entry.starts_with(text),
            Some(CommandLineSearch::Substring(text)) => entry.contains(text),
            Some(CommandLineSearch::Exact(text)) => entry == text,
            None => true,
        };
        // While it steps through the entries, reedline asks not to be given the one that it shows.
        let shown = match query.direction {
            SearchDirection::Backward => before,
            SearchDirection::Forward => after,
        };
        let shown = shown.and_then(|id| store.entries.get(index(id)));
        let limit = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(0));
        let item = |index: usize| {
            let id = HistoryItemId::new((index + store.dropped) as i64);
            HistoryItem { id: Some(id), ..HistoryItem::from_command_line(&store.entries[index]) }
        };
        let wanted = |index: &usize| matches(&store.entries[*index]) && Some(&store.entries[*index]) != shown;
        Ok(match query.direction {
            SearchDirection::Forward => (start..end).filter(wanted).take(limit).map(item).collect(),
            SearchDirection::Backward => (start..end).rev().filter(wanted).take(limit).map(item).collect(),
        })
    }

    fn update(&mut self, _: HistoryItemId, _: &dyn Fn(HistoryItem) -> HistoryItem) -> Result<()> {
        Err(unsupported("updating entries"))
    }

    fn clear(&mut self) -> Result<()> {
        self.0.with_store(Store::clear);
        Ok(())
    }

    fn delete(&mut self, _: HistoryItemId) -> Result<()> {
        Err(unsupported("removing entries"))
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.0.with_store(Store::refresh);
        Ok(())
    }

    fn session(&self) -> Option<HistorySessionId> {
        None
    }
}
