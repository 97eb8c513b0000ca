//! Signing in with the browser: authorization code with PKCE and a loopback
//! callback (RFC 7636, RFC 8252).

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloudalbum_domain::wire::SignIn;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::api;
use crate::cognito::{Cognito, Tokens};
use crate::terminal::Terminal;

/// The port to be registered where a pool compares callbacks with their ports.
const PORT: u16 = 8976;
const PATIENCE: Duration = Duration::from_mins(5);
const LONGEST_LINE: u64 = 8192;

/// Sends the person to the sign-in page and waits for the code that comes back.
pub(crate) async fn sign_in(
    cognito: &Cognito,
    at: &SignIn,
    terminal: &Terminal,
) -> anyhow::Result<Tokens> {
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
    };
    let callback = format!(
        "http://127.0.0.1:{}/callback",
        listener.local_addr()?.port()
    );
    let verifier = secret();
    let state = secret();
    let page = authorize_page(at, &callback, &verifier, &state)?;
    terminal.note(format_args!("Sign in at this page:\n{page}"));
    open(&page);
    let code = tokio::time::timeout(PATIENCE, wait_for_code(&listener, &state))
        .await
        .context("nobody signed in for five minutes: run `cloudalbum login` again")??;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &at.client_id),
        ("code", &code),
        ("redirect_uri", &callback),
        ("code_verifier", &verifier),
    ];
    let response = cognito.http.post(&at.token_url).form(&form).send().await?;
    let status = response.status();
    let bytes = api::read(response).await?;
    ensure!(
        status.is_success(),
        "the sign-in did not take the code ({status}): run `cloudalbum login` again"
    );
    serde_json::from_slice(&bytes).context("the sign-in gave no tokens")
}

fn authorize_page(at: &SignIn, callback: &str, verifier: &str, state: &str) -> anyhow::Result<Url> {
    let mut page = Url::parse(&at.authorize_url).context("the server names no sign-in page")?;
    ensure!(
        matches!(page.scheme(), "http" | "https"),
        "the server names a sign-in page that is no web page"
    );
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    page.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &at.client_id)
        .append_pair("redirect_uri", callback)
        .append_pair("scope", "openid email profile")
        .append_pair("state", state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(page)
}

fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Opens the page if there is a way to; the person has the address, too.
fn open(page: &Url) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = tokio::process::Command::new(opener);
    command
        .arg(page.as_str())
        .stdin(std::process::Stdio::null());
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    drop(command.spawn());
}

/// Answers what comes to the callback until it is the answer to this sign-in.
async fn wait_for_code(listener: &TcpListener, state: &str) -> anyhow::Result<String> {
    loop {
        let (stream, _) = listener.accept().await?;
        // A stranger on this machine can only waste one connection.
        let asked = tokio::time::timeout(Duration::from_secs(5), answer(stream, state)).await;
        match asked {
            Ok(Ok(Some(Reply::Code(code)))) => return Ok(code),
            Ok(Ok(Some(Reply::Refused(reason)))) => bail!("the sign-in said no: {reason}"),
            _ => {}
        }
    }
}

enum Reply {
    Code(String),
    Refused(String),
}

async fn answer(stream: TcpStream, state: &str) -> std::io::Result<Option<Reply>> {
    let mut reader = BufReader::new(stream.take(LONGEST_LINE));
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    let reply = line
        .split(' ')
        .nth(1)
        .and_then(|target| parse(target, state));
    let (status, text) = match &reply {
        Some(Reply::Code(_)) => (
            "200 OK",
            "You are signed in. Close this page and go back to the terminal.",
        ),
        Some(Reply::Refused(_)) => (
            "200 OK",
            "The sign-in was refused. Go back to the terminal.",
        ),
        None => ("404 Not Found", "Nothing is here."),
    };
    let length = text.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = reader.into_inner().into_inner();
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(reply)
}

fn parse(target: &str, state: &str) -> Option<Reply> {
    let url = Url::parse("http://127.0.0.1").ok()?.join(target).ok()?;
    let value = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    if url.path() != "/callback" || value("state").as_deref() != Some(state) {
        return None;
    }
    if let Some(error) = value("error") {
        return Some(Reply::Refused(error));
    }
    value("code").map(Reply::Code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_sign_in_counts() {
        let code = |target| match parse(target, "s") {
            Some(Reply::Code(code)) => Some(code),
            _ => None,
        };
        assert_eq!(code("/callback?code=a%2Bb&state=s").as_deref(), Some("a+b"));
        assert_eq!(code("/callback?code=a&state=other"), None);
        assert_eq!(code("/favicon.ico?code=a&state=s"), None);
        assert_eq!(code("/callback?error=access_denied&state=s&code=a"), None);
    }
}
