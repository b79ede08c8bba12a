The exit status is the last expected line, unless it is 0.

  $ false
  [1]
  $ (exit 3)
  [3]
  $ echo printed; (exit 4)
  printed
  [4]
  $ ! true
  [1]

Each step begins with 0.

  $ false
  [1]
  $ echo $?
  0
