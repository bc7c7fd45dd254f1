//! A server of the test's own, on loopback, in a thread beside the test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

use tokio::sync::oneshot;

/// Serves on a port of loopback until what is given back is dropped: where that is, and the end of it.
///
/// # Panics
/// When loopback has no port left.
pub(crate) fn serve<F: Future<Output = ()>>(
    server: impl FnOnce(tokio::net::TcpListener) -> F + Send + 'static,
) -> (SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a port");
    let address = listener.local_addr().expect("a bound socket has an address");
    listener.set_nonblocking(true).expect("a socket can be non-blocking");
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads can be made");
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
            tokio::select! {
                () = server(listener) => {}
                _ = stopped => {}
            }
        });
    });
    (address, stop)
}
