//! Native programs: which, with what, and confined to what.
