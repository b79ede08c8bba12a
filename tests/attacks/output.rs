//! What the host prints cannot be told what to do by a name or a text.
