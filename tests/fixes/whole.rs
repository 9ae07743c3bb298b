//! What holds of all fixes.
