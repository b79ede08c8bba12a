Steps that print nothing, and lines that are empty.

  $ true
  $ :
  $ echo
  
  $ printf 'a\n\nb\n'
  a
  
  b
