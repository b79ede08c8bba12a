//! Trees that guests may change are worked on by handle, never by path.
