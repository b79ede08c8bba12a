//! A call cache: what a run of a guest gave, kept under exactly what it observed.
