A job in the background.

  $ echo background > file &
  $ wait
  $ cat file
  background
  $ (exit 5) & wait $!
  [5]
