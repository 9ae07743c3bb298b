//! One finding a line, as compilers write them, for editors and grep. Everything is written, however much.

use std::io::{self, Write};

use super::escaped;
use crate::diagnostic::Diagnostic;

pub(super) fn write(diagnostics: &[Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in diagnostics {
        let location = &diagnostic.location;
        let start = location.start();
        writeln!(
            out,
            "{}:{}:{}: {}[{}]: {}{}",
            escaped(&location.source.name),
            start.line,
            start.column,
            diagnostic.severity.name(),
            diagnostic.code.name(),
            escaped(&diagnostic.message),
            escaped(&meant(diagnostic)),
        )?;
    }
    Ok(())
}

/// The name that was probably meant, where the help starts with it.
fn meant(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.as_deref().unwrap_or_default();
    match help.split_once('?') {
        Some((meant, _)) if meant.starts_with("did you mean ") => format!(" ({meant}?)"),
        _ => String::new(),
    }
}
