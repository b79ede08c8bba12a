A subshell keeps to itself.

  $ x=1
  $ (x=2; echo $x)
  2
  $ echo $x
  1
  $ echo "$(echo nested "$(echo twice)")"
  nested twice
