//! TOML bytes to a document.
