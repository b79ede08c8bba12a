//! Whatever a guest can observe is in the trace, or the run is not kept.
