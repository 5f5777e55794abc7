//! How long a HEVC slice segment header is (ISO 23008-2 §7.3.6).
use std::collections::HashMap;

use crate::bits::{Bits, ceil_log2};
use crate::hevc_sets::{Pps, RefSet, Sps, parse_pps, parse_sps};

/// Knows the parameter sets seen so far.
#[derive(Default)]
pub(crate) struct SliceParser {
    sps: HashMap<u32, Sps>,
    pps: HashMap<u32, Pps>,
}

impl SliceParser {
    /// Takes the parameter sets of an `hvcC`; what cannot be read is left out.
    pub fn from_config(hvcc: &[u8]) -> Self {
        let mut parser = SliceParser::default();
        parser.take_config(hvcc);
        parser
    }

    fn take_config(&mut self, hvcc: &[u8]) -> Option<()> {
        let (&arrays, mut rest) = hvcc.get(22..)?.split_first()?;
        for _ in 0..arrays {
            let (head, mut sets) = rest.split_first_chunk::<3>()?;
            for _ in 0..u16::from_be_bytes([head[1], head[2]]) {
                let (length, after) = sets.split_first_chunk::<2>()?;
                let (set, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
                self.parameter_set(set);
                sets = after;
            }
            rest = sets;
        }
        Some(())
    }

    /// Takes an SPS or PPS NAL unit.
    pub fn parameter_set(&mut self, nal: &[u8]) {
        let Some((head, body)) = nal.split_first_chunk::<2>() else { return };
        match head[0] >> 1 & 63 {
            33 => self.sps.extend(parse_sps(Bits::nal(body))),
            34 => self.pps.extend(parse_pps(Bits::nal(body))),
            _ => {}
        }
    }

    /// Bytes from the NAL header to the end of the slice segment header. None where it cannot be read, or does not end in the
    /// alignment bits that every header ends in.
    pub fn header_bytes(&self, nal: &[u8]) -> Option<usize> {
        let (head, body) = nal.split_first_chunk::<2>()?;
        let mut bits = Bits::nal(body);
        self.header(&mut bits, head[0] >> 1 & 63)?;
        let mut aligned = bits.bit()?;
        while !bits.is_aligned() {
            aligned &= !bits.bit()?;
        }
        aligned.then_some(2 + bits.bytes_used())
    }

    fn header(&self, b: &mut Bits<'_>, nal_type: u8) -> Option<()> {
        let first = b.bit()?;
        if (16..=23).contains(&nal_type) {
            b.bit()?;
        }
        let pps = self.pps.get(&b.ue()?)?;
        let sps = self.sps.get(&pps.sps)?;
        let mut dependent = false;
        if !first {
            dependent = pps.dependent_slices && b.bit()?;
            b.skip(ceil_log2(sps.ctbs))?;
        }
        if !dependent {
            independent(b, pps, sps, nal_type)?;
        }
        if pps.entry_points {
            let count = b.ue()?;
            if count > 0 {
                let width = b.ue().filter(|&n| n < 32)? + 1;
                (0..count).try_for_each(|_| b.skip(width))?;
            }
        }
        if pps.extension {
            let length = b.ue().filter(|&n| n <= 256)?;
            b.skip(length * 8)?;
        }
        Some(())
    }
}

/// What a dependent slice segment takes from the one before it.
fn independent(b: &mut Bits<'_>, pps: &Pps, sps: &Sps, nal_type: u8) -> Option<()> {
    b.skip(pps.extra_bits)?;
    let slice_type = b.ue().filter(|&t| t < 3)?;
    let (is_b, is_p) = (slice_type == 0, slice_type == 1);
    if pps.output_flag {
        b.bit()?;
    }
    if sps.separate_planes {
        b.skip(2)?;
    }
    let (mut pictures, mut temporal_mvp) = (0, false);
    // All but IDR pictures.
    if !matches!(nal_type, 19 | 20) {
        pictures = reference_pictures(b, sps)?;
        temporal_mvp = sps.temporal_mvp && b.bit()?;
    }
    let mut sao = false;
    if sps.sao {
        sao = b.bit()?;
        if sps.chroma {
            sao |= b.bit()?;
        }
    }
    if is_p || is_b {
        inter(b, pps, sps, is_b, pictures, temporal_mvp)?;
    }
    b.se()?;
    if pps.chroma_qp_offsets {
        b.se()?;
        b.se()?;
    }
    if pps.chroma_qp_offset_list {
        b.bit()?;
    }
    let mut disabled = pps.deblocking_disabled;
    if pps.deblocking_override && b.bit()? {
        disabled = b.bit()?;
        if !disabled {
            b.se()?;
            b.se()?;
        }
    }
    if pps.loop_filter_across && (sao || !disabled) {
        b.bit()?;
    }
    Some(())
}

/// Picture order count and reference picture sets; returns `NumPicTotalCurr`.
fn reference_pictures(b: &mut Bits<'_>, sps: &Sps) -> Option<u32> {
    b.skip(sps.poc_lsb_bits)?;
    let mut pictures = if b.bit()? {
        let index = b.u(ceil_log2(sps.short_term.len() as u64))?;
        sps.short_term.get(index as usize)?.used()
    } else {
        RefSet::parse(b, &sps.short_term, true)?.used()
    };
    if let Some(listed) = &sps.long_term {
        let from_sps = if listed.is_empty() { 0 } else { b.ue()? };
        let own = b.ue()?;
        for n in 0..from_sps.checked_add(own).filter(|&n| n <= 33)? {
            let used = if n < from_sps {
                *listed.get(b.u(ceil_log2(listed.len() as u64))? as usize)?
            } else {
                b.skip(sps.poc_lsb_bits)?;
                b.bit()?
            };
            pictures += u32::from(used);
            if b.bit()? {
                b.ue()?;
            }
        }
    }
    Some(pictures)
}

fn inter(b: &mut Bits<'_>, pps: &Pps, sps: &Sps, is_b: bool, pictures: u32, temporal_mvp: bool) -> Option<()> {
    let mut refs = pps.refs;
    if b.bit()? {
        refs[0] = b.ue()?.checked_add(1)?;
        if is_b {
            refs[1] = b.ue()?.checked_add(1)?;
        }
    }
    let lists = refs.get(..1 + usize::from(is_b))?;
    if lists.iter().any(|&n| n > 16) {
        return None;
    }
    if pps.lists_modification && pictures > 1 {
        for &count in lists {
            if b.bit()? {
                b.skip(count * ceil_log2(pictures.into()))?;
            }
        }
    }
    if is_b {
        b.bit()?;
    }
    if pps.cabac_init {
        b.bit()?;
    }
    if temporal_mvp {
        let list = if is_b && !b.bit()? { 1 } else { 0 };
        if *lists.get(list)? > 1 {
            b.ue()?;
        }
    }
    if (pps.weighted && !is_b) || (pps.weighted_bipred && is_b) {
        weights(b, lists, sps.chroma)?;
    }
    b.ue().map(|_| ())
}

fn weights(b: &mut Bits<'_>, lists: &[u32], chroma: bool) -> Option<()> {
    b.ue()?;
    if chroma {
        b.se()?;
    }
    for &count in lists {
        let luma = b.u(count)?;
        let colour = if chroma { b.u(count)? } else { 0 };
        // Two numbers for brightness, four for colour.
        let numbers = luma.count_ones() * 2 + colour.count_ones() * 4;
        (0..numbers).try_for_each(|_| b.se().map(|_| ()))?;
    }
    Some(())
}
