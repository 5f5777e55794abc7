//! From the bytes of a file to pixels, with limits: artwork comes from a network.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
};

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::Error;

/// A larger file is no artwork.
pub const MAX_BYTES: usize = 12 << 20;
/// A larger picture is no artwork: 4000 x 3000.
pub const MAX_PIXELS: u64 = 12_000_000;
const MAX_SIDE: u32 = 16_384;

/// A decoded picture, opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// In pixels; not 0.
    pub width: u32,
    /// In pixels; not 0.
    pub height: u32,
    /// Red, green, blue; rows from the top.
    pub rgb: Vec<u8>,
}

/// Decodes a JPEG or PNG, by its content. What is transparent becomes black.
pub fn decode(file: &[u8]) -> Result<Picture, Error> {
    // The decoders are not ours: should one panic on a hostile file, it must not take a worker with it.
    catch_unwind(AssertUnwindSafe(|| decode_inner(file))).unwrap_or_else(|_| Err(Error::Decode("the decoder gave up".into())))
}

fn decode_inner(file: &[u8]) -> Result<Picture, Error> {
    if file.len() > MAX_BYTES {
        return Err(Error::TooManyBytes(MAX_BYTES));
    }
    let wrong = |e: ImageError| Error::Decode(e.to_string());
    let format = match image::guess_format(file) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png)) => format,
        Ok(other) => return Err(Error::Decode(format!("it is {other:?}"))),
        Err(_) => return Err(Error::Decode("the content is of no known format".into())),
    };
    let mut decoder = ImageReader::with_format(Cursor::new(file), format).into_decoder().map_err(wrong)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width.max(height) > MAX_SIDE {
        return Err(Error::TooLarge { width, height });
    }
    if width == 0 || height == 0 {
        return Err(Error::Decode("it has no pixels".into()));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PIXELS * 8 + (1 << 20));
    decoder.set_limits(limits).map_err(wrong)?;
    let image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
    Ok(Picture { width, height, rgb: opaque(image) })
}

fn opaque(image: DynamicImage) -> Vec<u8> {
    if !image.color().has_alpha() {
        return image.into_rgb8().into_raw();
    }
    let over_black = |p: &[u8]| [mul(p[0], p[3]), mul(p[1], p[3]), mul(p[2], p[3])];
    image.into_rgba8().into_raw().chunks_exact(4).flat_map(over_black).collect()
}

/// `a * b / 255`, rounded.
pub(crate) fn mul(a: u8, b: u8) -> u8 {
    let p = u32::from(a) * u32::from(b) + 128;
    ((p + (p >> 8)) >> 8) as u8
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

    pub(crate) fn png(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PngEncoder::new(&mut out).write_image(rgba, width, height, ExtendedColorType::Rgba8).unwrap();
        out
    }

    #[test]
    fn transparent_pixels_become_black() {
        let picture = decode(&png(2, 1, &[200, 100, 50, 255, 200, 100, 50, 128])).unwrap();
        assert_eq!(picture, Picture { width: 2, height: 1, rgb: vec![200, 100, 50, 100, 50, 25] });
    }

    #[test]
    fn hostile_files_are_refused() {
        let good = png(4, 4, &[9; 64]);
        // A header that promises 60000 x 60000.
        let mut huge = good.clone();
        huge[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
        let crc = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(decode(&huge), Err(Error::TooLarge { width: 60000, height: 60000 }));
        assert!(matches!(decode(&good[..good.len() / 2]), Err(Error::Decode(_))));
        assert!(matches!(decode(b"<html>not found</html>"), Err(Error::Decode(_))));
        assert!(matches!(decode(b"GIF89a\x01\0\x01\0"), Err(Error::Decode(_))));
        assert!(matches!(decode(&[]), Err(Error::Decode(_))));
        assert_eq!(decode(&vec![0; MAX_BYTES + 1]), Err(Error::TooManyBytes(MAX_BYTES)));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, b| {
            (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    }

    proptest::proptest! {
        #[test]
        fn broken_files_never_panic(at in 0usize..200, byte: u8, cut in 0usize..200) {
            let mut file = png(8, 8, &[77; 256]);
            let len = file.len();
            file[at % len] = byte;
            let _ = decode(&file[..len - cut % len]);
        }
    }
}
