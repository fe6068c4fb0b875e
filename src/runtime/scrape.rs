//! `sereno metrics`: a small HTTP server for Prometheus.
//!
//! In: the latest exposition, replaced by the command's loop. Out: `GET /metrics`. At most 16 connections at a time, each
//! for 10 s at most. Must not touch the state: it serves a text.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Connections served at a time.
const MOST: usize = 16;
/// Longest life of a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The text that is served; none until the first facts have been folded.
pub(super) type Page = Arc<Mutex<Option<String>>>;

/// Serves `page` on `listener` for ever.
pub(super) async fn serve(listener: TcpListener, page: Page) {
    let slots = Arc::new(Semaphore::new(MOST));
    let mut running = tokio::task::JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let page = page.clone();
        running.spawn(async move {
            let service = service_fn(move |request| answer(request, page.clone()));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = tokio::time::timeout(PATIENCE, connection).await;
            drop(slot);
        });
    }
}

/// Binds the address.
///
/// # Errors
/// It is taken, or not ours.
pub(super) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

async fn answer(request: Request<Incoming>, page: Page) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = page.lock().ok().and_then(|p| p.clone());
    let (status, kind, body) = match (request.method().as_str(), request.uri().path(), text) {
        ("GET" | "HEAD", "/metrics", Some(text)) => {
            (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text)
        }
        ("GET" | "HEAD", "/metrics", None) => {
            (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "nothing has been read yet\n".to_owned())
        }
        ("GET" | "HEAD", _, _) => (StatusCode::NOT_FOUND, "text/plain", "only /metrics is here\n".to_owned()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET is answered\n".to_owned()),
    };
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    Ok(response.body(Full::new(Bytes::from(body))).unwrap_or_default())
}
