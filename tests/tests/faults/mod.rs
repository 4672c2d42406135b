//! Kills, outages, renewed certificates and wrong clocks under load, judged by what the callers saw.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may stop at the first surprise as tests do"
)]

mod clocks;
mod kills;
mod outage;
mod renewals;
