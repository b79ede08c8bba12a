A command may have several lines.

  $ for word in a b; do
  >   echo "$word"
  > done
  a
  b
  $ echo one \
  >   two
  one two
  $ echo 'a
  > b'
  a
  b
  $ echo last # with a comment
  last
