//! Signals that end the program: what is half-written goes with it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Temporary files of this process, finished ones included: these have another name by then.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Whether a command ends in its own way when it is asked to.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// From now on signals are the command's own: it finishes what it writes before it ends.
pub(super) fn answered() {
    ANSWERED.store(true, Ordering::Relaxed);
}

/// From now on a signal leaves this file alone.
pub(super) fn keep_on_signal(path: &Path) {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).retain(|file| file != path);
}

/// From now on a signal that ends the process removes this file, which is about to be made.
///
/// # Errors
/// Signals cannot be waited for.
pub(super) fn remove_on_signal(path: &Path) -> io::Result<()> {
    static WAITING: OnceLock<Result<(), String>> = OnceLock::new();
    WAITING.get_or_init(|| wait().map_err(|error| error.to_string())).clone().map_err(io::Error::other)?;
    let mut files = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    files.retain(|file| file.exists());
    files.push(path.to_owned());
    Ok(())
}

/// Waits for signals in a thread of its own.
fn wait() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::Builder::new().name(String::from("signals")).spawn(move || {
        for signal in signals.forever() {
            if ANSWERED.load(Ordering::Relaxed) {
                continue;
            }
            let files = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
            for file in files.iter() {
                // It may have got its last name in the meantime.
                let _ = std::fs::remove_file(file);
            }
            let _ = emulate_default_handler(signal);
        }
    })?;
    Ok(())
}
