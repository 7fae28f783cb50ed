//! What keeps the process from telling about itself.

use std::io::Write as _;
use std::panic;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use tracing_subscriber::EnvFilter;

/// Forbids core dumps and foreign eyes, makes new files private, and lets a panic tell no more
/// than where it happened.
///
/// # Errors
/// When the system refuses: then the process must not go on.
pub(crate) fn fall_silent() -> std::io::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    prctl::set_dumpable(false)?;
    prctl::set_no_new_privs()?;
    // A server that began anew is known to the system by the path that it took to itself.
    prctl::set_name(c"knothole-server")?;
    umask(Mode::from_bits_truncate(0o077));
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        drop(writeln!(std::io::stderr(), "panic at {place}"));
    }));
    Ok(())
}

/// Lets the process open as many files and connections as the system allows it: with fewer a crowd
/// would take the last one, and the store needs one for every step.
///
/// # Errors
/// When the system refuses.
pub(crate) fn take_all_descriptors() -> std::io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(())
}

/// Logs events of the server, without times, and only errors of arti unless `tor` says more.
pub(crate) fn start_log(tor: Option<&str>) {
    let tor = tor.unwrap_or("error");
    let filter = EnvFilter::try_new(format!("{tor},knothole_server=info,knothole_intake=info"))
        .unwrap_or_else(|_| EnvFilter::new("error"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .finish();
    // A second call, in tests, changes nothing.
    drop(tracing::subscriber::set_global_default(subscriber));
}
