//! Every wait and every loop of the host ends.
