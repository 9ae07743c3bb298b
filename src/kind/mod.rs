//! The kinds of features: each file here says a kind's fields once and lowers a declaration into the neutral vocabulary.

mod assume;
mod attributes;
mod clone;
mod device;
mod ensure_dir;
mod extract;
mod field;
pub(crate) mod foreign;
mod group;
mod hardlink;
mod install;
mod lowering;
mod mount;
mod oci;
mod package;
mod remove;
mod require;
mod run;
mod schema;
mod stamp;
mod symlink;
mod user;
mod usermod;

pub use field::{Field, FieldType};
pub(crate) use lowering::{Declared, Lowering};
pub use schema::schema;

use crate::entity::Phase;

/// All that is particular to a kind.
pub struct KindSpec {
    /// As written in `[[name]]`.
    pub name: &'static str,
    /// One line on what it is for.
    pub summary: &'static str,
    /// Its own fields; the common ones are in [`COMMON`].
    pub fields: &'static [Field],
    /// When it runs, unless `phase` says otherwise.
    pub phase: Phase,
    /// Which `parents` it has where none is given; `None` where it places nothing.
    pub parents: Option<bool>,
    /// The field whose list makes as many features.
    pub list: Option<usize>,
    /// Its page in `docs/kinds/`.
    pub page: &'static str,
    pub(crate) lower: fn(&mut Lowering<'_>, &Declared),
    /// Whether an executor is to do something for it.
    pub acts: bool,
}

macro_rules! kinds {
    ($($variant:ident $module:ident;)*) => {
        /// What sort of feature it is. Sorted by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $(#[doc = concat!("`[[", stringify!($module), "]]`")] $variant,)*
        }

        impl Kind {
            /// Every kind, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its table.
            pub const fn spec(self) -> &'static KindSpec {
                match self { $(Self::$variant => &$module::KIND,)* }
            }
        }
    };
}

kinds! {
    Assume assume;
    Attributes attributes;
    Clone clone;
    Device device;
    EnsureDir ensure_dir;
    Extract extract;
    Group group;
    Hardlink hardlink;
    Install install;
    Mount mount;
    Oci oci;
    Package package;
    Remove remove;
    Require require;
    Run run;
    Stamp stamp;
    Symlink symlink;
    User user;
    Usermod usermod;
}

impl Kind {
    /// As written in `[[name]]`.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Its own fields, then the common ones that it takes.
    pub fn all_fields(self) -> impl Iterator<Item = &'static Field> {
        let spec = self.spec();
        spec.fields.iter().chain(COMMON.iter().filter(move |field| match field.name {
            "parents" => spec.parents.is_some(),
            "facts" => matches!(self, Self::Package | Self::Run),
            _ => true,
        }))
    }
}

pub use field::COMMON;
