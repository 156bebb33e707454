//! Which configuration is in force, for administrators who wonder why a change does nothing.

use std::sync::Arc;

use twinlock_bus_api::{
    error::Result,
    policy::{BROKEN, CHANGED, ConfigurationStatus, IN_FORCE},
};

use super::{
    account::{Accounts, DEADLINE},
    errors, exemptions,
};
use crate::{
    configuration::Files,
    engine::{EngineError, within},
};

impl Accounts {
    /// What is in force, and what the files say meanwhile, which are read for it.
    pub(super) async fn configuration_status(&self) -> Result<ConfigurationStatus> {
        let configuration = Arc::clone(&self.configuration);
        // The folder may be on a disk that hangs.
        let read = async move {
            let read = tokio::task::spawn_blocking(move || configuration.files()).await;
            read.map_err(|_| EngineError::TooLate(DEADLINE))
        };
        let files = within(DEADLINE, read).await;
        let files = files.map_err(|error| errors::trouble(&self.engine, "", &error))?;
        let (files, problem) = match files {
            Files::InForce => (IN_FORCE, None),
            Files::Changed => (CHANGED, None),
            Files::Broken(problem) => (BROKEN, Some(problem)),
        };
        let wants_restart = self.configuration.wants_restart();
        Ok(ConfigurationStatus {
            read_at: self.configuration.since().as_secs(),
            files: files.to_owned(),
            problem,
            wants_restart: wants_restart.into_iter().map(str::to_owned).collect(),
            exemptions: exemptions::of(&self.engine.settings().policy),
        })
    }
}
