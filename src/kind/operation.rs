//! What an executor is to do for a feature: the second thing a kind says of itself, asked only for a plan.

use crate::plan::Op;

/// What an operation is built from.
pub struct OperationContext<'i> {
    /// Unused so far.
    pub image: &'i crate::graph::Image,
}

macro_rules! stubs { ($($n:ident)*) => { $(pub(super) fn $n(_: &OperationContext<'_>) -> Op { unreachable!() })* } }
stubs! { place remove mount extract clone user group usermod packages run configure }
