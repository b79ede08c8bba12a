Output that does not end with a newline.

  $ printf hello
  hello (no-eol)
  $ printf 'a\nb'
  a
  b (no-eol)
  $ printf fails; false
  fails (no-eol)
  [1]
  $ printf '\001'
  \x01 (no-eol) (esc)
