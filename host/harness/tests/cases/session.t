What a step sets is kept.

  $ x=1
  $ echo $x
  1
  $ greet() { echo "hello, $1"; }
  $ greet you
  hello, you
  $ set -- a b
  $ echo $# "$2"
  2 b
  $ export EXPORTED=yes
  $ bash -c 'echo $EXPORTED' 2>/dev/null || sh -c 'echo $EXPORTED'
  yes
  $ shopt -s extglob; list=(1 2 3)
  $ echo ${#list[@]}
  3
