//! TLS in front of a [`super::server::Server`], with a certificate of an authority of its own, right for a month before and after now.

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::SystemTime;

pub struct Secure {
    port: u16,
    /// PEM.
    pub authority: String,
}

impl Secure {
    /// In front of the server on that port of this machine.
    pub fn start(to: u16) -> Self {
        let (config, authority) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let port = listener.local_addr().expect("address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = config.clone();
                // A client that does not believe it breaks off: that is its right.
                std::thread::spawn(move || relay(stream, config, to));
            }
        });
        Self { port, authority }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}/{path}", self.port)
    }
}

fn certificates() -> (Arc<ServerConfig>, String) {
    let month = 30 * 86_400;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let day = |s: u64| rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(s);
    let mut of_authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    of_authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("key");
    let mut of_server = rcgen::CertificateParams::new(vec!["127.0.0.1".into()]).expect("parameters");
    for parameters in [&mut of_authority, &mut of_server] {
        (parameters.not_before, parameters.not_after) = (day(now - month), day(now + month));
    }
    let authority = of_authority.self_signed(&authority_key).expect("certificate");
    let issuer = rcgen::Issuer::new(of_authority, authority_key);
    let key = rcgen::KeyPair::generate().expect("key");
    let certificate = of_server.signed_by(&key, &issuer).expect("certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], secret))
        .expect("configuration");
    (Arc::new(config), authority.pem())
}

/// One request a connection: what comes is passed on until an empty line, and the answer back.
fn relay(mut stream: TcpStream, config: Arc<ServerConfig>, to: u16) {
    let Ok(mut session) = ServerConnection::new(config) else { return };
    let mut client = Stream::new(&mut session, &mut stream);
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => return,
        }
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)) else { return };
    let _ = server.write_all(&request).and_then(|()| server.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    if server.read_to_end(&mut answer).is_ok() {
        let _ = client.write_all(&answer).and_then(|()| client.flush());
    }
    session.send_close_notify();
    let _ = session.complete_io(&mut stream);
}
