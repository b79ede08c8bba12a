//! Edits of a module's code.

/// The module with one function changed, which `seed` picks: it begins with a few new instructions, so that everything behind
/// them lies elsewhere in the file.
///
/// # Panics
/// When `wasm` is no module that has such a function.
pub fn one_function(wasm: &[u8], seed: usize) -> Vec<u8> {
    let mut out = wasm[..8].to_vec();
    let mut at = 8;
    while at < wasm.len() {
        let (id, start) = (wasm[at], at);
        at += 1;
        let size = number(wasm, &mut at);
        let contents = &wasm[at..at + size];
        at += size;
        if id == 10 {
            let code = code(contents, seed);
            out.push(id);
            put(&mut out, code.len());
            out.extend(code);
        } else {
            out.extend_from_slice(&wasm[start..at]);
        }
    }
    out
}

fn code(contents: &[u8], seed: usize) -> Vec<u8> {
    let mut at = 0;
    let count = number(contents, &mut at);
    let mut bodies = Vec::with_capacity(count);
    for _ in 0..count {
        let size = number(contents, &mut at);
        bodies.push(&contents[at..at + size]);
        at += size;
    }
    // From the middle by size up to the largest ones, since a change can be in any of them.
    let mut order: Vec<usize> = (0..count).filter(|&body| bodies[body].len() > 200).collect();
    order.sort_by_key(|&body| bodies[body].len());
    let picked = order[(seed + 1) * order.len() / (seed + 2) - 1];
    let mut out = Vec::with_capacity(contents.len() + 16);
    put(&mut out, count);
    for (index, body) in bodies.iter().enumerate() {
        if index == picked {
            let changed = changed(body, seed);
            put(&mut out, changed.len());
            out.extend(changed);
        } else {
            put(&mut out, body.len());
            out.extend_from_slice(body);
        }
    }
    out
}

/// In front of everything else a trap, under a condition that the compiler cannot know:
/// `memory.size; i32.const N; i32.eq; if; unreachable; end`.
fn changed(body: &[u8], seed: usize) -> Vec<u8> {
    let mut at = 0;
    for _ in 0..number(body, &mut at) {
        number(body, &mut at);
        assert!(body[at] >= 0x65, "locals of types of one byte");
        at += 1;
    }
    let mut out = body[..at].to_vec();
    let value = u8::try_from(seed % 64).expect("below 64");
    out.extend([0x3f, 0x00, 0x41, value, 0x46, 0x04, 0x40, 0x00, 0x0b]);
    out.extend_from_slice(&body[at..]);
    out
}

fn number(bytes: &[u8], at: &mut usize) -> usize {
    let mut value = 0;
    let mut shift = 0;
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

fn put(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(0x80 | u8::try_from(value & 0x7f).expect("seven bits"));
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("seven bits"));
}
