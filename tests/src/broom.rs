//! Removes a folder when this process is gone, whatever ended it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits for the end of its input, then for the children's last writes, then removes the folder.
const SCRIPT: &str = r#"
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  sleep 0.2
done
"#;

/// A folder that is removed when this is dropped or when this process ends, also after SIGKILL.
#[derive(Debug)]
pub struct Broom {
    path: PathBuf,
    sweeper: Child,
}

impl Broom {
    /// Makes a new folder in `parent`, which is made too where it is missing.
    ///
    /// # Errors
    /// Whatever the system says when it cannot make the folder or start a shell.
    pub fn new_folder(parent: &Path, prefix: &str) -> io::Result<Self> {
        std::fs::create_dir_all(parent)?;
        let path = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in(parent)?
            .keep();
        // A process group of its own, so that a Ctrl-C at the terminal does not reach it.
        let sweeper = Command::new("sh")
            .args(["-c", SCRIPT, "broom"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { path, sweeper })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Broom {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        // What it could not remove stays in the target folder; nothing more can be done here.
        drop(self.sweeper.wait());
    }
}
