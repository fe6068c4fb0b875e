//! A byte stream to a web server: the same name resolution, handshakes and deadlines as the connections to nodes.
//!
//! In: an `https://` or `http://` URL. Out: a [`Stream`] to its host. What is said over it is the caller's business. Must not
//! decide whether a plain connection is allowed: `config` does.

use super::{LinkError, TCP_DEADLINE, TLS_DEADLINE, connect, resolve, tls, within};
use crate::chain::names::SystemNames;
use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens a stream to the host of the URL; anything but `http` is encrypted.
///
/// # Errors
/// The step that failed, in words.
pub(crate) async fn open(url: &str) -> Result<Box<dyn Stream>, LinkError> {
    let target = resolve(url, &SystemNames, None).await?;
    let (tcp, _) = within("the TCP handshake", TCP_DEADLINE, connect(&target.addresses)).await??;
    if target.url.scheme() == "http" {
        return Ok(Box::new(tcp));
    }
    Ok(Box::new(within("the TLS handshake", TLS_DEADLINE, tls(&target.host, tcp)).await??))
}
