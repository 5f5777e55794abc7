//! The disc: where each partition is, and an image with everything in its place.
use super::tools;
use anyhow::{Context, Result, bail};
use hearth_boards::Storage;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes.
pub const SECTOR: u64 = 512;
const MIB: u64 = (1 << 20) / SECTOR;
/// What a FIT may have.
pub const BOOT_MIB: u64 = 32;
/// What recovery's FIT may have.
pub const RECOVERY_MIB: u64 = 48;
/// "Linux reserved": no desktop that the card is put into offers to mount or format it.
const RAW: &str = "8DA63339-0007-60C0-C436-083AC8230908";
/// "Linux filesystem".
const FILES: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/// One partition, in sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The interface: everybody finds it by this name.
    pub name: &'static str,
    /// First sector.
    pub start: u64,
    /// How many.
    pub sectors: u64,
}

impl Partition {
    /// Bytes it has.
    pub fn size(&self) -> u64 {
        self.sectors * SECTOR
    }
}

/// The partitions, `data` with the least it must have, and last.
pub fn layout(storage: &Storage) -> Vec<Partition> {
    let root = u64::from(storage.slot_mib).saturating_sub(BOOT_MIB);
    let sizes = [
        ("bootstate", 1),
        ("factory", 1),
        ("boot-a", BOOT_MIB),
        ("root-a", root),
        ("boot-b", BOOT_MIB),
        ("root-b", root),
        ("recovery", RECOVERY_MIB),
        ("data", storage.data_min_mib.into()),
    ];
    let mut start = storage.first_lba.next_multiple_of(MIB);
    let place = |(name, mib)| {
        let partition = Partition { name, start, sectors: mib * MIB };
        start += partition.sectors;
        partition
    };
    sizes.into_iter().map(place).collect()
}

/// Bytes of a disc with these partitions: after the last come 33 sectors of backup GPT.
pub fn size(layout: &[Partition]) -> u64 {
    (layout.last().map_or(0, |p| p.start + p.sectors) + MIB) * SECTOR
}

/// A GUID that depends on the build and a name alone.
pub fn guid(build_id: &str, name: &str) -> String {
    let hash = Sha256::digest(format!("hearth {build_id} {name}"));
    let mut id: [u8; 16] = hash.first_chunk().copied().unwrap_or_default();
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let text = hearth_update::hex::encode(&id);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// What is written where.
pub struct Content<'a> {
    /// The partition's name.
    pub partition: &'a str,
    /// From its start.
    pub offset: u64,
    /// The bytes.
    pub from: Source<'a>,
}

/// Bytes for the disc.
pub enum Source<'a> {
    /// All of a file.
    File(&'a Path),
    /// These.
    Bytes(&'a [u8]),
}

/// Makes the image. `loader` goes in front of the partitions, that many KiB from the start.
pub fn write(
    out: &Path,
    layout: &[Partition],
    build_id: &str,
    contents: &[Content<'_>],
    loader: Option<(&Path, u64)>,
) -> Result<()> {
    let mut disc = File::create(out).with_context(|| out.display().to_string())?;
    disc.set_len(size(layout))?;
    let mut gpt = tools::command("sgdisk")?;
    gpt.args(["--clear", "--set-alignment=1", &format!("--disk-guid={}", guid(build_id, "disc"))]);
    for (index, partition) in layout.iter().enumerate() {
        gpt.args(entry(index + 1, partition, build_id, End::Planned));
    }
    tools::run(gpt.arg(out))?;
    for content in contents {
        let Some(partition) = layout.iter().find(|p| p.name == content.partition) else {
            bail!("no partition {}", content.partition)
        };
        let at = partition.start * SECTOR + content.offset;
        let room = partition.size().saturating_sub(content.offset);
        put(&mut disc, at, room, &content.from).with_context(|| format!("partition {}", content.partition))?;
    }
    if let Some((loader, kib)) = loader {
        let first = layout.first().map_or(0, |p| p.start * SECTOR);
        if kib * 1024 < 34 * SECTOR {
            bail!("bootloader.offset-kib = {kib} is inside the partition table, which has 17 KiB");
        }
        put(&mut disc, kib * 1024, first.saturating_sub(kib * 1024), &Source::File(loader))
            .context("the boot loader, before storage.first-lba")?;
    }
    disc.sync_all()?;
    Ok(())
}

/// Where a partition ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As planned.
    Planned,
    /// Where the disc does.
    OfDisc,
}

/// What sgdisk is told of one partition.
pub fn entry(number: usize, partition: &Partition, build_id: &str, end: End) -> [String; 4] {
    let Partition { name, start, sectors } = partition;
    let last = if end == End::Planned { start + sectors - 1 } else { 0 };
    [
        format!("--new={number}:{start}:{last}"),
        format!("--change-name={number}:{name}"),
        format!("--partition-guid={number}:{}", guid(build_id, name)),
        format!("--typecode={number}:{}", if *name == "data" { FILES } else { RAW }),
    ]
}

/// Copies what is not zero, so that the image stays sparse.
fn put(disc: &mut File, at: u64, room: u64, from: &Source<'_>) -> Result<()> {
    let mut file;
    let mut bytes;
    let (reader, len): (&mut dyn Read, u64) = match from {
        Source::Bytes(given) => {
            bytes = *given;
            let len = bytes.len() as u64;
            (&mut bytes, len)
        }
        Source::File(path) => {
            file = File::open(path).with_context(|| path.display().to_string())?;
            let len = file.metadata()?.len();
            (&mut file, len)
        }
    };
    if len > room {
        bail!("{len} bytes do not fit in {room}");
    }
    let mut buffer = vec![0; 65536];
    let mut at = at;
    loop {
        let got = reader.read(&mut buffer)?;
        if got == 0 {
            return Ok(());
        }
        if buffer[..got].iter().any(|b| *b != 0) {
            disc.seek(SeekFrom::Start(at))?;
            disc.write_all(&buffer[..got])?;
        }
        at += got as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage() -> Storage {
        Storage { media: vec!["emmc".into()], first_lba: 32768, slot_mib: 128, data_min_mib: 256 }
    }

    #[test]
    fn partitions_follow_each_other() {
        let text: Vec<String> =
            layout(&storage()).iter().map(|p| format!("{} {}+{}", p.name, p.start / MIB, p.sectors / MIB)).collect();
        let wanted = "bootstate 16+1, factory 17+1, boot-a 18+32, root-a 50+96, boot-b 146+32, root-b 178+96, recovery 274+48, data 322+256";
        assert_eq!(text.join(", "), wanted);
        assert_eq!(size(&layout(&storage())), 579 << 20);
        assert_eq!(layout(&Storage { first_lba: 34, ..storage() })[0].start, 2048);
    }

    #[test]
    fn guids_are_fixed_and_differ() {
        assert_eq!(guid("b", "x"), guid("b", "x"));
        assert_ne!(guid("b", "x"), guid("b", "y"));
        assert_ne!(guid("b", "x"), guid("c", "x"));
        let id = guid("b", "x");
        assert_eq!((id.len(), id.matches('-').count(), &id[14..15]), (36, 4, "8"));
    }

    #[test]
    fn what_is_put_is_there_and_sgdisk_is_content() {
        if !tools::has("sgdisk") {
            println!("skipped: gdisk is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (out, loader) = (dir.path().join("disk.img"), dir.path().join("loader"));
        std::fs::write(&loader, b"loader").unwrap();
        let layout = layout(&storage());
        let contents = [Content { partition: "factory", offset: 4096, from: Source::Bytes(b"factory") }];
        write(&out, &layout, "b", &contents, Some((&loader, 32))).unwrap();
        tools::run(tools::command("sgdisk").unwrap().arg("--verify").arg(&out)).unwrap();
        let printed = tools::run(tools::command("sgdisk").unwrap().arg("-i=7").arg(&out)).unwrap();
        assert!(printed.contains("'recovery'") && printed.to_lowercase().contains(&guid("b", "recovery")), "{printed}");
        let mut disc = File::open(&out).unwrap();
        let mut at = |at: u64, len: usize| {
            let mut bytes = vec![0; len];
            disc.seek(SeekFrom::Start(at)).unwrap();
            disc.read_exact(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(at(17 << 20, 4103), [vec![0; 4096], b"factory".to_vec()].concat());
        assert_eq!(at(32768, 6), b"loader");
        let again = dir.path().join("again.img");
        write(&again, &layout, "b", &contents, Some((&loader, 32))).unwrap();
        assert!(std::fs::read(&out).unwrap() == std::fs::read(&again).unwrap(), "the second image differs");

        let large = [Content { partition: "factory", offset: 1 << 20, from: Source::Bytes(b"x") }];
        assert!(write(&out, &layout, "b", &large, None).is_err());
        assert!(write(&out, &layout, "b", &[], Some((&loader, 16))).is_err());
    }
}
