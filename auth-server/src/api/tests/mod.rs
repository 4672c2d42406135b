//! The real routers, asked as peers and applications ask them.

mod bodies;
mod cadde;
mod certificates;
mod elsewhere;
mod exchange;
mod fixture;
mod kinds;
mod oauth;
mod operator;
mod recorded;
mod redirects;
mod registering;
mod sign_in;
mod states;
mod wire;
