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
            "{}:{}:{}: {}[{}]: {}",
            escaped(&location.source.name),
            start.line,
            start.column,
            diagnostic.severity.name(),
            diagnostic.code.name(),
            escaped(&diagnostic.message),
        )?;
    }
    Ok(())
}
