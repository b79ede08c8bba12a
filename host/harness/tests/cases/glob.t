Globs know `*` and `?`.

  $ echo the quick brown fox
  the*fox (glob)
  $ echo abc
  a?c (glob)
  $ echo 'what?'
  what\? (glob)
  $ echo '*'
  \* (glob)
  $ echo '[a-z]'
  [a-z] (glob)
  $ echo
  * (glob)
