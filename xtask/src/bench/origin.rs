//! A web server for measurements: the files of one folder from memory, with ranges and connections that stay open. On loopback only.

use anyhow::Result;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

type Files = HashMap<String, Vec<u8>>;

/// A server that runs until this process ends.
pub struct Origin {
    address: SocketAddr,
}

impl Origin {
    /// Serves what is in `dir` now.
    pub fn start(dir: &Path) -> Result<Self> {
        let mut files = Files::new();
        read(dir, "", &mut files)?;
        let files = Arc::new(files);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = files.clone();
                // A client that goes away in mid-answer is no fault.
                std::thread::spawn(move || drop(serve(&files, &stream)));
            }
        });
        Ok(Self { address })
    }

    /// Where a file is.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

fn read(dir: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Every request of one connection.
fn serve(files: &Files, mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream);
    loop {
        let (mut path, mut range) = (String::new(), None);
        loop {
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            match line.split_once(": ") {
                None => path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned(),
                Some((name, value)) if name.eq_ignore_ascii_case("range") => range = parse_range(value),
                Some(_) => (),
            }
        }
        let (status, head, body) = answer(files.get(&path).map(Vec::as_slice), range);
        let kind = content_type(&path);
        stream.write_all(
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{head}\r\n", body.len()).as_bytes(),
        )?;
        stream.write_all(body)?;
    }
}

/// Status, more headers, bytes.
fn answer(file: Option<&[u8]>, range: Option<(usize, Option<usize>)>) -> (&'static str, String, &[u8]) {
    let Some(file) = file else { return ("404 Not Found", String::new(), &[]) };
    let Some((first, last)) = range else { return ("200 OK", "Accept-Ranges: bytes\r\n".into(), file) };
    let end = last.map_or(file.len(), |l| file.len().min(l.saturating_add(1)));
    match file.get(first..end).filter(|part| !part.is_empty()) {
        Some(part) => ("206 Partial Content", format!("Content-Range: bytes {first}-{}/{}\r\n", end - 1, file.len()), part),
        None => ("416 Range Not Satisfiable", format!("Content-Range: bytes */{}\r\n", file.len()), &[]),
    }
}

/// `bytes=FIRST-LAST` or `bytes=FIRST-`.
fn parse_range(text: &str) -> Option<(usize, Option<usize>)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, if last.is_empty() { None } else { Some(last.parse().ok()?) }))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("mpd") => "application/dash+xml",
        _ => "video/mp4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let file: &[u8] = b"0123456789";
        let of = |text: &str| {
            let (status, _, body) = answer(Some(file), parse_range(text));
            (status.split(' ').next().unwrap().to_owned(), String::from_utf8(body.to_vec()).unwrap())
        };
        let table = [
            ("bytes=0-3", "206", "0123"),
            ("bytes=8-", "206", "89"),
            ("bytes=8-99", "206", "89"),
            ("bytes=10-", "416", ""),
            ("bytes=5-4", "416", ""),
            ("lines=1-2", "200", "0123456789"),
        ];
        for (text, status, body) in table {
            assert_eq!(of(text), (status.to_owned(), body.to_owned()), "{text}");
        }
        assert_eq!(answer(None, None).0, "404 Not Found");
    }
}
