//! Kills, outages, renewed certificates and wrong clocks under load, judged by what the callers saw.

mod clocks;
mod kills;
mod outage;
mod renewals;
