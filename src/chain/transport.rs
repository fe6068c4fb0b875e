//! One connection to one endpoint: DNS, TCP, TLS and WebSocket, each with its own deadline; then an allow-list of read
//! methods.
//!
//! In: an endpoint's URL. Out: an [`Rpc`] that can read and cannot write: the allow-list is checked on every request,
//! whatever is built on top (FAULTS R3). Redirects are refused, answers are bounded, every call has a deadline
//! (H10, H12–H15). Must not retry: the supervisor decides.

use super::names::Names;
use crate::domain::{Clean, UnixMs};
use overheard::{Head, Overheard};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use subxt::ext::jsonrpsee::client_transport::ws::{Url, WsHandshakeError, WsTransportClientBuilder};
use subxt::ext::jsonrpsee::core::client::async_client::PingConfig;
use subxt::ext::jsonrpsee::core::client::{Client, ClientBuilder};
use subxt_rpcs::client::{RawRpcFuture, RawRpcSubscription, RpcClientT, RpcParams, RpcSubscription};
use subxt_rpcs::{Error as RawError, RpcClient};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

mod overheard;
pub(crate) mod stream;
mod tolerant;

/// Methods that this transport passes. None of them changes a chain or a node.
const READ_METHODS: &[&str] = &[
    "author_pendingExtrinsics",
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "chain_subscribeFinalizedHeads",
    "chain_subscribeNewHeads",
    "rpc_methods",
    "state_call",
    "state_getKeysPaged",
    "state_getMetadata",
    "state_getRuntimeVersion",
    "state_getStorage",
    "state_getStorageHash",
    "state_queryStorageAt",
    "system_chain",
    "system_health",
    "system_properties",
    "system_version",
];

/// Deadline of name resolution.
const DNS_DEADLINE: Duration = Duration::from_secs(3);
/// Deadline of the TCP handshake, all addresses together.
const TCP_DEADLINE: Duration = Duration::from_secs(5);
/// Deadline of the TLS handshake (H13).
const TLS_DEADLINE: Duration = Duration::from_secs(5);
/// Deadline of the WebSocket upgrade.
const UPGRADE_DEADLINE: Duration = Duration::from_secs(5);
/// Deadline of an ordinary call.
pub(super) const CALL_DEADLINE: Duration = Duration::from_secs(6);
/// Deadline of a call that brings metadata or code.
pub(super) const BULK_DEADLINE: Duration = Duration::from_secs(20);
/// Largest answer accepted: metadata and `:code` are the largest honest ones, a few MB (H10).
const MAX_RESPONSE: u32 = 16 * 1024 * 1024;
/// So many calls in a row without an answer cost the connection, even where heads still come (FAULTS row 3).
const MAX_OVERDUE: u32 = 2;
/// A server that is asked too often and does not say for how long is left alone for so long, milliseconds.
const TOO_OFTEN_MS: u64 = 60_000;
/// Shortest and longest time for which a server may send us away, milliseconds.
const RETRY_AFTER_MS: (u64, u64) = (1_000, 600_000);
/// Ping every 2 s, give up after 5 s of silence: a dead link is seen within 8 s (H12).
const PING: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5));

/// Why a connection or a call failed. Says nothing of the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The name could not be resolved.
    #[error("name not resolved: {0}")]
    Resolve(Clean),
    /// The host is there, and nothing listens on the port.
    #[error("connection refused: nothing listens there")]
    Refused,
    /// No TCP connection.
    #[error("no connection: {0}")]
    Connect(Clean),
    /// TLS failed: expired, wrong host, unknown authority.
    #[error("TLS refused: {0}")]
    Tls(Clean),
    /// A step took too long.
    #[error("{step} took longer than {seconds} s")]
    Deadline {
        /// Which step.
        step: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// The server answered the upgrade with this HTTP status.
    #[error("HTTP {status} instead of a WebSocket")]
    Rejected {
        /// The status.
        status: u16,
        /// For how long it does not want to be asked, milliseconds; none where it does not say.
        retry_after_ms: Option<u64>,
    },
    /// The server wants us elsewhere; never followed, it could lead from wss to ws.
    #[error("redirect refused (HTTP {status})")]
    Redirected {
        /// The status.
        status: u16,
    },
    /// The node answered the call with an error.
    #[error("{method}: {message} ({code})")]
    Answer {
        /// Which call.
        method: String,
        /// JSON-RPC error code.
        code: i32,
        /// What it said.
        message: Clean,
    },
    /// The connection broke, or what came is no JSON-RPC.
    #[error("connection lost: {0}")]
    Broken(Clean),
    /// The answer is not what the method promises.
    #[error("{method}: unexpected answer, {why}")]
    Nonsense {
        /// Which call.
        method: String,
        /// What was wrong with it.
        why: Clean,
    },
    /// Not a read method: a bug of ours, refused before it left.
    #[error("{0} is not on the list of read methods")]
    NotAllowed(String),
}

impl LinkError {
    /// True where the connection itself is of no use any more.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Answer { .. } | Self::Nonsense { .. } | Self::NotAllowed(_))
    }

    /// True where the node does not know the method.
    #[must_use]
    pub fn is_unknown_method(&self) -> bool {
        matches!(self, Self::Answer { code: -32601, .. })
    }

    /// True where something at the other end answered: the way there works.
    #[must_use]
    pub fn answered(&self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Rejected { .. }
                | Self::Redirected { .. }
                | Self::Answer { .. }
                | Self::Nonsense { .. }
        )
    }

    /// How long to leave the endpoint alone for good reason; none for ordinary failures.
    #[must_use]
    pub fn park_ms(&self) -> Option<u64> {
        match self {
            Self::Rejected { status: 401 | 403 | 404, .. } => Some(300_000),
            Self::Rejected { status: 429, retry_after_ms } => Some(retry_after_ms.unwrap_or(TOO_OFTEN_MS)),
            Self::Rejected { status: 503, retry_after_ms } => *retry_after_ms,
            Self::Redirected { .. } | Self::Tls(_) => Some(300_000),
            _ => None,
        }
    }
}

/// An endpoint with its addresses.
pub(super) struct Target {
    url: Url,
    host: String,
    addresses: Vec<SocketAddr>,
}

/// Looks up the addresses of an endpoint. Where the name service is silent, the address that worked last in this run does.
///
/// # Errors
/// The name is unknown, the name service is silent and no address is known, or the URL cannot be read.
pub(super) async fn resolve(
    url: &str,
    names: &dyn Names,
    last_good: Option<SocketAddr>,
) -> Result<Target, LinkError> {
    let url = Url::parse(url).map_err(|_| LinkError::Connect("the URL cannot be read".into()))?;
    let host = url.host_str().ok_or_else(|| LinkError::Connect("the URL names no host".into()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let asked = within("name resolution", DNS_DEADLINE, names.lookup(host.clone(), port)).await;
    let addresses: Vec<SocketAddr> = match (asked, last_good) {
        (Ok(found), _) => {
            found.map_err(|e| LinkError::Resolve(Clean::of(&e.to_string())))?.into_iter().take(8).collect()
        }
        (Err(_), Some(address)) => vec![address],
        (Err(silent), None) => return Err(silent),
    };
    if addresses.is_empty() {
        return Err(LinkError::Resolve("no address".into()));
    }
    Ok(Target { url, host, addresses })
}

/// Opens a connection; tells through which address.
///
/// # Errors
/// The step that failed, in words.
pub(super) async fn open(target: Target) -> Result<(Client, SocketAddr), LinkError> {
    let Target { url, host, addresses } = target;
    let (tcp, address) = within("the TCP handshake", TCP_DEADLINE, connect(&addresses)).await??;
    let _ = tcp.set_nodelay(true);
    let client = if url.scheme() == "wss" {
        upgrade(url, within("the TLS handshake", TLS_DEADLINE, tls(&host, tcp)).await??).await?
    } else {
        upgrade(url, tcp).await?
    };
    Ok((client, address))
}

async fn upgrade<S>(url: Url, stream: S) -> Result<Client, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = WsTransportClientBuilder::default()
        .max_response_size(MAX_RESPONSE)
        .max_frame_size(MAX_RESPONSE)
        .connection_timeout(UPGRADE_DEADLINE);
    let head = Head::default();
    let stream = Overheard::new(stream, head.clone());
    let ready =
        within("the WebSocket upgrade", UPGRADE_DEADLINE, builder.build_with_stream(url, stream)).await?;
    let (tx, rx) = ready.map_err(|e| upgrade_error(e, &head))?;
    Ok(client().build_with_tokio(tx, tolerant::Tolerant(rx)))
}

fn client() -> ClientBuilder {
    ClientBuilder::default()
        .request_timeout(BULK_DEADLINE)
        .max_concurrent_requests(128)
        .max_buffer_capacity_per_subscription(256)
        .enable_ws_ping(PingConfig::new().ping_interval(PING.0).inactive_limit(PING.1).max_failures(1))
}

async fn within<T>(
    step: &'static str,
    limit: Duration,
    job: impl Future<Output = T>,
) -> Result<T, LinkError> {
    timeout(limit, job).await.map_err(|_| LinkError::Deadline { step, seconds: limit.as_secs() })
}

/// Tries the addresses one after the other; a silent one is left after 1.5 s so that an IPv6 black hole costs little.
async fn connect(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), LinkError> {
    let mut last = LinkError::Connect("no address".into());
    for address in addresses {
        last = match timeout(Duration::from_millis(1_500), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::ConnectionRefused => LinkError::Refused,
            Ok(Err(e)) => LinkError::Connect(Clean::of(&e.to_string())),
            Err(_) => LinkError::Deadline { step: "the TCP handshake", seconds: TCP_DEADLINE.as_secs() },
        };
    }
    Err(last)
}

async fn tls(host: &str, tcp: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, LinkError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let refused = |e: &dyn std::fmt::Display| LinkError::Tls(Clean::of(&e.to_string()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| refused(&e))?
        .with_platform_verifier()
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(|e| refused(&e))?;
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|e| tls_error(&e))
}

/// A certificate that does not fit is refused for long; a connection that breaks during the handshake is an ordinary
/// loss, such as a proxy that restarts.
fn tls_error(e: &std::io::Error) -> LinkError {
    let text = Clean::of(&e.to_string());
    match e.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(_) => LinkError::Tls(text),
        None => LinkError::Connect(text),
    }
}

fn upgrade_error(e: WsHandshakeError, head: &Head) -> LinkError {
    match e {
        WsHandshakeError::Rejected { status_code } => {
            let (least, most) = RETRY_AFTER_MS;
            let retry_after_ms = head.retry_after_ms().map(|ms| ms.clamp(least, most));
            LinkError::Rejected { status: status_code, retry_after_ms }
        }
        WsHandshakeError::Redirected { status_code, .. } => LinkError::Redirected { status: status_code },
        WsHandshakeError::Timeout(d) => {
            LinkError::Deadline { step: "the WebSocket upgrade", seconds: d.as_secs() }
        }
        other => LinkError::Connect(Clean::of(&other.to_string())),
    }
}

/// A transport that passes read methods only.
struct ReadOnly<T>(T);

impl<T: RpcClientT> RpcClientT for ReadOnly<T> {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        if READ_METHODS.contains(&method) { self.0.request_raw(method, params) } else { refuse(method) }
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        if READ_METHODS.contains(&sub) { self.0.subscribe_raw(sub, params, unsub) } else { refuse(sub) }
    }
}

fn refuse<'a, T: Send + 'a>(method: &str) -> RawRpcFuture<'a, T> {
    let e = RawError::Client(Box::new(LinkError::NotAllowed(method.to_owned())));
    Box::pin(std::future::ready(Err(e)))
}

/// A read-only connection. Cheap to clone.
#[derive(Clone)]
pub struct Rpc {
    client: RpcClient,
    latency: Arc<AtomicU32>,
    overdue: Arc<Overdue>,
    clock: Arc<dyn crate::ports::Clock>,
}

/// Calls that were not answered in time.
#[derive(Default)]
struct Overdue {
    in_a_row: AtomicU32,
    too_many: Notify,
}

impl Rpc {
    /// Wraps any transport, a live one or a recorded one, behind the allow-list.
    #[must_use]
    pub fn new(transport: impl RpcClientT, clock: Arc<dyn crate::ports::Clock>) -> Self {
        Self {
            client: RpcClient::new(ReadOnly(transport)),
            latency: Arc::new(AtomicU32::new(u32::MAX)),
            overdue: Arc::default(),
            clock,
        }
    }

    /// Milliseconds that the last answered call took.
    #[must_use]
    pub fn latency_ms(&self) -> Option<u32> {
        Some(self.latency.load(Ordering::Relaxed)).filter(|ms| *ms != u32::MAX)
    }

    /// One call with the ordinary deadline.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub async fn call<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: RpcParams,
    ) -> Result<R, LinkError> {
        self.call_within(method, params, CALL_DEADLINE).await
    }

    /// One call that may bring megabytes.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub async fn bulk<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: RpcParams,
    ) -> Result<R, LinkError> {
        self.call_within(method, params, BULK_DEADLINE).await
    }

    async fn call_within<R: DeserializeOwned>(
        &self,
        method: &'static str,
        params: RpcParams,
        limit: Duration,
    ) -> Result<R, LinkError> {
        let started = self.clock.now();
        let answer = within(method, limit, self.client.request(method, params)).await;
        self.note_overdue(answer.is_err());
        let answer = answer?;
        if !matches!(answer, Err(RawError::Client(_))) {
            self.note_latency(started);
        }
        answer.map_err(|e| call_error(method, e))
    }

    /// Opens a subscription.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub async fn subscribe(
        &self,
        sub: &'static str,
        unsub: &'static str,
    ) -> Result<RpcSubscription<serde_json::Value>, LinkError> {
        within(sub, CALL_DEADLINE, self.client.subscribe(sub, RpcParams::new(), unsub))
            .await?
            .map_err(|e| call_error(sub, e))
    }

    /// Ends when the connection answers no calls any more, whatever else comes through it.
    pub(super) async fn given_up(&self) {
        self.overdue.too_many.notified().await;
    }

    fn note_overdue(&self, overdue: bool) {
        let count = &self.overdue.in_a_row;
        if !overdue {
            count.store(0, Ordering::Relaxed);
        } else if count.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_OVERDUE {
            self.overdue.too_many.notify_one();
        }
    }

    fn note_latency(&self, started: UnixMs) {
        let ms = u32::try_from(self.clock.now().since(started)).unwrap_or(u32::MAX - 1);
        self.latency.store(ms, Ordering::Relaxed);
    }
}

/// What ended a connection, without the client's words about itself.
fn cause(said: &str) -> Clean {
    let cause = said.strip_prefix("The background task closed ").unwrap_or(said);
    Clean::of(cause.strip_suffix("; restart required").unwrap_or(cause))
}

fn call_error(method: &str, e: RawError) -> LinkError {
    let method = method.to_owned();
    match e {
        RawError::User(u) => LinkError::Answer { method, code: u.code, message: Clean::of(&u.message) },
        RawError::Deserialization(e) => LinkError::Nonsense { method, why: Clean::of(&e.to_string()) },
        RawError::Client(inner) => match inner.downcast::<LinkError>() {
            Ok(ours) => *ours,
            Err(other) => LinkError::Broken(cause(&other.to_string())),
        },
        other => LinkError::Broken(Clean::of(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_connection_that_breaks_during_the_handshake_is_tried_again_soon_and_a_bad_certificate_is_not() {
        let bad = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let parked = |e: &Error| tls_error(e).park_ms();
        assert_eq!(parked(&Error::new(ErrorKind::InvalidData, bad)), Some(300_000));
        assert_eq!(parked(&Error::new(ErrorKind::UnexpectedEof, "tls handshake eof")), None);
        assert_eq!(parked(&Error::from(ErrorKind::ConnectionReset)), None);
    }
}
