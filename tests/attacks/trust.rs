//! Trust does not step down, and no cache does no harm.
