//! Limits of disk, and what is copied or hashed of sparse and huge files.
