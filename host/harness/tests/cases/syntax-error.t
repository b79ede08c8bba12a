A syntax error ends its step, not the session.

  $ echo $( 
  *unexpected EOF* (glob)
  [2]
  $ if true; then echo no
  *unexpected end of file* (glob)
  [2]
  $ echo "not closed
  *unexpected EOF* (glob)
  [2]
  $ echo after
  after
