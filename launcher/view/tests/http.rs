//! The HTTP catalog and the loader against a server of a few lines on the loopback interface.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use hearth_api::Progress;
use hearth_view::{Catalog, CatalogError, Delivery, FixtureCatalog, HttpCatalog, Loader, Request, Store};

/// Answers one connection each with these, in turn, and gives the requests as `METHOD PATH BODY`. An empty answer hangs up.
fn server(answers: Vec<(u16, String)>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    let (send, requests) = channel();
    thread::spawn(move || {
        for (status, body) in answers {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut sent = vec![0; length];
            reader.read_exact(&mut sent).unwrap();
            let first = first.trim_end().trim_end_matches(" HTTP/1.1");
            send.send(format!("{first} {}", String::from_utf8_lossy(&sent)).trim_end().to_owned()).unwrap();
            if status != 0 {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).unwrap();
            }
        }
    });
    (origin, requests)
}

fn catalog(answers: &[(u16, &str)]) -> (HttpCatalog, Receiver<String>) {
    let (origin, requests) = server(answers.iter().map(|(s, b)| (*s, (*b).to_owned())).collect());
    (HttpCatalog::new(&origin, "anna & co").unwrap(), requests)
}

const GRANT: &str =
    r#"{"hls":"/h","dash":"/d","license":null,"token":"t","expires_at_ms":1,"resume_ms":7,"duration_ms":9,"new":1}"#;

#[test]
fn requests_are_as_the_server_defines_them() {
    let (catalog, requests) = catalog(&[(200, r#"{"hero":null,"shelves":[]}"#), (404, "{}"), (200, GRANT), (204, "")]);
    assert_eq!(catalog.home().unwrap().shelves.len(), 0);
    assert!(catalog.title("a/b?").is_err());
    assert_eq!(catalog.playback("x").unwrap().resume_ms, Some(7));
    catalog.progress("x", &Progress { position_ms: 5, duration_ms: 10 }).unwrap();
    let seen: Vec<String> = requests.iter().collect();
    assert_eq!(
        seen,
        [
            "GET /v1/home?profile=anna%20%26%20co",
            "GET /v1/titles/a%2Fb%3F?profile=anna%20%26%20co",
            r#"POST /v1/titles/x/playback {"profile":"anna & co"}"#,
            r#"PUT /v1/profiles/anna%20%26%20co/progress/x {"position_ms":5,"duration_ms":10}"#,
        ]
    );
}

#[test]
fn errors_are_told_apart_and_transient_ones_tried_again_once() {
    let refused = |status, code: &str, message: &str| {
        Err(CatalogError::Refused { status, code: code.to_owned(), message: message.to_owned() })
    };
    let told = r#"{"code":"not-found","message":"There is no such title."}"#;
    for (answers, expected, requests_made) in [
        (vec![(404, told)], refused(404, "not-found", "There is no such title."), 1),
        (vec![(400, "<html>")], refused(400, "http-400", "The server answered with status 400."), 1),
        (vec![(503, "{}"), (200, GRANT)], Ok(()), 2),
        (vec![(0, ""), (200, GRANT)], Ok(()), 2),
        (vec![(500, told), (500, told)], refused(500, "not-found", "There is no such title."), 2),
    ] {
        let (catalog, requests) = catalog(&answers);
        assert_eq!(catalog.playback("x").map(drop), expected, "{answers:?}");
        assert_eq!(requests.iter().count(), requests_made, "{answers:?}");
    }
    let (catalog, _requests) = catalog(&[(200, r#"{"hls":1}"#)]);
    assert!(matches!(catalog.playback("x"), Err(CatalogError::Unreadable(_))));
}

#[test]
fn a_server_that_is_not_there_is_a_network_failure() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = HttpCatalog::new(&format!("http://{address}"), "p").unwrap().home().unwrap_err();
    assert!(matches!(error, CatalogError::Unreachable(_)) && error.failure().retryable, "{error}");
    for wrong in ["", "tv.example", "http://", "ftp://x", "http://a b"] {
        assert!(matches!(HttpCatalog::new(wrong, "p"), Err(CatalogError::Address(_))), "{wrong}");
    }
}

#[test]
fn urls_of_the_server_are_completed() {
    let store = Store::new("http://h:1/");
    for (url, whole) in [("/a/b", "http://h:1/a/b"), ("a/b", "http://h:1/a/b"), ("https://cdn/x", "https://cdn/x")] {
        assert_eq!(store.url(url), whole);
    }
}

#[test]
fn the_loader_delivers_and_keeps_the_order_of_saving_and_playing() {
    let fixture = Arc::new(FixtureCatalog::new(1, 3));
    let (send, woken) = channel();
    let send = Mutex::new(send);
    let loader = Loader::new(fixture.clone(), move || send.lock().unwrap().send(()).unwrap_or_default()).unwrap();
    let progress = Progress { position_ms: 5_000, duration_ms: 600_000 };
    loader.ask(Request::Home);
    loader.ask(Request::Progress { title: "t0-1".into(), progress, last: true });
    loader.ask(Request::Playback { session: 3, title: "t0-1".into() });
    let mut delivered = Vec::new();
    while delivered.len() < 3 {
        woken.recv_timeout(Duration::from_secs(20)).expect("a delivery in time");
        delivered.extend(loader.poll());
    }
    let resumed = delivered.iter().find_map(|d| if let Delivery::Grant(3, Ok(g)) = d { Some(g.resume_ms) } else { None });
    assert_eq!(resumed, Some(Some(5_000)), "saved before it was asked for");
    let last = Progress { position_ms: 9_000, duration_ms: 600_000 };
    loader.ask(Request::Progress { title: "t0-2".into(), progress: last, last: true });
    loader.finish();
    assert_eq!(fixture.calls().last().unwrap(), "progress t0-2 9000/600000", "nothing asked for is lost at the end");
}
