//! Names into addresses.
//!
//! In: a host name. Out: its addresses, or why there are none. The real one asks the system; tests bring one that hangs.
//! Must not decide what is done with them, and must not cache.

use futures::future::BoxFuture;
use std::io;
use std::net::SocketAddr;

/// Who knows the addresses of a name.
pub trait Names: Send + Sync + 'static {
    /// Looks up `host`, which may be an address already. It may take for ever: the caller sets the deadline.
    fn lookup(&self, host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver, on a thread of its own.
pub struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), port)).await?.collect()) })
    }
}
