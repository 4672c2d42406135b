mod checked;
mod dcat;
mod form;
mod legacy;
mod round_trips;
mod samples;
mod search;
mod table;
