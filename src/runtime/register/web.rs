//! The register from the web: a folder that lists itself as JSON, and its files.
//!
//! In: a [`WebFolder`]. Out: a `Roster`, or why there is none. Deadlines, sizes, numbers of folders and files and redirects
//! are bounded; a request that fails in passing is made once more; nothing but the public address is sent. Must not store.

use crate::chain::transport::stream;
use crate::config::roster::{
    MAX_BYTES, MAX_DEPTH, MAX_FILE, MAX_FILES, Reader, WebFolder, is_wanted, is_wanted_folder, may_ask,
};
use crate::domain::redact::hide_urls;
use crate::domain::{Clean, Roster};
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use url::Url;

/// Longest time for everything.
const DEADLINE: Duration = Duration::from_secs(120);
/// Longest time for one request.
const PATIENCE: Duration = Duration::from_secs(15);
/// Pause before a request is made once more.
const PAUSE: Duration = Duration::from_millis(500);
/// Largest list of a folder, in bytes.
const MAX_LIST: usize = 2 << 20;
/// Folders asked for.
const MAX_FOLDERS: usize = 50;
/// Files asked for at a time.
const AT_ONCE: usize = 4;
/// Redirects followed.
const MAX_REDIRECTS: usize = 3;
/// How this program names itself.
const AGENT: &str = concat!("sereno/", env!("CARGO_PKG_VERSION"));

/// Why the register could not be read from the web.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum WebError {
    /// No connection, or it broke.
    #[error("{0}")]
    Link(Clean),
    /// Not within its time.
    #[error("no answer within {0} s")]
    Deadline(u64),
    /// The server refuses.
    #[error("the server answers {0}")]
    Status(u16),
    /// More than was expected.
    #[error("the answer is larger than {0} bytes")]
    Size(usize),
    /// No list of a folder.
    #[error("the answer is no list of files ({0}); expected JSON with name, type and download_url each")]
    Shape(Clean),
    /// To a place that may not be asked.
    #[error("the server sends us to a place that is not encrypted, or round in a circle")]
    Redirect,
}

impl WebError {
    /// True for what may be gone a moment later.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Deadline(_) | Self::Status(500..=599))
    }
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    download_url: Option<String>,
    url: Option<String>,
}

/// A folder that is still to be listed.
struct Folder {
    url: Url,
    path: String,
    depth: usize,
}

/// Reads the whole register.
pub(super) async fn fetch(web: &WebFolder) -> Result<Roster, WebError> {
    let all = read(web.listing());
    let reader = timeout(DEADLINE, all).await.map_err(|_| WebError::Deadline(DEADLINE.as_secs()))??;
    Ok(reader.finish(None))
}

async fn read(root: &Url) -> Result<Reader, WebError> {
    // Only a register on this machine may send us to servers on this machine.
    let local = root.scheme() == "http";
    let mut reader = Reader::default();
    let files = list(root, local, &mut reader).await?;
    if files.is_empty() {
        reader.problem("the register", "no file is listed", "files *.yml");
    }
    let asked = files.into_iter().map(|(path, url)| async move { (path, get(&url, local, MAX_FILE).await) });
    let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
    let mut bytes = 0;
    while let Some((path, answer)) = answers.next().await {
        match answer {
            Ok(body) => {
                bytes += body.len();
                reader.add(&path, &body);
            }
            Err(e) => reader.problem(&path, &format!("could not be read: {e}"), "a file"),
        }
        if bytes > MAX_BYTES {
            reader.problem(&path, "the register is too large; what follows is left out", "16 MiB");
            break;
        }
    }
    Ok(reader)
}

/// The files of the register, in the order of their paths.
async fn list(root: &Url, local: bool, reader: &mut Reader) -> Result<Vec<(String, Url)>, WebError> {
    let mut folders = VecDeque::from([Folder { url: root.clone(), path: String::new(), depth: 0 }]);
    let (mut files, mut listed) = (Vec::new(), 0);
    while let Some(folder) = folders.pop_front() {
        listed += 1;
        let body = get(&folder.url, local, MAX_LIST).await?;
        let entries: Vec<Entry> =
            serde_json::from_slice(&body).map_err(|e| WebError::Shape(Clean::of(&e.to_string())))?;
        for entry in entries {
            let name = &entry.name;
            let path = if folder.path.is_empty() { name.clone() } else { format!("{}/{name}", folder.path) };
            let (link, wanted) = match entry.kind.as_str() {
                "dir" => (entry.url.or_else(|| Some(format!("{}/", segment(name)))), is_wanted_folder(name)),
                "file" => (entry.download_url, is_wanted(name)),
                _ => continue,
            };
            if !wanted {
                continue;
            }
            let Some(url) = link.and_then(|l| base(&folder.url).join(&l).ok()).filter(|u| may_ask(u, local))
            else {
                reader.problem(&path, "the list gives no address that may be asked", "an https:// URL");
                continue;
            };
            if entry.kind == "file" && files.len() < MAX_FILES {
                files.push((path, url));
            } else if entry.kind == "dir"
                && folder.depth + 1 < MAX_DEPTH
                && listed + folders.len() < MAX_FOLDERS
            {
                folders.push_back(Folder { url, path, depth: folder.depth + 1 });
            } else {
                reader.problem(
                    &path,
                    "the register is too large; this is left out",
                    "1000 files, 50 folders",
                );
            }
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}

/// The folder's URL with a slash at its end, so that names lie below it.
fn base(folder: &Url) -> Url {
    let mut url = folder.clone();
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// A name as one part of a path.
fn segment(name: &str) -> String {
    format!("./{}", name.replace('%', "%25").replace(['/', '\\', '?', '#'], "_"))
}

/// The body at this URL; asked for once more where it fails in passing.
async fn get(url: &Url, local: bool, most: usize) -> Result<Bytes, WebError> {
    let once = || async {
        let limit = PATIENCE.as_secs();
        timeout(PATIENCE, follow(url, local, most)).await.unwrap_or(Err(WebError::Deadline(limit)))
    };
    match once().await {
        Err(e) if e.is_passing() => {
            sleep(PAUSE).await;
            once().await
        }
        answer => answer,
    }
}

async fn follow(url: &Url, local: bool, most: usize) -> Result<Bytes, WebError> {
    let mut url = url.clone();
    for _ in 0..=MAX_REDIRECTS {
        match ask(&url, most).await? {
            Answer::Body(body) => return Ok(body),
            Answer::Moved(to) => {
                url = url.join(&to).ok().filter(|u| may_ask(u, local)).ok_or(WebError::Redirect)?;
            }
        }
    }
    Err(WebError::Redirect)
}

enum Answer {
    Body(Bytes),
    Moved(String),
}

fn broken(e: &dyn std::fmt::Display) -> WebError {
    WebError::Link(Clean::of(&hide_urls(&e.to_string())))
}

/// One request on a connection of its own.
async fn ask(url: &Url, most: usize) -> Result<Answer, WebError> {
    let stream = stream::open(url.as_str()).await.map_err(|e| broken(&e))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let target = url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
    let request = Request::get(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, "application/json, */*;q=0.5")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|e| broken(&e))?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok());
            return to.map(|t| Answer::Moved(t.to_owned())).ok_or(WebError::Status(status.as_u16()));
        }
        if !status.is_success() {
            return Err(WebError::Status(status.as_u16()));
        }
        let body = Limited::new(response.into_body(), most).collect().await;
        body.map(|b| Answer::Body(b.to_bytes())).map_err(|e| {
            if e.is::<http_body_util::LengthLimitError>() { WebError::Size(most) } else { broken(&e) }
        })
    };
    let (exchange, connection) = (std::pin::pin!(exchange), std::pin::pin!(connection));
    match futures::future::select(exchange, connection).await {
        futures::future::Either::Left((answer, _)) => answer,
        // The server closes when it has sent everything: what came is still to be read.
        futures::future::Either::Right((_, exchange)) => exchange.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_below_its_folder() {
        let root = Url::parse("https://h/a/b").unwrap();
        let below = |name: &str| base(&root).join(&segment(name)).unwrap().to_string();
        assert_eq!(below("active"), "https://h/a/b/active");
        assert_eq!(below("//evil"), "https://h/a/b/__evil");
        assert_eq!(below("https:evil"), "https://h/a/b/https:evil");
        assert_eq!(below("a?b#c"), "https://h/a/b/a_b_c");
    }
}
