//! The inspecting child alone, and children that have gone bad, for the tests. Nothing ships it.

#![expect(
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::let_underscore_must_use,
    let_underscore_drop,
    reason = "it tries from behind the walls what must not be possible there"
)]

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = knothole_inspect::child_if_asked() {
        return code;
    }
    let Some(deed) = std::env::args().nth(1) else {
        return ExitCode::FAILURE;
    };
    match deed.as_str() {
        "garbage" => {
            let _ = std::io::stdout().write_all(&[0xff; 1_000]);
            return ExitCode::SUCCESS;
        }
        "flood" => loop {
            if std::io::stdout().write_all(&[0; 1 << 16]).is_err() {
                return ExitCode::SUCCESS;
            }
        },
        // Keeps its pipe and says nothing.
        "silence" => loop {
            std::thread::park();
        },
        "environment" => {
            let clean = std::env::vars_os().next().is_none();
            return if clean {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
        }
        _ => {}
    }
    knothole_inspect::raise(2).unwrap();
    match deed.as_str() {
        "nothing" => {}
        // Until whoever started it lets go.
        "wait" => drop(std::io::stdin().read(&mut [0])),
        "socket" => drop(std::net::UdpSocket::bind("127.0.0.1:0")),
        "open" => drop(std::fs::File::open("/etc/passwd")),
        "create" => drop(std::fs::File::create("/tmp/knothole-must-not-be-there")),
        "run" => drop(std::process::Command::new("/bin/true").status()),
        "thread" => drop(std::thread::Builder::new().spawn(|| {})),
        "signal" => drop(nix::sys::signal::kill(nix::unistd::Pid::from_raw(1), None)),
        "memory" => {
            let much = vec![1_u8; 400 << 20];
            return ExitCode::from(much.get(7).copied().unwrap_or(0));
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}
