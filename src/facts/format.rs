//! The facts format as serde reads and writes it: borrowed, versioned, and apart from what the engine works on.
