//! Choices of supervision by the names that the scene gives them.

use serde::Deserialize;
use tanda_components::{AutoShutdown, Restart, Shutdown, Strategy};

/// As the scene writes a [`Strategy`].
#[derive(Clone, Copy, Deserialize)]
pub(super) enum StrategyName {
    OneForOne,
    OneForAll,
    RestForOne,
}

impl From<StrategyName> for Strategy {
    fn from(name: StrategyName) -> Self {
        match name {
            StrategyName::OneForOne => Self::OneForOne,
            StrategyName::OneForAll => Self::OneForAll,
            StrategyName::RestForOne => Self::RestForOne,
        }
    }
}

/// As the scene writes a [`Restart`].
#[derive(Clone, Copy, Deserialize)]
pub(super) enum RestartName {
    Permanent,
    Transient,
    Temporary,
}

impl From<RestartName> for Restart {
    fn from(name: RestartName) -> Self {
        match name {
            RestartName::Permanent => Self::Permanent,
            RestartName::Transient => Self::Transient,
            RestartName::Temporary => Self::Temporary,
        }
    }
}

/// As the scene writes an [`AutoShutdown`].
#[derive(Clone, Copy, Deserialize)]
pub(super) enum AutoShutdownName {
    Never,
    AnySignificant,
    AllSignificant,
}

impl From<AutoShutdownName> for AutoShutdown {
    fn from(name: AutoShutdownName) -> Self {
        match name {
            AutoShutdownName::Never => Self::Never,
            AutoShutdownName::AnySignificant => Self::AnySignificant,
            AutoShutdownName::AllSignificant => Self::AllSignificant,
        }
    }
}

/// A [`Shutdown`] that is no length of time, as the scene writes it.
#[derive(Clone, Copy, Deserialize)]
pub(super) enum ShutdownName {
    BrutalKill,
    Infinity,
}

impl From<ShutdownName> for Shutdown {
    fn from(name: ShutdownName) -> Self {
        match name {
            ShutdownName::BrutalKill => Self::BrutalKill,
            ShutdownName::Infinity => Self::Infinity,
        }
    }
}
