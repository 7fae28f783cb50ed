//! The walls around a server with a Tor of its own.

use std::path::Path;

use super::stage::Stage;

#[test]
fn every_thread_of_a_server_that_answers_over_tor_stands_behind_the_walls() {
    let stage = Stage::get();
    let (mut server, _) = stage.server("walls");
    server.start().unwrap();
    let tasks = Path::new("/proc")
        .join(server.id().unwrap().to_string())
        .join("task");
    let mut threads = 0;
    for task in std::fs::read_dir(tasks).unwrap() {
        let Ok(status) = std::fs::read_to_string(task.unwrap().path().join("status")) else {
            // A thread that has just ended.
            continue;
        };
        assert!(status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n"));
        threads += 1;
    }
    assert!(threads > 1);
    let log = server.log().unwrap();
    assert!(
        log.contains("Landlock and seccomp stand around the server"),
        "{log}"
    );
}
