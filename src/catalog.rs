//! Every diagnostic code, once: its name, severity and the page that explains it.

use serde::Serialize;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No plan can be made.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// As written in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $summary:literal;)*) => {
        /// A kind of finding. Sorted by name; the names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $variant,)*
        }

        impl Code {
            /// Every code, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in kebab-case, as printed and as written in `allow`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The severity where no level is set.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// One line on what it means.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }

            /// The page that explains it, as shipped in `docs/codes/`.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../docs/codes/", $name, ".md")),)* }
            }
        }
    };
}

codes! {
    Conflict "conflict" Error "Two features provide one entity in ways that cannot both be true.";
    Cycle "cycle" Error "Features need each other in a circle.";
    DanglingLink "dangling-link" Warning "A link that came with a folder, an archive, a clone or a package leads nowhere.";
    Duplicate "duplicate" Warning "The same feature is declared twice with equal data.";
    DuplicateKey "duplicate-key" Error "A key or table is defined twice.";
    FileCycle "file-cycle" Error "Files include each other, or images build on each other.";
    IdConflict "id-conflict" Error "One user or group number is used for two names.";
    ImpliedOwner "implied-owner" Warning "A directory made on the way belongs to root inside a directory of another user.";
    InvalidValue "invalid-value" Error "A value is not one that the field can take.";
    LikelyMissing "likely-missing" Warning "Only something opaque may provide a required entity, and the image speaks against it.";
    Mismatch "mismatch" Error "A required entity exists but is not what is required of it.";
    Missing "missing" Error "A required entity that nothing provides.";
    MissingFile "missing-file" Error "A manifest, ids or facts file that is named does not exist or cannot be read.";
    MissingKey "missing-key" Error "A key that the kind requires is not given.";
    MissingSource "missing-source" Error "A source file or archive does not exist or cannot be read.";
    Overwrite "overwrite" Error "A feature puts something else where there already is something.";
    Setuid "setuid" Warning "A file's mode has the setuid or setgid bit.";
    SymlinkLoop "symlink-loop" Error "A symbolic link leads to itself.";
    Syntax "syntax" Error "The file is not valid TOML or JSON.";
    UnknownKey "unknown-key" Error "A key that the kind does not have.";
    UnknownKind "unknown-kind" Error "A table that is no kind of feature.";
    UnorderedCommands "unordered-commands" Warning "Only a tie decides which of two opaque steps runs first.";
    UnpinnedId "unpinned-id" Warning "A number was allocated although something opaque before may take it.";
    Unproven "unproven" Info "A required entity that only something opaque may provide.";
    UnusedAllow "unused-allow" Warning "An `allow` that silences nothing.";
    UnusedAssume "unused-assume" Warning "An assumption that has no effect.";
    UnusedReplace "unused-replace" Warning "A `replace` that replaces nothing.";
    UnusualName "unusual-name" Warning "An account name that some tools refuse.";
    WorldWritable "world-writable" Warning "A mode lets everybody write.";
    WrongType "wrong-type" Error "A value has another type than the field takes.";
}

impl Code {
    /// The code of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether it says that something is nowhere: of an image of which not all could be read it is kept back, until that is mended.
    pub const fn needs_all_read(self) -> bool {
        matches!(
            self,
            Self::DanglingLink
                | Self::LikelyMissing
                | Self::Missing
                | Self::Unproven
                | Self::UnusedAllow
                | Self::UnusedAssume
                | Self::UnusedReplace
        )
    }

    /// Whether a level can be set for it: warnings, infos, and sources that may be built later.
    pub const fn level_can_be_set(self) -> bool {
        !matches!(self.severity(), Severity::Error) || matches!(self, Self::MissingSource)
    }
}
