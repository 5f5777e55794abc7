//! HEVC parameter sets (ISO 23008-2 §7.3.2), as far as slice headers need them.
use crate::bits::Bits;

/// What slice headers need of a sequence parameter set.
#[derive(Clone)]
pub(crate) struct Sps {
    pub separate_planes: bool,
    /// `ChromaArrayType` is not 0.
    pub chroma: bool,
    /// Coding tree blocks in a picture.
    pub ctbs: u64,
    pub poc_lsb_bits: u32,
    pub short_term: Vec<RefSet>,
    /// `used_by_curr_pic_lt_sps_flag`s; none where the SPS has no long-term references at all.
    pub long_term: Option<Vec<bool>>,
    pub temporal_mvp: bool,
    pub sao: bool,
}

/// What slice headers need of a picture parameter set.
#[derive(Clone, Copy)]
pub(crate) struct Pps {
    pub sps: u32,
    pub dependent_slices: bool,
    pub output_flag: bool,
    pub extra_bits: u32,
    pub cabac_init: bool,
    pub refs: [u32; 2],
    pub chroma_qp_offsets: bool,
    pub chroma_qp_offset_list: bool,
    pub weighted: bool,
    pub weighted_bipred: bool,
    pub entry_points: bool,
    pub loop_filter_across: bool,
    pub deblocking_override: bool,
    pub deblocking_disabled: bool,
    pub lists_modification: bool,
    pub extension: bool,
}

/// A short-term reference picture set: (difference of picture order count, used by the current picture), nearest first.
#[derive(Clone, Default)]
pub(crate) struct RefSet {
    before: Vec<(i64, bool)>,
    after: Vec<(i64, bool)>,
}

impl RefSet {
    fn len(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Pictures that the current one may refer to.
    pub fn used(&self) -> u32 {
        self.before.iter().chain(&self.after).filter(|p| p.1).count() as u32
    }

    /// `st_ref_pic_set(index)` where `sets` are those before it; in a slice header `index` is `sets.len()` and `explicit`.
    pub fn parse(bits: &mut Bits<'_>, sets: &[RefSet], in_slice: bool) -> Option<Self> {
        if !sets.is_empty() && bits.bit()? {
            return Self::predicted(bits, sets, in_slice);
        }
        let before = bits.ue().filter(|&n| n <= 16)?;
        let after = bits.ue().filter(|&n| n <= 16)?;
        let mut set = RefSet::default();
        for (count, sign, list) in [(before, -1, &mut set.before), (after, 1, &mut set.after)] {
            let mut delta = 0i64;
            for _ in 0..count {
                delta += sign * (i64::from(bits.ue()?) + 1);
                list.push((delta, bits.bit()?));
            }
        }
        Some(set)
    }

    /// §7.4.8, equations 7-61 and 7-62.
    fn predicted(bits: &mut Bits<'_>, sets: &[RefSet], in_slice: bool) -> Option<Self> {
        let back = if in_slice { bits.ue()? as usize } else { 0 };
        let from = sets.get(sets.len().checked_sub(back + 1)?)?;
        let negative = bits.bit()?;
        let size = i64::from(bits.ue()?) + 1;
        let delta = if negative { -size } else { size };
        // For each picture of the reference set, and for the reference picture itself: (used, kept).
        let mut flags = Vec::with_capacity(from.len() + 1);
        for _ in 0..=from.len() {
            let used = bits.bit()?;
            flags.push((used, used || bits.bit()?));
        }
        let own = [(delta, flags[from.len()])];
        let (first, second) = flags.split_at(from.before.len());
        let shift = |list: &[(i64, bool)], flags: &[(bool, bool)]| -> Vec<(i64, (bool, bool))> {
            list.iter().zip(flags).map(|(p, &f)| (p.0 + delta, f)).collect()
        };
        let (before, after) = (shift(&from.before, first), shift(&from.after, second));
        let keep = |all: Vec<(i64, (bool, bool))>, sign: i64| -> Vec<(i64, bool)> {
            all.into_iter().filter(|p| p.1.1 && p.0 * sign > 0).map(|p| (p.0, p.1.0)).collect()
        };
        let set = RefSet {
            before: keep(after.iter().rev().chain(&own).chain(&before).copied().collect(), -1),
            after: keep(before.iter().rev().chain(&own).chain(&after).copied().collect(), 1),
        };
        Some(set).filter(|s| s.len() <= 32)
    }
}

/// Reads an SPS behind its NAL header: its ID and content.
pub(crate) fn parse_sps(mut bits: Bits<'_>) -> Option<(u32, Sps)> {
    let b = &mut bits;
    b.skip(4)?;
    let sub_layers = b.u(3)?;
    b.skip(1)?;
    profile_tier_level(b, sub_layers)?;
    let id = b.ue().filter(|&id| id < 16)?;
    let chroma = b.ue().filter(|&c| c < 4)?;
    let separate_planes = chroma == 3 && b.bit()?;
    let (width, height) = (u64::from(b.ue()?), u64::from(b.ue()?));
    if b.bit()? {
        (0..4).try_for_each(|_| b.ue().map(|_| ()))?;
    }
    b.ue()?;
    b.ue()?;
    let poc_lsb_bits = b.ue().filter(|&n| n <= 12)? + 4;
    let orderings = if b.bit()? { sub_layers + 1 } else { 1 };
    (0..orderings * 3).try_for_each(|_| b.ue().map(|_| ()))?;
    let ctb_log2 = b.ue().filter(|&n| n < 4)? + 3 + b.ue().filter(|&n| n < 4)?;
    (0..4).try_for_each(|_| b.ue().map(|_| ()))?;
    if b.bit()? && b.bit()? {
        scaling_lists(b)?;
    }
    b.bit()?;
    let sao = b.bit()?;
    if b.bit()? {
        b.skip(8)?;
        b.ue()?;
        b.ue()?;
        b.bit()?;
    }
    let mut short_term = Vec::new();
    for _ in 0..b.ue().filter(|&n| n <= 64)? {
        short_term.push(RefSet::parse(b, &short_term, false)?);
    }
    let mut long_term = None;
    if b.bit()? {
        let mut used = Vec::new();
        for _ in 0..b.ue().filter(|&n| n <= 32)? {
            b.skip(poc_lsb_bits)?;
            used.push(b.bit()?);
        }
        long_term = Some(used);
    }
    let temporal_mvp = b.bit()?;
    let ctbs = width.div_ceil(1 << ctb_log2) * height.div_ceil(1 << ctb_log2);
    let chroma = chroma != 0 && !separate_planes;
    Some((id, Sps { separate_planes, chroma, ctbs, poc_lsb_bits, short_term, long_term, temporal_mvp, sao }))
}

fn profile_tier_level(b: &mut Bits<'_>, sub_layers: u32) -> Option<()> {
    b.skip(96)?;
    if sub_layers == 0 {
        return Some(());
    }
    let mut present = Vec::new();
    for _ in 0..sub_layers {
        present.push((b.bit()?, b.bit()?));
    }
    b.skip(2 * (8 - sub_layers))?;
    present.into_iter().try_for_each(|(profile, level)| b.skip(88 * u32::from(profile) + 8 * u32::from(level)))
}

fn scaling_lists(b: &mut Bits<'_>) -> Option<()> {
    for size in 0..4u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !b.bit()? {
                b.ue()?;
                continue;
            }
            let coefficients = 64.min(1 << (4 + size * 2)) + u32::from(size > 1);
            (0..coefficients).try_for_each(|_| b.se().map(|_| ()))?;
        }
    }
    Some(())
}

/// Reads a PPS behind its NAL header: its ID and content. None for those of layered, 3D or screen content.
pub(crate) fn parse_pps(mut bits: Bits<'_>) -> Option<(u32, Pps)> {
    let b = &mut bits;
    let id = b.ue().filter(|&id| id < 64)?;
    let sps = b.ue()?;
    let dependent_slices = b.bit()?;
    let output_flag = b.bit()?;
    let extra_bits = b.u(3)?;
    b.bit()?;
    let cabac_init = b.bit()?;
    let refs = [b.ue()?.checked_add(1)?, b.ue()?.checked_add(1)?];
    b.se()?;
    b.bit()?;
    let transform_skip = b.bit()?;
    if b.bit()? {
        b.ue()?;
    }
    b.se()?;
    b.se()?;
    let chroma_qp_offsets = b.bit()?;
    let weighted = b.bit()?;
    let weighted_bipred = b.bit()?;
    b.bit()?;
    let tiles = b.bit()?;
    let wavefronts = b.bit()?;
    if tiles {
        let (columns, rows) = (b.ue()?, b.ue()?);
        if !b.bit()? {
            (0..u64::from(columns) + u64::from(rows)).try_for_each(|_| b.ue().map(|_| ()))?;
        }
        b.bit()?;
    }
    let loop_filter_across = b.bit()?;
    let (mut deblocking_override, mut deblocking_disabled) = (false, false);
    if b.bit()? {
        deblocking_override = b.bit()?;
        deblocking_disabled = b.bit()?;
        if !deblocking_disabled {
            b.se()?;
            b.se()?;
        }
    }
    if b.bit()? {
        scaling_lists(b)?;
    }
    let lists_modification = b.bit()?;
    b.ue()?;
    let extension = b.bit()?;
    let mut chroma_qp_offset_list = false;
    if b.bit()? {
        let range = b.bit()?;
        if b.u(7)? != 0 {
            return None;
        }
        if range {
            if transform_skip {
                b.ue()?;
            }
            b.bit()?;
            chroma_qp_offset_list = b.bit()?;
        }
    }
    let pps = Pps {
        sps,
        dependent_slices,
        output_flag,
        extra_bits,
        cabac_init,
        refs,
        chroma_qp_offsets,
        chroma_qp_offset_list,
        weighted,
        weighted_bipred,
        entry_points: tiles || wavefronts,
        loop_filter_across,
        deblocking_override,
        deblocking_disabled,
        lists_modification,
        extension,
    };
    Some((id, pps))
}
