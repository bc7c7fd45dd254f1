//! Rules as tables, guards, several owners, and random states against a slow model.

mod bench;
mod guards;
mod model;
mod order;
mod rules;
mod several;
mod upstream;
