//! Hits of the library that would be unsound.
