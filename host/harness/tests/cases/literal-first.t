A line always matches itself.

  $ echo 'a* (glob)'
  a* (glob)
  $ echo '( (re)'
  ( (re)
  $ echo '\x41 (esc)'
  \x41 (esc)
  $ echo 'a (no-eol)'
  a (no-eol)
