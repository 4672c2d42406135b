//! People who sign in, and others who try: the routes over a real database, with a stand-in for the authentication server.

mod changes;
mod ending;
mod fixture;
mod refreshing;
mod signing_in;
