//! Inputs made of inputs: a seeded mutator without guidance, which needs nothing but the standard library.

/// A generator of random numbers (xorshift64*), seeded so that what it makes can be made again.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 16) as usize) % end
    }

    fn byte(&mut self) -> u8 {
        (self.next() >> 32) as u8
    }

    pub fn chunk(&mut self, longest: usize) -> Vec<u8> {
        (0..self.below(longest.max(1)) + 1).map(|_| self.byte()).collect()
    }
}

/// Numbers at which lengths and limits tend to break.
const EDGES: &[u8] = &[0, 1, 0x7f, 0x80, 0xff, b'\n', b' ', b'0', b'9'];

/// The next input: one of `corpus`, changed a few times, or a new one.
pub fn next(random: &mut Random, corpus: &[Vec<u8>], words: &[&str], longest: usize) -> Vec<u8> {
    let mut input = match corpus.len() {
        0 => Vec::new(),
        // One in eight is new.
        _ if random.below(8) == 0 => Vec::new(),
        count => corpus[random.below(count)].clone(),
    };
    if input.is_empty() {
        input = match words.is_empty() {
            true => random.chunk(longest),
            false => (0..random.below(12)).flat_map(|_| words[random.below(words.len())].bytes()).collect(),
        };
    }
    for _ in 0..1 + random.below(6) {
        change(random, &mut input, corpus, words);
    }
    input.truncate(longest);
    input
}

fn change(random: &mut Random, input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str]) {
    let at = random.below(input.len() + 1);
    let end = (at + 1 + random.below(16)).min(input.len());
    match random.below(10) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.byte(),
        2 if at < input.len() => input[at] = EDGES[random.below(EDGES.len())],
        3 if at < end => drop(input.drain(at..end)),
        4 if at < end => {
            let chunk = input[at..end].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, chunk);
        }
        5 => {
            let chunk = random.chunk(8);
            input.splice(at..at, chunk);
        }
        6 if !corpus.is_empty() => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len() + 1);
            let to = (from + 1 + random.below(64)).min(other.len());
            input.splice(at..at, other[from..to].iter().copied());
        }
        7 => input.truncate(at),
        _ if !words.is_empty() => {
            let word = words[random.below(words.len())];
            input.splice(at..at, word.bytes());
        }
        _ => input.insert(at, EDGES[random.below(EDGES.len())]),
    }
}
