Steps below one that ends the session are not run.

  $ exit 0
  $ echo 'this is not run'
  ***** UNREACHABLE *****
