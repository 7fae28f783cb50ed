//! The network that all tests share, and a folder for each.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use knothole_tests::{Broom, Network, NetworkFolders, Programs, Server};

/// What all tests share. It ends with the process.
pub(crate) struct Stage {
    pub(crate) programs: Programs,
    pub(crate) network: Network,
    broom: Broom,
}

impl Stage {
    /// The stage, set by the first test that asks.
    pub(crate) fn get() -> &'static Self {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(Self::set)
    }

    /// A stage of its own, for tests that kill what others stand on. They go one after the other.
    pub(crate) fn for_disasters() -> (&'static Self, MutexGuard<'static, ()>) {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        (STAGE.get_or_init(Self::set), turn)
    }

    fn set() -> Self {
        let programs = Programs::built().unwrap();
        let broom = Broom::new_folder(&programs.target().join("system"), "run-").unwrap();
        let network = Network::start(&NetworkFolders {
            run: broom.path().join("network"),
            keys: programs.target().join("testnet-keys"),
        })
        .unwrap();
        Self {
            programs,
            network,
            broom,
        }
    }

    /// A folder for one test.
    pub(crate) fn folder(&self, test: &str) -> PathBuf {
        let folder = self.broom.path().join(test);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The lines that have a server use this network, hold drops back for moments instead of a day,
    /// and let them go without a grace.
    pub(crate) fn server_lines(&self) -> String {
        let settings = self.network.arti_settings();
        format!("tor = {settings:?}\ndanger_batch = \"2s\"\ngrace = \"0d\"")
    }

    /// The arguments that have a program use this network by its own Tor.
    pub(crate) fn arti_way(&self) -> Vec<String> {
        let settings = self.network.arti_settings();
        vec!["--tor-config".into(), settings.to_str().unwrap().into()]
    }

    /// A server with onions of its own: not started, and the address of the public one.
    pub(crate) fn server(&self, test: &str) -> (Server, String) {
        let folder = self.folder(test).join("server");
        let server = Server::new(&self.programs, &folder, &self.server_lines()).unwrap();
        let onion = server.ask(&["init"]).unwrap().done().unwrap();
        (server, onion)
    }
}
