With `set -e`, the first failure ends the session.

  $ set -e
  $ false || echo handled
  handled
  $ if false; then echo no; fi
  $ echo last; false; echo no
  last
  [1]
  $ echo 'this is not run'
  ***** UNREACHABLE *****
