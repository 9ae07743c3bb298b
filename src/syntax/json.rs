//! JSON bytes to a document.
