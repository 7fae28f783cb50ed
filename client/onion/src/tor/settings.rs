//! From files and folders to arti's configuration.

use std::path::{Path, PathBuf};

use arti_client::TorClientConfig;
use arti_client::config::{
    BoolOrAuto, CfgPath, ConfigurationSource, ConfigurationSources, TorClientConfigBuilder,
};
use tor_config::sources::MustRead;

use super::TorError;
use super::folder::{OpenFolder, StateFolder};

/// What stands above every settings file: the ways of being found out that are not open to
/// choice. Vanguards keep a service's guard from being found by making it build circuits.
const ALWAYS: &str = "[vanguards]\nmode = \"full\"\n";

/// How a Tor client is to run.
#[derive(Clone, Debug)]
pub struct TorSettings {
    state: StateFolder,
    /// What every file wins over.
    defaults: String,
    files: Vec<PathBuf>,
    keys: KeyKeeping,
}

/// Where arti keeps the keys that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKeeping {
    /// In memory; they are given again at each start.
    Memory,
    /// In the state folder. Services need this.
    Folder,
}

impl TorSettings {
    /// A client with its state in `state`, keys in memory, and arti's own defaults.
    #[must_use]
    pub fn new(state: StateFolder) -> Self {
        Self {
            state,
            defaults: String::new(),
            files: Vec::new(),
            keys: KeyKeeping::Memory,
        }
    }

    /// Begins with these lines of arti's settings (TOML): every file wins over them.
    #[must_use]
    pub fn with_defaults(mut self, lines: impl Into<String>) -> Self {
        self.defaults = lines.into();
        self
    }

    /// Reads this file of arti's settings (TOML) too; a later file wins over an earlier one.
    #[must_use]
    pub fn with_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.files.push(file.into());
        self
    }

    /// Keeps keys in the place named.
    #[must_use]
    pub fn with_keys_in(mut self, keys: KeyKeeping) -> Self {
        self.keys = keys;
        self
    }

    /// arti's configuration of a client with its state in a given folder, for a program that
    /// handles keys without going online.
    ///
    /// # Errors
    /// [`TorError::Settings`] also when the state is temporary, [`TorError::Folder`].
    pub fn arti_config(&self) -> Result<TorClientConfig, TorError> {
        let folder = self.open_folder()?;
        if folder.is_temporary() {
            return Err(settings("a temporary state holds no keys"));
        }
        self.config_in(&folder)
    }

    pub(crate) fn open_folder(&self) -> Result<OpenFolder, TorError> {
        OpenFolder::open(&self.state).map_err(TorError::Folder)
    }

    pub(crate) fn config_in(&self, folder: &OpenFolder) -> Result<TorClientConfig, TorError> {
        let mut sources = ConfigurationSources::new_empty();
        sources.push_source(
            ConfigurationSource::from_verbatim(self.defaults.clone()),
            MustRead::MustRead,
        );
        for file in &self.files {
            let text = read(file)?;
            sources.push_source(ConfigurationSource::from_verbatim(text), MustRead::MustRead);
        }
        sources.push_source(
            ConfigurationSource::from_verbatim(ALWAYS.to_owned()),
            MustRead::MustRead,
        );
        let tree = sources.load().map_err(settings)?;
        let mut builder: TorClientConfigBuilder = tree
            .get_serde_value("")
            .map_err(settings)?
            .unwrap_or_default();
        builder
            .storage()
            .state_dir(CfgPath::new_literal(folder.path().join("state")))
            .cache_dir(CfgPath::new_literal(folder.path().join("cache")));
        if self.keys == KeyKeeping::Memory {
            builder
                .storage()
                .keystore()
                .primary()
                .kind(tor_config::ExplicitOrAuto::Explicit(
                    tor_keymgr::config::ArtiKeystoreKind::Ephemeral,
                ));
        }
        builder
            .storage()
            .keystore()
            .enabled(BoolOrAuto::Explicit(true));
        if folder.is_temporary() {
            // The folder was made a moment ago, private and with a random name; what stands
            // above it (a sticky folder that all may write to) is no danger to it.
            builder.storage().permissions().dangerously_trust_everyone();
        }
        builder.build().map_err(settings)
    }
}

fn read(file: &Path) -> Result<String, TorError> {
    std::fs::read_to_string(file).map_err(|error| settings(format!("{}: {error}", file.display())))
}

fn settings(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TorError {
    TorError::Settings(error.into())
}

#[cfg(test)]
mod tests {
    use arti_client::config::circ::PathConfig;

    use super::*;

    fn config(files: &[&str]) -> Result<TorClientConfig, TorError> {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = TorSettings::new(StateFolder::Temporary);
        for (number, text) in files.iter().enumerate() {
            let path = folder.path().join(format!("{number}.toml"));
            #[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
            std::fs::write(&path, text).unwrap();
            settings = settings.with_file(path);
        }
        let open = settings.open_folder()?;
        settings.config_in(&open)
    }

    #[test]
    fn vanguards_are_full_whatever_a_file_says() {
        let config = config(&["[vanguards]\nmode = \"disabled\"\n"]).unwrap();
        let vanguards: &arti_client::config::vanguards::VanguardConfig = config.as_ref();
        assert_eq!(format!("{:?}", vanguards.mode()), "Full");
    }

    fn rules(files: &[&str]) -> PathConfig {
        AsRef::<PathConfig>::as_ref(&config(files).unwrap()).clone()
    }

    #[test]
    fn a_later_file_wins_over_an_earlier_one() {
        let one = "[path_rules]\nipv4_subnet_family_prefix = 8\n";
        let two = "[path_rules]\nipv4_subnet_family_prefix = 9\n";
        assert!(rules(&[one, two]) == rules(&[two]));
        assert!(rules(&[two, one]) == rules(&[one]));
        assert!(rules(&[one]) != rules(&[two]));
    }

    #[test]
    fn every_file_wins_over_the_defaults_and_what_it_leaves_out_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arti.toml");
        #[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
        std::fs::write(&path, "[path_rules]\nipv4_subnet_family_prefix = 9\n").unwrap();
        let lines = "[path_rules]\nipv4_subnet_family_prefix = 8\n\
                     [system.memory]\nmax = \"300 MiB\"\n";
        let settings = TorSettings::new(StateFolder::Temporary)
            .with_defaults(lines)
            .with_file(path);
        let open = settings.open_folder().unwrap();
        let config = settings.config_in(&open).unwrap();
        let file = rules(&["[path_rules]\nipv4_subnet_family_prefix = 9\n"]);
        assert!(*AsRef::<PathConfig>::as_ref(&config) == file);
        let memory = format!("{config:?}");
        assert!(memory.contains(&(300 << 20).to_string()), "{memory}");
    }

    #[test]
    fn a_file_that_is_not_there_is_refused_by_name() {
        let settings = TorSettings::new(StateFolder::Temporary).with_file("/nowhere/arti.toml");
        let folder = settings.open_folder().unwrap();
        let Err(TorError::Settings(error)) = settings.config_in(&folder) else {
            panic!("it was taken")
        };
        assert!(error.to_string().contains("/nowhere/arti.toml"));
    }

    #[test]
    fn a_file_that_arti_does_not_understand_is_refused() {
        assert!(matches!(
            config(&["path_rules = 3"]),
            Err(TorError::Settings(_))
        ));
        assert!(matches!(config(&["= = ="]), Err(TorError::Settings(_))));
    }

    #[test]
    fn a_temporary_state_gives_no_configuration_for_keys() {
        let settings = TorSettings::new(StateFolder::Temporary);
        assert!(matches!(settings.arti_config(), Err(TorError::Settings(_))));
    }
}
