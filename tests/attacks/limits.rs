//! Sizes that guests decide are counted before they are allocated.
