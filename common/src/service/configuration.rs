//! What the configurations of all services have in common.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    config::AdminConfig,
    process::{Findings, Section},
    telemetry::TelemetryConfig,
};

/// The whole configuration of a service. What does not fit between two of its sections, it says as a [`Section`] itself.
///
/// [`configuration!`](crate::configuration) implements it.
pub trait Configuration:
    Section + DeserializeOwned + Serialize + Debug + Clone + Send + 'static
{
    /// `[admin]`.
    fn admin(&self) -> &AdminConfig;

    /// `[telemetry]`.
    fn telemetry(&self) -> &TelemetryConfig;

    /// Every section that can be wrong in more than its form, by name.
    fn sections(&self) -> Vec<(&'static str, &dyn Section)>;
}

/// Implements [`Configuration`](crate::service::Configuration) for a structure with the fields `admin`, `telemetry` and the sections
/// that are named.
#[macro_export]
macro_rules! configuration {
    ($config:ty: $($section:ident),* $(,)?) => {
        impl $crate::service::Configuration for $config {
            fn admin(&self) -> &$crate::config::AdminConfig {
                &self.admin
            }

            fn telemetry(&self) -> &$crate::telemetry::TelemetryConfig {
                &self.telemetry
            }

            fn sections(&self) -> Vec<(&'static str, &dyn $crate::process::Section)> {
                vec![
                    ("admin", &self.admin),
                    ("telemetry", &self.telemetry),
                    $((stringify!($section), &self.$section)),*
                ]
            }
        }
    };
}

/// Everything that is wrong or risky about `config` beyond its form.
pub fn findings(config: &impl Configuration) -> Findings {
    let mut findings = Findings::default();
    for (name, section) in config.sections() {
        findings.section(name, section);
    }
    config.check(&mut findings);
    findings
}
