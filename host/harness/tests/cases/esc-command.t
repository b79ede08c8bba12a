Output that would be read as a command has an escape.

  $ printf '%s\n' '$ echo' '> quoted'
  \x24 echo (esc)
  \x3e quoted (esc)
  $ printf '%s\n' '$' '>'
  $
  >
