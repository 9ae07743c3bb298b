//! JSON bytes to a document.

use std::borrow::Cow;

use super::Document;
use super::build::Builder;

pub(super) fn parse(builder: Builder<'_>) -> Document {
    builder.finish()
}

pub(super) fn decode(token: &str) -> Cow<'_, str> {
    Cow::Borrowed(token)
}
