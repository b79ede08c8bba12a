Quotes in commands.

  $ echo 'it'\''s' "\"quoted\"" `echo back`
  it's "quoted" back
  $ echo '\n' "$(printf '%s' "'")"
  \n '
  $ - 2>/dev/null
  [127]
