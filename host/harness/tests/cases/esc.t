Bytes that are not seen are written as escapes.

  $ printf 'a\tb\n'
  a\tb (esc)
  $ printf '\033[1mbold\033[0m\n'
  \x1b[1mbold\x1b[0m (esc)
  $ printf '\377\000\n'
  \xff\x00 (esc)
  $ printf 'back\\slash\ttab\n'
  back\\slash\ttab (esc)
  $ printf 'octal \001\n'
  octal \001 (esc)
  $ printf 'carriage\r\n'
  carriage\r (esc)
