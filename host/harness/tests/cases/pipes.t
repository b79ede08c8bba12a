Pipelines.

  $ printf 'b\na\nc\n' | sort
  a
  b
  c
  $ printf 'b\na\nb\n' | sort | uniq -c | tr -s ' '
   1 a
   2 b
  $ false | true
  $ set -o pipefail
  $ false | true
  [1]
  $ yes | head -n 2
  y
  y
  [141]
