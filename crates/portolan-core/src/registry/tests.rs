//! External-DNS' forms, each row as its own tests have it, and whole zones read and written.

mod forms;
mod rounds;
mod zones;
