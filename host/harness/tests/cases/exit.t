A step may end the session if it is the last one.

  $ echo before
  before
  $ exit 3
  [3]
