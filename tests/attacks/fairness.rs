//! What is left of one guest does not slow down or starve the others.
