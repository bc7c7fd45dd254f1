//! On a store in memory, which is as etcd is; on a real one where there is one.

mod adopted;
mod bench;
mod guards;
mod layout;
mod real;
