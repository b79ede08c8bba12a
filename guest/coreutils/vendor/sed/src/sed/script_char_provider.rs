// Provide the script contents byte by byte
//
// SPDX-License-Identifier: MIT
// Copyright (c) 2025 Diomidis Spinellis
//
// This file is part of the uutils sed package.
// It is licensed under the MIT License.
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

use std::cell::OnceCell;
use std::rc::Rc;

#[derive(Debug)]
pub struct ScriptCharProvider {
    line: Vec<u8>,
    pos: usize,
    /// The line as text, shared by the commands compiled from it.
    text: OnceCell<Option<Rc<str>>>,
}

impl ScriptCharProvider {
    /// Build from raw script bytes.
    pub fn new(line: impl AsRef<[u8]>) -> Self {
        Self {
            line: line.as_ref().to_vec(),
            pos: 0,
            text: OnceCell::new(),
        }
    }

    /// Advances to the next byte, if not at end of line.
    pub fn advance(&mut self) {
        if self.pos < self.line.len() {
            self.pos += 1;
        }
    }

    /// Retreats current position by specified number or to beginning.
    pub fn retreat(&mut self, n: usize) {
        self.pos = self.pos.saturating_sub(n);
    }

    /// Sets new current position.
    pub fn set_position(&mut self, pos: usize) {
        self.pos = pos;
    }

    /// Returns the current byte as a character. Panics if out of bounds.
    pub fn current(&self) -> char {
        char::from(self.line[self.pos])
    }

    /// Returns the current script byte. Panics if out of bounds.
    pub fn current_byte(&self) -> u8 {
        self.line[self.pos]
    }

    /// Returns true if at the end of the line.
    pub fn eol(&self) -> bool {
        self.pos >= self.line.len()
    }

    /// Advances the position past any whitespace characters.
    pub fn eat_spaces(&mut self) {
        while self.pos < self.line.len() && self.current().is_whitespace() {
            self.advance();
        }
    }

    /// Return current position
    pub fn get_pos(&self) -> usize {
        self.pos
    }

    /// Return the whole line being scanned.
    pub fn get_line(&self) -> &[u8] {
        &self.line
    }

    /// Return the line as shared text, or `None` if it is not valid UTF-8.
    pub fn line_text(&self) -> Option<Rc<str>> {
        self.text
            .get_or_init(|| str::from_utf8(&self.line).ok().map(Rc::from))
            .clone()
    }
}

