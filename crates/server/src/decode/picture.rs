//! Reads the code in a frame of a camera. It comes from outside: its size is
//! looked at before it is unpacked.

use deviceapi::DecodedCode;
use rxing::common::HybridBinarizer;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource};
use rxing::{MultiUseMultiFormatReader, Reader};
use std::collections::HashSet;
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The most pixels a frame may have: twice those of a full HD camera.
const PIXELS_MAX: usize = 4_000_000;

/// The longest side of a frame, in pixels.
const SIDE_MAX: usize = 4_096;

/// What a PNG may take in memory while it is unpacked, in bytes; a frame with
/// four colours of 16 bits a pixel and the most pixels just fits.
const PNG_BYTES_MAX: usize = 40 * 1024 * 1024;

/// A progressive JPEG is painted over this often at most; ten times is usual.
const JPEG_SCANS_MAX: usize = 20;

/// What passes and tickets bear, the most frequent first, and how the answer calls it.
/// What else there is, on books and bottles, is not looked for: glare makes such codes
/// of nothing.
const FORMATS: &[(BarcodeFormat, &str)] = &[
    (BarcodeFormat::QR_CODE, "qr_code"),
    (BarcodeFormat::CODE_128, "code_128"),
    (BarcodeFormat::DATA_MATRIX, "data_matrix"),
    (BarcodeFormat::PDF_417, "pdf_417"),
    (BarcodeFormat::AZTEC, "aztec"),
];

/// The brightness of each pixel, row by row.
struct Picture {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

/// Why a frame is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// It begins like nothing we read.
    #[error("it is neither a JPEG nor a PNG")]
    Unknown,
    /// It has too many pixels.
    #[error(
        "it has {width} × {height} pixels; at most {SIDE_MAX} a side and {PIXELS_MAX} together are taken"
    )]
    TooLarge {
        /// In pixels.
        width: usize,
        /// In pixels.
        height: usize,
    },
    /// A JPEG that cannot be unpacked.
    #[error("this JPEG is broken")]
    Jpeg(#[from] zune_jpeg::errors::DecodeErrors),
    /// A PNG that cannot be unpacked.
    #[error("this PNG is broken")]
    Png(#[from] png::DecodingError),
}

/// The code in a JPEG or PNG; empty if none can be read.
pub(super) fn read(frame: &[u8]) -> Result<Vec<DecodedCode>, FrameError> {
    let picture = match frame {
        [0xff, 0xd8, 0xff, ..] => unpack_jpeg(frame)?,
        [0x89, b'P', b'N', b'G', ..] => unpack_png(frame)?,
        _ => return Err(FrameError::Unknown),
    };
    Ok(find(picture).into_iter().collect())
}

fn unpack_jpeg(frame: &[u8]) -> Result<Picture, FrameError> {
    let options = DecoderOptions::default()
        // We judge the size ourselves.
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::Luma)
        .jpeg_set_max_scans(JPEG_SCANS_MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(frame), options);
    decoder.decode_headers()?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    check_size(width, height)?;
    Ok(Picture {
        pixels: decoder.decode()?,
        width,
        height,
    })
}

fn unpack_png(frame: &[u8]) -> Result<Picture, FrameError> {
    let limits = png::Limits {
        bytes: PNG_BYTES_MAX,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(frame), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let header = decoder.read_header_info()?;
    let side = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
    let (width, height) = (side(header.width), side(header.height));
    check_size(width, height)?;
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    reader.next_frame(&mut pixels)?;
    let channels = reader.output_color_type().0.samples();
    Ok(Picture {
        pixels: pixels.chunks_exact(channels).map(brightness).collect(),
        width,
        height,
    })
}

const fn check_size(width: usize, height: usize) -> Result<(), FrameError> {
    if width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX {
        return Err(FrameError::TooLarge { width, height });
    }
    Ok(())
}

/// How bright a pixel is to the eye (ITU-R BT.601); what is transparent counts
/// as opaque.
fn brightness(pixel: &[u8]) -> u8 {
    match *pixel {
        [red, green, blue] | [red, green, blue, _] => {
            let sum = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
            u8::try_from(sum / 256).unwrap_or(u8::MAX)
        }
        [grey, ..] => grey,
        [] => 0,
    }
}

/// The first code found.
fn find(picture: Picture) -> Option<DecodedCode> {
    let width = u32::try_from(picture.width).ok()?;
    let height = u32::try_from(picture.height).ok()?;
    let source = Luma8LuminanceSource::new(picture.pixels, width, height).ok()?;
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let mut reader = MultiUseMultiFormatReader::default();
    // One after the other, so that two codes in a frame give the same answer
    // each time.
    FORMATS.iter().find_map(|(format, name)| {
        let hints = DecodeHints {
            PossibleFormats: Some(HashSet::from([*format])),
            TryHarder: Some(true),
            ..DecodeHints::default()
        };
        let found = reader.decode_with_hints(&mut bitmap, &hints).ok()?;
        Some(DecodedCode {
            format: (*name).to_owned(),
            text: found.getText().to_owned(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rxing::{MultiFormatWriter, Writer};

    const TEXT: &str = "villeneuve-00029975";
    const WIDTH: i64 = 1280;
    const HEIGHT: i64 = 720;

    /// A frame of a camera: `format` printed on paper, turned by the angle whose
    /// cosine and sine are `turn` over 25, on a table.
    fn shot(format: BarcodeFormat, turn: (i64, i64)) -> Picture {
        let (wide, high) = match format {
            BarcodeFormat::CODE_128 => (540, 200),
            BarcodeFormat::PDF_417 => (540, 240),
            _ => (280, 280),
        };
        let code = MultiFormatWriter.encode(TEXT, &format, wide, high).unwrap();
        let (wide, high) = (i64::from(code.width()), i64::from(code.height()));
        let (cosine, sine) = turn;
        let brightness = |x: i64, y: i64| {
            let (x, y) = (x - WIDTH / 2, y - HEIGHT / 2);
            let across = (x * cosine + y * sine).div_euclid(25) + wide / 2;
            let down = (y * cosine - x * sine).div_euclid(25) + high / 2;
            let paper = -30..wide + 30;
            let is_ink = (0..wide).contains(&across)
                && (0..high).contains(&down)
                && code.get(across.try_into().unwrap(), down.try_into().unwrap());
            match (
                paper.contains(&across) && (-30..high + 30).contains(&down),
                is_ink,
            ) {
                (_, true) => 20,
                (true, false) => 230,
                (false, false) => 140,
            }
        };
        Picture {
            pixels: (0..HEIGHT)
                .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
                .map(|(x, y)| brightness(x, y))
                .collect(),
            width: usize::try_from(WIDTH).unwrap(),
            height: usize::try_from(HEIGHT).unwrap(),
        }
    }

    /// Grain, as small cameras have it in poor light.
    fn with_noise(mut picture: Picture, strength: u64) -> Picture {
        let mut state = 1_u64;
        for pixel in &mut picture.pixels {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let grain = u8::try_from((state >> 33) % strength).unwrap();
            *pixel = pixel.saturating_add(grain);
        }
        picture
    }

    fn jpeg(picture: &Picture) -> Vec<u8> {
        let mut file = Vec::new();
        let side = |pixels: usize| u16::try_from(pixels).unwrap();
        jpeg_encoder::Encoder::new(&mut file, 80)
            .encode(
                &picture.pixels,
                side(picture.width),
                side(picture.height),
                jpeg_encoder::ColorType::Luma,
            )
            .unwrap();
        file
    }

    fn png(picture: &Picture, colour: png::ColorType) -> Vec<u8> {
        let mut file = Vec::new();
        let side = |pixels: usize| u32::try_from(pixels).unwrap();
        let mut encoder = png::Encoder::new(&mut file, side(picture.width), side(picture.height));
        encoder.set_color(colour);
        let pixels: Vec<u8> = picture
            .pixels
            .iter()
            .flat_map(|&pixel| std::iter::repeat_n(pixel, colour.samples()))
            .collect();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&pixels).unwrap();
        drop(writer);
        file
    }

    fn text_of(frame: &[u8]) -> Option<String> {
        read(frame).unwrap().pop().map(|code| code.text)
    }

    #[test]
    fn each_format_is_read_and_named() {
        for (format, name) in FORMATS {
            let found = read(&jpeg(&shot(*format, (25, 0)))).unwrap();
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0].format, *name);
            assert_eq!(found[0].text, TEXT, "{name}");
        }
    }

    #[test]
    fn a_turned_pass_is_read() {
        for turn in [(0, 25), (-25, 0), (24, 7), (20, 15), (7, 24)] {
            let frame = jpeg(&shot(BarcodeFormat::QR_CODE, turn));
            assert_eq!(text_of(&frame).as_deref(), Some(TEXT), "{turn:?}");
        }
        for turn in [(0, 25), (-25, 0), (24, 7)] {
            let frame = jpeg(&shot(BarcodeFormat::CODE_128, turn));
            assert_eq!(text_of(&frame).as_deref(), Some(TEXT), "{turn:?}");
        }
    }

    #[test]
    fn a_pass_in_poor_light_is_read() {
        for format in [BarcodeFormat::QR_CODE, BarcodeFormat::CODE_128] {
            let frame = jpeg(&with_noise(shot(format, (25, 0)), 60));
            assert_eq!(text_of(&frame).as_deref(), Some(TEXT), "{format:?}");
        }
    }

    #[test]
    fn every_kind_of_png_is_read() {
        let picture = shot(BarcodeFormat::QR_CODE, (25, 0));
        for colour in [
            png::ColorType::Grayscale,
            png::ColorType::Rgb,
            png::ColorType::Rgba,
        ] {
            assert_eq!(
                text_of(&png(&picture, colour)).as_deref(),
                Some(TEXT),
                "{colour:?}"
            );
        }
    }

    #[test]
    fn a_frame_without_a_code_is_an_answer() {
        let empty = Picture {
            pixels: vec![140; 640 * 480],
            width: 640,
            height: 480,
        };
        assert_eq!(text_of(&jpeg(&empty)), None);
        assert_eq!(text_of(&jpeg(&with_noise(empty, 110))), None);
        let speck = Picture {
            pixels: vec![7],
            width: 1,
            height: 1,
        };
        assert_eq!(text_of(&png(&speck, png::ColorType::Grayscale)), None);
    }

    #[test]
    fn half_a_file_is_no_frame() {
        let picture = shot(BarcodeFormat::QR_CODE, (25, 0));
        let whole = jpeg(&picture);
        for bytes in [4, 100, whole.len() / 4] {
            assert!(
                !read(&whole[..bytes]).is_ok_and(|codes| !codes.is_empty()),
                "{bytes}"
            );
        }
        let whole = png(&picture, png::ColorType::Grayscale);
        for bytes in [4, 30, whole.len() / 2] {
            let error = read(&whole[..bytes]).unwrap_err();
            assert!(matches!(error, FrameError::Png(_)), "{bytes}: {error:?}");
        }
        for other in [b"".as_slice(), b"GIF89a", b"<svg/>"] {
            assert!(matches!(read(other), Err(FrameError::Unknown)));
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let small = Picture {
            pixels: vec![0; 64],
            width: 8,
            height: 8,
        };
        let mut bomb = jpeg(&small);
        // The frame header: marker, length, precision, height, width.
        let header = bomb.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        bomb[header + 5..header + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        let error = read(&bomb).unwrap_err();
        assert!(matches!(error, FrameError::TooLarge { .. }), "{error:?}");

        let mut bomb = Vec::new();
        let encoder = png::Encoder::new(&mut bomb, 60_000, 60_000);
        drop(encoder.write_header().unwrap());
        let error = read(&bomb).unwrap_err();
        assert!(matches!(error, FrameError::TooLarge { .. }), "{error:?}");
        assert!(matches!(
            check_size(SIDE_MAX + 1, 1),
            Err(FrameError::TooLarge { .. })
        ));
        assert!(matches!(
            check_size(2_001, 2_000),
            Err(FrameError::TooLarge { .. })
        ));
        assert!(check_size(2_000, 2_000).is_ok());
    }
}
