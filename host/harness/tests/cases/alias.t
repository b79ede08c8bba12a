An alias is known to later steps once aliases are expanded.

  $ shopt -s expand_aliases
  $ alias greet='echo hello'
  $ greet
  hello
