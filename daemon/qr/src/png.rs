//! A QR code as PNG (ISO/IEC 15948): greyscale, one bit a pixel, stored without compression.
//!
//! Written out here rather than by an encoder, because an encoder's buffers would keep the shared
//! key unwiped, and a picture of 20 kilobytes needs no compression.

use zeroize::Zeroizing;

use crate::{QUIET_ZONE, QrCode};

/// Pixels on the side of a module.
const SCALE: usize = 8;

/// The most bytes of one stored block (RFC 1951, 3.2.4).
const MAX_STORED: usize = 65_535;

/// The picture, quiet zone included.
pub fn png(code: &QrCode) -> Zeroizing<Vec<u8>> {
    let modules = code.width() + 2 * QUIET_ZONE;
    let rows = scan_lines(code, modules);
    let data = zlib_stored(&rows);
    let side = u32::try_from(modules * SCALE).unwrap_or(u32::MAX).to_be_bytes();

    let mut header = [0_u8; 13];
    header[..4].copy_from_slice(&side);
    header[4..8].copy_from_slice(&side);
    header[8] = 1; // bit depth; colour type, compression, filter and interlace are 0

    let mut file = Zeroizing::new(Vec::with_capacity(data.len() + 64));
    file.extend_from_slice(b"\x89PNG\r\n\x1a\n");
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &data);
    chunk(&mut file, b"IEND", &[]);
    file
}

/// Rows of pixels, 1 is white, each after its filter type 0. A module is one byte wide.
fn scan_lines(code: &QrCode, modules: usize) -> Zeroizing<Vec<u8>> {
    let mut rows = Zeroizing::new(Vec::with_capacity((modules + 1) * modules * SCALE));
    let quiet = QUIET_ZONE.cast_signed();
    let end = modules.cast_signed() - quiet;
    for row in -quiet..end {
        for _ in 0..SCALE {
            rows.push(0);
            rows.extend(
                (-quiet..end).map(|column| if code.is_dark(column, row) { 0x00 } else { 0xff }),
            );
        }
    }
    rows
}

/// A zlib stream (RFC 1950) of stored blocks.
fn zlib_stored(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let blocks = bytes.chunks(MAX_STORED);
    let last = blocks.len().saturating_sub(1);
    let mut stream = Zeroizing::new(Vec::with_capacity(bytes.len() + 5 * (last + 1) + 6));
    stream.extend_from_slice(&[0x78, 0x01]);
    for (number, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(number == last));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&adler32(bytes).to_be_bytes());
    stream
}

/// Length, type, data and check sum of one chunk.
fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    file.extend_from_slice(kind);
    file.extend_from_slice(data);
    file.extend_from_slice(&crc32(kind.iter().chain(data)).to_be_bytes());
}

/// Adler-32 of RFC 1950, section 8.2.
fn adler32(bytes: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % BASE;
        (low, (high + low) % BASE)
    });
    (high << 16) | low
}

/// CRC-32 of ISO/IEC 15948, annex D.
fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> String {
        let code = QrCode::encode(text).unwrap();
        let bytes = png(&code);
        // The decoder of another author: it checks both check sums.
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(&bytes[..])).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.bit_depth, ::png::BitDepth::One);
        let (width, height) = (info.width as usize, info.height as usize);
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            if pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 1 { 255 } else { 0 }
        });
        picture.detect_grids()[0].decode().unwrap().1
    }

    #[test]
    fn another_decoder_reads_the_picture_and_scans_the_code() {
        let uri = "otpauth://totp/web1:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=web1";
        assert_eq!(scanned(uri), uri);
    }

    #[test]
    fn a_picture_of_more_than_one_stored_block_is_read_too() {
        let long = "otpauth://totp/".to_owned() + &"w".repeat(1500);
        assert_eq!(scanned(&long), long);
    }

    #[test]
    fn the_check_sums_are_the_published_ones() {
        assert_eq!(crc32(b"123456789".iter()), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
