Descriptors stay open.

  $ exec 3> file
  $ echo one >&3
  $ echo two >&3
  $ exec 3>&-
  $ cat file
  one
  two
