//! The functions of a module as they lie in one file.
//!
//! `magic, MAC, count, count x (key, end), code`: numbers are 64 bits, little-endian; keys ascend; `end` is where the
//! function's code ends in `code`, and the next one's begins. The MAC covers what follows it, and the file's place.

/// What Cranelift calls a function by: a digest of its intermediate code and of the compiler's settings.
pub(crate) type Key = [u8; 32];

/// Tells a pack from other files; the last byte is the format's version.
const MAGIC: &[u8; 8] = b"glowfns\x01";
const MAC: usize = 32;
/// What the MAC does not cover: what makes a file a pack, and itself.
pub(crate) const HEAD: usize = MAGIC.len() + MAC;
const COUNT: usize = 8;
const ROW: usize = size_of::<Key>() + 8;

/// A pack is read into memory whole, so there must be a bound. A module of 70 MB takes a third of this.
pub(crate) const MAX_BYTES: usize = 512 << 20;

/// Functions, each under its key.
#[derive(Debug, Default)]
pub(crate) struct Pack {
    bytes: Vec<u8>,
    len: usize,
}

impl Pack {
    /// The pack that `bytes` hold. They must have been authenticated: here it is only made sure that nothing reaches
    /// beyond their end.
    pub(crate) fn decode(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?.get(MAC..)?;
        let (count, rest) = rest.split_first_chunk::<COUNT>()?;
        let len = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        (len.checked_mul(ROW)? <= rest.len()).then_some(())?;
        Some(Self { bytes, len })
    }

    /// How many functions there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The place and the code of the function called `key`.
    pub(crate) fn find(&self, key: &Key) -> Option<(usize, &[u8])> {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(middle)?.0.cmp(key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some((middle, self.entry(middle)?.1)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The function at a place.
    pub(crate) fn entry(&self, place: usize) -> Option<(&Key, &[u8])> {
        let (key, end) = self.row(place)?;
        let start = match place.checked_sub(1) {
            Some(before) => self.row(before)?.1,
            None => 0,
        };
        let code = self.bytes.get(HEAD + COUNT + self.len * ROW..)?;
        Some((key, code.get(start..end)?))
    }

    fn row(&self, place: usize) -> Option<(&Key, usize)> {
        let row = self.bytes.get(HEAD + COUNT + place * ROW..)?;
        let (key, rest) = row.split_first_chunk()?;
        Some((key, usize::try_from(u64::from_le_bytes(*rest.first_chunk()?)).ok()?))
    }
}

/// A pack of `entries`, which must be sorted, with a MAC that [`set_mac`] is to set. `None` when they are too large.
pub(crate) fn encode(entries: &[(&Key, &[u8])]) -> Option<Vec<u8>> {
    let size = entries.iter().map(|(_, code)| code.len()).sum::<usize>() + HEAD + COUNT + entries.len() * ROW;
    if size > MAX_BYTES {
        return None;
    }
    let mut bytes = glowplug_store::room::with_room(size as u64).ok()?;
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; MAC]);
    bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    let mut end = 0;
    for (key, code) in entries {
        end += code.len() as u64;
        bytes.extend_from_slice(*key);
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    entries.iter().for_each(|(_, code)| bytes.extend_from_slice(code));
    Some(bytes)
}

/// The MAC that a pack carries and what it covers, or `None` for what is no pack.
pub(crate) fn mac(bytes: &[u8]) -> Option<(&[u8; MAC], &[u8])> {
    bytes.strip_prefix(MAGIC)?.split_first_chunk()
}

/// Sets the MAC of a pack that [`encode`] made.
pub(crate) fn set_mac(pack: &mut [u8], mac: &[u8; MAC]) {
    pack[MAGIC.len()..HEAD].copy_from_slice(mac);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        encode(&[(&[1; 32], b"one"), (&[2; 32], b""), (&[9; 32], b"nine")]).expect("small")
    }

    #[test]
    fn a_pack_comes_back() {
        let pack = Pack::decode(sample()).expect("whole");
        assert_eq!(pack.len(), 3);
        assert_eq!(pack.find(&[1; 32]), Some((0, &b"one"[..])));
        assert_eq!(pack.find(&[2; 32]), Some((1, &b""[..])));
        assert_eq!(pack.find(&[9; 32]), Some((2, &b"nine"[..])));
        assert_eq!(pack.find(&[3; 32]), None);
        assert_eq!(Pack::default().find(&[3; 32]), None);
    }

    /// The MAC is checked before; but whatever passes, nothing may be read beyond the end, and nothing may panic.
    #[test]
    fn what_is_cut_or_twisted_is_an_absence() {
        let whole = sample();
        for length in 0..whole.len() {
            if let Some(pack) = Pack::decode(whole[..length].to_vec()) {
                (0..4).for_each(|place| _ = pack.entry(place));
                assert_eq!(pack.find(&[9; 32]), None, "cut at {length}");
            }
        }
        for index in 0..whole.len() {
            for value in [0, 0xff] {
                let mut twisted = whole.clone();
                twisted[index] = value;
                if let Some(pack) = Pack::decode(twisted) {
                    (0..4).for_each(|place| _ = pack.entry(place));
                    [1, 2, 9].iter().for_each(|key| _ = pack.find(&[*key; 32]));
                }
            }
        }
    }
}
