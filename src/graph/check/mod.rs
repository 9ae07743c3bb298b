//! The rules, one subject a file. They look at an image and add findings; they print nothing.

mod clues;
mod lints;
mod missing;
mod near;
mod numbers;
mod overwrite;
mod removals;
mod settings;
mod words;

pub use lints::{lints, main_place};
pub use missing::{Failure, Judged, Lack, judge};
pub use near::COMPARISONS;
pub use numbers::{Numbers, allocate, conflicts, contradictions, exhausted, unpinned};
pub use overwrite::overwrite;
pub use removals::{managers, removed_and_provided};
pub use settings::settings;
