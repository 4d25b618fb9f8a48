//! The files of a set-up as text, however an editor saved them.

use kernel::table::{Letters, text_of};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Reads a file of the set-up: UTF-8, or what editors on Windows save, which is UTF-16
/// and Windows-1252.
///
/// # Errors
/// It cannot be read, or is no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    read_letters(path).map(|(text, _)| text)
}

/// As [`read_text`], with how the file writes its letters.
///
/// # Errors
/// It cannot be read, or is no text.
pub fn read_letters(path: &Path) -> io::Result<(String, Letters)> {
    let bytes = match String::from_utf8(std::fs::read(path)?) {
        // UTF-16 without a mark is UTF-8 to the letter.
        Ok(text) if text.contains('\0') => text.into_bytes(),
        Ok(text) => return Ok((text, Letters::Utf8)),
        Err(other) => other.into_bytes(),
    };
    text_of(&bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "this is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_on_windows_save_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.toml");
        let text = "name = \"Musée\"\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [&b"\xff\xfe"[..], &little].concat(),
            [&b"\xfe\xff"[..], &big].concat(),
            little,
            b"name = \"Mus\xe9e\"\n".to_vec(),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_text(&path).unwrap(), text);
        }
        std::fs::write(&path, b"PK\x03\x04\xff").unwrap();
        assert_eq!(read_text(&path).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
