Lines may end in CR and LF.

  $ echo one
  one
  $ printf 'a\r\n'
  a\r (esc)
