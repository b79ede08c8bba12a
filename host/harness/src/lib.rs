//! Test cases in cram's format: reading, comparing, updating and reporting.
