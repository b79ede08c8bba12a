What a step prints is expected below it.

  $ echo hello
  hello
  $ echo one; echo two
  one
  two
