A line in brackets may also be printed.

  $ echo '[1]'
  [1]
  $ echo '[1]'; false
  [1]
  [1]
