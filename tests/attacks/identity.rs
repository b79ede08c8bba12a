//! What is run, or replayed, is what is there now.
