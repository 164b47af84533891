//! Scenarios in the words of AWS, played over HTTP against a sandbox on a manual clock.

mod client;

mod account_defaults;
mod auto_scaling;
mod describing;
mod events;
mod faults;
mod fleets;
mod identity;
mod images;
mod launch;
mod lifecycle;
mod metadata_options;
mod metrics;
mod organizations;
mod others;
mod parameters;
mod side_options;
mod tags;
mod templates;
mod throttling;
mod unreliable_bus;
mod wire;
