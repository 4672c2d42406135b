mod exactness;
mod following;
mod kit;
mod large;
mod queries;
mod results;
