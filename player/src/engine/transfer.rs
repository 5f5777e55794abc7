//! One segment's way over the network: init segment beside it, progress watched, given up where the rule or another order says so.

use super::fetcher::{Cursor, Fetcher, Loaded, place};
use super::shared::Shared;
use crate::Error;
use crate::fetch::{Object, Piece, Pulse, Request, cmcd::Cmcd};
use crate::media::prepare::read_init;
use crate::title::Playlist;
use hearth_abr::{InFlight, Transfer};
use hearth_isobmff::TrackKind;
use hearth_manifest::Segment;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most bytes that an answer's own word is taken for.
const RESERVE: usize = 16 << 20;
/// Most init segments that are kept.
const MOST_INITS: usize = 64;
/// Longest wait between two looks at a transfer, and between two questions to the ABR rule.
pub(super) const LOOK: Duration = Duration::from_millis(100);

impl Fetcher {
    /// Bytes of a segment, and its init segment; none where it was given up.
    pub(super) fn transfer(
        &mut self,
        at: &mut Cursor,
        rendition: usize,
        list: &Playlist,
        segment: &Segment,
    ) -> Result<Option<Loaded>, Error> {
        let resource = segment.init.as_ref().or(list.init.as_ref());
        let open = |resource| -> Result<_, Error> {
            let mut request = Request::resource(resource, Object::Init)?;
            (request.cmcd.buffer_ms, request.cmcd.throughput_kbps) = (Some(self.buffer_ms()), self.shared.estimate());
            Ok((resource, self.shared.http.open(request)))
        };
        let known = resource.and_then(|r| at.inits.get(r)).cloned();
        let init = resource.filter(|_| known.is_none()).map(open).transpose()?;
        let object = if self.buffers.len() > 1 {
            Object::Muxed
        } else if self.kind() == TrackKind::Video {
            Object::Video
        } else {
            Object::Audio
        };
        let mut request = Request::resource(&segment.resource, object)?;
        request.cmcd = self.cmcd(at, rendition, list, segment, &request);
        let started = Instant::now();
        let media = self.shared.http.open(request);
        let whole = self.shared.keys.whole(segment.protection.as_ref().unwrap_or(&list.protection), segment.number)?;
        let init = match init {
            None => known,
            Some((resource, transfer)) => {
                let mut bytes = self.shared.read_all(&transfer)?;
                whole.as_ref().map_or(Ok(()), |w| w.open_init(&mut bytes, &resource.url))?;
                let init = Arc::new(read_init(&bytes, &resource.url)?);
                Shared::ask_keys(&self.shared, &init.key_ids(), init.boxes().to_vec());
                if at.inits.len() >= MOST_INITS {
                    at.inits.clear();
                }
                at.inits.insert(resource.clone(), init.clone());
                Some(init)
            }
        };
        let Some(mut bytes) = self.body(at, rendition, segment, &media, started)? else { return Ok(None) };
        whole.map_or(Ok(()), |w| w.open(&mut bytes, &segment.resource.url))?;
        Ok(Some((bytes, init)))
    }

    /// Reads a media segment, watching for another order and asking the rule whether to go on.
    fn body(
        &mut self,
        at: &mut Cursor,
        rendition: usize,
        segment: &Segment,
        media: &crate::fetch::Transfer,
        started: Instant,
    ) -> Result<Option<Vec<u8>>, Error> {
        let (mut bytes, mut total, mut first) = (Vec::new(), segment.resource.range.map_or(0, |r| r.length), None);
        let (mut pulse, mut last_look) = (Pulse::new(self.shared.http.timeout(), Instant::now()), Instant::now());
        loop {
            match media.next(LOOK)? {
                Some(Piece::Head { length, .. }) => {
                    total = length.unwrap_or(total);
                    // All of it at once: a segment that grows by doubling takes up to twice its size for as long as it is kept.
                    let most = self.shared.config.memory_bytes.min(RESERVE);
                    bytes.reserve_exact(usize::try_from(total).unwrap_or(usize::MAX).min(most));
                }
                Some(Piece::Data(data)) => {
                    first.get_or_insert_with(Instant::now);
                    pulse.got(data.len());
                    self.shared.count_bytes(data.len());
                    bytes.extend_from_slice(&data);
                    if bytes.len() > self.shared.config.memory_bytes {
                        return Err(Error::BadSegment(format!("{}: more than the memory for media", segment.resource.url)));
                    }
                }
                Some(Piece::End) => break,
                None => (),
            }
            if pulse.is_dead(Instant::now()) {
                return Err(Error::Timeout(format!("{} does not go on", segment.resource.url)));
            }
            if last_look.elapsed() < LOOK {
                continue;
            }
            last_look = Instant::now();
            if self.main().order().is_none_or(|o| o.epoch != at.epoch) {
                return Ok(None);
            }
            if self.give_up(at, rendition, started, &bytes, total) {
                tracing::info!(rendition, got = bytes.len(), total, "transfer abandoned");
                self.done(rendition, &bytes, started, first, true);
                at.abandoned += 1;
                return Ok(None);
            }
        }
        self.done(rendition, &bytes, started, first, false);
        Ok(Some(bytes))
    }

    /// The rule says that another rendition gets there sooner.
    fn give_up(&mut self, at: &Cursor, rendition: usize, started: Instant, bytes: &[u8], total: u64) -> bool {
        let position = self.shared.position();
        let in_flight = InFlight {
            now_ms: self.shared.now_ms(),
            buffer_ms: self.main().ahead(position) as f32 / 1e6,
            rendition,
            size_bits: total as f64 * 8.0,
            got_bits: bytes.len() as f64 * 8.0,
            time_ms: started.elapsed().as_secs_f32() * 1000.0,
        };
        let may = self.shared.is_playing() && rendition > 0 && at.abandoned < at.ladders[at.period].renditions.len();
        may && self.abr.as_mut().is_some_and(|abr| abr.progress(&in_flight))
    }

    fn done(&mut self, rendition: usize, bytes: &[u8], started: Instant, first: Option<Instant>, abandoned: bool) {
        let ms = |d: Duration| d.as_secs_f32() * 1000.0;
        let Some(abr) = &mut self.abr else { return };
        abr.done(&Transfer {
            now_ms: self.shared.now_ms(),
            rendition,
            got_bits: bytes.len() as f64 * 8.0,
            ttfb_ms: ms(first.map_or_else(|| started.elapsed(), |f| f - started)),
            time_ms: ms(started.elapsed()),
            abandoned,
        });
        self.shared.set_estimate(abr.estimate_kbps());
    }

    /// What there is ahead of the picture.
    fn buffer_ms(&self) -> u64 {
        (self.main().ahead(self.shared.position()) / 1_000_000) as u64
    }

    /// What is known of `request`, which is for `segment`.
    fn cmcd(&self, at: &Cursor, rendition: usize, list: &Playlist, segment: &Segment, request: &Request) -> Cmcd {
        let ladder = &at.ladders[at.period];
        let rate = |i: usize| self.shared.title.rendition(place(ladder, i)).map_or(0, |r| r.bandwidth / 1000);
        let duration_ms = segment.duration_us / 1000;
        // HLS does not say the rate of sound, but often the size of its segments.
        let own = || segment.size.unwrap_or(0).saturating_mul(8) / duration_ms.max(1);
        let bitrate_kbps = Some(rate(rendition)).filter(|r| *r > 0).unwrap_or_else(own);
        let buffer_ms = self.buffer_ms();
        let full = buffer_ms * 2 > self.shared.config.buffer_ms;
        let next = list.get(at.segment + 1).map(|next| &next.resource);
        let url = next.and_then(|n| url::Url::parse(&n.url).ok());
        let range = next.and_then(|n| n.range).filter(|r| r.length > 0);
        Cmcd {
            bitrate_kbps,
            top_kbps: rate(ladder.renditions.len() - 1).max(bitrate_kbps),
            duration_ms,
            buffer_ms: Some(buffer_ms),
            throughput_kbps: self.shared.estimate(),
            // With half a buffer there is time; a few times the media's own rate keeps it.
            enough_kbps: if full { bitrate_kbps * 4 } else { 0 },
            starved: self.kind() == TrackKind::Video && self.shared.take_starved(),
            next: url.filter(|u| *u != request.url).and_then(|u| request.url.make_relative(&u)),
            next_range: range.map(|r| (r.offset, r.offset + r.length - 1)),
            ..request.cmcd.clone()
        }
    }
}
