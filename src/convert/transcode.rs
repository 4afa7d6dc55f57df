//! Text from V8's encodings, Latin-1 and UTF-16, to UTF-8.

/// Whether these bytes are ASCII without a NUL: then they are the same in UTF-8, and a C string.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    // The highest bit of a byte is set in what is not ASCII, and in 0 less 1. A byte is borrowed from where one is 0 alone.
    let marks = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        (word | word.wrapping_sub(u64::from_ne_bytes([1; 8]))) & u64::from_ne_bytes([0x80; 8])
    };
    // No way out of a piece, so that it is compiled for vectors.
    let is_plain = |piece: &[[u8; 8]]| piece.iter().fold(0, |all, word| all | marks(word)) == 0;
    let (words, rest) = bytes.as_chunks::<8>();
    let last = bytes.last_chunk::<8>().map_or_else(
        // Fewer than eight: what is missing is anything that is plain.
        || {
            let mut word = [1; 8];
            word[..rest.len()].copy_from_slice(rest);
            marks(&word)
        },
        marks,
    );
    last == 0 && words.chunks(128).all(is_plain)
}

/// How many bytes Latin-1 takes in UTF-8.
pub(super) fn length_of_latin1(bytes: &[u8]) -> usize {
    // As many at once as a byte can count.
    let count = |piece: &[u8]| usize::from(piece.iter().map(|byte| byte >> 7).sum::<u8>());
    bytes.len() + bytes.chunks(255).map(count).sum::<usize>()
}

/// Bytes that [`write_latin1`] and [`write_utf16`] may write beyond the text, so that they need not look at each character.
pub(super) const SLACK: usize = 4;

/// Writes Latin-1 as UTF-8, into as many bytes as that takes and some more.
pub(super) fn write_latin1(bytes: &[u8], into: &mut [u8]) {
    let mut at = 0;
    for piece in bytes.chunks(8) {
        // Most text has few characters that are not ASCII.
        if piece.len() == 8 && piece.iter().fold(0, |all, byte| all | byte) < 0x80 {
            into[at..at + 8].copy_from_slice(piece);
            at += 8;
            continue;
        }
        for byte in piece {
            let first = if *byte < 0x80 { *byte } else { 0xc0 | byte >> 6 };
            let both = u16::from(first) | u16::from(0x80 | byte & 0x3f) << 8;
            into[at..at + 2].copy_from_slice(&both.to_le_bytes());
            at += 1 + usize::from(byte >> 7);
        }
    }
}

/// How many bytes UTF-16 takes in UTF-8, where U+FFFD takes the place of lone surrogates.
pub(super) fn length_of_utf16(units: &[u16]) -> usize {
    let more = |unit: &u16| u16::from(*unit >= 0x80) + u16::from(*unit >= 0x800);
    let count = |piece: &[u16]| usize::from(piece.iter().map(more).sum::<u16>());
    let bytes = units.len() + units.chunks(0x4000).map(count).sum::<usize>();
    if !units.iter().fold(false, |any, unit| any | (unit & 0xf800 == 0xd800)) {
        return bytes;
    }
    bytes - 2 * units.windows(2).filter(|pair| is_pair(pair[0], pair[1])).count()
}

fn is_pair(high: u16, low: u16) -> bool {
    high & 0xfc00 == 0xd800 && low & 0xfc00 == 0xdc00
}

/// Writes UTF-16 as UTF-8, into as many bytes as that takes and some more.
pub(super) fn write_utf16(units: &[u16], into: &mut [u8]) {
    let (mut at, mut index) = (0, 0);
    while let Some(&unit) = units.get(index) {
        index += 1;
        let mut scalar = u32::from(unit);
        let tail = |shift: u32, scalar: u32| 0x80 | scalar >> shift & 0x3f;
        if unit & 0xf800 == 0xd800 {
            if let Some(&low) = units.get(index).filter(|low| is_pair(unit, **low)) {
                index += 1;
                scalar = 0x10000 + ((scalar & 0x3ff) << 10 | u32::from(low) & 0x3ff);
                let bytes = [0xf0 | scalar >> 18, tail(12, scalar), tail(6, scalar), tail(0, scalar)];
                into[at..at + 4].copy_from_slice(&bytes.map(|byte| byte as u8));
                at += 4;
                continue;
            }
            scalar = 0xfffd;
        }
        // All three are made, and one is taken: which is next cannot be foretold.
        let two = (0xc0 | scalar >> 6) | tail(0, scalar) << 8;
        let three = (0xe0 | scalar >> 12) | tail(6, scalar) << 8 | tail(0, scalar) << 16;
        let some = if scalar < 0x800 { two } else { three };
        let bytes = if scalar < 0x80 { scalar } else { some };
        into[at..at + 4].copy_from_slice(&bytes.to_le_bytes());
        at += 1 + usize::from(scalar >= 0x80) + usize::from(scalar >= 0x800);
    }
}

/// The units with every lone surrogate replaced.
pub(super) fn well_formed(mut units: Vec<u16>) -> Vec<u16> {
    if char::decode_utf16(units.iter().copied()).any(|unit| unit.is_err()) {
        let text: String =
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        units = text.encode_utf16().collect();
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_utf16(units: &[u16]) -> Vec<u8> {
        let mut bytes = vec![0; length_of_utf16(units) + SLACK];
        write_utf16(units, &mut bytes);
        bytes.truncate(bytes.len() - SLACK);
        bytes
    }

    #[test]
    fn plain_text_is_told_from_other() {
        for length in [0, 1, 7, 8, 9, 31, 1024, 1025, 3000] {
            let text = vec![b'~'; length];
            assert!(is_plain(&text));
            for at in [0, length / 2, length.saturating_sub(1)] {
                for byte in [0, 0x80, 0x81, 0xff] {
                    let mut other = text.clone();
                    if let Some(place) = other.get_mut(at) {
                        *place = byte;
                        assert!(!is_plain(&other), "{byte} at {at} of {length}");
                    }
                }
            }
        }
        assert!(is_plain(&[1, 0x7f]));
    }

    #[test]
    fn every_character_of_latin1_becomes_what_rust_makes_of_it() {
        let all: Vec<u8> = (0..=255).collect();
        let expected: String = all.iter().map(|byte| char::from(*byte)).collect();
        let mut bytes = vec![0; length_of_latin1(&all) + SLACK];
        write_latin1(&all, &mut bytes);
        assert_eq!(&bytes[..expected.len()], expected.as_bytes());
        assert_eq!(bytes.len(), expected.len() + SLACK);
    }

    #[test]
    fn every_unit_of_utf16_becomes_what_rust_makes_of_it() {
        let all: Vec<u16> = (0..=u16::MAX).collect();
        let with_pairs =
            [&all[..], &[0xd83d, 0xde00, 0xd83d, 0xd83d, 0xde00, 0xde00, 0xdbff, 0xdfff, 0xd800]].concat();
        for units in [&all, &with_pairs, &with_pairs[all.len()..].to_vec()] {
            assert_eq!(of_utf16(units), String::from_utf16_lossy(units).as_bytes());
        }
    }
}
