//! How long an AVC slice header is (ISO 14496-10 §7.3): enough of SPS, PPS and slice header to find its end.
use std::collections::HashMap;

use crate::bits::{Bits, ceil_log2};

/// What slice headers need of a sequence parameter set.
#[derive(Clone, Copy)]
struct Sps {
    separate_planes: bool,
    /// `ChromaArrayType` is not 0.
    chroma: bool,
    frame_num_bits: u32,
    /// `None`: the type has no LSBs.
    poc_lsb_bits: Option<u32>,
    /// Type 1 with deltas in the slice header.
    poc_deltas: bool,
    frame_mbs_only: bool,
    map_units: u64,
}

/// What slice headers need of a picture parameter set.
#[derive(Clone, Copy)]
struct Pps {
    sps: u32,
    cabac: bool,
    pic_order_present: bool,
    /// Bits of `slice_group_change_cycle` come from this rate, if there is one.
    group_change_rate: Option<u64>,
    refs: [u32; 2],
    weighted: bool,
    weighted_bipred: u32,
    deblocking_control: bool,
    redundant_count: bool,
}

/// Knows the parameter sets seen so far.
#[derive(Default)]
pub(crate) struct SliceParser {
    sps: HashMap<u32, Sps>,
    pps: HashMap<u32, Pps>,
}

impl SliceParser {
    /// Takes the parameter sets of an `avcC`; what cannot be read is left out.
    pub fn from_config(avcc: &[u8]) -> Self {
        let mut parser = SliceParser::default();
        parser.take_config(avcc);
        parser
    }

    fn take_config(&mut self, avcc: &[u8]) -> Option<()> {
        let mut rest = avcc.get(5..)?;
        for mask in [31, 255] {
            let (&count, mut sets) = rest.split_first()?;
            for _ in 0..count & mask {
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
        let Some((first, body)) = nal.split_first() else { return };
        match first & 31 {
            7 => self.sps.extend(parse_sps(Bits::nal(body))),
            8 => self.pps.extend(parse_pps(Bits::nal(body))),
            _ => {}
        }
    }

    /// Bytes from the NAL header to the end of the slice header, the byte that it ends in included.
    pub fn header_bytes(&self, nal: &[u8]) -> Option<usize> {
        let (&first, body) = nal.split_first()?;
        let mut bits = Bits::nal(body);
        let ref_idc = first >> 5 & 3;
        self.slice_header(&mut bits, first & 31 == 5, ref_idc != 0)?;
        Some(1 + bits.bytes_used())
    }

    fn slice_header(&self, bits: &mut Bits<'_>, idr: bool, is_ref: bool) -> Option<()> {
        bits.ue()?;
        let slice_type = bits.ue()? % 5;
        let (p, b, i, sp, si) = (slice_type == 0, slice_type == 1, slice_type == 2, slice_type == 3, slice_type == 4);
        let pps = self.pps.get(&bits.ue()?)?;
        let sps = self.sps.get(&pps.sps)?;
        if sps.separate_planes {
            bits.skip(2)?;
        }
        bits.skip(sps.frame_num_bits)?;
        let field = !sps.frame_mbs_only && bits.bit()?;
        if field {
            bits.bit()?;
        }
        if idr {
            bits.ue()?;
        }
        if let Some(n) = sps.poc_lsb_bits {
            bits.skip(n)?;
            if pps.pic_order_present && !field {
                bits.se()?;
            }
        }
        if sps.poc_deltas {
            bits.se()?;
            if pps.pic_order_present && !field {
                bits.se()?;
            }
        }
        if pps.redundant_count {
            bits.ue()?;
        }
        if b {
            bits.bit()?;
        }
        let mut refs = pps.refs;
        if (p || sp || b) && bits.bit()? {
            refs[0] = bits.ue()?.checked_add(1)?;
            if b {
                refs[1] = bits.ue()?.checked_add(1)?;
            }
        }
        let lists = if i || si { 0 } else { 1 + usize::from(b) };
        (0..lists).try_for_each(|_| list_modification(bits))?;
        if (pps.weighted && (p || sp)) || (pps.weighted_bipred == 1 && b) {
            weight_table(bits, refs.get(..lists)?, sps.chroma)?;
        }
        if is_ref {
            marking(bits, idr)?;
        }
        if pps.cabac && !i && !si {
            bits.ue()?;
        }
        bits.se()?;
        if sp {
            bits.bit()?;
        }
        if sp || si {
            bits.se()?;
        }
        if pps.deblocking_control && bits.ue()? != 1 {
            bits.se()?;
            bits.se()?;
        }
        if let Some(rate) = pps.group_change_rate {
            bits.skip(ceil_log2(sps.map_units.div_ceil(rate) + 1))?;
        }
        Some(())
    }
}

fn parse_sps(mut bits: Bits<'_>) -> Option<(u32, Sps)> {
    let profile = bits.u(8)?;
    bits.skip(16)?;
    let id = bits.ue().filter(|&id| id < 32)?;
    let (mut chroma, mut separate_planes) = (1, false);
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = bits.ue()?;
        separate_planes = chroma == 3 && bits.bit()?;
        bits.ue()?;
        bits.ue()?;
        bits.bit()?;
        if bits.bit()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.bit()? {
                    scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let frame_num_bits = bits.ue().filter(|&n| n <= 12)? + 4;
    let poc_type = bits.ue()?;
    let mut poc_lsb_bits = None;
    let mut poc_deltas = false;
    if poc_type == 0 {
        poc_lsb_bits = Some(bits.ue().filter(|&n| n <= 12)? + 4);
    } else if poc_type == 1 {
        poc_deltas = !bits.bit()?;
        bits.se()?;
        bits.se()?;
        for _ in 0..bits.ue().filter(|&n| n < 256)? {
            bits.se()?;
        }
    }
    bits.ue()?;
    bits.bit()?;
    let map_units = (u64::from(bits.ue()?) + 1) * (u64::from(bits.ue()?) + 1);
    let frame_mbs_only = bits.bit()?;
    let chroma = chroma != 0 && !separate_planes;
    Some((id, Sps { separate_planes, chroma, frame_num_bits, poc_lsb_bits, poc_deltas, frame_mbs_only, map_units }))
}

fn scaling_list(bits: &mut Bits<'_>, size: usize) -> Option<()> {
    let (mut last, mut next) = (8i32, 8i32);
    for _ in 0..size {
        if next != 0 {
            next = last.wrapping_add(bits.se()?) & 255;
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

fn parse_pps(mut bits: Bits<'_>) -> Option<(u32, Pps)> {
    let id = bits.ue().filter(|&id| id < 256)?;
    let sps = bits.ue()?;
    let cabac = bits.bit()?;
    let pic_order_present = bits.bit()?;
    let groups = bits.ue().filter(|&n| n < 8)?;
    let group_change_rate = if groups > 0 { slice_groups(&mut bits, groups)? } else { None };
    let refs = [bits.ue()?.checked_add(1)?, bits.ue()?.checked_add(1)?];
    let weighted = bits.bit()?;
    let weighted_bipred = bits.u(2)?;
    bits.se()?;
    bits.se()?;
    bits.se()?;
    let deblocking_control = bits.bit()?;
    bits.bit()?;
    let redundant_count = bits.bit()?;
    Some((
        id,
        Pps {
            sps,
            cabac,
            pic_order_present,
            group_change_rate,
            refs,
            weighted,
            weighted_bipred,
            deblocking_control,
            redundant_count,
        },
    ))
}

/// Flexible macroblock ordering; the rate where slice headers carry a cycle.
fn slice_groups(bits: &mut Bits<'_>, groups: u32) -> Option<Option<u64>> {
    match bits.ue()? {
        0 => (0..=groups).try_for_each(|_| bits.ue().map(|_| ()))?,
        2 => (0..groups * 2).try_for_each(|_| bits.ue().map(|_| ()))?,
        3..=5 => {
            bits.bit()?;
            return Some(Some(u64::from(bits.ue()?) + 1));
        }
        6 => {
            let width = ceil_log2(u64::from(groups) + 1);
            for _ in 0..=bits.ue()? {
                bits.skip(width)?;
            }
        }
        _ => {}
    }
    Some(None)
}

fn list_modification(bits: &mut Bits<'_>) -> Option<()> {
    if bits.bit()? {
        while bits.ue()? != 3 {
            bits.ue()?;
        }
    }
    Some(())
}

fn weight_table(bits: &mut Bits<'_>, refs: &[u32], chroma: bool) -> Option<()> {
    bits.ue()?;
    if chroma {
        bits.ue()?;
    }
    for &count in refs {
        for _ in 0..Some(count).filter(|&n| n <= 32)? {
            if bits.bit()? {
                bits.se()?;
                bits.se()?;
            }
            if chroma && bits.bit()? {
                (0..4).try_for_each(|_| bits.se().map(|_| ()))?;
            }
        }
    }
    Some(())
}

fn marking(bits: &mut Bits<'_>, idr: bool) -> Option<()> {
    if idr {
        return bits.skip(2);
    }
    if bits.bit()? {
        loop {
            match bits.ue()? {
                0 => break,
                3 => {
                    bits.ue()?;
                    bits.ue()?;
                }
                1 | 2 | 4 | 6 => {
                    bits.ue()?;
                }
                5 => {}
                _ => return None,
            }
        }
    }
    Some(())
}
